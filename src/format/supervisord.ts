import { requireRepresentable, Unrepresentable } from './representable.ts'

/**
 * Expands to nothing in every supervisord value (`here` is always defined; precision 0 cuts it to no characters). It
 * separates a blank from `;` or `#`, which would start a comment even inside quotes, and holds blanks at the ends.
 */
const NOTHING = '%(here).0s'
// Python's str.isspace, of which JavaScript's \s misses five characters.
const BLANK = String.raw`[\s\x1c-\x1f\x85]`
const COMMENT_START = new RegExp(`(?<=${BLANK})(?=[;#])`, 'g')
const EDGE = new RegExp(`^(?=${BLANK})|(?<=${BLANK})$`, 'g')

/**
 * Any value of a supervisord section: `%` is doubled unless it starts `%(` (LAY-70), so `%(ENV_X)s` stays live. Newlines
 * are refused, the INI reader has no spelling for them.
 */
export function supervisordValue(text: string): string {
  requireRepresentable('supervisord value', text, /[\n\r]/)
  return text
    .replace(/%(?!\()/g, '%%')
    .replace(COMMENT_START, NOTHING)
    .replace(EDGE, NOTHING)
}

/** Undoes `supervisordValue`, live `%(…)` kept as text. */
export function readSupervisordValue(value: string): string {
  return value.replaceAll(NOTHING, '').replaceAll('%%', '%')
}

/**
 * The value of `environment=`, sorted by name: `K="v",K2="v2"`. supervisord reads it with a shlex that knows no escapes:
 * a backslash is literal, a value with `"` goes between `'`, and one with both, or with a quote at an end (it is
 * stripped), has no spelling.
 */
export function supervisordEnvironment(variables: Readonly<Record<string, string>>): string {
  return Object.keys(variables)
    .sort()
    .map((name) => `${requireName(name)}=${quoteVariable(variables[name] ?? '')}`)
    .join(',')
}

/** Undoes `supervisordEnvironment`. */
export function readSupervisordEnvironment(value: string): Record<string, string> {
  const variables: Record<string, string> = {}
  const PAIR = /([A-Za-z_]\w*)=(?:"([^"]*)"|'([^']*)')(?:,|$)/y
  for (PAIR.lastIndex = 0; PAIR.lastIndex < value.length;) {
    const at = PAIR.lastIndex
    const match = PAIR.exec(value)
    if (!match) throw new SyntaxError(`column ${String(at + 1)}: expected NAME="value"`)
    variables[match[1] ?? ''] = readSupervisordValue(match[2] ?? match[3] ?? '')
  }
  return variables
}

function quoteVariable(value: string): string {
  const context = 'supervisord environment value'
  requireRepresentable(context, value, /[\n\r]/)
  if (/^["']|["']$/.test(value)) throw new Unrepresentable(context, 'a quote at its ends')
  if (value.includes('"') && value.includes("'")) throw new Unrepresentable(context, 'both kinds of quotes')
  const quote = value.includes('"') ? "'" : '"'
  // Between its quotes the value has no ends for the INI reader to trim.
  return `${quote}${value.replace(/%(?!\()/g, '%%').replace(COMMENT_START, NOTHING)}${quote}`
}

function requireName(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Unrepresentable('supervisord environment name', JSON.stringify(name))
  return name
}
