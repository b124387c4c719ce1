import { globLiteral, type Instruction } from '../../format/index.ts'
import type { ImagePlan } from '../../plan/ir.ts'
import { labelInstructions } from './labels.ts'
import { ownerOf } from './mounts.ts'
import { layerStage, stageOf } from './stages.ts'
import type { Line } from './tasks.ts'

/** Copies what the layers give to volumes to where deploys find it. (IMG-66) */
export function stageData(image: ImagePlan): Line[] {
  const owner = ownerOf(image.user)
  const copies = image.layers.flatMap((layer) =>
    layer.data.map(({ source, staging }): Line => ({
      author: layer.origin,
      instruction: {
        kind: 'copy',
        from: stageOf(layer),
        ...(owner !== undefined && { chown: owner }),
        sources: [source === '' ? '/' : `/${globLiteral(source)}/`],
        to: staging,
      },
    })),
  )
  if (copies.length === 0) return []
  const text = 'Data staging (for deploy-time provisioning into bind-backed volumes)'
  return [...lines(image, { kind: 'blank' }, { kind: 'comment', text }), ...copies]
}

/** An image of nothing but data, from its stages on. (IMG-67) */
export const dataImage = (image: ImagePlan): Line[] => [
  // The header ends with the first blank line already.
  ...image.layers
    .flatMap((layer) => layerStage(layer, false).map((instruction) => ({ instruction, author: layer.origin })))
    .slice(1),
  ...lines(image, { kind: 'blank' }, { kind: 'from', image: 'scratch' }),
  ...stageData(image),
  ...lines(image, { kind: 'blank' }, { kind: 'comment', text: 'Image metadata' }, ...labelInstructions(image)),
]

const lines = (image: ImagePlan, ...instructions: Instruction[]): Line[] =>
  instructions.map((instruction) => ({ instruction, author: image.origin }))
