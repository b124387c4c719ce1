import { printUnitHeader, printUnitLine } from './print.ts'
import type { Unit, UnitLine, UnitSection } from './unit.ts'

/**
 * Reads any unit file; printing the result gives the same bytes. A value continued over lines is joined by one blank,
 * as systemd does. A line that is no comment, header or `Key=` is a SyntaxError with its number.
 */
export function parseUnit(text: string): Unit {
  if (text === '') return { head: [], sections: [] }
  const lines = text.split('\n')
  const unterminated = lines.at(-1) !== ''
  if (!unterminated) lines.pop()
  const head: UnitLine[] = []
  const sections: { name: string; lines: UnitLine[]; raw?: string }[] = []
  for (let start = 0; start < lines.length;) {
    const end = findEnd(lines, start)
    const raw = lines.slice(start, end).join('\n')
    const section = parseHeader(raw)
    if (section) sections.push({ ...section, lines: [] })
    else (sections.at(-1)?.lines ?? head).push(parseLine(raw, start + 1, sections.length > 0))
    start = end
  }
  return { head, sections, ...(unterminated ? { unterminated } : {}) }
}

const COMMENT = /^\s*[#;]/

/** The index after the last physical line of the logical line; comments inside a continued value belong to it. */
function findEnd(lines: readonly string[], start: number): number {
  let end = start
  if (COMMENT.test(lines[start] ?? '')) return start + 1
  while (end < lines.length - 1 && (isContinued(lines[end]) || (end > start && COMMENT.test(lines[end] ?? ''))))
    end += 1
  return end + 1
}

function isContinued(line: string | undefined): boolean {
  return /\\\s*$/.test(line ?? '')
}

function parseHeader(raw: string): Omit<UnitSection, 'lines'> | undefined {
  const name = /^\s*\[([^[\]]+)\]\s*$/.exec(raw)?.[1]
  return name === undefined ? undefined : withRaw({ name }, raw, () => printUnitHeader(name))
}

function parseLine(raw: string, line: number, inSection: boolean): UnitLine {
  const parsed = readLine(raw)
  if (!parsed) throw new SyntaxError(`line ${String(line)}: neither a comment, a [section] nor Key=value`)
  if (parsed.kind === 'entry' && !inSection)
    throw new SyntaxError(`line ${String(line)}: ${parsed.key}= before any [section]`)
  return withRaw(parsed, raw, () => printUnitLine(parsed))
}

function readLine(raw: string): UnitLine | undefined {
  if (raw.trim() === '') return { kind: 'blank' }
  if (COMMENT.test(raw)) return { kind: 'comment', text: raw.trimStart().slice(1).replace(/^ /, '') }
  const [, key, value] = /^\s*([^=\s][^=]*?)\s*=([^]*)$/.exec(raw) ?? []
  return key === undefined || value === undefined ? undefined : { kind: 'entry', key, value: joinContinued(value) }
}

function joinContinued(value: string): string {
  const [first = '', ...others] = value.split('\n')
  return [first, ...others.filter((line) => !COMMENT.test(line))]
    .map((line, index, all) => (index < all.length - 1 ? line.replace(/\\\s*$/, ' ') : line))
    .join('')
    .trim()
}

/** Keeps the source text only where the canonical print would lose something of it. */
function withRaw<Item extends object>(item: Item, raw: string, print: () => string): Item & { raw?: string } {
  try {
    return print() === raw ? item : { ...item, raw }
  } catch (error) {
    if (error instanceof RangeError) return { ...item, raw }
    throw error
  }
}
