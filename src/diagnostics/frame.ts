/** The piece of source a diagnostic is about, as text for a terminal. */
import { styleText } from 'node:util'

// Colour and width are the terminal's, so the command line passes them down.
export interface FrameOptions {
  /** Printed behind the squiggle. */
  readonly message?: string
  /** Lines shown above and below the marked one; 2 unless told. */
  readonly context?: number
  readonly color: boolean
  /** Columns the whole frame may take; lines of more than 160 are windowed in any case. */
  readonly width?: number
  /** Colour of the squiggle; red unless told. */
  readonly tone?: Tone
}

// Errors, warnings, notes.
export type Tone = 'red' | 'yellow' | 'blue'

/** One grapheme as it is printed. */
interface Cell {
  readonly text: string
  readonly width: number
  /** UTF-16 offset in the source line. */
  readonly from: number
  readonly to: number
}

const TAB = 4
const LONGEST = 160
/** Raw characters looked at on either side of the mark of a very long line; far more than any window shows. */
const REACH = 2000
/** Terminal controls, line separators, marks that reorder text, halves of surrogate pairs. */
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\u20e3/u
const NARROW = /[^\p{Mark}\p{Format}]/u
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

// Untrusted text reaches the terminal only through this: what could move the cursor or reorder text is spelt out.
export function visible(text: string): string {
  return text.replace(UNSAFE, (found) => {
    const code = found.charCodeAt(0)
    if (found === '\n') return String.raw`\n`
    if (found === '\r') return String.raw`\r`
    if (found === '\t') return String.raw`\t`
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

const split = new Map<string, readonly string[]>()

// Compilers, V8 and source maps agree on these line ends, so frames must count the same ones. Many diagnostics are about few files.
export function splitLines(source: string): readonly string[] {
  let lines = split.get(source)
  if (lines === undefined) split.set(source, (lines = source.split(/\r\n|[\n\r\u2028\u2029]/)))
  return lines
}

// Colours are decided by the caller, never by the environment: output must be testable.
export function paint(format: Parameters<typeof styleText>[0], text: string, color: boolean): string {
  return color && text !== '' ? styleText(format, text, { validateStream: false }) : text
}

// Shows the reader the marked text in its surroundings; empty when the source has no such line.
export function codeFrame(
  source: string,
  place: { readonly line: number; readonly column: number; readonly length?: number },
  { message, context = 2, color, width = Infinity, tone = 'red' }: FrameOptions,
): string {
  const lines = splitLines(source)
  const end = lines.length > place.line && lines.at(-1) === '' ? lines.length - 1 : lines.length
  const marked = lines[place.line - 1]
  if (marked === undefined) return ''
  const first = Math.max(1, place.line - context)
  const last = Math.min(end, place.line + context)
  const digits = String(last).length
  const room = Math.max(20, Math.min(LONGEST, width - digits - 5))
  const row = (label: string, text: string, own: boolean): string => {
    const number = label.padStart(digits)
    const gutter = own
      ? `${paint(tone, '>', color)} ${paint('bold', number, color)}`
      : `  ${paint('dim', number, color)}`
    const blank = label === '' ? ' '.repeat(digits + 2) : gutter
    return `${blank} ${paint('dim', '│', color)}${text === '' ? '' : ` ${text}`}`
  }
  const out: string[] = []
  for (let line = first; line <= last; line++) {
    if (line !== place.line) {
      out.push(row(String(line), cut(cells(lines[line - 1] ?? '', 0), 0, 0, room).text, false))
      continue
    }
    const start = Math.min(Math.max(place.column - 1, 0), marked.length)
    const length = place.length ? Math.min(place.length, marked.length - start) : wordLength(marked, start)
    const shown = cut(cells(marked, start), start, start + Math.max(length, 1), room)
    out.push(row(String(line), shown.text, true))
    const squiggle = paint(['bold', tone], `^${'~'.repeat(Math.max(0, shown.width - 1))}`, color)
    const remark = message ? ` ${paint(tone, visible(message), color)}` : ''
    out.push(row('', `${' '.repeat(shown.column)}${squiggle}${remark}`, false))
  }
  return out.join('\n')
}

/** A place without length is that of a call: its name is marked. */
function wordLength(line: string, start: number): number {
  return /^[\p{ID_Continue}$]+/u.exec(line.slice(start, start + REACH))?.[0].length ?? 1
}

function cells(line: string, around: number): Cell[] {
  const begin = boundary(line, Math.max(0, around - REACH))
  const text = line.slice(begin, boundary(line, around + REACH))
  const out: Cell[] = []
  let column = 0
  for (const { segment, index } of graphemes.segment(text)) {
    const shown = segment === '\t' ? ' '.repeat(TAB - (column % TAB)) : visible(segment)
    const width = shown === segment ? graphemeWidth(segment) : shown.length
    out.push({ text: shown, width, from: begin + index, to: begin + index + segment.length })
    column += width
  }
  // What lies beyond the reach must still be announced by an ellipsis.
  if (begin > 0) out.unshift({ text: '', width: LONGEST, from: 0, to: begin })
  if (begin + text.length < line.length) {
    out.push({ text: '', width: LONGEST, from: begin + text.length, to: line.length })
  }
  return out
}

function boundary(line: string, offset: number): number {
  return /[\udc00-\udfff]/.test(line[offset] ?? '') ? offset + 1 : offset
}

function graphemeWidth(grapheme: string): number {
  if (/^[\x20-\x7e]$/.test(grapheme)) return 1
  if (WIDE.test(grapheme)) return 2
  return NARROW.test(grapheme) ? 1 : 0
}

/** The part of a line that fits into `room` columns around [from, to), and where the mark lies in it. */
function cut(
  line: readonly Cell[],
  from: number,
  to: number,
  room: number,
): { readonly text: string; readonly column: number; readonly width: number } {
  const total = sum(line)
  const before = sum(line.filter((cell) => cell.to <= from))
  const mark = Math.max(1, sum(line.filter((cell) => cell.to > from && cell.from < to)))
  if (total <= room) return { text: join(line), column: before, width: mark }
  let left = 0
  if (before + mark > room - 1) {
    const lead = Math.max(4, Math.floor((room - mark) / 2))
    left = Math.min(Math.max(0, before - lead), total - room + 1)
  }
  const kept: Cell[] = []
  let column = 0
  let used = left > 0 ? 1 : 0
  let skipped = 0
  let markColumn = used
  let done = true
  for (const cell of line) {
    const start = column
    column += cell.width
    if (start < left) {
      skipped = column
      continue
    }
    if (used + cell.width > (column === total ? room : room - 1)) {
      done = false
      break
    }
    kept.push(cell)
    used += cell.width
  }
  markColumn += Math.max(0, before - skipped)
  const text = `${left > 0 ? '…' : ''}${join(kept)}${done ? '' : '…'}`
  return { text, column: markColumn, width: Math.max(1, Math.min(mark, used - markColumn)) }
}

function sum(line: readonly Cell[]): number {
  return line.reduce((width, cell) => width + cell.width, 0)
}

function join(line: readonly Cell[]): string {
  return line
    .map((cell) => cell.text)
    .join('')
    .trimEnd()
}
