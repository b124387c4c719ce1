import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { byName, placeOf, type HostModel, type ImageModel, type LayerModel, type Project } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import { TopologicalOrder } from './topological-order.ts'

type Field = 'depends' | 'layers'
/** The layer whose program relays ports. */
export const RELAY_LAYER = 'socat'
/** What a layer names, and what runs its relays. (LAY-82) */
const references = (layer: LayerModel, field: Field) => {
  const named = (layer.data[field] ?? []).map(refName)
  const relays = field === 'depends' && (layer.data.portRelay ?? []).length > 0 && layer.name !== RELAY_LAYER
  return relays && !named.includes(RELAY_LAYER) ? [...named, RELAY_LAYER] : named
}

/** Layers and how they need each other; all names in it exist and no hard cycle remains. */
export class LayerGraph {
  readonly #layers: ReadonlyMap<string, LayerModel>
  /** Position of every layer in the one order of the project. (IMG-80) */
  readonly #position: ReadonlyMap<string, number>

  constructor(layers: ReadonlyMap<string, LayerModel>, order: readonly string[]) {
    this.#layers = layers
    this.#position = new Map(order.map((name, index) => [name, index]))
  }

  /** Everything the named layers need, themselves included, in the project's order. */
  closure(names: Iterable<string>): string[] {
    return [...closureOf(this.#layers, names)].sort((a, b) => this.#position.get(a)! - this.#position.get(b)!)
  }
}

function closureOf(layers: ReadonlyMap<string, LayerModel>, names: Iterable<string>): Set<string> {
  const found = new Set<string>()
  const open = [...names]
  for (let name; (name = open.pop()) !== undefined;) {
    const layer = layers.get(name)
    if (!layer || found.has(name)) continue
    found.add(name)
    open.push(...references(layer, 'depends'), ...references(layer, 'layers'))
  }
  return found
}

/** Reports references to layers that are not there. (LAY-59, IMG-04) */
export function checkReferences(project: Project): Diagnostic[] {
  const report = (kind: string, entity: LayerModel | ImageModel | HostModel, field: Field) =>
    (entity.data[field as 'layers'] ?? []).flatMap((ref, index): Diagnostic[] => {
      const name = refName(ref)
      if (project.layers.has(name)) return []
      const close = suggest(name, project.layers.keys())
      return [
        {
          code: 'OV3001',
          severity: 'error',
          message: `${field}[${index}]: unknown layer "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
          entity: `${kind} "${entity.name}"`,
          field: `${field}[${index}]`,
          place: placeOf(entity, field),
          remedy: 'import the layer and use the value, or export one of that name',
        },
      ]
    })
  return [
    ...[...project.layers.values()].flatMap((layer) => [
      ...report('layer', layer, 'depends'),
      ...report('layer', layer, 'layers'),
    ]),
    ...[...project.images.values()].flatMap((image) => report('image', image, 'layers')),
    ...[...project.hosts.values()].flatMap((host) => report('host', host, 'layers')),
  ]
}

/** The layer graph in its global order, or the cycle that forbids one. (LAY-58, IMG-80 to IMG-86) */
export function buildGraph(project: Project): { graph: LayerGraph; diagnostics: Diagnostic[] } {
  const { layers } = project
  const names = [...layers.keys()]
  const popularity = new Map(names.map((name) => [name, 0]))
  const images = [...project.images.values()].filter((image) => image.data.enabled !== false)
  for (const image of images)
    for (const name of closureOf(
      layers,
      imageChain(project, image).flatMap((one) => (one.data.layers ?? []).map(refName)),
    ))
      popularity.set(name, popularity.get(name)! + 1)

  const order = new TopologicalOrder(names, (a, b) => popularity.get(b)! - popularity.get(a)! || byName(a, b))
  for (const [name, layer] of layers)
    for (const field of ['depends', 'layers'] as const)
      for (const needed of references(layer, field)) if (layers.has(needed)) order.addEdge(needed, name)
  const cycle = order.start()
  if (cycle) return { graph: new LayerGraph(layers, names), diagnostics: [cycleDiagnostic(layers, cycle)] }

  // What people list first is installed first, unless another list or a dependency says otherwise.
  const lists = [
    ...images.map((image) => (image.data.layers ?? []).map(refName)),
    ...[...layers.values()].map((layer) => references(layer, 'layers')),
  ]
  for (const list of lists)
    list.forEach((name, index) => {
      const before = list[index - 1]
      if (
        before !== undefined &&
        layers.has(before) &&
        layers.has(name) &&
        !isBundle(layers.get(before)!) &&
        !isBundle(layers.get(name)!)
      )
        order.preferEdge(before, name)
    })
  return { graph: new LayerGraph(layers, order.sorted()), diagnostics: [] }
}

/** A layer that only groups others. (LAY-57) */
export function isBundle(layer: LayerModel): boolean {
  const {
    name: _,
    version: _v,
    description: _d,
    status: _s,
    info: _i,
    layers = [],
    depends: _dep,
    ...content
  } = layer.data
  return layers.length > 0 && Object.keys(content).length === 0
}

/** The image and its internal bases, outermost first. Stops where a base repeats. */
export function imageChain(project: Project, image: ImageModel): ImageModel[] {
  const chain: ImageModel[] = []
  for (let at: ImageModel | undefined = image; at && !chain.includes(at); at = internalBase(project, at)) chain.push(at)
  return chain
}

/** The project's image that this one is based on, if it is. (IMG-06) */
export function internalBase(project: Project, image: ImageModel): ImageModel | undefined {
  const { base } = image.data
  if (typeof base === 'string') return project.images.get(base)
  return base !== undefined && '$ref' in base ? project.images.get(base.name) : undefined
}

function cycleDiagnostic(layers: ReadonlyMap<string, LayerModel>, cycle: readonly string[]): Diagnostic {
  const first = layers.get(cycle[0]!)!
  const composed = cycle.every((name, index) =>
    references(layers.get(cycle[(index + 1) % cycle.length]!)!, 'layers').includes(name),
  )
  const path = [...cycle].reverse()
  return {
    code: 'OV3002',
    severity: 'error',
    message: composed
      ? `circular layer composition involving ${JSON.stringify(first.name)}: ${[...path, path[0]].join(' -> ')}`
      : `layer dependency cycle: ${[...path, path[0]].join(' -> ')}`,
    entity: `layer "${first.name}"`,
    place: first.origin,
    related: cycle.slice(1).map((name) => ({ message: `${name} is part of it`, place: layers.get(name)!.origin })),
    remedy: 'take one of these references out',
  }
}
