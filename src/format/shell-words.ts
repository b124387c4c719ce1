/** One spelling of a piece of a word: how to recognise it, and what it stands for. */
interface Piece {
  readonly pattern: RegExp
  readonly read: (body: string) => string
}

const PIECES: readonly Piece[] = [
  { pattern: /\$'((?:[^'\\]|\\[^])*)'/y, read: readAnsiC },
  { pattern: /'([^']*)'/y, read: (body) => body },
  { pattern: /"((?:[^"\\]|\\[^])*)"/y, read: readDouble },
  { pattern: /\\([^\n])/y, read: (body) => body },
  { pattern: /((?:\$\{[A-Za-z_]\w*\}|[A-Za-z0-9_@%+=:,./~{}-])+)/y, read: (body) => body },
]
const BLANKS = /[ \t\n]+/y

/**
 * The words of a line written with `quoteSingle`, `shellWord`, `urlWord` and `ansiC`, quotes removed and live
 * `${NAME}` kept as text. Anything else a shell would act on (globs, pipes, `$(…)`) is a SyntaxError.
 */
export function bashWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length;) {
    BLANKS.lastIndex = at
    if (BLANKS.test(line)) {
      if (word !== undefined) words.push(word)
      word = undefined
      at = BLANKS.lastIndex
      continue
    }
    const piece = readPiece(line, at)
    word = (word ?? '') + piece.text
    at = piece.end
  }
  return word === undefined ? words : [...words, word]
}

function readPiece(line: string, at: number): { text: string; end: number } {
  for (const { pattern, read } of PIECES) {
    pattern.lastIndex = at
    const match = pattern.exec(line)
    if (match) return { text: read(match[1] ?? ''), end: pattern.lastIndex }
  }
  throw new SyntaxError(`column ${String(at + 1)}: not a plain shell word: ${line.slice(at, at + 20)}`)
}

function readDouble(body: string): string {
  return body.replace(/\\([\\"`$])|\\\n|\$\{[A-Za-z_]\w*\}|[$`]/g, (found: string, escaped: string | undefined) => {
    if (found === '$' || found === '`') throw new SyntaxError(`live ${found} inside double quotes`)
    return escaped ?? (found === '\\\n' ? '' : found)
  })
}

const ANSI_C: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", n: '\n', t: '\t', r: '\r' }

function readAnsiC(body: string): string {
  return body.replace(/\\(x[0-9a-fA-F]{1,2}|[^])/g, (found: string, escape: string) => {
    const text = escape.length > 1 ? String.fromCharCode(parseInt(escape.slice(1), 16)) : ANSI_C[escape]
    if (text === undefined) throw new SyntaxError(`unknown escape ${found}`)
    return text
  })
}
