import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { CachedBundle } from '../load/cache.ts'
import { collect, type RawEntity } from '../load/collect.ts'
import type { ProjectLocation } from '../load/discover.ts'
import { evaluate, EvaluationError } from '../load/evaluate.ts'

/** Evaluates the program; its failure is shown at the line that threw. */
export async function evaluateProject(location: ProjectLocation, bundle: CachedBundle): Promise<RawEntity[]> {
  try {
    return collect(await evaluate(bundle))
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    const { explainEvaluation, Origins } = await import('../load/origins.ts')
    throw new DiagnosticError([explainEvaluation(error, new Origins(bundle, location.root))], { cause: error })
  }
}
