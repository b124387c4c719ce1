/** Rules that the layers of an image keep together, over its whole chain. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { placeOf, type LayerModel, type Project, type Vocabulary } from '../model/project.ts'
import { mergeCapabilities } from '../resolve/capabilities.ts'
import { RELAY_LAYER } from '../resolve/graph.ts'
import type { ResolvedImage } from '../resolve/image.ts'
import { checkIds } from './checks.ts'
import type { LayerContext } from './layer.ts'

/** Reports what does not fit together. */
export function checkTogether(image: ResolvedImage, project: Project, diagnostics: Diagnostic[]): void {
  checkEngine(image, diagnostics)
  checkData(image, diagnostics)
  checkRelays(image, diagnostics)
  checkExtract(image, project, diagnostics)
  checkCapabilities(image, diagnostics)
  checkLabels(image, diagnostics)
  checkIds(image, project, diagnostics)
}

/** A layer can only suggest an init that there is. (LAY-101) */
export function checkInitHint(layer: LayerModel, { inits }: Vocabulary, report: LayerContext['report']): void {
  const hint = layer.data.capabilities?.initSystemHint
  if (hint === undefined || inits.has(hint)) return
  const field = 'capabilities.initSystemHint'
  report(
    field,
    'OV3011',
    `${field}: there is no init ${JSON.stringify(hint)}`,
    `known are ${[...inits.keys()].join(', ')}`,
  )
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

/** Files come out of images that are there already; the project's own are built later, in an order of their own. (LAY-100) */
function checkExtract({ own }: ResolvedImage, project: Project, diagnostics: Diagnostic[]): void {
  for (const layer of own)
    for (const [index, { source }] of (layer.data.extract ?? []).entries())
      if (project.images.has(source))
        diagnostics.push({
          code: 'OV3024',
          severity: 'error',
          message: `extract[${index}].source: "${source}" is an image of this project`,
          entity: `layer "${layer.name}"`,
          field: `extract[${index}].source`,
          place: placeOf(layer, `extract[${index}].source`),
          remedy: 'name an image of a registry, or put the files into a layer of their own',
        })
}

/** What layers count on must be there. An image that boots keeps its accounts. (LAY-101) */
function checkCapabilities({ name, model, images, chain }: ResolvedImage, diagnostics: Diagnostic[]): void {
  const merged = mergeCapabilities(chain)
  const boots = images.some((one) => one.data.bootc === true)
  const missing = new Map<string, LayerModel[]>()
  for (const layer of chain)
    for (const wanted of layer.data.requiresCapabilities ?? []) {
      const there = wanted === 'initSystemHint' ? merged[wanted] !== undefined : merged[wanted]
      if (!there && !(boots && wanted === 'preserveUser')) missing.set(wanted, [...(missing.get(wanted) ?? []), layer])
    }
  for (const [wanted, layers] of missing)
    diagnostics.push({
      code: 'OV3025',
      severity: 'error',
      message: `has layers requiring the capability ${wanted} (${layers.map((layer) => layer.name).join(', ')}), and no layer that provides it`,
      entity: `image "${name}"`,
      field: 'layers',
      place: model.origin,
      related: layers.map((layer) => ({
        message: `layer "${layer.name}" requires it`,
        place: placeOf(layer, 'requiresCapabilities'),
      })),
      remedy: `add a layer with capabilities: { ${wanted}: ${wanted === 'initSystemHint' ? "'…'" : 'true'} }${wanted === 'preserveUser' ? ', or set bootc: true on the image' : ''}`,
    })
}

/** Labels of layers are united, so they must agree. Said once, however many images have both layers. (LAY-101) */
function checkLabels({ chain }: ResolvedImage, diagnostics: Diagnostic[]): void {
  const known = new Map<string, { readonly value: string; readonly layer: LayerModel }>()
  for (const layer of chain)
    for (const [label, value] of Object.entries(layer.data.capabilities?.ociLabels ?? {})) {
      const first = known.get(label)
      if (!first) known.set(label, { value, layer })
      else if (first.value !== value) {
        const field = `capabilities.ociLabels${/^[A-Za-z_]\w*$/.test(label) ? `.${label}` : `[${JSON.stringify(label)}]`}`
        const entity = `layer "${layer.name}"`
        if (diagnostics.some((one) => one.code === 'OV3026' && one.entity === entity && one.field === field)) continue
        diagnostics.push({
          code: 'OV3026',
          severity: 'error',
          message: `${field}: layer "${first.layer.name}" gives the label ${label} the value ${JSON.stringify(first.value)}`,
          entity,
          field,
          place: placeOf(layer, field),
          related: [
            { message: `layer "${first.layer.name}" is declared here`, place: placeOf(first.layer, 'capabilities') },
          ],
          remedy: 'let one of them say it',
        })
      }
    }
}
