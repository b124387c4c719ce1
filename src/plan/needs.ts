import type { ImagePlan } from './ir.ts'

/** Images of the project that another one is built with, its stages' tools among them. (IMG-180) */
export function buildersUsed(image: ImagePlan): string[] {
  const used = image.layers.flatMap(({ plan }) =>
    plan.steps.flatMap((step) => (step.kind === 'Builder' && step.builderImage !== '' ? [step.builderImage] : [])),
  )
  return [...new Set(used)].sort()
}

/** Images of the project that must be there before another one is built. */
export const imagesNeeded = (image: ImagePlan): string[] => [
  ...(image.base.kind === 'internal' ? [image.base.image] : []),
  ...buildersUsed(image),
]
