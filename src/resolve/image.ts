import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import type { Facts } from '../model/facts.ts'
import { pinnedReference, type FoundAccount, type Pins } from '../model/pins.ts'
import { placeOf, type ImageModel, type LayerModel, type Project } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import { RELEASES } from '../vocabulary/index.ts'
import { highestVersion } from './calver.ts'
import { resolveDistro, type ResolvedDistro } from './distro.ts'
import { imageChain, internalBase, isBundle, type LayerGraph } from './graph.ts'
import { hasFound, manifestsOf } from './manifests.ts'
import { hasPackages } from './sections.ts'
import { addIntermediates } from './intermediates.ts'

/** The account a container runs as. (IMG-15 to IMG-19) */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  /** It came with the base image. */
  readonly adopted: boolean
  /** It was found in the base image, and is kept in `ov.lock`. (IMG-18) */
  readonly found?: true
}

/** How a base image is made on this machine. */
export interface BootstrapSpec {
  readonly distro: string
  readonly suite: string
  readonly variant: string
  readonly components: readonly string[]
  readonly include: readonly string[]
  readonly mirror?: string
  readonly snapshot?: string
}

export type ResolvedBase =
  | { readonly kind: 'internal'; readonly image: string }
  /** `pinned` is the reference with the digest of `ov.lock`, or without one as long as it has none. */
  | { readonly kind: 'external'; readonly ref: string; readonly pinned: string }
  | { readonly kind: 'bootstrap'; readonly spec: BootstrapSpec }
  /** Of data images. */
  | { readonly kind: 'none' }

/** An image with everything that its base, its distro and its layers decide worked in. */
export interface ResolvedImage {
  readonly name: string
  readonly model: ImageModel
  readonly base: ResolvedBase
  /** Distro tags, most specific first. */
  readonly tags: readonly string[]
  readonly distro: ResolvedDistro | undefined
  /** Package formats; the first is the primary one. */
  readonly formats: readonly string[]
  readonly user: Account
  /** All layers of the image and its internal bases, in the order in which they are installed. */
  readonly chain: readonly LayerModel[]
  /** The layers that this image itself installs. */
  readonly own: readonly LayerModel[]
  /** The layers that each of {@link images} installs itself. */
  readonly levels: readonly (readonly LayerModel[])[]
  /** This image and its internal bases, outermost first. */
  readonly images: readonly ImageModel[]
  readonly version: string
  /** Made by ov, see {@link addIntermediates}. */
  readonly auto: boolean
}

/**
 * Layers that are installed in the environment that a builder makes for the layer that brings them along, and what depends on these: without it,
 * in an image of what is shared, they would be installed in another one. (IMG-93)
 */
function boundLayers({ layers, vocabulary }: Project, facts: Facts): ReadonlySet<string> {
  const owns = (layer: LayerModel) => manifestsOf(layer, vocabulary, facts.get(layer.name) ?? { base: '' }).length > 0
  const bound = new Set<string>()
  for (const owner of layers.values())
    if (owns(owner))
      for (const name of (owner.data.layers ?? []).map(refName)) {
        const member = layers.get(name)
        if (member && !owns(member) && !isBundle(member)) bound.add(name)
      }
  for (let known = -1; known !== bound.size;) {
    known = bound.size
    for (const { name, data } of bound.size > 0 ? layers.values() : [])
      if ([...(data.depends ?? []), ...(data.layers ?? [])].map(refName).some((needed) => bound.has(needed)))
        bound.add(name)
  }
  return bound
}

/** Resolves the enabled images, bases first. (IMG-01) */
export function resolveImages(
  project: Project,
  graph: LayerGraph,
  facts: Facts,
): { images: ReadonlyMap<string, ResolvedImage>; diagnostics: Diagnostic[] } {
  const resolved = new Map<string, ResolvedImage>()
  const diagnostics: Diagnostic[] = []
  const failed = new Set<string>()
  // What is found in a layer's directory is content, too. (LAY-57)
  const groupsOnly = (layer: LayerModel) =>
    isBundle(layer) && !hasFound(layer, project.vocabulary, facts.get(layer.name) ?? { base: '' })
  const resolve = (image: ImageModel, open: readonly string[]): ResolvedImage | undefined => {
    const done = resolved.get(image.name)
    if (done || failed.has(image.name)) return done
    const say = (code: Diagnostic['code'], field: string, message: string, remedy?: string) => {
      failed.add(image.name)
      diagnostics.push({
        code,
        severity: 'error',
        message,
        entity: `image "${image.name}"`,
        field,
        place: placeOf(image, field),
        ...(remedy !== undefined && { remedy }),
      })
      return undefined
    }
    if (open.includes(image.name))
      return say(
        'OV3002',
        'base',
        `image dependency cycle: ${[...open.slice(open.indexOf(image.name)), image.name].join(' -> ')}`,
      )
    if (image.data.dataImage === true) {
      const found = resolveDataImage(image, project, graph)
      resolved.set(image.name, found)
      return found
    }
    const { base: given } = image.data
    if (typeof given === 'object' && '$ref' in given && !project.images.has(given.name))
      return say('OV3003', 'base', `base: unknown image "${given.name}"`)
    const parentModel = internalBase(project, image)
    if (parentModel?.data.enabled === false)
      return say(
        'OV3004',
        'base',
        `base: image "${parentModel.name}" is disabled`,
        'enable it, or base this image on another one',
      )
    if (parentModel?.data.dataImage === true)
      return say(
        'OV3022',
        'base',
        `base: image "${parentModel.name}" is a data image`,
        'nothing runs in it; base this image on another one',
      )
    const parent = parentModel && resolve(parentModel, [...open, image.name])
    if (parentModel && !parent) {
      failed.add(image.name)
      return undefined
    }
    const base = resolveBase(image, parent, project.pins)
    const ownTags = image.data.distro === undefined ? undefined : [image.data.distro].flat().map(refName)
    const tags = ownTags ?? parent?.tags ?? (base.kind === 'bootstrap' ? bootstrapTags(image) : [])
    const distro = resolveDistro(tags, project.vocabulary)
    const formats =
      (image.data.build === undefined ? undefined : [image.data.build].flat()) ??
      parent?.formats ??
      distro?.formats.slice(0, 1) ??
      []
    if (formats.length === 0)
      return say(
        'OV3005',
        'base',
        'build is required (set in image or base, or known from its distro)',
        "set distro, for example distro: ['debian:13', 'debian']",
      )
    for (const format of formats)
      if (!project.vocabulary.formats.has(format)) {
        const known = [...project.vocabulary.formats.keys()]
        const close = suggest(format, known)
        return say(
          'OV3006',
          'build',
          `build entry "${format}" is not valid (known formats: ${known.join(', ')})`,
          close === undefined ? undefined : `write '${close}'`,
        )
      }
    if (new Set(formats).size < formats.length) return say('OV3006', 'build', 'build names a format twice')

    const provided = new Set(parent?.chain.map((layer) => layer.name))
    const own = graph
      .closure((image.data.layers ?? []).map(refName))
      .map((name) => project.layers.get(name)!)
      .filter((layer) => !groupsOnly(layer) && !provided.has(layer.name))
    // A base is complete before this image begins, so its layers come first, whatever the project's order says.
    const chain = [...(parent?.chain ?? []), ...own]
    if (base.kind !== 'internal' && distro === undefined) {
      const packaged = own.find((layer) => hasPackages(layer, project.vocabulary))
      if (packaged)
        return say(
          'OV3007',
          'base',
          `external base "${describeBase(base)}" has no distro; packages of layer "${packaged.name}" would not be installed`,
          "set distro, for example distro: ['debian:13', 'debian']",
        )
    }
    const found = base.kind === 'external' ? project.pins.images[base.ref]?.users : undefined
    const user = resolveUser(image, parent?.user, distro, found)
    if ('problem' in user) return say('OV3010', user.field, user.problem, user.remedy)
    const version = image.data.version ?? highestVersion(chain.map((layer) => layer.data.version)) ?? parent?.version
    if (version === undefined)
      return say(
        'OV3008',
        'version',
        'resolves no version: a layerless image on an external base needs a dedicated version',
        "set version: 'YYYY.DDD.HHMM'",
      )
    const result: ResolvedImage = {
      name: image.name,
      model: image,
      base,
      tags,
      distro,
      formats,
      user,
      chain,
      own,
      levels: [own, ...(parent?.levels ?? [])],
      images: imageChain(project, image),
      version,
      auto: false,
    }
    resolved.set(image.name, result)
    return result
  }
  for (const image of project.images.values()) if (image.data.enabled !== false) resolve(image, [])
  return {
    images: diagnostics.length > 0 ? resolved : addIntermediates(resolved, boundLayers(project, facts)),
    diagnostics,
  }
}

function resolveBase(image: ImageModel, parent: ResolvedImage | undefined, pins: Pins): ResolvedBase {
  if (parent) return { kind: 'internal', image: parent.name }
  const { base } = image.data
  if (typeof base === 'string') return { kind: 'external', ref: base, pinned: pinnedReference(base, pins) }
  if (base === undefined || !('$base' in base)) throw new Error(`image ${image.name}: unresolved base`)
  const {
    distro = 'debian',
    suite,
    variant = 'minbase',
    components = ['main'],
    include = [],
    mirror,
    snapshot,
  } = base.$base
  return {
    kind: 'bootstrap',
    spec: {
      distro,
      suite,
      variant,
      components,
      include: [...new Set(include)].sort(),
      ...(mirror !== undefined && { mirror }),
      ...(snapshot !== undefined && { snapshot }),
    },
  }
}

function describeBase(base: ResolvedBase): string {
  switch (base.kind) {
    case 'internal':
      return base.image
    case 'external':
      return base.ref
    case 'bootstrap':
      return `${base.spec.distro} ${base.spec.suite}`
    case 'none':
      return 'scratch'
  }
}

/** `['debian:13', 'debian']`; Ubuntu also answers to debian's sections, as its relative. */
function bootstrapTags(image: ImageModel): string[] {
  const { base } = image.data
  if (base === undefined || typeof base === 'string' || !('$base' in base)) return []
  const { distro = 'debian', suite, release = RELEASES[suite] } = base.$base
  return [
    ...(release === undefined ? [] : [`${distro}:${release}`]),
    distro,
    ...(distro === 'debian' ? [] : ['debian']),
  ]
}

/** Why an image can't have the account that it asks for. */
interface NoAccount {
  readonly field: string
  readonly problem: string
  readonly remedy: string
}

/** The account, or why there is none. (IMG-15 to IMG-19, IMG-191) */
function resolveUser(
  image: ImageModel,
  parent: Account | undefined,
  distro: ResolvedDistro | undefined,
  found: Readonly<Record<string, FoundAccount | null>> | undefined,
): Account | NoAccount {
  const { user, uid, gid, userPolicy = 'auto' } = image.data
  if (parent) {
    if (user === undefined && uid === undefined && gid === undefined) return parent
    const wanted = ownAccount(user ?? (uid === parent.uid ? parent.name : undefined), uid, gid)
    const [sameName, sameUid] = [wanted.name === parent.name, wanted.uid === parent.uid]
    if (sameName && (sameUid || uid === undefined)) return { ...parent, gid: gid ?? parent.gid }
    if (!sameName && !sameUid) return wanted
    // Accounts of a base are not renamed, and get no other number. (IMG-19)
    return {
      field: user === undefined ? 'uid' : 'user',
      problem: `its base runs as ${parent.name} with uid ${parent.uid}, and this image as ${wanted.name} with uid ${wanted.uid}`,
      remedy: sameUid
        ? 'give the image a uid of its own, or leave out user to run as its base does'
        : 'give the image a user of its own, or leave out uid to run as its base does',
    }
  }
  const shipped = distro?.baseUser
  if (userPolicy === 'adopt' && !shipped)
    return {
      field: 'userPolicy',
      problem: `userPolicy adopt requires distro [${image.data.distro ? [image.data.distro].flat().map(refName).join(', ') : ''}] to declare baseUser`,
      remedy: "take 'auto' or 'create', or name a distro that declares its account",
    }
  // An explicit user, or another uid, is a wish of its own: it is not overwritten by what the base happens to ship.
  const free = user === undefined && (uid === undefined || uid === shipped?.uid)
  if (shipped && (userPolicy === 'adopt' || (userPolicy === 'auto' && free))) return { ...shipped, adopted: true }
  const sought = soughtUid(image, distro)
  const account = sought === undefined ? undefined : found?.[sought]
  if (sought !== undefined && account)
    return { ...account, uid: sought, gid: gid ?? account.gid, adopted: true, found: true }
  return ownAccount(user, uid, gid)
}

/**
 * The uid whose account is looked up in an external base: nothing else says who it is, and who says so is not overruled. root is the same
 * everywhere. (IMG-18)
 */
export function soughtUid({ data }: ImageModel, distro: ResolvedDistro | undefined): number | undefined {
  const { user, uid = 1000, userPolicy = 'auto' } = data
  return userPolicy === 'auto' && user === undefined && uid !== 0 && !distro?.baseUser ? uid : undefined
}

/** A data image: the layers that give it something, each as it is. Nothing is installed, so nothing is inherited. (IMG-67) */
function resolveDataImage(image: ImageModel, project: Project, graph: LayerGraph): ResolvedImage {
  const { user, uid, gid } = image.data
  const layers = graph
    .closure((image.data.layers ?? []).map(refName))
    .map((name) => project.layers.get(name)!)
    .filter((layer) => !isBundle(layer))
  return {
    name: image.name,
    model: image,
    base: { kind: 'none' },
    tags: [],
    distro: undefined,
    formats: [],
    user: ownAccount(user, uid, gid),
    chain: layers,
    own: layers,
    levels: [layers],
    images: [image],
    version: image.data.version ?? highestVersion(layers.map((layer) => layer.data.version)) ?? '',
    auto: false,
  }
}

function ownAccount(user: string | undefined, uid: number | undefined, gid: number | undefined): Account {
  const isRoot = user === 'root' || (user === undefined && uid === 0)
  const name = user ?? (isRoot ? 'root' : 'user')
  return {
    name,
    uid: uid ?? (isRoot ? 0 : 1000),
    gid: gid ?? (isRoot ? 0 : 1000),
    home: name === 'root' ? '/root' : `/home/${name}`,
    adopted: false,
  }
}
