/** What other layers stand on: inits, buses, tunnels, and what virtual machines want. */
import { cmd, copy, download, layer, mkdir, service, setcap, write } from 'ov'
import { git } from './tools.ts'
import { buildEssential, nodejs } from './languages.ts'

/** Runs the services of an image. */
export const supervisord = layer({
  name: 'supervisord',
  version: '2026.325.1200',
  description: 'The process manager that images use as their init.',
  status: 'working',
  packages: ['supervisor'],
  eval: [{ command: 'supervisord --version', stdout: { matches: '^4\\.' } }],
})

/** systemd as process 1. */
export const systemd = layer({
  name: 'systemd',
  version: '2026.325.1200',
  description: 'systemd as the init of images that boot, and for units that packages bring.',
  status: 'working',
  deb: { packages: ['systemd', 'systemd-sysv', 'dbus', 'libpam-systemd'] },
  rpm: { packages: ['systemd', 'dbus-broker'] },
  pac: { packages: ['systemd', 'dbus'] },
  capabilities: { preserveUser: true, initSystemHint: 'systemd' },
  eval: [
    { command: 'systemctl --version', stdout: { contains: 'systemd' } },
    { command: 'readlink -f /sbin/init', stdout: { contains: 'systemd' } },
  ],
})

/** Reaches servers that listen on loopback only; `portRelay` of other layers brings it along. */
export const socat = layer({
  name: 'socat',
  version: '2026.325.1200',
  description: 'socat, and the relay that portRelay runs for each port.',
  status: 'working',
  packages: ['socat'],
  tasks: [copy('relay-wrapper', { to: '/usr/local/bin/relay-wrapper' })],
  eval: [
    { command: 'socat -V', stdout: { contains: 'socat version' } },
    { file: '/usr/local/bin/relay-wrapper', mode: '0755' },
    { command: 'relay-wrapper; [ $? = 64 ]' },
  ],
})

/** A message bus for programs that want one. */
export const dbus = layer({
  name: 'dbus',
  version: '2026.325.1200',
  description: 'A session bus for the programs of the container.',
  status: 'working',
  depends: [supervisord],
  deb: { packages: ['dbus-daemon', 'dbus-bin'] },
  rpm: { packages: ['dbus-daemon', 'dbus-tools'] },
  pac: { packages: ['dbus'] },
  env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/tmp/session-bus' },
  services: [
    service({
      name: 'dbus',
      exec: '/usr/bin/dbus-daemon --session --nofork --nopidfile --address=unix:path=/tmp/session-bus',
      restart: 'always',
      priority: 10,
    }),
  ],
  eval: [
    {
      command:
        'dbus-run-session -- dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames',
      stdout: { contains: 'org.freedesktop.DBus' },
    },
    { service: 'dbus', eventually: '30s' },
    { file: '/tmp/session-bus', filetype: 'socket', eventually: '30s' },
  ],
})

/** Containers in the container, as its user and without privileges on the machine. */
export const containerNesting = layer({
  name: 'container-nesting',
  version: '2026.325.1200',
  description: 'Podman and buildah that work inside a rootless container.',
  status: 'working',
  deb: {
    packages: [
      'podman',
      'buildah',
      'crun',
      'fuse-overlayfs',
      'libcap2-bin',
      'uidmap',
      'netavark',
      'passt',
      'ca-certificates',
    ],
  },
  rpm: { packages: ['podman', 'buildah', 'crun', 'fuse-overlayfs', 'shadow-utils', 'netavark', 'passt'] },
  pac: { packages: ['podman', 'buildah', 'crun', 'fuse-overlayfs', 'netavark', 'passt'] },
  security: { devices: ['/dev/fuse'], securityOpt: ['label=disable', 'unmask=ALL'] },
  volumes: { containers: '~/.local/share/containers' },
  tasks: [
    copy('containers.conf', { to: '/etc/containers/containers.conf', mode: '0644' }),
    copy('storage.conf', { to: '/etc/containers/storage.conf', mode: '0644' }),
    cmd('chmod u-s /usr/bin/newuidmap /usr/bin/newgidmap', {
      comment:
        'root of a container may not make namespaces for others; the account itself may, with these capabilities',
    }),
    setcap('/usr/bin/newuidmap', { caps: 'cap_setuid+ep' }),
    setcap('/usr/bin/newgidmap', { caps: 'cap_setgid+ep' }),
    cmd('printf "%s:1:999\\n%s:1001:64535\\n" "$NAME" "$NAME" | tee /etc/subuid > /etc/subgid', {
      env: { NAME: '${USER}' },
      comment: 'the ids that the container has itself, but for that of the account',
    }),
    mkdir('~/.local/share/containers', { user: '${USER}' }),
  ],
  eval: [
    { command: 'podman --version', stdout: { contains: 'podman version' } },
    { command: 'podman info --format "{{.Store.GraphDriverName}}"', stdout: 'overlay', scope: 'deploy' },
    {
      command:
        'd=$(mktemp -d) && printf "FROM scratch\\nCOPY note /\\n" > $d/Containerfile && echo hi > $d/note && podman build --quiet $d',
      scope: 'deploy',
      timeout: '60s',
    },
  ],
})

/** Encrypted directories. */
export const gocryptfs = layer({
  name: 'gocryptfs',
  version: '2026.325.1200',
  description: 'gocryptfs and FUSE.',
  status: 'working',
  packages: ['gocryptfs', 'fuse3'],
  security: { devices: ['/dev/fuse'] },
  eval: [
    {
      command:
        'd=$(mktemp -d) && echo secret > $d.pass && gocryptfs -q -init -scryptn 10 -passfile $d.pass $d && ls $d',
      stdout: { contains: 'gocryptfs.conf' },
    },
    { command: 'fusermount3 --version' },
  ],
})

/** A private network between your machines. */
export const tailscale = layer({
  name: 'tailscale',
  version: '2026.325.1200',
  description: 'Tailscale from its makers; in containers it needs no device and no rights.',
  info: 'Its packages come from pkgs.tailscale.com (on Arch: from the distribution).',
  depends: [supervisord],
  tags: {
    'debian:13': {
      packages: ['tailscale'],
      repos: [
        {
          name: 'tailscale',
          url: 'https://pkgs.tailscale.com/stable/debian',
          suite: 'trixie',
          key: 'https://pkgs.tailscale.com/stable/debian/trixie.asc',
        },
      ],
    },
    'ubuntu:24.04': {
      packages: ['tailscale'],
      repos: [
        {
          name: 'tailscale',
          url: 'https://pkgs.tailscale.com/stable/ubuntu',
          suite: 'noble',
          key: 'https://pkgs.tailscale.com/stable/ubuntu/noble.asc',
        },
      ],
    },
  },
  rpm: {
    packages: ['tailscale'],
    repos: [
      {
        name: 'tailscale-stable',
        url: 'https://pkgs.tailscale.com/stable/fedora/tailscale.repo',
        gpgkey: 'https://pkgs.tailscale.com/stable/fedora/repo.gpg',
      },
    ],
  },
  pac: { packages: ['tailscale'] },
  volumes: { tailscale: '~/.local/share/tailscale' },
  secretAccepts: { TS_AUTHKEY: 'key with which the container joins the network; without one, run tailscale up' },
  tasks: [
    mkdir('~/.local/share/tailscale', { user: '${USER}', mode: '0700' }),
    copy('run-tailscaled', { to: '/usr/local/bin/run-tailscaled' }),
  ],
  services: [
    service({ name: 'tailscaled', exec: '/usr/local/bin/run-tailscaled', restart: 'always' }),
    service({ name: 'tailscaled', usePackaged: 'tailscaled', enable: true }),
  ],
  eval: [{ command: 'tailscale version' }, { service: 'tailscaled', eventually: '30s' }],
})

/** Settings for a virtual machine's first boot. */
export const cloudInit = layer({
  name: 'cloud-init',
  version: '2026.325.1200',
  description: 'cloud-init, which looks for its settings on a disk and asks no network for them.',
  status: 'working',
  packages: ['cloud-init'],
  tasks: [
    write('/etc/cloud/cloud.cfg.d/90-datasources.cfg', { content: 'datasource_list: [NoCloud, ConfigDrive, None]\n' }),
  ],
  eval: [
    { command: 'cloud-init --version', stdout: { contains: 'cloud-init' } },
    {
      command:
        'printf "#cloud-config\\nhostname: a\\n" > /tmp/user-data && cloud-init schema --config-file /tmp/user-data',
      stdout: { contains: 'Valid' },
      timeout: '60s',
    },
  ],
})

/** What a virtual machine tells its host. */
export const qemuGuestAgent = layer({
  name: 'qemu-guest-agent',
  version: '2026.325.1200',
  description: 'The guest agent: addresses, shutdown and snapshots for the host’s tools.',
  status: 'working',
  packages: ['qemu-guest-agent'],
  eval: [{ command: 'qemu-ga --version', stdout: { contains: 'QEMU Guest Agent' } }],
})

/** The image's user may do what root may. */
export const sudo = layer({
  name: 'sudo',
  version: '2026.325.1200',
  description: 'sudo without a password, for the image’s user.',
  status: 'working',
  packages: ['sudo'],
  tasks: [
    cmd(
      'printf "%s ALL=(ALL:ALL) NOPASSWD: ALL\\n" "$NAME" > /etc/sudoers.d/image-user && chmod 0440 /etc/sudoers.d/image-user',
      {
        env: { NAME: '${USER}' },
      },
    ),
  ],
  eval: [{ command: 'sudo -n id -u', stdout: '0' }],
})

/** Text in every language. */
export const locales = layer({
  name: 'locales',
  version: '2026.325.1200',
  description: 'UTF-8 everywhere, and the time zones.',
  status: 'working',
  deb: { packages: ['tzdata'] },
  rpm: { packages: ['tzdata', 'glibc-langpack-en'] },
  pac: { packages: ['tzdata'] },
  env: { LANG: 'C.UTF-8' },
  eval: [
    { command: 'locale charmap', stdout: 'UTF-8' },
    { command: 'TZ=Asia/Tokyo date +%Z', stdout: 'JST' },
  ],
})

/** Packages of the Arch User Repository, built; for the builder image of Arch. */
export const yay = layer({
  name: 'yay',
  version: '2026.325.1200',
  description: 'yay, which builds packages of the Arch User Repository, as its release.',
  info: 'Its release comes from GitHub.',
  depends: [buildEssential, git],
  pac: { packages: ['sudo'] },
  vars: { YAY_VERSION: '12.5.0' },
  tasks: [
    download('https://github.com/Jguer/yay/releases/download/v${YAY_VERSION}/yay_${YAY_VERSION}_${BUILD_ARCH}.tar.gz', {
      extract: 'tar.gz',
      stripComponents: 1,
      include: ['yay_${YAY_VERSION}_${BUILD_ARCH}/yay'],
      to: '/usr/local/bin',
    }),
  ],
  eval: [{ command: 'yay --version', stdout: { contains: 'yay' } }],
})

/**
 * ov itself, from the tarball that `npm pack` makes of it: it is in no registry. The directory holds nothing but `ov-*.tgz`; its one dependency
 * comes from npm. The image needs Node 22.12 or later when ov runs: Debian 13 and Ubuntu 24.04 have an older one, and there `OV_NODE` names another.
 * @example layers: [ovItself(join(import.meta.dirname, 'packed'))]
 */
export const ovItself = (directory: string) =>
  layer({
    name: 'ov',
    version: '2026.325.1200',
    description: 'ov itself, from its tarball.',
    directory,
    depends: [nodejs],
    tasks: [cmd('npm install --global --prefix=/usr/local --ignore-scripts --no-audit --no-fund /ctx/ov-*.tgz')],
    envAccepts: { OV_NODE: 'the Node that ov runs on, where the one of the distribution is too old' },
    eval: [{ file: '/usr/local/bin/ov' }],
  })
