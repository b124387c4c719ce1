import { requireRepresentable } from './representable.ts'

const REFERENCE = /\$\{[A-Za-z_]\w*\}/g
const BARE = /^[A-Za-z0-9_@%+=:,./~{}$-]+$/
const BRACE_EXPANSION = /\{.*(?:,|\.\.).*\}/
const TILDE_EXPANSION = /(?:^|[:=])~/

/** The POSIX single-quoted form: every shell reads it back byte for byte, whatever the text. */
export function quoteSingle(text: string): string {
  requireRepresentable('shell word', text)
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * A word for sh and bash in which `${NAME}` stays live and all else is literal (LAY-33). Plain paths stay bare, except
 * where a shell would rewrite them: a lone `$`, `~` where it names a home (callers resolve `~/` first), `{a,b}`.
 */
export function shellWord(text: string): string {
  requireRepresentable('shell word', text)
  return BARE.test(text) && !isRewrittenBare(text) ? text : doubleQuote(text)
}

/** A URL for a shell assignment: always double-quoted, `${NAME}` live, every other `$` literal (LAY-19, LAY-33). */
export function urlWord(text: string): string {
  requireRepresentable('shell word', text)
  return doubleQuote(text)
}

/**
 * The `$'…'` form of LAY-13: one physical line, read by bash but not by dash. `'` becomes `\x27`, because a raw `\'`
 * unbalances Containerfile lexers.
 */
export function ansiC(text: string): string {
  requireRepresentable('shell word', text)
  return `$'${text.replace(/[\\'\x01-\x1f\x7f]/g, escapeAnsiC)}'`
}

const ANSI_C: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' }

function escapeAnsiC(char: string): string {
  return ANSI_C[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** `!` needs nothing: history expansion is off in scripts, and inside double quotes a backslash before it would stay. */
function doubleQuote(text: string): string {
  return `"${text.replace(/\$\{[A-Za-z_]\w*\}|[\\"`$]/g, (found) => (found.length > 1 ? found : `\\${found}`))}"`
}

function isRewrittenBare(text: string): boolean {
  const rest = text.replace(REFERENCE, '')
  return rest.includes('$') || TILDE_EXPANSION.test(text) || BRACE_EXPANSION.test(rest)
}
