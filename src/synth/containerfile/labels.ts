import { labelScalar, type Instruction } from '../../format/index.ts'
import type { ImagePlan } from '../../plan/ir.ts'
import { labelsOf } from '../../plan/labels.ts'

/** What the image says of itself. (IMG-144) */
export const labelInstructions = (image: ImagePlan): Instruction[] =>
  labelsOf(image).map(({ name, value, json }) => ({
    kind: 'label',
    name,
    value: json ? value : labelScalar(value),
    quoting: json ? 'single' : 'double',
  }))
