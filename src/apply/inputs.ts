import { throwIfErrors } from '../diagnostics/diagnostic.ts'
import { contentHash } from '../synth/references.ts'
import { baseReference, OUTPUT, synthesise, type SynthInput } from '../synth/index.ts'
import type { ImagePlan } from '../plan/ir.ts'

/** What one image is built from. */
export interface BuildInputs {
  readonly containerfile: string
  readonly lines: readonly ({ readonly file: string; readonly line: number; readonly column: number } | undefined)[]
  /** Everything the builder is sent, by path: hash and execute bit. */
  readonly context: Readonly<Record<string, string>>
  /** Texts of the context that people may want to see in a diff. */
  readonly texts: Readonly<Record<string, string>>
  /** Hash over all of it, and over the inputs of the internal base. */
  readonly hash: string
}

/**
 * The inputs of an image, given the tag of each base. The tag of the image itself is no input: that is how an image with equal inputs is found
 * again under whatever tag it got.
 */
export function buildInputs(image: ImagePlan, input: SynthInput, baseHash: string): BuildInputs {
  const { files, diagnostics } = synthesise({ ...input, images: onlyChain(image, input), pods: [] })
  throwIfErrors(diagnostics)
  const folder = `${OUTPUT}/${image.name}/`
  const containerfile = files.get(`${folder}Containerfile`)
  if (containerfile?.kind !== 'text') throw new Error(`no Containerfile for ${image.name}`)
  const context: Record<string, string> = {}
  const texts: Record<string, string> = {}
  const stages = image.layers.map((layer) => `${layer.directory}/`)
  for (const [path, file] of files) {
    if (path.endsWith('.map.json') || path === `${folder}Containerfile` || path === `${folder}containerignore`) continue
    if (!path.startsWith(folder) && !stages.some((stage) => path.startsWith(stage))) continue
    context[path] = file.kind === 'text' ? contentHash(file.text) : `${file.hash}${file.executable ? ' x' : ''}`
    if (file.kind === 'text') texts[path] = file.text
  }
  // Directories of the project are sent as they are, without a copy in the output.
  for (const layer of image.layers)
    if (!layer.directory.startsWith(`${OUTPUT}/`))
      for (const { to, hash, executable } of input.stages.get(layer.plan.layer) ?? [])
        context[`${layer.directory}/${to}`] = `${hash}${executable ? ' x' : ''}`
  // The base's reference is in the Containerfile; its tag must not decide, its content must.
  const neutral =
    image.base.kind === 'internal'
      ? containerfile.text.replace(baseReference(image, input), `${image.base.image}@${baseHash}`)
      : containerfile.text
  return {
    containerfile: containerfile.text,
    lines: containerfile.lines ?? [],
    context,
    texts,
    hash: contentHash(JSON.stringify([neutral, Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))])),
  }
}

function onlyChain(image: ImagePlan, input: SynthInput): ReadonlyMap<string, ImagePlan> {
  const chain = new Map([[image.name, image]])
  for (let at = image; at.base.kind === 'internal';) {
    at = input.images.get(at.base.image)!
    chain.set(at.name, at)
  }
  return chain
}
