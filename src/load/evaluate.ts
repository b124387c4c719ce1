import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { constants, Script } from 'node:vm'
import type { CachedBundle } from './cache.ts'
import { projectUrl } from './recipe.ts'

/** A program that has run. */
export interface Evaluated {
  /** What the entry files export, in their order. */
  readonly exports: readonly unknown[]
  /** All entities that it made, in their order. */
  readonly made: readonly object[]
  /** Keeps its compiled code for later runs. It costs a moment, so that only runs that have nothing else to do should ask for it. */
  readonly keepCode: () => void
}

/** The user's program failed while it ran. `cause` is what it threw. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError'
  constructor(cause: unknown) {
    super('evaluation failed', { cause })
  }
}

/** The DSL tells every entity to the global of this name, and asks it how entities refer to each other. */
const MADE = Symbol.for('ov.made')
type Told = { [MADE]?: { made: object[]; reference?: (entity: object) => unknown } }

/** What a program that never ends is stopped with. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs the project's program. It is ordinary code with the operator's rights, as with every tool of this kind. What it prints goes to
 * stderr: stdout belongs to ov's results. However it ends, ov says so: an exit, a promise that nobody settles, a rejection nobody awaits.
 */
export async function evaluate(bundle: CachedBundle): Promise<Evaluated> {
  const { exit } = process
  const stdout = Object.getOwnPropertyDescriptor(process, 'stdout')!
  // A project may build hundreds of entities in one stack; the frames of a failure are what its author needs.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 50
  Object.defineProperty(process, 'stdout', { ...stdout, get: () => process.stderr })
  process.exit = (code) => {
    throw new Error(`process.exit(${code ?? ''}) would end ov before it has done anything`)
  }
  const made: object[] = []
  const told = globalThis as Told
  told[MADE] = { made }
  let stop = (_: unknown): void => {}
  const stopped = new Promise<never>((_, reject) => (stop = reject))
  const stuck = () => stop(new Error('the program awaits something that never happens'))
  process.once('beforeExit', stuck).on('unhandledRejection', stop)
  // In an endless loop no listener is ever called: without listeners, the signal itself ends ov. Nothing is written yet.
  const listeners = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const)
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  try {
    const { entries, keepCode } = bundle.file.endsWith('.mjs') ? await loadModule(bundle) : loadScript(bundle)
    const exports: unknown[] = []
    for (const entry of entries) exports.push(await Promise.race([entry(), stopped]))
    // Rejections that nobody awaits are known one turn later.
    await Promise.race([new Promise(setImmediate), stopped])
    return { exports, made, keepCode }
  } catch (error) {
    throw new EvaluationError(error)
  } finally {
    delete told[MADE]
    process.off('beforeExit', stuck).off('unhandledRejection', stop)
    for (const [signal, all] of listeners) for (const listener of all) process.on(signal, listener)
    Error.stackTraceLimit = limit
    Object.defineProperty(process, 'stdout', stdout)
    process.exit = exit
  }
}

interface Program {
  /** They run one file each, and those that it imports. */
  readonly entries: readonly (() => Promise<unknown>)[]
  readonly keepCode: () => void
}

const loadModule = async ({ file }: CachedBundle): Promise<Program> => ({
  ...((await import(pathToFileURL(file).href)) as Pick<Program, 'entries'>),
  keepCode: () => {},
})

function loadScript({ file, code, root }: CachedBundle): Program {
  let cachedData: Buffer | undefined
  try {
    cachedData = readFileSync(code)
  } catch {
    // Not kept yet.
  }
  const text = readFileSync(file, 'utf8')
  const script = new Script(text, {
    filename: file,
    ...(cachedData && { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const run = script.runInThisContext() as (
    require: NodeJS.Require | undefined,
    module: object,
    exports: object,
  ) => void
  const module = { exports: {} as Pick<Program, 'entries'> }
  // Few programs have a use for require(), and Node takes a while to make one.
  const asked = text.includes('require', text.indexOf('\n'))
  const require = asked ? process.getBuiltinModule('node:module').createRequire(projectUrl(root)) : undefined
  run(require, module, module.exports)
  const known = cachedData !== undefined && script.cachedDataRejected !== true
  return { entries: module.exports.entries, keepCode: () => known || keep(code, script.createCachedData()) }
}

function keep(file: string, data: Uint8Array): void {
  try {
    writeFileSync(`${file}.${process.pid}`, data)
    renameSync(`${file}.${process.pid}`, file)
  } catch {
    // Then it is compiled each time.
  }
}

/** Does something while entities refer to each other by what `reference` says. */
export function withReferences<Result>(reference: (entity: object) => unknown, work: () => Result): Result {
  const told = globalThis as Told
  told[MADE] = { made: [], reference }
  try {
    return work()
  } finally {
    delete told[MADE]
  }
}
