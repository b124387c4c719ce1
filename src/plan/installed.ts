import type { ImagePlan } from './ir.ts'

type Images = ReadonlyMap<string, ImagePlan>

/** An image and its internal bases, the innermost base first. */
function chainOf(image: ImagePlan, images: Images): ImagePlan[] {
  const chain: ImagePlan[] = []
  for (
    let at: ImagePlan | undefined = image;
    at;
    at = at.base.kind === 'internal' ? images.get(at.base.image) : undefined
  )
    chain.unshift(at)
  return chain
}

/** Layers of an image in the order in which they were installed, those of its bases first. */
export const installedLayers = (image: ImagePlan, images: Images): string[] =>
  chainOf(image, images).flatMap((one) => one.layers.map((layer) => layer.plan.layer))

/** Container ports that an image, its layers or its bases speak of: `8080`, `53/udp`. */
export const listeningPorts = (image: ImagePlan, images: Images): string[] => [
  ...new Set(
    chainOf(image, images).flatMap((one) => [
      ...one.ports,
      ...one.metadata.ports.map((port) => port.replace(/^.*:/s, '').replace(/\/tcp$/, '')),
    ]),
  ),
]
