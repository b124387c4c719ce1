import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { compareVersions } from '../resolve/calver.ts'
import type { Executor } from './executor.ts'

const MINIMUM = '4.4'
const GENERATORS = [
  '/usr/lib/systemd/user-generators/podman-user-generator',
  '/usr/libexec/podman/quadlet',
  '/usr/lib/podman/quadlet',
]

/** The quadlet generator of this machine. */
export const quadletGenerator = (): string | undefined => GENERATORS.find((path) => existsSync(path))

/** What this machine lacks to run deploys; one diagnostic for each missing part. */
export async function preflight(executor: Executor): Promise<Diagnostic[]> {
  const missing: Diagnostic[] = []
  const lack = (code: Diagnostic['code'], message: string, remedy: string) =>
    missing.push({ code, severity: 'error', message, remedy })
  const podman = await executor.run(['podman', '--version'])
  if (podman.exitCode === 127)
    lack('OV5004', 'podman is not installed', 'install podman 4.4 or later with your package manager')
  else {
    const version = /\d+\.\d+(\.\d+)?/.exec(podman.stdout)?.[0] ?? '0'
    if (compareVersions(version, MINIMUM) < 0)
      lack(
        'OV5005',
        `podman ${version} is too old: quadlets need ${MINIMUM} or later`,
        'upgrade podman (Debian 13 and Fedora 38 have it)',
      )
    else if (quadletGenerator() === undefined)
      lack(
        'OV5005',
        "podman's quadlet generator is not installed",
        'install the complete podman package of your distribution',
      )
  }
  const systemd = await executor.run(['systemctl', '--user', 'is-system-running'])
  if (!['running', 'degraded', 'starting', 'initializing', 'maintenance'].includes(systemd.stdout.trim()))
    lack(
      'OV5005',
      `there is no systemd user manager for ${userInfo().username}`,
      'log in through a login session (ssh, not su), or run: sudo loginctl enable-linger, and log in again',
    )
  if (process.getuid?.() !== 0 && !hasSubordinateIds())
    lack(
      'OV5005',
      `${userInfo().username} has no subordinate ids`,
      `run: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${userInfo().username}`,
    )
  return missing
}

function hasSubordinateIds(): boolean {
  const { username, uid } = userInfo()
  return ['/etc/subuid', '/etc/subgid'].every((file) => {
    try {
      return readFileSync(file, 'utf8')
        .split('\n')
        .some((line) => line.startsWith(`${username}:`) || line.startsWith(`${uid}:`))
    } catch {
      return false
    }
  })
}
