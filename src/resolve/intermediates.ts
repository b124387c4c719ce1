import { byName, type ImageModel, type LayerModel } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import { mergeCapabilities } from './capabilities.ts'
import { highestVersion } from './calver.ts'
import type { ResolvedBase, ResolvedImage } from './image.ts'

type Images = Map<string, ResolvedImage>

/** What an image is put on: one of the project's, or what its group stands on from the start. */
type Ground = ResolvedImage | undefined

/** A layer after those above it in the tree, with the images that end there. */
interface Node {
  readonly layer: LayerModel
  readonly children: Map<string, Node>
  readonly ends: ResolvedImage[]
}

/** The uid that names of intermediates do not mention. */
const USUAL_UID = 1000

/**
 * Puts images that begin with the same layers on an image that holds these: built once, and there to be based on. Images are only put together
 * when they would have built exactly the same, so nothing but the way of building changes. An image that people declare never becomes the base of
 * another one in this way: what is its own (env, shell code, data) would come into the other. `bound` layers are left where they are. (IMG-87 to IMG-95, IMG-161)
 */
export function addIntermediates(
  images: ReadonlyMap<string, ResolvedImage>,
  bound: ReadonlySet<string>,
): ReadonlyMap<string, ResolvedImage> {
  const grounds = new Map<string, string>()
  const made: Images = new Map()
  const taken = new Set(images.keys())
  for (const group of groupsOf(images)) {
    const [first] = group as [ResolvedImage]
    const ground = first.base.kind === 'internal' ? images.get(first.base.image) : undefined
    const walk = (nodes: Iterable<Node>, on: Ground, run: readonly LayerModel[]): void => {
      for (const start of [...nodes].sort((a, b) => byName(a.layer.name, b.layer.name))) {
        const layers = [...run, start.layer]
        let node = start
        for (let next; node.ends.length === 0 && node.children.size === 1; node = next) {
          next = [...node.children.values()][0]!
          layers.push(next.layer)
        }
        const put = (image: ResolvedImage, base: Ground) =>
          base && base !== ground && grounds.set(image.name, base.name)
        if (node.children.size === 0) node.ends.forEach((image) => put(image, on))
        else {
          const image = intermediate(first, on, layers, taken)
          taken.add(image.name)
          made.set(image.name, image)
          node.ends.forEach((end) => put(end, image))
          walk(node.children.values(), image, [])
        }
      }
    }
    walk(treeOf(group, bound).values(), ground, [])
  }
  return grounds.size === 0 ? images : rebased(images, made, grounds)
}

/** Images that would install a layer in the same way, by what they stand on; those on images of the project first. Alone, none has anything to share. */
function groupsOf(images: ReadonlyMap<string, ResolvedImage>): ResolvedImage[][] {
  // An image that builds for others must not come to stand on one of these.
  const builders = new Set(
    [...images.values()].flatMap(({ model }) => Object.values(model.data.builder ?? {}).map(refName)),
  )
  const others = [...images.values()].filter(({ name }) => !builders.has(name))
  const groups = Map.groupBy(others, (image) => {
    const { base, user, tags, formats, model } = image
    return JSON.stringify([base, user, tags, formats, wantedInit(image) ?? null, model.data.builder ?? null])
  })
  // Data images stand on nothing, and install nothing.
  const several = [...groups.values()].filter(([first, second]) => second && first!.base.kind !== 'none')
  return [true, false].flatMap((internal) =>
    several.filter(([first]) => (first!.base.kind === 'internal') === internal),
  )
}

function treeOf(group: readonly ResolvedImage[], bound: ReadonlySet<string>): Map<string, Node> {
  const roots = new Map<string, Node>()
  for (const image of group) {
    let level = roots
    let node: Node | undefined
    for (const layer of image.own.filter(({ name }) => !bound.has(name))) {
      node = level.get(layer.name)
      if (!node) level.set(layer.name, (node = { layer, children: new Map(), ends: [] }))
      level = node.children
    }
    node?.ends.push(image)
  }
  return roots
}

function intermediate(
  first: ResolvedImage,
  on: Ground,
  layers: readonly LayerModel[],
  taken: ReadonlySet<string>,
): ResolvedImage {
  const name = nameFor(on ? on.name : shortName(first.base), layers.at(-1)!.name, first.user.uid, taken)
  const { builder } = first.model.data
  const init = wantedInit(first)
  const data = {
    name,
    base: on ? { $ref: 'image' as const, name: on.name } : first.model.data.base,
    layers: layers.map((layer) => layer.name),
    ...(init !== undefined && { init }),
    ...(builder !== undefined && { builder }),
  }
  const model: ImageModel = { name, data, origin: first.model.origin, parts: {} }
  const chain = [...(on?.chain ?? []), ...layers]
  return {
    ...first,
    name,
    model,
    base: on ? { kind: 'internal', image: on.name } : first.base,
    chain,
    own: layers,
    levels: [layers, ...(on?.levels ?? [])],
    images: [model, ...(on?.images ?? [])],
    version: highestVersion(chain.map((layer) => layer.data.version)) ?? first.version,
    auto: true,
  }
}

/** The init that an image says it has, or that what it is asks for: services are rendered for it. */
const wantedInit = ({ model, images, chain }: ResolvedImage): string | undefined =>
  model.data.init ??
  (images.some((one) => one.data.bootc === true) ? 'systemd' : mergeCapabilities(chain).initSystemHint)

/** `quay.io/fedora/fedora:43` → `fedora`. */
const shortName = (base: ResolvedBase): string =>
  base.kind === 'internal'
    ? base.image
    : base.kind !== 'external'
      ? base.kind === 'bootstrap'
        ? base.spec.distro
        : 'scratch'
      : base.ref
          .replace(/@.*$/, '')
          .replace(/:[^/:]*$/, '')
          .replace(/^.*\//, '')
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '-')
          .replace(/^-+|-+$/g, '')

function nameFor(ground: string, layer: string, uid: number, taken: ReadonlySet<string>): string {
  const name = `${ground}-${layer}${uid === USUAL_UID ? '' : `-uid${uid}`}`
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (!taken.has(candidate)) return candidate
  }
}

/** All images on their new grounds, bases first. */
function rebased(
  images: ReadonlyMap<string, ResolvedImage>,
  made: Images,
  grounds: ReadonlyMap<string, string>,
): Images {
  const done: Images = new Map()
  const place = (image: ResolvedImage): ResolvedImage => {
    const known = done.get(image.name)
    if (known) return known
    const ground = grounds.get(image.name) ?? (image.base.kind === 'internal' ? image.base.image : undefined)
    const base = ground === undefined ? undefined : place(made.get(ground) ?? images.get(ground)!)
    const provided = new Set(base?.chain.map((layer) => layer.name))
    const own = image.chain.filter((layer) => !provided.has(layer.name))
    const result: ResolvedImage = base
      ? {
          ...image,
          base: { kind: 'internal', image: base.name },
          own,
          chain: [...base.chain, ...own],
          levels: [own, ...base.levels],
          images: [image.model, ...base.images],
        }
      : image
    done.set(image.name, result)
    return result
  }
  for (const image of images.values()) place(image)
  return done
}
