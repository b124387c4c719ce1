/** Diagnostics as text for people and as data for programs. */
import type { Diagnostic, Place } from './diagnostic.ts'
import { codeFrame, paint, visible, type Tone } from './frame.ts'
import { locateField } from './locate.ts'

// Printing reads no files itself: what was loaded may differ from what is on disk by now.
export type ReadSource = (file: string) => string | undefined

// What the command line knows and the diagnostics do not.
export interface FormatOptions {
  /** The text of a file as it was loaded; undefined where there is none to show. */
  readonly readSource: ReadSource
  readonly color: boolean
  /** Columns of the terminal. */
  readonly width?: number
  /** Whether a diagnostic is about the name of its field rather than the value. */
  readonly marksKey?: (diagnostic: Diagnostic) => boolean
}

const INDENT = '  '

// The one way errors and warnings reach the terminal; ends with a line break, empty when there is nothing to say.
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatOptions): string {
  const shown = prepared(diagnostics, options)
  if (shown.length === 0) return ''
  const blocks = shown.map((diagnostic) => block(diagnostic, options))
  return `${[...blocks, summary(shown)].join('\n\n')}\n`
}

// The same diagnostics in the same order for editors and CI: values as they are, keys always in one order.
export function diagnosticsToJson(
  diagnostics: readonly Diagnostic[],
  options: Partial<Pick<FormatOptions, 'readSource' | 'marksKey'>> = {},
): Diagnostic[] {
  return prepared(diagnostics, { readSource: () => undefined, ...options })
}

function block(diagnostic: Diagnostic, options: FormatOptions): string {
  const { code, severity, entity, message, place, related = [], output = [], remedy } = diagnostic
  const { color } = options
  const tone = severity === 'error' ? 'red' : 'yellow'
  const about = entity !== undefined && !message.startsWith(`${entity}:`) ? `${entity}: ` : ''
  const head = paint(['bold', tone], `${severity} ${code}:`, color)
  const lines = [`${head} ${paint('bold', visible(about + message), color)}`]
  if (place) lines.push(...spot(place, tone, 2, options))
  for (const { message: note, place: there } of related) {
    lines.push(`${INDENT}${paint(['bold', 'blue'], 'note:', color)} ${visible(note)}`)
    lines.push(...spot(there, 'blue', 0, options))
  }
  for (const line of output) lines.push(`${INDENT}${paint('dim', '|', color)} ${visible(line)}`)
  if (remedy !== undefined) lines.push(`${INDENT}${paint(['bold', 'cyan'], 'help:', color)} ${visible(remedy)}`)
  return lines.join('\n')
}

function spot(place: Place, tone: Tone, context: number, { readSource, color, width }: FormatOptions): string[] {
  const where = paint('cyan', visible(`${place.file}:${place.line}:${place.column}`), color)
  const source = readSource(place.file)
  const room = width === undefined ? {} : { width: width - INDENT.length }
  const frame = source === undefined ? '' : codeFrame(source, place, { context, color, tone, ...room })
  return [where, ...(frame === '' ? [] : frame.split('\n'))].map((line) => INDENT + line)
}

function summary(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const counts = [count(errors, 'error'), count(diagnostics.length - errors, 'warning')]
  return counts.filter((text) => text !== '').join(', ')
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Places refined, duplicates dropped, in the order of the source. */
function prepared(
  diagnostics: readonly Diagnostic[],
  options: Pick<FormatOptions, 'readSource' | 'marksKey'>,
): Diagnostic[] {
  const distinct = new Map<string, Diagnostic>()
  for (const diagnostic of diagnostics) {
    const clean = ordered({ ...diagnostic, ...refined(diagnostic, options) })
    distinct.set(JSON.stringify(clean), clean)
  }
  return [...distinct.values()].sort(bySource)
}

function refined(
  { message, field, place, ...rest }: Diagnostic,
  { readSource, marksKey = namesUnknownField }: Pick<FormatOptions, 'readSource' | 'marksKey'>,
): { place?: Place } {
  if (!place || field === undefined || place.length !== undefined) return {}
  const source = readSource(place.file)
  const which = marksKey({ message, field, place, ...rest }) ? 'key' : 'value'
  const range = source === undefined ? undefined : locateBelow(source, place, field, which)
  return range ? { place: { file: place.file, ...range } } : {}
}

/** The place may be that of the entity, or of the part (a task, a service) that the field begins with: then only the rest is looked for. */
function locateBelow(
  source: string,
  place: Place,
  field: string,
  which: 'key' | 'value',
): ReturnType<typeof locateField> {
  const call = locateField(source, place, '')
  for (let rest = field; rest !== ''; rest = rest.replace(/^\.?[^.[\]]+|^\[[^\]]*\]\.?/, '')) {
    const range = locateField(source, place, rest, { which })
    if (JSON.stringify(range) !== JSON.stringify(call)) return range
  }
  return call
}

/** The wording of LAY-120. */
function namesUnknownField({ message }: Diagnostic): boolean {
  return /\bunknown field\b/.test(message)
}

function ordered({ code, severity, entity, field, message, place, related, output, remedy }: Diagnostic): Diagnostic {
  return {
    code,
    severity,
    ...(entity === undefined ? {} : { entity }),
    ...(field === undefined ? {} : { field }),
    message,
    ...(place === undefined ? {} : { place: orderedPlace(place) }),
    ...(related === undefined || related.length === 0
      ? {}
      : { related: related.map((one) => ({ message: one.message, place: orderedPlace(one.place) })) }),
    ...(output === undefined || output.length === 0 ? {} : { output }),
    ...(remedy === undefined ? {} : { remedy }),
  }
}

function orderedPlace({ file, line, column, length }: Place): Place {
  return { file, line, column, ...(length === undefined ? {} : { length }) }
}

/** What belongs to no file comes first; code and message only settle ties. */
function bySource(a: Diagnostic, b: Diagnostic): number {
  return (
    compare(a.place?.file ?? '', b.place?.file ?? '') ||
    compare(a.place?.line ?? 0, b.place?.line ?? 0) ||
    compare(a.place?.column ?? 0, b.place?.column ?? 0) ||
    compare(a.code, b.code) ||
    compare(JSON.stringify(a), JSON.stringify(b))
  )
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
