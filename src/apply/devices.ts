import { existsSync, readdirSync } from 'node:fs'

/** Devices of this machine that containers have a use for, and what programs in them want to know of them. */
export interface FoundDevices {
  readonly devices: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const WANTED = ['/dev/kfd', '/dev/kvm', '/dev/vhost-net', '/dev/vhost-vsock', '/dev/fuse', '/dev/net/tun', '/dev/hwrng']

/** Looks for devices. (POD-39) */
export function detectDevices(): FoundDevices {
  const nodes = existsSync('/dev/dri') ? readdirSync('/dev/dri').filter((name) => name.startsWith('renderD')) : []
  const render = nodes.sort().map((name) => `/dev/dri/${name}`)
  const [first] = render
  return {
    devices: [...render, ...WANTED.filter((path) => existsSync(path))],
    env: first === undefined ? {} : { DRINODE: first, DRI_NODE: first },
  }
}
