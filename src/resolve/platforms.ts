import type { ResolvedImage } from './image.ts'

/** Platforms of images that name none. (IMG-01) */
export const USUAL_PLATFORMS = ['linux/amd64', 'linux/arm64']

/** Architectures that each layer is installed on, as builders spell them. (LAY-16, LAY-30) */
export function layerArchitectures(images: Iterable<ResolvedImage>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>()
  for (const { auto, chain, model } of images) {
    // What ov makes itself is there for others, and built where they are.
    if (auto) continue
    for (const layer of chain) {
      const architectures = found.get(layer.name) ?? new Set<string>()
      for (const platform of model.data.platforms ?? USUAL_PLATFORMS) architectures.add(platform.replace(/^.*\//s, ''))
      found.set(layer.name, architectures)
    }
  }
  return new Map([...found].map(([name, architectures]) => [name, [...architectures].sort()]))
}
