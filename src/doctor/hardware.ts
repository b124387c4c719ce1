import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { detectDevices } from '../apply/devices.ts'
import type { Device, Hardware } from './report.ts'

const KNOWN: readonly (readonly [pattern: string, description: string])[] = [
  ['/dev/dri/renderD*', 'graphics'],
  ['/dev/kfd', 'AMD compute'],
  ['/dev/kvm', 'virtual machines'],
  ['/dev/vhost-net', 'fast networks of virtual machines'],
  ['/dev/vhost-vsock', 'sockets of virtual machines'],
  ['/dev/fuse', 'file systems of users'],
  ['/dev/net/tun', 'tunnels'],
  ['/dev/hwrng', 'random numbers'],
]

/** Devices that containers have a use for. (DOC-03) */
export function lookAtHardware(): Hardware {
  const { devices: found } = detectDevices()
  const gpu = existsSync('/dev/nvidiactl') || existsSync('/proc/driver/nvidia/version')
  const amdGfx = gfxVersion()
  const devices = KNOWN.flatMap(([pattern, description]): Device[] => {
    const prefix = pattern.replace(/\*$/, '')
    const paths = found.filter((path) => (pattern === prefix ? path === pattern : path.startsWith(prefix)))
    if (paths.length === 0) return [{ pattern, description, present: false }]
    return paths.map((path) => ({ pattern, path, description, present: true }))
  })
  return {
    gpu,
    amdGpu: amdGfx !== undefined,
    ...(amdGfx !== undefined && { amdGfx }),
    devices,
    flags: [...(gpu ? ['--device', 'nvidia.com/gpu=all'] : []), ...found.flatMap((path) => ['--device', path])],
  }
}

/** `gfx1100` of `110000`, as the kernel's driver for AMD numbers its processors. */
function gfxVersion(nodes = '/sys/class/kfd/kfd/topology/nodes'): string | undefined {
  if (!existsSync(nodes)) return undefined
  for (const node of readdirSync(nodes)) {
    const version = Number(/^gfx_target_version (\d+)$/m.exec(readText(`${nodes}/${node}/properties`))?.[1] ?? 0)
    if (version === 0) continue
    const [major, minor, step] = [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100]
    return `gfx${major}${minor.toString(16)}${step.toString(16)}`
  }
  return undefined
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
