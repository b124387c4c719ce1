/** Images of the starter catalogue, on a Debian base that ov makes itself. */
import { debootstrap, image } from 'ov'
import { git, jq, nginx, nodejs, ripgrep, shellTools, sshd, terminal, valkey } from './layers.ts'

/** The common base. */
export const debian = image({
  name: 'debian',
  base: debootstrap({ suite: 'trixie' }),
  version: '2026.320.1200',
  description: 'Debian 13 with an account to work as.',
})

/** A place to work in. */
export const coder = image({ name: 'coder', base: debian, layers: [terminal, nodejs, sshd] })

/** A web server. */
export const web = image({ name: 'web', base: debian, layers: [nginx] })

/** A key-value store. */
export const cache = image({ name: 'cache', base: debian, layers: [valkey] })

/** For scripts: small, and without services. */
export const tools = image({ name: 'tools', base: debian, layers: [shellTools, ripgrep, jq, git] })
