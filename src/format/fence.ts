/** Blocks in files of people: what is between two marked lines is ov's, and all else stays byte for byte. (HOST-30, HOST-31, HOST-53) */

const NOTE = '(managed by ov; do not edit inside this block)'

/** The two lines around a block: of a layer, or without a name of all of them. (HOST-30) */
const marks = (name: string): { begin: string; end: string } => {
  const suffix = name === '' ? '' : ` ${name}`
  return { begin: `# overthink:begin${suffix} ${NOTE}`, end: `# overthink:end${suffix}` }
}

/** A block that begins and does not end, or the other way round: nobody can say what is in it. */
export class BrokenFence extends Error {
  /** Line of the mark, from 1. */
  readonly line: number
  constructor(mark: string, line: number) {
    super(`line ${line} is ${JSON.stringify(mark)}, and the other end of the block is missing`)
    this.line = line
  }
}

/** Where a block is, in lines; undefined where there is none. Whole lines are compared: the end of `foo` is not that of `foobar`. (HOST-53) */
function find(lines: readonly string[], name: string): { from: number; to: number } | undefined {
  const { begin, end } = marks(name)
  // Whoever edits on Windows leaves a carriage return.
  const at = (mark: string, start = 0) =>
    lines.findIndex((line, index) => index >= start && line.replace(/\r$/, '') === mark)
  const from = at(begin)
  if (from === -1) {
    const stray = at(end)
    if (stray !== -1) throw new BrokenFence(end, stray + 1)
    return undefined
  }
  const to = at(end, from + 1)
  const again = at(begin, from + 1)
  if (to === -1 || (again !== -1 && again < to)) throw new BrokenFence(begin, from + 1)
  return { from, to }
}

/** What a block holds; undefined where there is none. */
export function blockIn(text: string, name: string): string | undefined {
  const lines = text.split('\n')
  const place = find(lines, name)
  return place && lines.slice(place.from + 1, place.to).join('\n')
}

/** A text with a block: in its old place, else at the end after an empty line. (HOST-31) */
export function withBlock(text: string, name: string, body: string): string {
  const { begin, end } = marks(name)
  const block = [begin, ...body.replace(/\n$/, '').split('\n'), end]
  const lines = text.split('\n')
  const place = find(lines, name)
  if (place) return [...lines.slice(0, place.from), ...block, ...lines.slice(place.to + 1)].join('\n')
  const before = text === '' ? '' : `${text.replace(/\n$/, '')}\n\n`
  return `${before}${block.join('\n')}\n`
}

/** A text without a block, and without the empty line that came with it. (HOST-32) */
export function withoutBlock(text: string, name: string): string {
  const lines = text.split('\n')
  const place = find(lines, name)
  if (!place) return text
  const { from, to } = place
  const spaced =
    from > 0 && lines[from - 1] === '' && (to + 1 === lines.length || lines[to + 1] === '' || to + 2 === lines.length)
  return [...lines.slice(0, spaced ? from - 1 : from), ...lines.slice(to + 1)].join('\n')
}
