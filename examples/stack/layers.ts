import { copy, layer, service } from 'ov'

const version = '2026.331.800'

/** Runs the services of an image. */
export const supervisord = layer({
  name: 'supervisord',
  version,
  description: 'Process manager of the image.',
  deb: { packages: ['supervisor'] },
})

/** A store for small things, and where others find it. */
export const valkey = layer({
  name: 'valkey',
  version,
  description: 'Keeps keys and values, on disk as well.',
  depends: [supervisord],
  deb: { packages: ['valkey-server'] },
  ports: ['tcp:6379'],
  volumes: { data: '~/data' },
  envProvides: { VALKEY_HOST: '{{.ContainerName}}' },
  services: [
    service({
      name: 'valkey',
      exec: '/usr/bin/valkey-server --bind 0.0.0.0 --protected-mode no --dir /home/user/data --appendonly yes',
      restart: 'always',
    }),
  ],
  eval: [{ command: 'valkey-server --version', stdout: { contains: 'v=' } }],
})

/** A page that counts its visitors. */
export const counter = layer({
  name: 'counter',
  version,
  description: 'Counts visits in a store that another deploy runs.',
  depends: [supervisord],
  deb: { packages: ['python3-minimal', 'python3-redis'] },
  ports: [8080],
  envRequires: { VALKEY_HOST: 'where the store is' },
  envAccepts: { GREETING: 'what the page says' },
  tasks: [copy('app/counter.py', { to: '/opt/counter.py', mode: '0644' })],
  services: [service({ name: 'counter', exec: '/usr/bin/python3 /opt/counter.py', restart: 'always' })],
})
