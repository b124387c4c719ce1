import { pathToFileURL } from 'node:url'
import type { CachedBundle } from './cache.ts'

/** What the entry files export, in the order of the entries. */
export type Exports = Readonly<Record<string, unknown>>

/** The user's program failed while it ran. `cause` is what it threw. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError'
  constructor(cause: unknown) {
    super('evaluation failed', { cause })
  }
}

/**
 * Runs the project's program. It is ordinary code with the operator's rights, as with every tool of this kind. What it prints goes to
 * stderr: stdout belongs to ov's results.
 */
export async function evaluate(bundle: CachedBundle): Promise<Exports> {
  const { log, info, debug } = console
  console.log = console.info = console.debug = console.error.bind(console)
  // A project may build hundreds of entities in one stack; the frames of a failure are what its author needs.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 50
  try {
    return (await import(pathToFileURL(bundle.file).href)) as Exports
  } catch (error) {
    throw new EvaluationError(error)
  } finally {
    Error.stackTraceLimit = limit
    Object.assign(console, { log, info, debug })
  }
}
