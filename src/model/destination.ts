/** Where a host deploy goes: `[user@]host[:port]`, or a name of `~/.ssh/config`. */

/** A machine that is reached over SSH, as it was asked for. (DEP-43, DEP-44) */
export interface Destination {
  readonly host: string
  readonly user?: string
  readonly port?: number
  /** Options as for `ssh`. */
  readonly args: readonly string[]
}

/** Options of `ssh` that say how to connect, not what to do then; those of the second list take a value. (ssh(1)) */
const FLAGS = ['-4', '-6']
const VALUED = ['-F', '-i', '-J', '-l', '-o', '-p']

/** Reads one; a text says what is wrong with it. (DEP-45) */
export function readDestination(
  given: string,
  user: string | undefined,
  args: readonly string[],
): Destination | { readonly field: 'host' | 'user' | 'sshArgs'; readonly problem: string } {
  const invalid = (why: string) => ({ field: 'host', problem: `invalid host "${given}": ${why}` }) as const
  if (given.trim() === '') return invalid('it is empty')
  if (/[\s\p{Cc}'"`\\$;&|<>()]/u.test(given)) return invalid('it has a character that no name of a machine has')
  const [inline, rest] = given.includes('@')
    ? [given.slice(0, given.lastIndexOf('@')), given.slice(given.lastIndexOf('@') + 1)]
    : [undefined, given]
  if (inline === '') return invalid('nothing stands before the @')
  if (inline?.includes('@') === true) return invalid('it has more than one @')
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d*))?$/i.exec(rest) ?? []
  const bare = /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*$/i.test(rest) ? rest : undefined
  const host = bracketed ?? bare ?? plain
  if (host === undefined) return invalid('write [user@]host[:port]')
  if (host.startsWith('-') || inline?.startsWith('-') === true) return invalid('it begins with a hyphen')
  const number = bare !== undefined || port === undefined ? undefined : Number(port)
  if (number !== undefined && (port === '' || number < 1 || number > 65_535))
    return invalid(`"${port}" is no port (1 to 65535)`)
  if (inline !== undefined && user !== undefined && inline !== user)
    return {
      field: 'user',
      problem: `ambiguous user — host: "${given}" has inline user "${inline}" but user: field is "${user}" (remove one)`,
    }
  const name = inline ?? user
  if (name !== undefined && !/^[\w.][\w.@+-]*\$?$/.test(name))
    return { field: inline === undefined ? 'user' : 'host', problem: `"${name}" is no name of an account` }
  const wrong = badArgument(args)
  if (wrong !== undefined) return { field: 'sshArgs', problem: wrong }
  return { host, args, ...(name !== undefined && { user: name }), ...(number !== undefined && { port: number }) }
}

function badArgument(args: readonly string[]): string | undefined {
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!
    if (FLAGS.includes(argument)) continue
    const option = VALUED.find((name) => argument.startsWith(name))
    if (option === undefined)
      return `${JSON.stringify(argument)} is not an option that says how to connect (${[...FLAGS, ...VALUED].join(' ')})`
    if (argument === option && ++at >= args.length) return `${option} wants a value`
  }
  return undefined
}

/** Who and where, for people and for comparisons: `ssh://op@db1:22`. (DEP-37) */
export const venueId = ({ host, user, port }: Destination): string =>
  `ssh://${user === undefined ? '' : `${user}@`}${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`
