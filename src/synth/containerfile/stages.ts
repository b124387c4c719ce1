import type { Instruction } from '../../format/index.ts'
import type { ImageLayer } from '../../plan/ir.ts'

/** The stage that holds a layer's files. */
export const stageOf = (layer: ImageLayer): string => `${layer.plan.layer}-ctx`

/** Puts a layer's files into a stage of their own. (IMG-54) */
export const layerStage = (layer: ImageLayer): Instruction[] => [
  { kind: 'blank' },
  { kind: 'from', image: 'scratch', stage: stageOf(layer) },
  { kind: 'copy', sources: [`${layer.directory}/`], to: '/' },
]
