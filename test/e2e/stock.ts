/**
 * The images that end-to-end projects build on, as the text of a file of theirs. They are made once, with everything below them,
 * and kept outside the checkout (see machine.ts): a test then only waits for its own steps.
 */
export const STOCK = `import { debootstrap, image, layer } from 'ov'

const version = '2026.320.1200'
const base = debootstrap({ suite: 'trixie' })

export const supervisord = layer({ name: 'supervisord', version, deb: { packages: ['supervisor'] } })

const tools = layer({
  name: 'tools',
  version,
  deb: { packages: ['busybox', 'libcap2-bin', 'make', 'unzip', 'xz-utils', 'zstd'] },
})

/** supervisord and small tools. */
export const stock = image({ name: 'stock', base, layers: [supervisord, tools] })

const systemd = layer({ name: 'systemd', version, deb: { packages: ['systemd', 'cron'] } })

/** systemd, and a packaged unit. */
export const booting = image({ name: 'booting', base, layers: [systemd] })
`
