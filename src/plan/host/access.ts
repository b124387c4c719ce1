/** Steps after which a machine may let nobody in any more. */
import type { Step } from '../ir.ts'

const PACKAGES =
  /^(?:openssh|dropbear|nftables$|iptables|ufw$|firewalld$|network-?manager|ifupdown|netplan|systemd-(?:networkd|resolved)|wireguard|tailscale|dhcpcd|isc-dhcp|resolvconf|fail2ban|shorewall|sudo$)/i
const UNITS =
  /^(?:sshd?|dropbear|networking|systemd-(?:networkd|resolved)|NetworkManager|nftables|ip6?tables|ufw|firewalld|netfilter-persistent|wg-quick|tailscaled|fail2ban)(?:@.*)?(?:\.(?:service|socket))?$/
const PROGRAMS =
  /(?:^|[\s;&|(/])(?:sshd?|nft|ip6?tables(?:-restore)?|ufw|firewall-cmd|nmcli|netplan|networkctl|ifup|ifdown|wg(?:-quick)?|tailscale|sysctl|usermod|userdel|chpasswd|passwd|visudo|reboot|ip\s+(?:addr|address|link|route|rule|-\d\s))(?=[\s;&|)]|$)/m
const UNIT_WORDS = /systemctl\s[^\n;|&]*\b(?:ssh|network|nft|iptables|ufw|firewall)/i

/** Places that decide who gets in. Folders below homes come with the account. */
export const ACCESS_PATHS: readonly string[] = [
  '/etc/ssh',
  '/etc/network',
  '/etc/netplan',
  '/etc/systemd/network',
  '/etc/systemd/resolved.conf.d',
  '/etc/NetworkManager',
  '/etc/nftables.conf',
  '/etc/nftables',
  '/etc/iptables',
  '/etc/ufw',
  '/etc/firewalld',
  '/etc/fail2ban',
  '/etc/wireguard',
  '/etc/hosts.allow',
  '/etc/hosts.deny',
  '/etc/sudoers',
  '/etc/sudoers.d',
  '/etc/pam.d',
  '/etc/security',
  ...['ssh.service', 'sshd.service', 'ssh.socket', 'networking.service', 'nftables.service'].map(
    (unit) => `/etc/systemd/system/${unit}.d`,
  ),
  '/root/.ssh',
]

/** Units that belong to them, as far as a machine has them. */
export const ACCESS_UNITS: readonly string[] = [
  'ssh.service',
  'sshd.service',
  'ssh.socket',
  'networking.service',
  'systemd-networkd.service',
  'systemd-resolved.service',
  'NetworkManager.service',
  'nftables.service',
  'netfilter-persistent.service',
  'ufw.service',
  'firewalld.service',
  'fail2ban.service',
]

const isAccessPath = (path: string): boolean =>
  ACCESS_PATHS.some((place) => path === place || path.startsWith(`${place}/`)) || /\/\.ssh(?:\/|$)/.test(path)

/** Whether a step touches how a machine is reached. */
export function touchesAccess(step: Step, wanted: readonly { readonly path: string }[]): boolean {
  if (wanted.some(({ path }) => isAccessPath(path))) return true
  switch (step.kind) {
    case 'SystemPackages':
      return step.packages.some((name) => PACKAGES.test(name))
    case 'ServicePackaged':
      return UNITS.test(step.unit)
    case 'Task':
      return step.task.verb === 'cmd' && (PROGRAMS.test(step.task.script) || UNIT_WORDS.test(step.task.script))
    default:
      return false
  }
}

/** Whether taking something back does. */
export const undoTouchesAccess = ({
  kind,
  targets = [],
}: {
  readonly kind: string
  readonly targets?: readonly string[]
}): boolean =>
  targets.some(
    (target) =>
      isAccessPath(target) ||
      (kind === 'package-remove' && PACKAGES.test(target)) ||
      (['service-disable', 'restore-enabled'].includes(kind) && UNITS.test(target)),
  )
