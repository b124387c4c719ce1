import { statSync } from 'node:fs'
import { join } from 'node:path'
import { BAD_ADDRESS, BusError, NO_SERVER } from './bus-error.ts'

/** Where the user's bus listens, as the client library can take it. (CRED-35) */
export function busAddress(address: string | undefined, runtimeDir: string | undefined): string {
  if (address === undefined || address === '') {
    const socket = join(runtimeDir ?? '', 'bus')
    if (runtimeDir && isSocket(socket)) return `unix:path=${socket}`
    throw new BusError(
      NO_SERVER,
      'there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set, and $XDG_RUNTIME_DIR/bus is not there',
    )
  }
  const entries = address.split(';')
  for (const entry of entries) {
    const [, escaped] = /^unix:(?:[^,]*,)*path=([^,]*)/.exec(entry) ?? []
    const path = escaped === undefined ? undefined : unescape(escaped)
    // The library takes these for its own separators.
    if (path !== undefined && path !== '' && !/[,:;=\0]/.test(path)) return `unix:path=${path}`
  }
  throw new BusError(
    BAD_ADDRESS,
    entries.some((entry) => /^unix:(?:[^,]*,)*abstract=/.test(entry))
      ? `the session bus listens on an abstract socket (${address}), which needs the native module usocket; let it listen on a path: unix:path=…`
      : `the address of the session bus (${address}) is none that ov can connect to; it can to unix:path=…`,
  )
}

/** Addresses have bytes of UTF-8 as `%20`. */
function unescape(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket()
  } catch {
    return false
  }
}
