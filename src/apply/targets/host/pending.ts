import { withBlock } from '../../../format/fence.ts'
import type { Wanted } from '../../../plan/host/wanted.ts'
import type { Gate } from '../../../plan/steps.ts'
import { describe } from './describe.ts'
import { isAsWanted, readText } from './observe.ts'
import { inFile } from './text.ts'
import { packagesOf, sha256, bareName, type Venue, type Work } from './work.ts'

/** A text as it is on the machine, and as it would be. */
export type ChangedText = readonly [path: string, before: string | undefined, after: string]

/** A step that is not done. */
export interface PendingStep {
  readonly layer: string
  readonly summary: string
  /** Why it would be left out. */
  readonly closed: Gate | undefined
  readonly drifted: readonly string[]
  readonly texts: readonly ChangedText[]
}

/** What is left to be done, for people who want to see it first. `sourceOf` reads a file of a layer, where it is a text. */
export async function pending(
  works: readonly Work[],
  venue: Venue,
  sourceOf: (layer: string, source: string) => string | undefined,
): Promise<PendingStep[]> {
  const steps: PendingStep[] = []
  for (const { layer, step, wanted, seen, closed, done, drifted, privilege } of works) {
    if (done) continue
    const texts: ChangedText[] = []
    const textOf = (one: Wanted, before: string | undefined) => {
      switch (one.kind) {
        case 'text':
          return one.text
        case 'copy':
          return sourceOf(layer.plan.layer, one.source)
        case 'block':
          return inFile(one.path, () => withBlock(before ?? '', one.marker, one.text))
        case 'directory':
        case 'made':
        case 'link':
          return undefined
      }
    }
    for (const [index, one] of wanted.entries()) {
      if (one.kind !== 'block' && isAsWanted(one, seen[index]!, sha256)) continue
      const before = await readText(one.path, venue[privilege])
      const after = textOf(one, before)
      if (after !== undefined && after !== before) texts.push([one.path, before, after])
    }
    const summary = step.kind === 'SystemPackages' ? await packages(step, venue) : describe(step)
    steps.push({ layer: layer.plan.layer, summary, closed, drifted, texts })
  }
  return steps
}

/** Packages by name: how many there are says little to whoever decides. */
async function packages(step: Extract<Work['step'], { kind: 'SystemPackages' }>, venue: Venue): Promise<string> {
  if (step.phase !== 'install') return describe(step)
  const there = await packagesOf(step.format, 'installed', venue)
  const missing = step.packages.filter((name) => !there.has(bareName(name)))
  return `${step.format}: ${(missing.length > 0 ? missing : step.packages).join(' ')}`
}
