import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/** A port of this machine. */
export interface HostPort {
  /** Address; empty for all. */
  readonly bind: string
  readonly host: number
  readonly protocol: 'tcp' | 'udp'
}

/** Why a port can't be listened on (`EADDRINUSE`, `EACCES`, …), or undefined when it can. Port 0 takes a free one. */
export function tryPort(port: HostPort): Promise<{ readonly port: number } | { readonly error: string }> {
  const host = port.bind.replace(/^\[|\]$/g, '')
  return new Promise((done) => {
    const failed = (error: NodeJS.ErrnoException) => done({ error: error.code ?? error.message })
    if (port.protocol === 'udp') {
      const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
      socket.once('error', failed)
      socket.bind(port.host, host === '' ? undefined : host, () => {
        const { port: found } = socket.address()
        socket.close(() => done({ port: found }))
      })
      return
    }
    const server = createServer()
    server.once('error', failed)
    server.listen(port.host, host === '' ? undefined : host, () => {
      const address = server.address()
      server.close(() => done({ port: typeof address === 'object' && address ? address.port : 0 }))
    })
  })
}

/** A port that nobody listens on, and that is not among those taken. */
export async function freePort(
  bind: string,
  protocol: HostPort['protocol'],
  taken: readonly number[],
): Promise<number> {
  for (;;) {
    const found = await tryPort({ bind, host: 0, protocol })
    if ('error' in found) throw new Error(`no free port on ${bind}: ${found.error}`)
    if (!taken.includes(found.port)) return found.port
  }
}
