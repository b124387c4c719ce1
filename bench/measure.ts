import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** What one run took. */
export interface Run {
  readonly wall: number
  readonly cpu: number
  readonly peakMiB: number
}

/** Where and with which variables commands run. */
export interface Place {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

const CHILD = join(import.meta.dirname, 'child.pl')

/** Runs a command once. One that fails ends the benchmark: its time would mean nothing. */
export function run(command: readonly string[], place: Place): Run {
  const { stdout, stderr, error } = spawnSync('perl', [CHILD, ...command], {
    cwd: place.folder,
    env: place.env,
    encoding: 'utf8',
  })
  if (error) throw new Error('perl is needed to measure; on Debian it is part of every installation', { cause: error })
  const [code, wall, cpu, peak] = stdout.trim().split(' ').map(Number) as [number, number, number, number]
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stderr}`)
  return { wall, cpu, peakMiB: peak / 1024 }
}

/** Median, least and most of something that was measured several times. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)]!, least: sorted[0]!, most: sorted.at(-1)! }
}

/** A command against the bare start of Node. */
export interface Comparison {
  readonly wall: Spread
  readonly cpu: Spread
  readonly peakMiB: number
  /** Medians of the command itself. */
  readonly seconds: number
  readonly cpuSeconds: number
}

/** On a slow or busy machine, pairs are left out rather than that it takes for ever. */
const SECONDS = 15
const MINIMUM = 2

/**
 * Runs pairs of the command and of a bare Node, the one right after the other: both meet the same weather, and only the ratio of the two is
 * used. The first pair warms caches up and does not count, unless it is the only one.
 */
export function compare(
  command: readonly string[],
  place: Place,
  pairs: number,
  prepare: () => void = () => {},
): Comparison {
  const bare = [process.execPath, join(import.meta.dirname, 'empty.mjs')]
  const taken: { readonly bare: Run; readonly own: Run }[] = []
  const from = performance.now()
  for (let pair = pairs > 1 ? -1 : 0; pair < pairs; pair++) {
    if (pair > MINIMUM && performance.now() - from > SECONDS * 1000) break
    prepare()
    const both = { bare: run(bare, place), own: run(command, place) }
    if (pair >= 0) taken.push(both)
  }
  return {
    wall: spread(taken.map(({ bare, own }) => own.wall / bare.wall)),
    cpu: spread(taken.map(({ bare, own }) => own.cpu / bare.cpu)),
    peakMiB: Math.max(...taken.map(({ own }) => own.peakMiB)),
    seconds: spread(taken.map(({ own }) => own.wall)).median,
    cpuSeconds: spread(taken.map(({ own }) => own.cpu)).median,
  }
}
