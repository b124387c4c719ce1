/** Services. Each listens on a port above 1024, runs as the image's user, and keeps what must last in volumes. */
import { copy, download, layer, mkdir, service, write } from 'ov'
import { supervisord } from './infrastructure.ts'
import { git } from './tools.ts'

/** A web server. */
export const nginx = layer({
  name: 'nginx',
  version: '2026.325.1200',
  description: 'nginx on port 8080, serving /srv/www.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['nginx-light'] },
  rpm: { packages: ['nginx'] },
  pac: { packages: ['nginx'] },
  ports: [8080],
  volumes: { www: '/srv/www' },
  tasks: [
    copy('nginx.conf', { to: '/etc/nginx/nginx.conf', mode: '0644' }),
    write('/srv/www/index.html', { content: '<h1>nginx, set up by ov</h1>\n' }),
  ],
  services: [
    service({ name: 'nginx', exec: '/usr/sbin/nginx -c /etc/nginx/nginx.conf', restart: 'always', stopSignal: 'QUIT' }),
  ],
  eval: [
    { command: '/usr/sbin/nginx -t -c /etc/nginx/nginx.conf', stderr: { contains: 'test is successful' } },
    { service: 'nginx', eventually: '30s' },
    { command: 'curl -fsS http://127.0.0.1:8080/', stdout: { contains: 'nginx' }, eventually: '30s' },
  ],
})

/** A web server that gets certificates by itself. */
export const caddy = layer({
  name: 'caddy',
  version: '2026.325.1200',
  description: 'Caddy on port 8080, serving /srv/www; its certificates are in a volume.',
  status: 'working',
  depends: [supervisord],
  packages: ['caddy'],
  ports: [8080],
  volumes: { www: '/srv/www', caddy: '~/.local/share/caddy' },
  tasks: [
    copy('Caddyfile', { to: '/etc/caddy/Caddyfile', mode: '0644' }),
    write('/srv/www/index.html', { content: '<h1>Caddy, set up by ov</h1>\n' }),
    mkdir('~/.local/share/caddy', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'caddy', exec: '/usr/bin/caddy run --config /etc/caddy/Caddyfile', restart: 'always' })],
  eval: [
    { command: 'caddy validate --config /etc/caddy/Caddyfile 2>&1', stdout: { contains: 'Valid configuration' } },
    { service: 'caddy', eventually: '30s' },
    { command: 'curl -fsS http://127.0.0.1:8080/', stdout: { contains: 'Caddy' }, eventually: '30s' },
  ],
})

/** A reverse proxy. Layers with a `route` in the same image are behind it. */
export const traefik = layer({
  name: 'traefik',
  version: '2026.325.1200',
  description:
    'Traefik: http on 8000, https on 8443, its dashboard on 8080; certificates from Let’s Encrypt, kept in a volume.',
  info: 'Its release comes from GitHub.',
  depends: [supervisord],
  vars: { TRAEFIK_VERSION: 'v3.4.0' },
  ports: [8000, 'https:8443', 8080],
  volumes: { certs: '~/.traefik/acme' },
  tasks: [
    download(
      'https://github.com/traefik/traefik/releases/download/${TRAEFIK_VERSION}/traefik_${TRAEFIK_VERSION}_linux_${ARCH}.tar.gz',
      { extract: 'tar.gz', to: '/usr/local/bin', include: ['traefik'], mode: '0755' },
    ),
    mkdir('/etc/traefik/dynamic'),
    copy('traefik.yml', { to: '/etc/traefik/traefik.yml', mode: '0644' }),
    copy('run-traefik', { to: '/usr/local/bin/run-traefik' }),
    mkdir('~/.traefik/acme', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'traefik', exec: '/usr/local/bin/run-traefik', restart: 'always' })],
  eval: [
    { command: 'traefik version', stdout: { contains: 'Version' } },
    { service: 'traefik', eventually: '30s' },
    { command: 'curl -fsS http://127.0.0.1:8080/ping', stdout: { contains: 'OK' }, eventually: '30s' },
  ],
})

/** A relational database. */
export const postgresql = layer({
  name: 'postgresql',
  version: '2026.325.1200',
  description:
    'PostgreSQL on port 5432, with its data in a volume; over the network it wants a password, in the container none.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['postgresql'] },
  rpm: { packages: ['postgresql-server', 'postgresql-contrib'] },
  pac: { packages: ['postgresql'] },
  ports: ['tcp:5432'],
  volumes: { postgresql: '~/postgresql' },
  env: { PGDATA: '~/postgresql/data', PGHOST: '/tmp', PGUSER: 'postgres' },
  secretAccepts: {
    POSTGRES_PASSWORD:
      'password of the account postgres, set when the data is made; without one nobody gets in over the network',
  },
  envProvides: { POSTGRES_HOST: '{{.ContainerName}}', POSTGRES_PORT: '5432' },
  aliases: { psql: 'psql' },
  tasks: [
    copy('run-postgresql', { to: '/usr/local/bin/run-postgresql' }),
    mkdir('~/postgresql', { user: '${USER}', mode: '0700' }),
  ],
  services: [
    service({
      name: 'postgresql',
      exec: '/usr/local/bin/run-postgresql',
      restart: 'always',
      stopSignal: 'INT',
      stopTimeout: '60s',
    }),
  ],
  eval: [
    { command: 'psql --version', stdout: { contains: 'PostgreSQL' } },
    { file: '/usr/local/bin/run-postgresql', mode: '0755' },
    { service: 'postgresql', eventually: '30s' },
    {
      command: 'psql --tuples-only --no-align --command "select 6 * 7"',
      stdout: '42',
      eventually: '60s',
    },
    { port: 5432, eventually: '30s' },
  ],
})

/** Another relational database. */
export const mariadb = layer({
  name: 'mariadb',
  version: '2026.325.1200',
  description:
    'MariaDB on port 3306, with its data in a volume; the image’s user administers it, in the container and without a password.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['mariadb-server', 'mariadb-client'] },
  rpm: { packages: ['mariadb-server', 'mariadb'] },
  pac: { packages: ['mariadb', 'mariadb-clients'] },
  ports: ['tcp:3306'],
  volumes: { mariadb: '~/mariadb' },
  envProvides: { MARIADB_HOST: '{{.ContainerName}}', MARIADB_PORT: '3306' },
  tasks: [
    copy('run-mariadb', { to: '/usr/local/bin/run-mariadb' }),
    mkdir('~/mariadb', { user: '${USER}', mode: '0700' }),
    write('~/.my.cnf', { user: '${USER}', content: '[client]\nsocket = /tmp/mariadb.sock\n' }),
  ],
  services: [service({ name: 'mariadb', exec: '/usr/local/bin/run-mariadb', restart: 'always', stopTimeout: '60s' })],
  eval: [
    { command: 'mariadb --version', stdout: { contains: 'MariaDB' } },
    { service: 'mariadb', eventually: '30s' },
    {
      command: 'mariadb --skip-column-names --execute "select 6 * 7"',
      stdout: '42',
      eventually: '60s',
    },
  ],
})

/** A key-value store that speaks the Redis protocol. */
export const valkey = layer({
  name: 'valkey',
  version: '2026.325.1200',
  description: 'Valkey on port 6379, with its data in a volume.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['valkey-server', 'valkey-tools'] },
  rpm: { packages: ['valkey'] },
  pac: { packages: ['valkey'] },
  ports: ['tcp:6379'],
  volumes: { valkey: '~/valkey' },
  envProvides: { REDIS_URL: 'redis://{{.ContainerName}}:6379' },
  tasks: [
    copy('run-valkey', { to: '/usr/local/bin/run-valkey' }),
    mkdir('~/valkey', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'valkey', exec: '/usr/local/bin/run-valkey', restart: 'always', stopTimeout: '30s' })],
  eval: [
    { command: 'valkey-server --version', stdout: { contains: 'v=' } },
    { service: 'valkey', eventually: '30s' },
    { command: 'valkey-cli ping', stdout: 'PONG', eventually: '30s' },
  ],
})

/** A cache that forgets. */
export const memcached = layer({
  name: 'memcached',
  version: '2026.325.1200',
  description: 'memcached on port 11211.',
  status: 'working',
  depends: [supervisord],
  packages: ['memcached'],
  ports: ['tcp:11211'],
  envProvides: { MEMCACHED_SERVER: '{{.ContainerName}}:11211' },
  services: [
    service({
      name: 'memcached',
      exec: '/usr/bin/memcached --listen=0.0.0.0 --port=11211 --memory-limit=64',
      restart: 'always',
    }),
  ],
  eval: [
    { command: 'memcached --version', stdout: { contains: 'memcached' } },
    { service: 'memcached', eventually: '30s' },
    { port: 11211, eventually: '30s' },
  ],
})

/** Messages between devices and programs. */
export const mosquitto = layer({
  name: 'mosquitto',
  version: '2026.325.1200',
  description: 'Mosquitto, an MQTT broker, on port 1883; what is retained is in a volume.',
  status: 'working',
  depends: [supervisord],
  packages: ['mosquitto'],
  deb: { packages: ['mosquitto-clients'] },
  ports: ['tcp:1883'],
  volumes: { mosquitto: '~/mosquitto' },
  envProvides: { MQTT_URL: 'mqtt://{{.ContainerName}}:1883' },
  tasks: [
    copy('mosquitto.conf', { to: '/etc/mosquitto/ov.conf', mode: '0644' }),
    copy('run-mosquitto', { to: '/usr/local/bin/run-mosquitto' }),
    mkdir('~/mosquitto', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'mosquitto', exec: '/usr/local/bin/run-mosquitto', restart: 'always' })],
  eval: [
    { file: '/usr/sbin/mosquitto', excludeDistros: ['arch', 'fedora'] },
    { service: 'mosquitto', eventually: '30s' },
    {
      command: 'mosquitto_sub -t check -C 1 -W 10 & sleep 1; mosquitto_pub -t check -m 42; wait',
      stdout: '42',
      eventually: '30s',
    },
  ],
})

/** Access by ssh, with keys only. */
export const sshd = layer({
  name: 'sshd',
  version: '2026.325.1200',
  description:
    'OpenSSH server on port 2222 for the image’s user; keys come from ~/.ssh/authorized_keys, in a volume as its own key is.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['openssh-server', 'openssh-client'] },
  rpm: { packages: ['openssh-server', 'openssh-clients'] },
  pac: { packages: ['openssh'] },
  ports: ['ssh:2222'],
  volumes: { 'ssh-keys': '~/.ssh', 'ssh-host-key': '~/.sshd' },
  tasks: [
    copy('run-sshd', { to: '/usr/local/bin/run-sshd' }),
    mkdir('~/.ssh', { user: '${USER}', mode: '0700' }),
    mkdir('~/.sshd', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'sshd', exec: '/usr/local/bin/run-sshd', restart: 'always' })],
  eval: [
    { command: 'ssh-keygen -q -t ed25519 -N "" -f /tmp/key && /usr/sbin/sshd -t -h /tmp/key' },
    { service: 'sshd', eventually: '30s' },
    { port: 2222, eventually: '30s' },
    { command: 'ssh-keyscan -p 2222 127.0.0.1', stdout: { contains: 'ssh-ed25519' }, eventually: '30s' },
  ],
})

/** Large language models, served. */
export const ollama = layer({
  name: 'ollama',
  version: '2026.325.1200',
  description: 'Ollama on port 11434; its models are in a volume.',
  info: 'Its release comes from GitHub.',
  depends: [supervisord],
  vars: { OLLAMA_VERSION: 'v0.9.6' },
  ports: [11434],
  volumes: { models: '~/.ollama' },
  envProvides: { OLLAMA_HOST: 'http://{{.ContainerName}}:11434' },
  tasks: [
    download('https://github.com/ollama/ollama/releases/download/${OLLAMA_VERSION}/ollama-linux-${ARCH}.tgz', {
      extract: 'tar.gz',
      to: '/usr/local',
    }),
    mkdir('~/.ollama', { user: '${USER}', mode: '0700' }),
  ],
  services: [
    service({
      name: 'ollama',
      exec: '/usr/local/bin/ollama serve',
      env: { OLLAMA_HOST: '0.0.0.0:11434' },
      restart: 'always',
      stopTimeout: '30s',
    }),
  ],
  eval: [
    { file: '/usr/local/bin/ollama', mode: '0755' },
    { service: 'ollama', eventually: '30s' },
    {
      command: 'curl -fsS http://127.0.0.1:11434/api/version',
      stdout: { contains: 'version' },
      eventually: '30s',
    },
  ],
})

/** Notebooks. */
export const jupyter = layer({
  name: 'jupyter',
  version: '2026.325.1200',
  description:
    'JupyterLab on port 8888, with the notebooks in a volume; without a token of yours it makes one and logs it.',
  status: 'working',
  depends: [supervisord],
  distros: {
    debian: { packages: ['jupyterlab', 'jupyter-client', 'jupyter-core', 'python3-ipykernel'] },
    fedora: { packages: ['python3-jupyterlab', 'python3-ipykernel'] },
    arch: { packages: ['jupyterlab', 'python-ipykernel'] },
  },
  ports: [8888],
  volumes: { notebooks: '~/notebooks' },
  secretAccepts: { JUPYTER_TOKEN: 'token that the browser must present' },
  tasks: [copy('run-jupyter', { to: '/usr/local/bin/run-jupyter' }), mkdir('~/notebooks', { user: '${USER}' })],
  services: [service({ name: 'jupyter', exec: '/usr/local/bin/run-jupyter', restart: 'always' })],
  eval: [
    { command: 'jupyter lab --version', stdout: { matches: '^\\d+\\.' }, timeout: '60s' },
    { command: 'jupyter kernelspec list', stdout: { contains: 'python3' }, timeout: '60s' },
    { service: 'jupyter', eventually: '30s' },
    {
      command: 'curl -fsS http://127.0.0.1:8888/api',
      stdout: { contains: 'version' },
      eventually: '60s',
    },
  ],
})

/** Files in the browser. */
export const filebrowser = layer({
  name: 'filebrowser',
  version: '2026.325.1200',
  description:
    'File Browser on port 8080; files and accounts are in volumes. The first start logs the password of its account admin.',
  info: 'Its release comes from GitHub.',
  depends: [supervisord],
  vars: { FILEBROWSER_VERSION: 'v2.42.0' },
  ports: [8080],
  volumes: { files: '~/files', filebrowser: '~/.local/share/filebrowser' },
  tasks: [
    download(
      'https://github.com/filebrowser/filebrowser/releases/download/${FILEBROWSER_VERSION}/linux-${ARCH}-filebrowser.tar.gz',
      { extract: 'tar.gz', to: '/usr/local/bin', include: ['filebrowser'], mode: '0755' },
    ),
    copy('run-filebrowser', { to: '/usr/local/bin/run-filebrowser' }),
    mkdir('~/files', { user: '${USER}' }),
    mkdir('~/.local/share/filebrowser', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'filebrowser', exec: '/usr/local/bin/run-filebrowser', restart: 'always' })],
  eval: [
    { command: 'filebrowser version', stdout: { contains: 'File Browser' } },
    { service: 'filebrowser', eventually: '30s' },
    { command: 'curl -fsS http://127.0.0.1:8080/health', eventually: '30s' },
  ],
})

/** Repositories, issues and reviews. */
export const gitea = layer({
  name: 'gitea',
  version: '2026.325.1200',
  description: 'Gitea on port 3000, and ssh on 2222; repositories, database and settings are in a volume.',
  info: 'Its release comes from dl.gitea.com.',
  depends: [supervisord, git],
  vars: { GITEA_VERSION: '1.24.6' },
  ports: [3000, 'ssh:2222'],
  volumes: { gitea: '~/gitea' },
  tasks: [
    download('https://dl.gitea.com/gitea/${GITEA_VERSION}/gitea-${GITEA_VERSION}-linux-${ARCH}', {
      to: '/usr/local/bin/gitea',
      mode: '0755',
    }),
    copy('app.ini', { to: '/usr/local/share/gitea/app.ini', mode: '0644' }),
    copy('run-gitea', { to: '/usr/local/bin/run-gitea' }),
    mkdir('~/gitea', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'gitea', exec: '/usr/local/bin/run-gitea', restart: 'always', stopTimeout: '60s' })],
  eval: [
    { command: 'gitea --version', stdout: { matches: '(?i)gitea version' } },
    { service: 'gitea', eventually: '30s' },
    { command: 'curl -fsS http://127.0.0.1:3000/api/healthz', eventually: '60s' },
  ],
})

/** Measurements over time. */
export const prometheus = layer({
  name: 'prometheus',
  version: '2026.325.1200',
  description:
    'Prometheus on port 9090, with its data in a volume; it watches itself, and the node exporter beside it.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['prometheus'] },
  pac: { packages: ['prometheus'] },
  ports: [9090],
  volumes: { prometheus: '~/prometheus' },
  envProvides: { PROMETHEUS_URL: 'http://{{.ContainerName}}:9090' },
  tasks: [
    copy('prometheus.yml', { to: '/etc/prometheus/prometheus.yml', mode: '0644' }),
    copy('run-prometheus', { to: '/usr/local/bin/run-prometheus' }),
    mkdir('~/prometheus', { user: '${USER}' }),
  ],
  services: [
    service({ name: 'prometheus', exec: '/usr/local/bin/run-prometheus', restart: 'always', stopTimeout: '60s' }),
  ],
  eval: [
    { command: 'promtool check config /etc/prometheus/prometheus.yml', stdout: { contains: 'SUCCESS' } },
    { service: 'prometheus', eventually: '30s' },
    { command: 'curl -fsS http://127.0.0.1:9090/-/ready', eventually: '60s' },
  ],
})

/** What the machine below is doing. */
export const nodeExporter = layer({
  name: 'node-exporter',
  version: '2026.325.1200',
  description: 'Measurements of the machine, for Prometheus, on port 9100.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['prometheus-node-exporter'] },
  pac: { packages: ['prometheus-node-exporter'] },
  ports: [9100],
  services: [
    service({
      name: 'node-exporter',
      exec: '/usr/bin/prometheus-node-exporter --web.listen-address=:9100',
      restart: 'always',
    }),
  ],
  eval: [
    { command: 'prometheus-node-exporter --version 2>&1', stdout: { contains: 'node_exporter' } },
    { service: 'node-exporter', eventually: '30s' },
    {
      command: 'curl -fsS http://127.0.0.1:9100/metrics',
      stdout: { contains: 'node_uname_info' },
      eventually: '30s',
    },
  ],
})

/** Measurements as pictures. */
export const grafana = layer({
  name: 'grafana',
  version: '2026.325.1200',
  description: 'Grafana on port 3000, from its makers; dashboards and accounts are in a volume.',
  info: 'Its packages come from grafana.com (on Arch: from the distribution).',
  depends: [supervisord],
  deb: {
    packages: ['grafana'],
    repos: [{ name: 'grafana', url: 'https://apt.grafana.com', key: 'https://apt.grafana.com/gpg.key' }],
  },
  rpm: {
    packages: ['grafana'],
    repos: [{ name: 'grafana', url: 'https://rpm.grafana.com', gpgkey: 'https://rpm.grafana.com/gpg.key' }],
  },
  pac: { packages: ['grafana'] },
  ports: [3000],
  volumes: { grafana: '~/grafana' },
  secretAccepts: { GF_SECURITY_ADMIN_PASSWORD: 'password of the account admin, set when the data is made' },
  tasks: [
    copy('run-grafana', { to: '/usr/local/bin/run-grafana' }),
    mkdir('~/grafana', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'grafana', exec: '/usr/local/bin/run-grafana', restart: 'always' })],
  eval: [
    { command: 'grafana --version', stdout: { contains: 'version' } },
    { service: 'grafana', eventually: '30s' },
    {
      command: 'curl -fsS http://127.0.0.1:3000/api/health',
      stdout: { contains: 'ok' },
      eventually: '60s',
    },
  ],
})

/** A browser for programs. */
export const chrome = layer({
  name: 'chrome',
  version: '2026.332.1200',
  description: 'Chromium without a screen, for programs that drive it: DevTools on port 9222.',
  info: 'A browser that does not stay up ends its container, and gets a fresh one. Names with a dot reach DevTools only if CDP_HOSTS has them.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['chromium', 'python3'] },
  rpm: { packages: ['chromium', 'python3'] },
  pac: { packages: ['chromium', 'python'] },
  ports: [9222],
  volumes: { chrome: '~/.chrome' },
  envAccepts: {
    CHROME_FLAGS: 'further flags of the browser',
    CDP_HOSTS: 'domain names, separated by commas, under which DevTools may be asked for',
  },
  security: { shmSize: '1g', memoryHigh: '3g', memoryMax: '4g', memorySwapMax: '1g' },
  tasks: [
    copy('run-chrome', { to: '/usr/local/bin/run-chrome' }),
    copy('cdp-proxy', { to: '/usr/local/bin/cdp-proxy' }),
    copy('chrome-crash-listener', { to: '/usr/local/bin/chrome-crash-listener' }),
    mkdir('~/.chrome', { user: '${USER}', mode: '0700' }),
  ],
  services: [
    service({ name: 'chrome', exec: '/usr/local/bin/run-chrome', restart: 'always', startRetries: 3, startSecs: 3 }),
    service({ name: 'cdp-proxy', exec: '/usr/local/bin/cdp-proxy', restart: 'always' }),
    service({
      name: 'chrome-crash-listener',
      kind: 'eventlistener',
      events: ['PROCESS_STATE_FATAL'],
      exec: '/usr/local/bin/chrome-crash-listener chrome',
      restart: 'always',
    }),
  ],
  eval: [
    { service: 'chrome', eventually: '30s' },
    { service: 'chrome-crash-listener', eventually: '30s' },
    {
      command: 'curl -fsS -H "Host: browser:9222" http://127.0.0.1:9222/json/version',
      stdout: { contains: 'ws://browser:9222/devtools/browser/' },
      eventually: '60s',
    },
    {
      command: 'curl -sS -H "Host: some.example" http://127.0.0.1:9222/json/version',
      stdout: { contains: 'CDP_HOSTS' },
      eventually: '30s',
    },
  ],
})

/** Folders that are the same on several machines. */
export const syncthing = layer({
  name: 'syncthing',
  version: '2026.325.1200',
  description: 'Syncthing: its page on port 8384, other machines on 22000; folders and its identity are in volumes.',
  status: 'working',
  depends: [supervisord],
  packages: ['syncthing'],
  ports: [8384, 'tcp:22000', 'udp:22000'],
  volumes: { folders: '~/Sync', syncthing: '~/.local/state/syncthing' },
  tasks: [
    copy('run-syncthing', { to: '/usr/local/bin/run-syncthing' }),
    mkdir('~/Sync', { user: '${USER}' }),
    mkdir('~/.local/state/syncthing', { user: '${USER}', mode: '0700' }),
  ],
  services: [service({ name: 'syncthing', exec: '/usr/local/bin/run-syncthing', restart: 'always' })],
  eval: [
    { command: 'syncthing --version', stdout: { contains: 'syncthing v' } },
    { service: 'syncthing', eventually: '30s' },
    {
      command: 'curl -fsS http://127.0.0.1:8384/rest/noauth/health',
      stdout: { contains: 'OK' },
      eventually: '60s',
    },
  ],
})
