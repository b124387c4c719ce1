import { globLiteral, type Instruction } from '../../format/index.ts'
import type { ImageLayer, ImagePlan } from '../../plan/ir.ts'
import { ownerOf } from './mounts.ts'
import type { Line } from './tasks.ts'

const aliasOf = (layer: ImageLayer, index: number) => `${layer.plan.layer}-extract-${index}`

const each = (
  image: ImagePlan,
  write: (one: ImageLayer['extract'][number], alias: string) => readonly Instruction[],
): Line[] =>
  image.layers.flatMap((layer) =>
    layer.extract.flatMap((one, index) =>
      write(one, aliasOf(layer, index)).map((instruction) => ({ instruction, author: layer.origin })),
    ),
  )

/** The images that files are taken out of. (IMG-62) */
export const extractStages = (image: ImagePlan): Line[] =>
  each(image, ({ pinned }, stage) => [{ kind: 'blank' }, { kind: 'from', image: pinned, stage }])

/** The files that are taken out of them, for the image's user. (IMG-62) */
export function extractedFiles(image: ImagePlan): Line[] {
  const owner = ownerOf(image.user)
  const copies = each(image, ({ path, dest }, from) => [
    { kind: 'copy', from, ...(owner !== undefined && { chown: owner }), sources: [globLiteral(path)], to: dest },
  ])
  if (copies.length === 0) return []
  const title: Instruction[] = [{ kind: 'blank' }, { kind: 'comment', text: 'Extracted files' }]
  return [...title.map((instruction) => ({ instruction, author: image.origin })), ...copies]
}
