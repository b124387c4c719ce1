/** `npm run bench [-- --quick]`: measures ov on projects that it makes itself, and writes docs/performance.md. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REFERENCE, sized, times, type CatalogueSpec } from './catalogue.ts'
import { compare, run, type Comparison } from './measure.ts'
import { deployTimes } from './deploys.ts'
import { originsCost } from './origins.ts'
import { BenchProject } from './project.ts'
import { report, type Results, type Row, type SizeRow } from './report.ts'
import { typeTimes } from './types.ts'

const ROOT = join(import.meta.dirname, '..')
const CLI = join(ROOT, 'dist/cli.js')
const LAUNCHER = join(ROOT, 'bin/ov')
if (!existsSync(CLI)) throw new Error('build it first: npm run build')

const quick = process.argv.includes('--quick')
const pairs = (full: number) => (quick ? Math.ceil(full / 5) : full)
const ov = (...args: string[]) => [process.execPath, CLI, ...args]
const say = (text: string) => void process.stderr.write(`${text}\n`)

/** The runs of a project in which nothing has changed for a while; the first of them finds that out. */
function unchangedRuns(project: BenchProject, count: number): Comparison {
  project.settle()
  run(ov('synth'), project.place)
  return compare(ov('synth'), project.place, count)
}

function measured(path: string, goal: string, comparison: Comparison): Row {
  say(
    `${path}: ${comparison.wall.median.toFixed(2)} (${comparison.wall.least.toFixed(2)}–${comparison.wall.most.toFixed(2)}), cpu ${comparison.cpu.median.toFixed(2)}, ${comparison.peakMiB.toFixed(0)} MiB`,
  )
  return { path, goal, ...comparison }
}

function starts(): Row[] {
  using project = new BenchProject(sized(1))
  const start = (path: string, goal: string, command: readonly string[]) =>
    measured(path, goal, compare(command, project.place, pairs(25)))
  // The launcher looks for Node itself; here it gets the one that everything else is measured with.
  const launched = { ...project.place, env: { ...project.place.env, OV_NODE: process.execPath } }
  return [
    start('`ov --version`', '≤ 1.25', ov('--version')),
    start('`ov --help`', '≤ 1.25', ov('--help')),
    start('`ov completion bash`', '≤ 1.25', ov('completion', 'bash')),
    measured('`ov --version` through `bin/ov`', '', compare([LAUNCHER, '--version'], launched, pairs(25))),
  ]
}

function reference(): { rows: Row[]; origins: string } {
  using project = new BenchProject(REFERENCE)
  const { place } = project
  const cold = measured(
    '`ov synth`, cold',
    '≤ 4.0, ≤ 64 MiB',
    compare(ov('synth'), place, pairs(15), () => project.forget()),
  )
  const unchanged = measured('`ov synth`, nothing changed', '≤ 2.0, ≤ 55 MiB', unchangedRuns(project, pairs(25)))
  const edited = measured(
    '`ov synth`, one file edited',
    '≤ 3.5',
    compare(ov('synth'), place, pairs(15), () => project.edit()),
  )
  const { seconds, sites } = originsCost(project, pairs(15))
  const share = (100 * seconds) / (cold.cpuSeconds - seconds)
  return {
    rows: [unchanged, edited, cold],
    origins: `${share >= 0 ? '+' : '−'}${Math.abs(share).toFixed(1)} % cpu of a cold run, for ${sites} call sites`,
  }
}

function tenfold(): Row[] {
  using project = new BenchProject(times(10))
  const { place } = project
  const cold = compare(ov('synth'), place, pairs(5), () => project.forget())
  return [
    measured('ten times the project, nothing changed', '≤ 6', unchangedRuns(project, pairs(10))),
    measured('ten times the project, cold', '≤ 22', cold),
  ]
}

function size(name: string, spec: CatalogueSpec): SizeRow {
  using project = new BenchProject(spec)
  const { place } = project
  const few = spec.layers > 2000 ? 1 : pairs(5)
  const cold = compare(ov('synth'), place, few, () => project.forget())
  const unchanged = unchangedRuns(project, few)
  say(`${name}: cold ${cold.wall.median.toFixed(1)}, unchanged ${unchanged.wall.median.toFixed(1)}`)
  return { name, layers: spec.layers, cold, unchanged }
}

const from = performance.now()
const { rows, origins } = reference()
const first = starts()
const ten = tenfold()
const late = performance.now() - from > 240_000
if (late) say('this machine is too slow or too busy for ten thousand layers')
const small = quick || late
const counts = small ? [100, 1000] : [100, 1000, 10_000]
const sizes = [
  ...counts.map((layers) => size(`${layers} layers, like a catalogue`, sized(layers))),
  ...(small ? [] : (['chain', 'wide'] as const)).map((graph) =>
    size(graph === 'chain' ? '10000 layers, each on the one before' : '10000 layers, all on one', sized(10_000, graph)),
  ),
]
using home = new BenchProject(sized(1))
const types = typeTimes(400, quick ? 1 : 3, home.place)
const deploys = await deployTimes(quick ? [1, 10] : [1, 10, 100], pairs(10))
const results: Results = { rows: [...first, ...rows, ...ten], origins, sizes, types, deploys, quick }
rmSync(join(import.meta.dirname, '.origins.mjs'), { force: true })
const text = report(results)
process.stdout.write(text)
if (!quick) writeFileSync(join(ROOT, 'docs/performance.md'), text)
say(`took ${Math.round((performance.now() - from) / 1000)} s`)
