import { copy, layer, service, write } from 'ov'

/** What every machine has. */
export const common = layer({
  name: 'common',
  version: '2026.332.900',
  deb: { packages: ['chrony', 'unattended-upgrades'] },
  tasks: [write('/etc/motd', { content: 'This machine is described in code: ov diff shows what differs.\n' })],
  services: [service({ name: 'time', usePackaged: 'chrony', enable: true })],
})

/** A page, served by nginx. */
export const web = layer({
  name: 'web',
  version: '2026.332.900',
  depends: [common],
  deb: { packages: ['nginx-light'] },
  tasks: [copy('files/index.html', { to: '/var/www/html/index.html', mode: '0644' })],
  services: [service({ name: 'web', usePackaged: 'nginx', enable: true, overrides: { env: { LANG: 'C.UTF-8' } } })],
})

/** Keys that may log in as root's deputy. Touching ssh arms a timer that puts it back, should nobody get in any more. */
export const access = layer({
  name: 'access',
  version: '2026.332.900',
  tasks: [write('/etc/ssh/sshd_config.d/keys-only.conf', { content: 'PasswordAuthentication no\n' })],
})
