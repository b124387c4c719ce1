import { requireRepresentable, Unrepresentable } from '../representable.ts'

/** Go's `unicode.IsSpace` and systemd's whitespace together: what readers trim from the ends of a value. */
const EDGE = /^[\s\u0085]|[\s\u0085]$/

/**
 * A value taken as it stands, systemd.syntax(7): nothing quotes or escapes, so newlines, a trailing backslash (it would
 * continue the line) and blanks at the ends (they are trimmed) are refused. `%` specifiers stay live; see
 * `specifierSafe`. The empty value resets a list.
 */
export function unitValuePlain(text: string): string {
  requirePlain('unit file value', text)
  return text
}

/** The check behind every unit file value, whatever its encoding. */
export function requirePlain(context: string, text: string): void {
  requireRepresentable(context, text, /[\n\r]/)
  if (text.endsWith('\\')) throw new Unrepresentable(context, 'a backslash at its end')
  if (EDGE.test(text)) throw new Unrepresentable(context, 'blanks at its ends')
}

/** Undoes `unitValuePlain`. */
export function readUnitValuePlain(value: string): string {
  return value
}

/** Makes `%` literal in a value that knows specifiers, systemd.unit(5) "Specifiers". */
export function specifierSafe(text: string): string {
  return text.replaceAll('%', '%%')
}

/** Undoes `specifierSafe`; a live specifier is a SyntaxError. */
export function readSpecifierSafe(value: string): string {
  return value.replace(/%(%?)/g, (found: string, second: string) => {
    if (second === '') throw new SyntaxError(`live specifier in ${JSON.stringify(value)}`)
    return second
  })
}

/** Makes `%` and `$` literal in a value that ends up on a command line, systemd.service(5) "Command lines". */
export function expansionSafe(text: string): string {
  return specifierSafe(text).replaceAll('$', '$$$$')
}

/** Undoes `expansionSafe`; a live `%x` or `$NAME` is a SyntaxError. */
export function readExpansionSafe(value: string): string {
  return readSpecifierSafe(value).replace(/\$(\$?)/g, (found: string, second: string) => {
    if (second === '') throw new SyntaxError(`live variable in ${JSON.stringify(value)}`)
    return second
  })
}
