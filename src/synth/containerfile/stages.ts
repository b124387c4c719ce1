import type { Instruction } from '../../format/index.ts'
import type { ImageLayer } from '../../plan/ir.ts'

/** The stage that holds a layer's files. */
export const stageOf = (layer: ImageLayer): string => `${layer.plan.layer}-ctx`

/** Puts a layer's files into a stage of their own; scripts mount that of a layer without files, too. (IMG-54) */
export const layerStage = (layer: ImageLayer, empty: boolean): Instruction[] => [
  { kind: 'blank' },
  { kind: 'from', image: 'scratch', stage: stageOf(layer) },
  // Engines refuse to copy from a folder that is not there.
  ...(empty ? [] : [{ kind: 'copy', sources: [`${layer.directory}/`], to: '/' } as const]),
]
