/** Rules that the layers of an image keep together, over its whole chain. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { placeOf } from '../model/project.ts'
import { RELAY_LAYER } from '../resolve/graph.ts'
import type { ResolvedImage } from '../resolve/image.ts'

/** Reports what does not fit together. */
export function checkTogether(image: ResolvedImage, diagnostics: Diagnostic[]): void {
  checkEngine(image, diagnostics)
  checkData(image, diagnostics)
  checkRelays(image, diagnostics)
}

/** No container runs under two engines. (LAY-97) */
function checkEngine({ name, model, chain }: ResolvedImage, diagnostics: Diagnostic[]): void {
  const requiring = chain.filter((layer) => layer.data.engine !== undefined)
  if (new Set(requiring.map((layer) => layer.data.engine)).size < 2) return
  diagnostics.push({
    code: 'OV3020',
    severity: 'error',
    message: `conflicting engine requirements: ${requiring.map((layer) => `${layer.name} requires ${layer.data.engine}`).join(', ')}`,
    entity: `image "${name}"`,
    field: 'layers',
    place: model.origin,
    related: requiring.map((layer) => ({
      message: `layer "${layer.name}" requires ${layer.data.engine}`,
      place: placeOf(layer, 'engine'),
    })),
    remedy: 'take one of these layers out',
  })
}

/** Relays need the layer that runs them. (LAY-82) */
function checkRelays({ name, model, chain }: ResolvedImage, diagnostics: Diagnostic[]): void {
  const relaying = chain.filter((layer) => (layer.data.portRelay ?? []).length > 0)
  if (relaying.length === 0 || chain.some((layer) => layer.name === RELAY_LAYER)) return
  diagnostics.push({
    code: 'OV3023',
    severity: 'error',
    message: `has portRelay layers but missing "${RELAY_LAYER}" layer`,
    entity: `image "${name}"`,
    field: 'layers',
    place: model.origin,
    related: relaying.map((layer) => ({
      message: `layer "${layer.name}" relays ${layer.data.portRelay?.join(', ')}`,
      place: placeOf(layer, 'portRelay'),
    })),
    remedy: `declare a layer "${RELAY_LAYER}" that installs /usr/local/bin/relay-wrapper, and export it`,
  })
}

/** Data must have a volume to go to. Said once: an image on this one has the same data. (LAY-79) */
export function checkData({ name, chain }: ResolvedImage, diagnostics: Diagnostic[]): void {
  const volumes = new Set(chain.flatMap((layer) => Object.keys(layer.data.volumes ?? {})))
  const said = (layer: string, field: string) =>
    diagnostics.some((one) => one.code === 'OV3021' && one.entity === `layer "${layer}"` && one.field === field)
  for (const layer of chain)
    for (const [index, { volume }] of (layer.data.data ?? []).entries())
      if (!volumes.has(volume) && !said(layer.name, `data[${index}].volume`))
        diagnostics.push({
          code: 'OV3021',
          severity: 'error',
          message: `data[${index}].volume: no layer of image "${name}" declares a volume ${JSON.stringify(volume)}`,
          entity: `layer "${layer.name}"`,
          field: `data[${index}].volume`,
          place: placeOf(layer, `data[${index}].volume`),
          remedy:
            volumes.size === 0
              ? `declare it: volumes: { ${JSON.stringify(volume)}: '~/${volume}' }`
              : `its volumes are ${[...volumes].sort().join(', ')}`,
        })
}
