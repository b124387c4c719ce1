import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { CachedBundle } from '../load/cache.ts'
import type { ProjectLocation } from '../load/discover.ts'
import { evaluate, EvaluationError, type Evaluated } from '../load/evaluate.ts'

/** Evaluates the program; its failure is shown at the line that threw. */
export async function evaluateProject(location: ProjectLocation, bundle: CachedBundle): Promise<Evaluated> {
  // Code of a project may print at any time from now on; stdout belongs to results.
  let own: Console | undefined
  Object.defineProperty(globalThis, 'console', {
    configurable: true,
    get: () => (own ??= new (process.getBuiltinModule('node:console').Console)(process.stderr)),
    set: (other: Console) => void (own = other),
  })
  try {
    return await evaluate(bundle)
  } catch (error) {
    throw await blame(error, location, bundle)
  }
}

/** What code of the project threw, as its author should see it; everything else as it is. */
export async function blame(error: unknown, location: ProjectLocation, bundle: CachedBundle): Promise<unknown> {
  const evaluating = error instanceof EvaluationError
  // Getters, and the functions of a project's own vocabulary, run later than the rest of it.
  const its = evaluating || (error instanceof Error && !isKnown(error) && (error.stack ?? '').includes(bundle.file))
  if (!its) return error
  const { explainEvaluation, Origins } = await import('../load/origins.ts')
  const cause: unknown = evaluating ? error.cause : error
  return new DiagnosticError([explainEvaluation(cause, new Origins(bundle, location.root), bundle.circle)], {
    cause: error,
  })
}

const isKnown = (error: Error) => error instanceof DiagnosticError
