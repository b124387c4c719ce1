import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ImagePlan } from '../plan/ir.ts'
import { imagesNeeded } from '../plan/needs.ts'
import { writeAtomic } from '../state/atomic.ts'
import type { Paths } from '../state/paths.ts'
import { highestVersion } from '../resolve/calver.ts'
import { contentReference, fullReference, qualified, type SynthInput } from '../synth/index.ts'
import { CALVER, freeTag } from './calver.ts'
import type { Clock } from './executor.ts'
import { buildInputs, type BuildInputs } from './inputs.ts'
import { INPUTS_LABEL, type LocalImage, type Podman } from './podman.ts'

/** What is to happen to an image. */
export interface ImageDecision {
  readonly image: ImagePlan
  readonly inputs: BuildInputs
  readonly tag: string
  /** Full reference, as podman stores it. */
  readonly reference: string
  /** Nothing in local storage was built from these inputs under this tag, or what others are to be built on is not there. */
  readonly build: boolean
  /** The image without its metadata, for those that others are built on or with. */
  readonly content?: Content
  /** An image with these inputs under another tag: it only needs this one. */
  readonly equal?: LocalImage
}

/** An image without its metadata. */
interface Content {
  readonly reference: string
  readonly build: boolean
}

export interface DecideOptions {
  readonly tag?: string
  /** What it is built for, where that is not this machine. */
  readonly platforms?: (image: ImagePlan) => readonly string[]
  /** Images that are to be built whatever there is. */
  readonly force?: (image: ImagePlan) => boolean
}

/** The images that the wanted ones are built on or with, each after those it needs. (IMG-180) */
export function withBases(wanted: readonly string[], images: ReadonlyMap<string, ImagePlan>): ImagePlan[] {
  const order = new Map<string, ImagePlan>()
  const visit = (name: string) => {
    const image = images.get(name)
    if (!image || order.has(name)) return
    imagesNeeded(image).forEach(visit)
    order.set(name, image)
  }
  wanted.forEach(visit)
  return [...order.values()]
}

/**
 * Decides for each image which tag it has and whether it must be built. A tag is the given one, else the image's own, else that of the newest
 * local image with equal inputs; only when there is none, a new one is made. So nothing moves without a cause.
 */
export async function decideImages(
  images: readonly ImagePlan[],
  input: Omit<SynthInput, 'tag' | 'pods'>,
  podman: Podman,
  clock: Clock,
  options: DecideOptions = {},
): Promise<ImageDecision[]> {
  const local = images.length === 0 ? [] : await podman.images()
  const names = new Set(local.flatMap((one) => one.names))
  const looked = new Map<string, Omit<ImageDecision, 'build'> & { missing: boolean; anew: boolean; content: Content }>()
  for (const image of images) {
    const tagOf = (of: ImagePlan) => looked.get(of.name)?.tag ?? of.metadata.version
    const contentOf = (name: string) => looked.get(name)?.content.reference ?? ''
    const inputs = buildInputs(image, { ...input, pods: [], tag: tagOf }, contentOf, options.platforms?.(image))
    const equal = local.filter((one) => one.labels[INPUTS_LABEL] === inputs.hash)
    const fixed = options.tag ?? image.tag
    const prefix = qualified(fullReference(image, ''))
    const forced = options.force?.(image) === true || imagesNeeded(image).some((name) => looked.get(name)?.anew)
    const found = forced ? undefined : tagAmong(equal, prefix, fixed)
    const tag = found ?? fixed ?? freeTag(clock.now(), takenTags(local, prefix))
    const content = contentReference(image.name, inputs.contentHash)
    const other = found === undefined && fixed !== undefined && !forced ? equal[0] : undefined
    const anew = forced || (found === undefined && !other && !names.has(content))
    looked.set(image.name, {
      image,
      inputs,
      tag,
      reference: qualified(fullReference(image, tag)),
      missing: found === undefined,
      anew,
      content: { reference: content, build: anew || !names.has(content) },
      ...(other && { equal: other }),
    })
  }
  const decided: ImageDecision[] = []
  const wanted = new Set<string>()
  // Those that need others come first here: what the others are built on has to be there only for them.
  for (const { missing, anew: _, content, equal, ...image } of [...looked.values()].reverse()) {
    const needed = wanted.has(image.image.name)
    const steps = (missing && !equal) || (needed && content.build)
    if (steps) imagesNeeded(image.image).forEach((name) => wanted.add(name))
    decided.unshift({
      ...image,
      build: missing || steps,
      ...(needed && { content }),
      ...(equal && !steps && { equal }),
    })
  }
  return decided
}

function tagAmong(images: readonly LocalImage[], prefix: string, fixed: string | undefined): string | undefined {
  for (const { names } of images) {
    const tags = names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []))
    if (fixed !== undefined && tags.includes(fixed)) return fixed
    // Tags that somebody added by hand come and go; those that ov makes stay.
    if (fixed === undefined && tags.length > 0) return highestVersion(tags.filter((tag) => CALVER.test(tag))) ?? tags[0]
  }
  return undefined
}

const takenTags = (images: readonly LocalImage[], prefix: string): Set<string> =>
  new Set(
    images.flatMap(({ names }) =>
      names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])),
    ),
  )

/** Text that a diff may show later: small enough, and text. */
const KEEP_BELOW = 64 * 1024

/** What an image was built from, remembered so that `ov diff` can show what changed since. */
export interface BuildRecord {
  readonly image: string
  readonly containerfile: string
  readonly context: Readonly<Record<string, string>>
  readonly texts: Readonly<Record<string, string>>
}

export class BuildStore {
  readonly #folder: string
  constructor(paths: Paths) {
    this.#folder = paths.builds
  }

  get(hash: string): BuildRecord | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#folder, `${hash}.json`), 'utf8')) as BuildRecord
    } catch {
      return undefined
    }
  }

  put({ image, inputs }: ImageDecision, root: string): void {
    const texts: Record<string, string> = {}
    for (const path of Object.keys(inputs.context)) {
      const text = inputs.texts[path] ?? readText(join(root, path))
      if (text !== undefined) texts[path] = text
    }
    const record: BuildRecord = {
      image: image.name,
      containerfile: inputs.containerfile,
      context: inputs.context,
      texts,
    }
    writeAtomic(join(this.#folder, `${inputs.hash}.json`), JSON.stringify(record), { keep: true })
  }

  /** Forgets builds of which no image is left. */
  sweep(images: readonly LocalImage[]): void {
    const kept = new Set(images.map((one) => one.labels[INPUTS_LABEL]))
    for (const name of readdirSync(this.#folder))
      if (name.endsWith('.json') && !kept.has(name.slice(0, -'.json'.length)))
        rmSync(join(this.#folder, name), { force: true })
  }
}

/** Text of a file, if it is there and small enough to be shown. */
export function readText(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    return text.length < KEEP_BELOW && !text.includes('\0') ? text : undefined
  } catch {
    return undefined
  }
}
