import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a bus does to whoever connects: nothing but what it is told. */
export interface RawBus {
  readonly address: string
  stop(): void
}

/** Something that listens where a bus would; `hello` is written once the client has been let in, and has said hello. */
export async function startRawBus(behaviour: 'mute' | 'hangs up' | 'refuses' | { hello: Buffer }): Promise<RawBus> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (behaviour === 'hangs up') socket.end()
    socket.on('data', (data) => {
      if (behaviour === 'refuses') socket.write('REJECTED\r\n')
      if (typeof behaviour !== 'object') return
      if (data.includes('AUTH')) socket.write('OK 0123456789abcdef0123456789abcdef\r\n')
      if (data.includes('Hello')) socket.write(behaviour.hello)
    })
  })
  const path = join(mkdtempSync(join(tmpdir(), 'ov-raw-')), 'bus')
  server.listen(path)
  await once(server, 'listening')
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { address: `unix:path=${path}`, stop }
}

/** The answer to the first call on a connection, byte for byte. */
export function answerToHello(type: 'return' | 'error', signature: string, body: Buffer): Buffer {
  const field = (code: number, kind: string, value: Buffer) =>
    Buffer.concat([Buffer.from([code, 1, kind.charCodeAt(0), 0]), value])
  const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)])
  const fields = [
    pad(field(5, 'u', word(1))),
    pad(field(8, 'g', Buffer.concat([Buffer.from([signature.length]), Buffer.from(`${signature}\0`)]))),
    ...(type === 'error' ? [pad(field(4, 's', text('org.freedesktop.DBus.Error.LimitsExceeded')))] : []),
  ]
  const all = Buffer.concat(fields)
  const head = Buffer.from([0x6c, type === 'error' ? 3 : 2, 0, 1])
  return Buffer.concat([head, word(body.length), word(1), word(all.length), all, body])
}

export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export const text = (value: string): Buffer =>
  Buffer.concat([word(Buffer.byteLength(value)), Buffer.from(`${value}\0`)])
