import { isIP } from 'node:net'
import type { Fields } from '../baked.ts'
import { fail, nothingRuns, pass, script, skip, type Outcome, type Target } from '../target.ts'

const LISTENS = '0A'

/** `0100007F` → `127.0.0.1`; the kernel writes words of four bytes in its own order, which is little-endian wherever ov runs. */
function address(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse()
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return canonical(groups.join(':'))
}

/** Addresses in one spelling, so that they can be compared. */
const canonical = (ip: string): string => (isIP(ip) === 6 ? new URL(`http://[${ip}]/`).hostname.slice(1, -1) : ip)

/** Addresses and ports that something listens on, by the kernel's tables: no program needs to be there for it. (EVAL-33) */
export function listening(tables: string): { readonly ip: string; readonly port: number }[] {
  return tables.split('\n').flatMap((line) => {
    const [, hex, port, state] =
      /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /.exec(line) ?? []
    return state === LISTENS ? [{ ip: address(hex!), port: Number.parseInt(port!, 16) }] : []
  })
}

/** A TCP port. */
export async function probePort(check: Fields<'port'>, target: Target): Promise<Outcome> {
  const { port, reachable, ip } = check
  const wanted = check.listening ?? (reachable === undefined ? true : undefined)
  if (wanted !== undefined) {
    const idle = nothingRuns(target, wanted)
    if (idle) return idle
    const { exitCode, stdout, stderr } = await script(
      target,
      'cat /proc/net/tcp || exit 1; [ ! -e /proc/net/tcp6 ] || cat /proc/net/tcp6',
    )
    if (exitCode !== 0) return fail(`the tables of the kernel can't be read: ${stderr.trim()}`)
    const there = listening(stdout).filter((one) => one.port === port)
    const found = there.filter((one) => ip === undefined || one.ip === canonical(ip))
    if (wanted && found.length === 0)
      return fail(
        there.length === 0
          ? `nothing listens on it${target.running.nothing === undefined ? '' : ` (${target.running.nothing})`}`
          : `listens on ${there.map((one) => one.ip).join(', ')}, not on ${ip}`,
      )
    if (!wanted && found.length > 0) return fail(`something listens on ${found.map((one) => one.ip).join(', ')}`)
  }
  return reachable === undefined
    ? pass()
    : skip('whether it is reachable from this machine is seen with a running deploy only')
}
