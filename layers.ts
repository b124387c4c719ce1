/** The starter catalogue: layers to import, copy, or learn from. Each one does one thing. */
import { copy, download, layer, link, mkdir, service, setcap, write } from 'ov'

/** Runs the services of an image. */
export const supervisord = layer({
  name: 'supervisord',
  version: '2026.320.1200',
  description: 'The process manager that images use as their init.',
  status: 'working',
  deb: { packages: ['supervisor'] },
  rpm: { packages: ['supervisor'] },
})

/** What nearly every interactive container wants. */
export const shellTools = layer({
  name: 'shell-tools',
  version: '2026.320.1200',
  description: 'Editor, pager, file transfer and process tools.',
  status: 'working',
  deb: { packages: ['less', 'nano', 'procps', 'rsync', 'file', 'bash-completion'] },
  rpm: { packages: ['less', 'nano', 'procps-ng', 'rsync', 'file', 'bash-completion'] },
  env: { EDITOR: 'nano', PAGER: 'less' },
})

/** Fast search in files. */
export const ripgrep = layer({
  name: 'ripgrep',
  version: '2026.320.1200',
  description: 'ripgrep and fd.',
  status: 'working',
  deb: { packages: ['ripgrep', 'fd-find'] },
  rpm: { packages: ['ripgrep', 'fd-find'] },
  tasks: [link('/usr/local/bin/fd', { target: '/usr/bin/fdfind', comment: 'Debian installs fd under another name' })],
})

/** JSON on the command line. */
export const jq = layer({
  name: 'jq',
  version: '2026.320.1200',
  description: 'jq, to query and change JSON.',
  status: 'working',
  deb: { packages: ['jq'] },
  rpm: { packages: ['jq'] },
})

/** Version control, with settings that fit containers. */
export const git = layer({
  name: 'git',
  version: '2026.320.1200',
  description: 'git, which trusts bind-mounted work trees and starts new repositories on main.',
  status: 'working',
  deb: { packages: ['git', 'openssh-client'] },
  rpm: { packages: ['git-core', 'openssh-clients'] },
  tasks: [write('/etc/gitconfig', { content: '[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n' })],
})

/** Terminal sessions that outlive the connection. */
export const tmux = layer({
  name: 'tmux',
  version: '2026.320.1200',
  description: 'tmux with mouse support and a long history.',
  status: 'working',
  deb: { packages: ['tmux'] },
  rpm: { packages: ['tmux'] },
  tasks: [write('/etc/tmux.conf', { content: 'set -g mouse on\nset -g history-limit 50000\n' })],
})

/** The tools for working in a terminal, together. */
export const terminal = layer({
  name: 'terminal',
  version: '2026.320.1200',
  description: 'Everything for working in a terminal.',
  layers: [shellTools, ripgrep, jq, git, tmux],
})

/** JavaScript, for building and running. */
export const nodejs = layer({
  name: 'nodejs',
  version: '2026.320.1200',
  description: 'Node.js and npm of the distribution; global packages go to the home directory.',
  deb: { packages: ['nodejs', 'npm'] },
  rpm: { packages: ['nodejs', 'nodejs-npm'] },
  env: { NPM_CONFIG_PREFIX: '~/.npm-global' },
  pathAppend: ['~/.npm-global/bin'],
})

/** Python's fast package manager, as its release tarball. */
export const uv = layer({
  name: 'uv',
  version: '2026.320.1200',
  description: 'uv, for Python projects and tools.',
  vars: { UV_VERSION: '0.8.22' },
  tasks: [
    download(
      'https://github.com/astral-sh/uv/releases/download/${UV_VERSION}/uv-${BUILD_ARCH}-unknown-linux-gnu.tar.gz',
      {
        extract: 'tar.gz',
        stripComponents: 1,
        to: '/usr/local/bin',
      },
    ),
  ],
})

/** A web server. It may bind low ports without being root. */
export const nginx = layer({
  name: 'nginx',
  version: '2026.320.1200',
  description: 'nginx on port 8080, serving /srv/www.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['nginx-light'] },
  rpm: { packages: ['nginx'] },
  ports: [8080],
  volumes: { www: '/srv/www' },
  tasks: [
    copy('layers/nginx.conf', { to: '/etc/nginx/nginx.conf', mode: '0644' }),
    write('/srv/www/index.html', { content: '<h1>nginx, set up by ov</h1>\n' }),
    setcap('/usr/sbin/nginx', { caps: 'cap_net_bind_service+ep' }),
  ],
  services: [service({ name: 'nginx', exec: '/usr/sbin/nginx -c /etc/nginx/nginx.conf', restart: 'always' })],
})

/** A key-value store that speaks the Redis protocol. */
export const valkey = layer({
  name: 'valkey',
  version: '2026.320.1200',
  description: 'valkey on port 6379, with its data in a volume.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['valkey-server', 'valkey-tools'] },
  rpm: { packages: ['valkey'] },
  ports: ['tcp:6379'],
  volumes: { data: '~/valkey' },
  tasks: [
    mkdir('~/valkey', { user: '${USER}', mode: '0700' }),
    write('/usr/local/bin/run-valkey', {
      mode: '0755',
      content: '#!/bin/sh\nexec valkey-server --bind 0.0.0.0 --protected-mode no --dir ~/valkey --appendonly yes\n',
    }),
  ],
  envProvides: { REDIS_URL: 'redis://{{.ContainerName}}:6379' },
  services: [service({ name: 'valkey', exec: '/usr/local/bin/run-valkey', restart: 'always', stopTimeout: '30s' })],
})

/** Access by ssh, with keys only. */
export const sshd = layer({
  name: 'sshd',
  version: '2026.320.1200',
  description: 'OpenSSH server on port 2222 for the image user; keys come from ~/.ssh/authorized_keys.',
  depends: [supervisord],
  deb: { packages: ['openssh-server'] },
  rpm: { packages: ['openssh-server'] },
  ports: ['ssh:2222'],
  volumes: { 'ssh-keys': '~/.ssh' },
  tasks: [
    mkdir('${HOME}/.ssh', { user: '${USER}', mode: '0700' }),
    mkdir('${HOME}/.sshd', { user: '${USER}', mode: '0700' }),
    write('/usr/local/bin/run-sshd', {
      mode: '0755',
      content:
        '#!/bin/sh\nset -e\n[ -s ~/.sshd/key ] || ssh-keygen -q -t ed25519 -N "" -f ~/.sshd/key\n' +
        'exec /usr/sbin/sshd -D -e -p 2222 -h ~/.sshd/key -o PidFile=none -o UsePAM=no -o PasswordAuthentication=no\n',
    }),
  ],
  services: [service({ name: 'sshd', exec: '/usr/local/bin/run-sshd', restart: 'always' })],
})
