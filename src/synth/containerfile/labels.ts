import { labelScalar, type Instruction } from '../../format/index.ts'
import type { ImagePlan } from '../../plan/ir.ts'
import { toLabels } from '../../plan/labels.ts'

/** What the image says of itself. (IMG-144) */
export const labelInstructions = (image: ImagePlan): Instruction[] =>
  toLabels(image.metadata, image.ancestors).map(({ name, value, json }) => ({
    kind: 'label',
    name,
    value: json ? value : labelScalar(value),
    quoting: json ? 'single' : 'double',
  }))
