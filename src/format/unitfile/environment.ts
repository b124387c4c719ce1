import { requireRepresentable, Unrepresentable } from '../representable.ts'
import { expansionSafe, readExpansionSafe, readSpecifierSafe, specifierSafe } from './plain.ts'
import { requireQuadlet } from './quadlet.ts'
import { quoteItem, splitItems } from './quote.ts'

/** POD-118: these go between quotes; anything else stands bare. */
const NEEDS_QUOTES = /^$|[\s"'\\{}[\]\p{Cc}]/u

/**
 * The value of a quadlet's `Environment=`, podman-systemd.unit(5), POD-118. `%` and `$` are doubled: podman copies
 * the assignment to `ExecStart=`, where systemd expands both.
 */
export function quadletEnvironment(name: string, value: string): string {
  requireName('quadlet Environment name', name, /^[A-Za-z_][A-Za-z0-9_.-]*$/)
  requireQuadlet('quadlet Environment value', value)
  // podman run --env reads its value as CSV, which turns CRLF into LF.
  if (value.includes('\r\n'))
    throw new Unrepresentable('quadlet Environment value', 'a carriage return before a newline')
  const text = expansionSafe(value)
  return `${name}=${NEEDS_QUOTES.test(text) ? quoteItem('quadlet Environment value', text) : text}`
}

/** Undoes `quadletEnvironment`. */
export function readQuadletEnvironment(text: string): [name: string, value: string] {
  const [name, value] = readAssignment(text)
  return [name, readExpansionSafe(value)]
}

/**
 * The value of `Environment=` in a systemd `[Service]`, systemd.exec(5), always quoted as a whole (LAY-72). Specifiers
 * expand there, so `%` is doubled; variables do not, so `$` stays single.
 */
export function serviceEnvironment(name: string, value: string): string {
  requireName('systemd Environment name', name, /^[A-Za-z_][A-Za-z0-9_]*$/)
  requireRepresentable('systemd Environment value', value)
  return quoteItem('systemd Environment value', `${name}=${specifierSafe(value)}`)
}

/** Undoes `serviceEnvironment`. */
export function readServiceEnvironment(text: string): [name: string, value: string] {
  const [name, value] = readAssignment(text)
  return [name, readSpecifierSafe(value)]
}

function readAssignment(text: string): [string, string] {
  const [item, ...others] = splitItems(text)
  const border = item?.text.indexOf('=') ?? -1
  if (!item || others.length > 0 || border < 1) throw new SyntaxError(`expected one NAME=value: ${text}`)
  return [item.text.slice(0, border), item.text.slice(border + 1)]
}

function requireName(context: string, name: string, allowed: RegExp): void {
  if (!allowed.test(name)) throw new Unrepresentable(context, JSON.stringify(name))
}
