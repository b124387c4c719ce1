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

/** What a program that never ends is stopped with. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs the project's program. It is ordinary code with the operator's rights, as with every tool of this kind. What it prints goes to
 * stderr: stdout belongs to ov's results. However it ends, ov says so: an exit, a promise that nobody settles, a rejection nobody awaits.
 */
export async function evaluate(bundle: CachedBundle): Promise<Exports> {
  const { stdout, stderr } = process
  const { write } = stdout
  const { exit } = process
  // A project may build hundreds of entities in one stack; the frames of a failure are what its author needs.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 50
  stdout.write = ((...given: Parameters<typeof write>) => stderr.write(...given)) as typeof write
  process.exit = (code) => {
    throw new Error(`process.exit(${code ?? ''}) would end ov before it has done anything`)
  }
  let stop = (_: unknown): void => {}
  const stopped = new Promise<never>((_, reject) => (stop = reject))
  const stuck = () => stop(new Error('the program awaits something that never happens'))
  process.once('beforeExit', stuck).on('unhandledRejection', stop)
  // In an endless loop no listener is ever called: without listeners, the signal itself ends ov. Nothing is written yet.
  const listeners = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const)
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  try {
    const exports = (await Promise.race([import(pathToFileURL(bundle.file).href), stopped])) as Exports
    // Rejections that nobody awaits are known one turn later.
    await Promise.race([new Promise(setImmediate), stopped])
    return exports
  } catch (error) {
    throw new EvaluationError(error)
  } finally {
    process.off('beforeExit', stuck).off('unhandledRejection', stop)
    for (const [signal, all] of listeners) for (const listener of all) process.on(signal, listener)
    Error.stackTraceLimit = limit
    stdout.write = write
    process.exit = exit
  }
}
