import type { RunResult } from '../apply/executor.ts'

/** What a look at something came to. */
export interface Outcome {
  readonly status: 'pass' | 'fail' | 'skip'
  readonly message: string
}

export const pass = (message = ''): Outcome => ({ status: 'pass', message })
export const fail = (message: string): Outcome => ({ status: 'fail', message })
export const skip = (message: string): Outcome => ({ status: 'skip', message })

export interface RunInTarget {
  /** As root, or as the account that the image's programs run as. */
  readonly as: 'root' | 'user'
  readonly stdin?: string
  /** It only looks: it may be run together with others of its kind. */
  readonly look?: boolean
  /** It leaves something running. */
  readonly leaves?: boolean
  /** Milliseconds. */
  readonly timeout?: number
}

/** Where checks look. */
export interface Target {
  /** Runs a program there. Rejects with a TimeoutError when the attempt takes too long. */
  run(argv: readonly string[], options: RunInTarget): Promise<RunResult>
  /** What is running there that checks could find: `nothing` says why not, and `unknown` why nobody can tell. */
  readonly running: { readonly nothing?: string; readonly unknown?: string }
}

/** Runs a script of ours as root; its arguments are `$1` and so on. */
export async function script(target: Target, text: string, ...args: readonly string[]): Promise<RunResult> {
  const ran = await target.run(['sh', '-c', text, 'ov', ...args], { as: 'root', look: true })
  if (ran.exitCode === 127 && ran.stdout === '') throw new MissingTool('sh')
  return ran
}

/** What a run that took too long rejects with. */
export const tookTooLong = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'

/** A program that a look needs is not there: no evidence of anything. (EVAL-33) */
export class MissingTool extends Error {
  constructor(tool: string) {
    super(`tool missing: ${tool}`)
  }
}

/** What can be said of running things where nothing was started, or undefined when one can look. */
export function nothingRuns(target: Target, wanted: boolean): Outcome | undefined {
  const { nothing, unknown } = target.running
  if (unknown !== undefined) return skip(unknown)
  // That nothing is there to be found is no evidence.
  return nothing !== undefined && !wanted ? skip(nothing) : undefined
}
