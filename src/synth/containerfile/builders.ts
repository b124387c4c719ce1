import type { StageStep } from '../../../dsl/vocabulary.ts'
import { globLiteral, runLines, type Instruction } from '../../format/index.ts'
import { byName } from '../../model/project.ts'
import type { BuilderStep, ImagePlan } from '../../plan/ir.ts'
import { cacheMount, cacheMounts } from './mounts.ts'
import type { Line } from './tasks.ts'

/** The reference of an image of the project: its full tag, since a floating one may be another image's. (IMG-T8) */
export type ReferenceOf = (image: string) => string

const aliasOf = (step: BuilderStep) => `${step.layerName}-${step.builder}-build`

const authored = (step: BuilderStep, ...instructions: Instruction[]): Line[] =>
  instructions.map((instruction) => ({ instruction, author: step.origin }))

/** What is built in stages, by builder, then in the order of the layers. (IMG-38) */
function stagedSteps(image: ImagePlan): BuilderStep[] {
  const steps = image.layers.flatMap(({ plan }) =>
    plan.steps.filter((step): step is BuilderStep => step.kind === 'Builder' && step.stage !== undefined),
  )
  return steps.sort((a, b) => byName(a.builder, b.builder))
}

/** The stages that build for the layers of an image. (IMG-38 to IMG-42, IMG-54) */
export const builderStages = (image: ImagePlan, referenceOf: ReferenceOf): Line[] =>
  stagedSteps(image).flatMap((step) => [
    ...authored(step, { kind: 'blank' }, { kind: 'from', image: referenceOf(step.builderImage), stage: aliasOf(step) }),
    ...authored(step, ...(step.stage ?? []).map((one) => stageInstruction(one, step))),
  ])

function stageInstruction(one: StageStep, step: BuilderStep): Instruction {
  if ('user' in one) return { kind: 'user', user: one.user }
  if ('workdir' in one) return { kind: 'workdir', path: one.workdir }
  if ('env' in one)
    return {
      kind: 'env',
      pairs: Object.entries(one.env).map(([name, value]) => ({
        name,
        value: [{ literal: value }],
        quoting: /^[\w@%+=:,./-]+$/.test(value) ? 'bare' : 'double',
      })),
    }
  if ('copy' in one)
    return {
      kind: 'copy',
      chown: step.owner === '' ? '0:0' : step.owner,
      sources: [globLiteral([step.layerDir, one.copy].filter((part) => part !== '').join('/'))],
      to: one.to,
    }
  const files = Object.entries(one.mounts ?? {}).map(
    ([name, at]) => `--mount=type=bind,from=${step.layerName}-ctx,source=/${name},target=${at}`,
  )
  return runLines([...files, ...cacheMounts(one.caches ?? [], step.owner === '' ? undefined : step.owner)], one.run)
}

/** What the stages made, where the image wants it: before all layers, whose tasks may use it. (IMG-43, LAY-26) */
export function builderArtifacts(image: ImagePlan): Line[] {
  const steps = stagedSteps(image).filter((step) => step.format === '')
  const seen = new Set<string>()
  return steps.flatMap((step, index) => {
    const binaries = step.binaries.filter((path) => !seen.has(path))
    for (const path of binaries) seen.add(path)
    const first = steps[index - 1]?.builder !== step.builder
    const copies = [...artifactCopies(step), ...binaryCopies(step, binaries)]
    if (copies.length === 0 || !first) return copies
    const title: Instruction[] = [{ kind: 'blank' }, { kind: 'comment', text: `Copy ${step.builder} artifacts` }]
    return [...authored(step, ...title), ...copies]
  })
}

const artifactCopies = (step: BuilderStep): Line[] =>
  authored(
    step,
    ...step.artifacts.map(({ containerPath, hostPath, chown }): Instruction => ({
      kind: 'copy',
      from: aliasOf(step),
      ...(chown !== '' && { chown }),
      sources: [containerPath],
      to: hostPath,
    })),
  )

const binaryCopies = (step: BuilderStep, paths: readonly string[]): Line[] =>
  authored(
    step,
    ...paths.map((path): Instruction => ({ kind: 'copy', from: aliasOf(step), sources: [path], to: path })),
  )

/** Packages that were built in a stage, and their install, in the place of the layer's package step. (IMG-33) */
export const builtPackages = (step: BuilderStep): Line[] => [
  ...artifactCopies(step),
  ...authored(
    step,
    runLines(
      step.caches.map(({ path }) => cacheMount(path, undefined)),
      step.commands,
    ),
  ),
]
