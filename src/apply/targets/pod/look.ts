import { connect } from 'node:net'
import { byName } from '../../../model/project.ts'
import type { Podman } from '../../podman.ts'

/** Something in a container that people reach or use, and how it is. */
export interface Tool {
  readonly name: string
  readonly status: string
  /** Port of the host. */
  readonly port?: number
}

/** A container that runs, seen from outside and from inside. (POD-139, POD-142, POD-144) */
export interface Insight {
  readonly startedAt: Date
  readonly network: string
  /** `data: ov-web-data -> /home/user/data` */
  readonly volumes: readonly string[]
  readonly devices: readonly string[]
  readonly tools: readonly Tool[]
}

interface Inspected {
  readonly State: { readonly Running: boolean; readonly StartedAt: string }
  readonly Mounts?: readonly {
    readonly Type: string
    readonly Name?: string
    readonly Source: string
    readonly Destination: string
  }[]
  readonly NetworkSettings: {
    readonly Networks?: Readonly<Record<string, unknown>>
    readonly Ports?: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>>
  }
  readonly HostConfig: { readonly Devices?: readonly { readonly PathOnHost: string }[]; readonly NetworkMode: string }
}

/**
 * Looks into a container: one question to podman, one program inside, and the ports of the host at the same time. Nothing that fails spoils it.
 * `encrypted` are the places where encrypted volumes are mounted. (ENC-66)
 */
export async function lookInto(
  container: string,
  podman: Podman,
  encrypted: ReadonlySet<string>,
): Promise<Insight | undefined> {
  const { exitCode, stdout } = await podman.try(['container', 'inspect', container])
  if (exitCode !== 0) return undefined
  const [found] = JSON.parse(stdout) as Inspected[]
  if (found?.State.Running !== true) return undefined
  const published = (port: number) =>
    Number(found.NetworkSettings.Ports?.[`${port}/tcp`]?.[0]?.HostPort ?? 0) || undefined
  const [inside, ...outside] = await Promise.all([
    insideTools(container, podman),
    hostTool('cdp', published(9222)),
    hostTool('vnc', published(5900)),
  ])
  const networks = Object.keys(found.NetworkSettings.Networks ?? {})
  return {
    startedAt: new Date(found.State.StartedAt),
    network: networks.length > 0 ? networks.sort(byName).join(', ') : found.HostConfig.NetworkMode,
    volumes: (found.Mounts ?? [])
      .map(({ Type, Name, Source, Destination }) =>
        Type === 'volume'
          ? `${Name ?? ''} -> ${Destination}`
          : `${Type}: ${Source} -> ${Destination}${encrypted.has(Source) ? ' (enc)' : ''}`,
      )
      .sort(byName),
    devices: (found.HostConfig.Devices ?? []).map(({ PathOnHost }) => PathOnHost),
    tools: [...inside, ...outside.flat()].sort((a, b) => byName(a.name, b.name)),
  }
}

const PATIENCE = 2000

/** Prints a line for each tool that is there: its name and how it is. */
const INSIDE = `ok() { if eval "$2" >/dev/null 2>&1; then echo "$1 ok"; else echo "$1 $3"; fi; }
command -v supervisorctl >/dev/null && ok supervisord 'supervisorctl pid' down
command -v dbus-daemon >/dev/null && ok dbus '[ -S "\${XDG_RUNTIME_DIR:-/run}/bus" ] || [ -S /run/dbus/system_bus_socket ]' down
command -v ov >/dev/null && ok ov 'ov --version' broken
for socket in /run/user/*/wayland-? /tmp/wayland-?; do [ -S "$socket" ] && echo 'wl ok' && break; done
command -v sway >/dev/null && ok sway 'ls /run/user/*/sway-ipc.* /tmp/sway-ipc.*' down
true`

async function insideTools(container: string, podman: Podman): Promise<Tool[]> {
  const signal = AbortSignal.timeout(PATIENCE)
  try {
    const { exitCode, stdout } = await podman.try(['exec', container, 'sh', '-c', INSIDE], { signal })
    if (exitCode !== 0) return []
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', status = ''] = line.split(' ')
        return { name, status }
      })
  } catch (error) {
    if (signal.aborted) return []
    throw error
  }
}

/** Whether something answers on a port of this machine. */
const hostTool = (name: string, port: number | undefined): Promise<Tool[]> =>
  port === undefined
    ? Promise.resolve([])
    : new Promise((done) => {
        const socket = connect({ host: '127.0.0.1', port, timeout: PATIENCE })
        const end = (status: string) => {
          socket.destroy()
          done([{ name, port, status }])
        }
        socket.once('connect', () => end('ok'))
        socket.once('timeout', () => end('silent'))
        socket.once('error', () => end('down'))
      })

const TOKENS: readonly (readonly [pattern: RegExp, token: string])[] = [
  [/nvidia/, 'gpu'],
  [/^\/dev\/kfd$/, 'kfd'],
  [/^\/dev\/dri(\/|$)/, 'dri'],
  [/^\/dev\/kvm$/, 'kvm'],
  [/^\/dev\/fuse$/, 'fuse'],
  [/^\/dev\/net\/tun$/, 'tun'],
]

/** Devices in a few letters. (POD-138) */
export const deviceTokens = (devices: readonly string[]): string[] => {
  const host = (device: string) => device.replace(/:.*$/, '')
  const token = (device: string) => TOKENS.find(([pattern]) => pattern.test(device))?.[1] ?? device.replace(/^.*\//, '')
  return [...new Set(devices.map(host).map(token))].sort(byName)
}
