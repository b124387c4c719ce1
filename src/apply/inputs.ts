import { throwIfErrors } from '../diagnostics/diagnostic.ts'
import { contentHash } from '../synth/references.ts'
import { buildfile, type Buildfile } from './buildfile.ts'
import { baseReference, OUTPUT, projectReference, synthesise, type SynthInput } from '../synth/index.ts'
import { SIDE_MAP } from '../synth/tree.ts'
import type { ImagePlan } from '../plan/ir.ts'
import { buildersUsed } from '../plan/needs.ts'

/** What one image is built from. */
export interface BuildInputs {
  readonly containerfile: string
  readonly lines: readonly ({ readonly file: string; readonly line: number; readonly column: number } | undefined)[]
  /** Everything the builder is sent, by path: hash and execute bit. */
  readonly context: Readonly<Record<string, string>>
  /** Texts of the context that people may want to see in a diff. */
  readonly texts: Readonly<Record<string, string>>
  /** What podman is given. */
  readonly steps: Buildfile
  /** Hash over all that steps run on, and over that of the images of the project that it is built on or with. */
  readonly contentHash: string
  /** Hash over all of it. */
  readonly hash: string
}

/**
 * The inputs of an image, given the references of what it is built on and with. The tag of the image itself is no input: that is how an image with
 * equal inputs is found again under whatever tag it got.
 */
export function buildInputs(
  image: ImagePlan,
  input: SynthInput,
  contentOf: (image: string) => string,
  platforms: readonly string[] = [],
): BuildInputs {
  const { files, diagnostics } = synthesise({ ...input, only: [image], pods: [] })
  throwIfErrors(diagnostics)
  const folder = `${OUTPUT}/${image.name}/`
  const containerfile = files.get(`${folder}Containerfile`)
  if (containerfile?.kind !== 'text') throw new Error(`no Containerfile for ${image.name}`)
  const context: Record<string, string> = {}
  const texts: Record<string, string> = {}
  const stages = image.layers.map((layer) => `${layer.directory}/`)
  const notSent = new Set([SIDE_MAP, 'Containerfile', 'containerignore'].map((name) => folder + name))
  for (const [path, file] of files) {
    if (notSent.has(path)) continue
    if (!path.startsWith(folder) && !stages.some((stage) => path.startsWith(stage))) continue
    context[path] = file.kind === 'text' ? contentHash(file.text) : `${file.hash}${file.executable ? ' x' : ''}`
    if (file.kind === 'text') texts[path] = file.text
  }
  // Directories of the project are sent as they are, without a copy in the output.
  for (const layer of image.layers)
    if (!layer.directory.startsWith(`${OUTPUT}/`))
      for (const { to, hash, executable } of input.stages.get(layer.plan.layer) ?? [])
        context[`${layer.directory}/${to}`] = `${hash}${executable ? ' x' : ''}`
  // References to images of the project are in the Containerfile; their tags and metadata must not decide, their content must.
  let text =
    image.base.kind === 'internal'
      ? containerfile.text.replace(
          `ARG BASE_IMAGE=${baseReference(image, input)}\n`,
          `ARG BASE_IMAGE=${contentOf(image.base.image)}\n`,
        )
      : containerfile.text
  for (const name of buildersUsed(image))
    text = text.replaceAll(`FROM ${projectReference(name, input)} AS `, `FROM ${contentOf(name)} AS `)
  const steps = buildfile(text, context, portsOf(image, input.images))
  const sorted = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))
  // What is built for this machine does not name its platform.
  const sent = platforms.length > 0 ? [sorted, platforms] : [sorted]
  return {
    containerfile: containerfile.text,
    lines: containerfile.lines ?? [],
    context,
    texts,
    steps,
    contentHash: contentHash(JSON.stringify([steps.content, ...sent])),
    hash: contentHash(JSON.stringify([steps, ...sent])),
  }
}

/** Ports of an image and of what it is built on. */
function portsOf(image: ImagePlan, images: ReadonlyMap<string, ImagePlan>): string[] {
  const ports = new Set<string>()
  for (
    let at: ImagePlan | undefined = image;
    at;
    at = at.base.kind === 'internal' ? images.get(at.base.image) : undefined
  )
    for (const port of at.ports) ports.add(port)
  return [...ports].sort()
}
