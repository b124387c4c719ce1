import type { Gate } from '../../../plan/steps.ts'
import { describe } from './describe.ts'
import { isAsWanted, readText } from './observe.ts'
import { sha256, type Venue, type Work } from './work.ts'

/** A step that is not done. */
export interface PendingStep {
  readonly layer: string
  readonly summary: string
  /** Why it would be left out. */
  readonly closed: Gate | undefined
  readonly drifted: readonly string[]
  /** Texts that would change: path, what is there, what would be. */
  readonly texts: readonly (readonly [path: string, before: string | undefined, after: string])[]
}

/** What is left to be done, for people who want to see it first. */
export async function pending(works: readonly Work[], venue: Venue): Promise<PendingStep[]> {
  const steps: PendingStep[] = []
  for (const { layer, step, wanted, seen, closed, done, drifted, privilege } of works) {
    if (done) continue
    const texts: [string, string | undefined, string][] = []
    for (const [index, one] of wanted.entries())
      if (one.kind === 'text' && !isAsWanted(one, seen[index]!, sha256))
        texts.push([one.path, await readText(one.path, venue[privilege]), one.text])
    steps.push({ layer: layer.plan.layer, summary: describe(step), closed, drifted, texts })
  }
  return steps
}
