import { requireRepresentable } from '../representable.ts'

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\t': '\\t', '\r': '\\r' }

/** The double-quoted item of systemd.syntax(7) "Quoting"; podman's quadlet reads the same. */
export function quoteItem(context: string, text: string): string {
  requireRepresentable(context, text)
  return `"${text.replace(/[\\"\x01-\x1f\x7f]/g, escapeChar)}"`
}

function escapeChar(char: string): string {
  return ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** A word as `splitItems` found it; `quoted` tells a bare `;` (systemd's command separator) from `";"`. */
export interface Item {
  readonly text: string
  readonly quoted: boolean
}

const PIECE = /"((?:[^"\\]|\\[^])*)"|'((?:[^'\\]|\\[^])*)'|((?:[^\s"'\\]|\\[^])+)/y

/** Splits a value into items, quotes and C escapes undone; an unknown escape or an open quote is a SyntaxError. */
export function splitItems(value: string): Item[] {
  const items: Item[] = []
  let current: Item | undefined
  for (let at = 0; at < value.length;) {
    if (/[ \t\n\r]/.test(value.charAt(at))) {
      if (current) items.push(current)
      current = undefined
      at += 1
      continue
    }
    PIECE.lastIndex = at
    const match = PIECE.exec(value)
    if (!match) throw new SyntaxError(`column ${String(at + 1)}: open quote or trailing backslash`)
    const [, double, single, bare] = match
    const text = unescape(double ?? single ?? bare ?? '')
    current = {
      text: (current?.text ?? '') + text,
      quoted: current?.quoted === true || bare === undefined || bare !== text,
    }
    at = PIECE.lastIndex
  }
  return current ? [...items, current] : items
}

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

function unescape(body: string): string {
  return body.replace(/\\(?:x([0-7][0-9a-fA-F])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([01][0-7]{2})|([^]))/g, readEscape)
}

function readEscape(found: string, ...groups: (string | undefined)[]): string {
  const [byte, short, long, octal, letter] = groups
  const hex = byte ?? short ?? long
  const text =
    letter === undefined ? fromCode(hex === undefined ? parseInt(octal ?? '', 8) : parseInt(hex, 16)) : LETTERS[letter]
  if (text === undefined) throw new SyntaxError(`unknown escape ${found}`)
  return text
}

/** NUL is no character of a unit file, and a byte above 0x7f alone is no UTF-8. */
function fromCode(code: number): string | undefined {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined
}
