import type { ShellName } from '../../format/index.ts'
import type { Account } from '../../resolve/image.ts'

/** What is known of a machine that layers are installed on. (HOST-01, HOST-03, DEP-46) */
export interface HostFacts {
  /** Distro tags, most specific first: `debian:13`, `debian`. */
  readonly tags: readonly string[]
  /** `x86_64`, as `uname -m` says. */
  readonly machine: string
  /** The deploying user. */
  readonly user: Account
  /** Shells that are there. */
  readonly shells: readonly ShellName[]
  /** What the deploying user logs in with. */
  readonly loginShell: 'bash' | 'zsh' | 'fish'
  /** Files of the home that bash reads at login instead of `~/.profile`, and that do not read it. (HOST-29) */
  readonly bashProfiles: readonly string[]
  /** Version of the C library, where it is glibc. */
  readonly glibc?: string
  /** Whether systemd runs. */
  readonly systemd: boolean
}

/** Relatives whose packages are used. (HOST-01) */
const ALIASES: Readonly<Record<string, string>> = {
  archarm: 'arch',
  manjaro: 'arch',
  endeavouros: 'arch',
  almalinux: 'fedora',
  rocky: 'fedora',
  centos: 'fedora',
  rhel: 'fedora',
}

/** The fields of an `os-release` file. (os-release(5)) */
export function readOsRelease(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? []
    if (name === undefined || value === undefined) continue
    const [, quote, inner] = /^(["'])(.*)\1$/.exec(value) ?? []
    fields.set(name, quote === '"' ? inner!.replace(/\\([\\"`$])/g, '$1') : (inner ?? value))
  }
  return fields
}

/** Tags of a machine, most specific first. (HOST-01) */
export function distroTags(osRelease: ReadonlyMap<string, string>): string[] {
  const id = osRelease.get('ID') ?? ''
  const version = osRelease.get('VERSION_ID') ?? ''
  const like = (osRelease.get('ID_LIKE') ?? '').split(/\s+/)
  const withAlias = (name: string) => [name, ALIASES[name] ?? '']
  const tags = [version === '' ? '' : `${id}:${version}`, ...[id, ...like].flatMap(withAlias)]
  return [...new Set(tags.filter((tag) => tag !== ''))]
}

/** `MAJOR.MINOR` at the end of the first line of `ldd --version`. (HOST-03) */
export const glibcVersion = (lddVersion: string): string | undefined =>
  /^.*?(\d+\.\d+)(?!.*\d+\.\d+)/.exec(lddVersion.split('\n')[0] ?? '')?.[1]

/** Whether what was built against one glibc may not run on another. Unknown is fine. (HOST-03) */
export function isNewerGlibc(built: string | undefined, here: string | undefined): boolean {
  const [major = 0, minor = 0] = (built ?? '').split('.').map(Number)
  const [hereMajor = 0, hereMinor = 0] = (here ?? '').split('.').map(Number)
  return built !== undefined && here !== undefined && (major - hereMajor || minor - hereMinor) > 0
}

/** What BuildKit calls an architecture. (HOST-65) */
export const architectureOf = (machine: string): string =>
  ({ x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm', armv6l: 'arm' })[machine] ?? machine
