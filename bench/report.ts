import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DeploysRow } from './deploys.ts'
import type { Comparison, Spread } from './measure.ts'

/** One path through ov. */
export interface Row extends Comparison {
  readonly path: string
  readonly goal: string
}

/** One size of project. */
export interface SizeRow {
  readonly name: string
  readonly layers: number
  readonly cold: Comparison
  readonly unchanged: Comparison
}

/** Everything that was measured. */
export interface Results {
  readonly rows: readonly Row[]
  readonly origins: string
  readonly sizes: readonly SizeRow[]
  readonly types: ReadonlyMap<string, number>
  /** Nothing where no disposable machine could be started. */
  readonly deploys: readonly DeploysRow[] | undefined
  readonly quick: boolean
}

const number = (value: number) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
const ratio = ({ median, least, most }: Spread) => `${number(median)} (${number(least)}–${number(most)})`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |\n`
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('')
}

/** The page. */
export function report({ rows, origins, sizes, types, deploys, quick }: Results): string {
  const notes = readFileSync(join(import.meta.dirname, 'notes.md'), 'utf8')
  const bare = rows[0]!.seconds / rows[0]!.wall.median
  return `# Performance

${quick ? 'A quick run: few rounds, rough figures.\n\n' : ''}Made by \`npm run bench\`, which makes its projects itself. All figures are multiples of what a bare \`node empty.mjs\` of the same Node takes,
run right before each measured run: 1 is the time in which Node starts and does nothing. Ratios hardly depend on the machine; seconds would.

## A project of 174 layers and 40 images

${table(
  ['Path', 'Goal', 'Time: median (min–max)', 'Cpu', 'Peak MiB'],
  rows.map((row) => [row.path, row.goal, ratio(row.wall), number(row.cpu.median), row.peakMiB.toFixed(0)]),
)}
Knowing which line of TypeScript wrote what (goal: at most +5 % cpu): ${origins}.

## Size

${table(
  ['Project', 'Cold', 'per layer', 'Cpu', 'Peak MiB', 'Unchanged', 'Peak MiB'],
  sizes.map(({ name, layers, cold, unchanged }) => [
    name,
    number(cold.wall.median),
    ((1000 * (cold.wall.median - 1)) / layers).toFixed(1),
    number(cold.cpu.median),
    cold.peakMiB.toFixed(0),
    number(unchanged.wall.median),
    unchanged.peakMiB.toFixed(0),
  ]),
)}
"Per layer" is the time above Node's own start, in thousandths of it; where it stays the same, time grows with size and no faster.

## Types, at 400 layers

${table(
  ['What', 'Time'],
  [...types].map(([name, seconds]) => [name, number(seconds / bare)]),
)}

## Deploys of one machine

${
  deploys
    ? `${table(
        ['Running', '`ov status`', '`ov apply`, nothing changed'],
        deploys.map(({ deploys, status, apply }) => [String(deploys), ratio(status), ratio(apply)]),
      )}
Really running, each with a port and a volume, on a disposable machine. podman and systemd are asked five times in all, however many deploys there are.
`
    : 'Not measured: it takes a disposable machine (`test/bed`).\n'
}
${notes}`
}
