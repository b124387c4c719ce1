import { readFileSync } from 'node:fs'

/** The distribution that this machine runs, and what installs packages there. */
export interface System {
  readonly id: string
  readonly name: string
  readonly manager: string
}

/** Commands that install packages, by the `ID` and `ID_LIKE` of os-release(5). */
const MANAGERS: readonly (readonly [ids: readonly string[], manager: string, install: string])[] = [
  [['debian', 'ubuntu'], 'apt', 'sudo apt install'],
  [['fedora', 'rhel', 'centos'], 'dnf', 'sudo dnf install'],
  [['arch', 'cachyos'], 'pacman', 'sudo pacman -S'],
  [['suse', 'opensuse'], 'zypper', 'sudo zypper install'],
  [['alpine'], 'apk', 'sudo apk add'],
]

/** Packages that are not named after the program, by manager; the name of the program is the rest. (DOC-10) */
const PACKAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fusermount3: { apt: 'fuse3', dnf: 'fuse3', pacman: 'fuse3', zypper: 'fuse3', apk: 'fuse3' },
  'systemd-ask-password': { apt: 'systemd', dnf: 'systemd', pacman: 'systemd', zypper: 'systemd' },
  systemctl: { apt: 'systemd', dnf: 'systemd', pacman: 'systemd', zypper: 'systemd' },
  'qemu-img': { apt: 'qemu-utils', dnf: 'qemu-img', pacman: 'qemu-img', zypper: 'qemu-tools', apk: 'qemu-img' },
  'qemu-system-x86_64': { apt: 'qemu-system-x86', dnf: 'qemu-system-x86', pacman: 'qemu-desktop', zypper: 'qemu-x86' },
  'qemu-system-aarch64': {
    apt: 'qemu-system-arm',
    dnf: 'qemu-system-aarch64',
    pacman: 'qemu-system-aarch64',
    zypper: 'qemu-arm',
  },
  virsh: {
    apt: 'libvirt-clients',
    dnf: 'libvirt-client',
    pacman: 'libvirt',
    zypper: 'libvirt-client',
    apk: 'libvirt-client',
  },
  ssh: {
    apt: 'openssh-client',
    dnf: 'openssh-clients',
    pacman: 'openssh',
    zypper: 'openssh-clients',
    apk: 'openssh-client',
  },
  script: { apt: 'bsdutils', dnf: 'util-linux', pacman: 'util-linux', zypper: 'util-linux', apk: 'util-linux-misc' },
  docker: { apt: 'docker.io', dnf: 'moby-engine' },
  'docker buildx': { apt: 'docker-buildx', dnf: 'docker-buildx', pacman: 'docker-buildx', zypper: 'docker-buildx' },
  node: { apt: 'nodejs', dnf: 'nodejs', pacman: 'nodejs', zypper: 'nodejs', apk: 'nodejs' },
  gvproxy: { apt: 'gvproxy', dnf: 'gvisor-tap-vsock', pacman: 'gvisor-tap-vsock', zypper: 'gvisor-tap-vsock' },
}

/** Distributions have no packages of these, or old ones. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  tailscale: 'https://tailscale.com/download',
  cloudflared: 'https://github.com/cloudflare/cloudflared/releases',
}

/** What os-release(5) says. */
export function readSystem(file = '/etc/os-release'): System {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // a system that does not say what it is
  }
  const value = (name: string) => new RegExp(`^${name}=["']?(.*?)["']?$`, 'm').exec(text)?.[1] ?? ''
  const ids = [value('ID'), ...value('ID_LIKE').split(' ')]
  const manager = MANAGERS.find(([known]) =>
    ids.some((id) => known.includes(id) || known.includes(id.split('-')[0] ?? '')),
  )
  return {
    id: value('ID'),
    name: value('PRETTY_NAME') || value('NAME') || 'unknown',
    manager: manager?.[1] ?? 'unknown',
  }
}

/** How a program is installed here. (DOC-10) */
export function installHint(program: string, { manager }: Pick<System, 'manager'>): string {
  const site = ELSEWHERE[program]
  if (site !== undefined) return `see ${site}`
  const install = MANAGERS.find(([, name]) => name === manager)?.[2]
  const name = PACKAGES[program]?.[manager] ?? program
  return install === undefined ? `install ${name}` : `${install} ${name}`
}
