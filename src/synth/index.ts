import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { storageName } from '../model/deploy-key.ts'
import { Unrepresentable, type Printed } from '../format/index.ts'
import type { Place } from '../diagnostics/diagnostic.ts'
import type { ImagePlan } from '../plan/ir.ts'
import type { PodPlan } from '../plan/pod/index.ts'
import { renderContainerfile } from './containerfile/index.ts'
import { renderRoutes, routesFile } from './containerfile/routes.ts'
import { CHECKSUM_MISMATCH } from './containerfile/tasks.ts'
import {
  renderCloudflared,
  renderPodFiles,
  runArguments,
  type Mounting,
  type PodFile,
  type QuadletInput,
} from './quadlet/index.ts'
import { bootstrapReference, contentHash, CONTENT_IMAGES, contentReference, fullReference } from './references.ts'
import { SIDE_MAP, sideMap, type FileTree, type OutputFile } from './tree.ts'
import { UnprintableLine } from './unprintable.ts'

/** A file of a layer that is copied into the build context. */
export interface StageFile {
  readonly from: string
  readonly to: string
  readonly hash: string
  readonly executable: boolean
}

/** What output depends on besides the plans. */
export interface SynthInput {
  readonly images: ReadonlyMap<string, ImagePlan>
  /** The images to render; all by default. */
  readonly only?: readonly ImagePlan[]
  readonly pods: readonly PodPlan[]
  readonly stages: ReadonlyMap<string, readonly StageFile[]>
  /** Tag of an image; plain synth takes its version. */
  readonly tag: (image: ImagePlan) => string
  /** Name of this machine's architecture as builders spell it: amd64, arm64. */
  readonly architecture: string
}

/** Where ov writes, relative to the project root. */
export const OUTPUT = '.build'

/** Renders everything. Pure: the same input gives the same bytes anywhere. */
export function synthesise(input: SynthInput): { files: FileTree; diagnostics: Diagnostic[] } {
  const files = new Map<string, OutputFile>()
  const diagnostics: Diagnostic[] = []
  files.set(`${OUTPUT}/.gitignore`, { kind: 'text', text: '*\n' })
  for (const image of input.only ?? input.images.values()) synthesiseImage(image, input, files, diagnostics)
  for (const pod of input.pods) {
    const image = pod.image.kind === 'project' ? input.images.get(pod.image.name) : undefined
    if (pod.image.kind === 'project' && !image) continue
    const rendered = guard(diagnostics, `pod "${pod.name}"`, 'OV4008', pod.origin, () =>
      renderPodFiles(
        pod,
        offlineQuadlet(
          image ? qualified(fullReference(image, input.tag(image))) : pod.image.kind === 'local' ? pod.image.ref : '',
          pod,
        ),
      ),
    )
    for (const { name, printed } of rendered ?? [])
      putPrinted(files, `${OUTPUT}/_deploys/${storageName(pod.name)}/${name}`, printed)
  }
  putSideMaps(files)
  return { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), diagnostics }
}

/** podman keeps an image without registry under `localhost/`; a unit names it in full, so that nothing else can be meant. */
export const qualified = (reference: string): string => (reference.includes('/') ? reference : `localhost/${reference}`)

/** `~/x` for a unit, whatever the home: systemd's own name for it. */
const homePath = (path: string) => path.replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, () => HOME_SPECIFIER)
const HOME_SPECIFIER = '%h'

/** Synth knows no machine: paths below the home stay relative to it. */
const offlineQuadlet = (image: string, pod: PodPlan): QuadletInput => ({
  image,
  hostPath: ({ kind, name, auto, host }) => {
    const below = storageName(pod.name)
    if (kind === 'encrypted')
      return homePath(`${auto ? `~/.local/share/ov/encrypted/ov-${below}-${name}` : host}/plain`)
    return homePath(auto ? `~/.local/share/ov/volumes/${below}/${name}` : host)
  },
  // Where ov is, and where its passphrases are, only a machine knows.
  mounting: { ov: ['ov'], unattended: true },
  tunnelFile: (tunnel) => `${HOME_SPECIFIER}/.config/ov/tunnels/${tunnel}.yml`,
  ...(pod.version !== undefined && { version: pod.version }),
  ...(pod.envFile !== undefined && { envFile: pod.envFile }),
})

function synthesiseImage(
  image: ImagePlan,
  input: SynthInput,
  files: Map<string, OutputFile>,
  diagnostics: Diagnostic[],
): void {
  const folder = `${OUTPUT}/${image.name}`
  const inline = new Map<string, string>()
  const printed = guard(diagnostics, `image "${image.name}"`, 'OV5002', image.origin, () =>
    renderContainerfile(image, {
      baseRef: baseReference(image, input),
      hasFiles: (layer) => (input.stages.get(layer.plan.layer) ?? []).length > 0,
      referenceOf: (name) => projectReference(name, input),
      contentPath: (layer, content) => {
        const path = `${folder}/_inline/${layer}/${contentHash(content)}`
        inline.set(path, content)
        return path
      },
    }),
  )
  if (!printed) return
  putPrinted(files, `${folder}/Containerfile`, printed)
  files.set(`${folder}/containerignore`, { kind: 'text', text: ignoreFile(image) })
  for (const [path, text] of inline) files.set(path, { kind: 'text', text })
  if (image.routes.length > 0) putPrinted(files, routesFile(image.name), renderRoutes(image))
  const { init } = image
  if (init?.config && init.fragments.length > 0) {
    const header = `${init.config.header}\n`
    putPrinted(files, `${folder}/${init.fragmentDirectory}/00-header.conf`, {
      text: header,
      lines: linesOf(header).map(() => image.origin),
    })
    for (const { file, text, lines } of init.fragments)
      putPrinted(files, `${folder}/${init.fragmentDirectory}/${file}`, { text: `${text}\n`, lines })
  }
  for (const { file, text, origin } of init?.files ?? [])
    putPrinted(files, `${folder}/${init!.fragmentDirectory}/${file}`, { text, lines: linesOf(text).map(() => origin) })
  for (const layer of image.layers) {
    if (!layer.directory.startsWith(`${OUTPUT}/`)) continue
    const staged = input.stages.get(layer.plan.layer) ?? []
    for (const { from, to, hash, executable } of staged)
      files.set(`${layer.directory}/${to}`, { kind: 'copy', from, hash, executable })
  }
}

/** What `ARG BASE_IMAGE=` says. */
export function baseReference(image: ImagePlan, input: Pick<SynthInput, 'images' | 'tag' | 'architecture'>): string {
  switch (image.base.kind) {
    case 'external':
      return image.base.pinned
    case 'bootstrap':
      return bootstrapReference(image.base.spec, input.architecture)
    case 'none':
      return 'scratch'
    case 'internal':
      return projectReference(image.base.image, input)
  }
}

/** The full tag of an image of the project. */
export function projectReference(name: string, { images, tag }: Pick<SynthInput, 'images' | 'tag'>): string {
  const image = images.get(name)!
  return fullReference(image, tag(image))
}

/** Only what the Containerfile copies is sent to the builder; patterns of the user's own ignore files never come into it. */
function ignoreFile(image: ImagePlan): string {
  const wanted = [`${OUTPUT}/${image.name}`, ...image.layers.map((layer) => layer.directory)]
  return ['*', ...[...new Set(wanted)].sort().map((path) => `!${path}`), ''].join('\n')
}

const linesOf = (text: string) => text.replace(/\n$/, '').split('\n')

function putPrinted(files: Map<string, OutputFile>, path: string, printed: Printed<Place>): void {
  files.set(path, { kind: 'text', text: printed.text, lines: printed.lines })
}

/** Each image and each deploy has a folder, and each folder a map of its files. */
function putSideMaps(files: Map<string, OutputFile>): void {
  const folders = new Map<string, { name: string; lines: readonly (Place | undefined)[] }[]>()
  for (const [path, file] of files) {
    const [folder] = /^[^/]+\/(?:_[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? []
    if (folder === undefined || file.kind !== 'text' || !file.lines) continue
    const mapped = folders.get(folder) ?? []
    folders.set(folder, mapped)
    mapped.push({ name: path.slice(folder.length + 1), lines: file.lines })
  }
  for (const [folder, mapped] of folders) files.set(`${folder}/${SIDE_MAP}`, { kind: 'text', text: sideMap(mapped) })
}

/** Renders the files of a deploy for a machine; a value that a unit can't hold is reported. */
export function renderPod(pod: PodPlan, input: QuadletInput): { files: readonly PodFile[]; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const files = guard(diagnostics, `pod "${pod.name}"`, 'OV4008', pod.origin, () => renderPodFiles(pod, input))
  return { files: files ?? [], diagnostics }
}

/** A value that the output language can't hold becomes a diagnostic; everything else is a bug and passes on. */
function guard<T>(
  diagnostics: Diagnostic[],
  entity: string,
  code: Diagnostic['code'],
  place: Place,
  render: () => T,
): T | undefined {
  try {
    return render()
  } catch (error) {
    const { author, cause } = error instanceof UnprintableLine ? error : { author: undefined, cause: error }
    if (!(cause instanceof Unrepresentable)) throw error
    diagnostics.push({
      code,
      severity: 'error',
      message: `${cause.context} can't hold ${cause.obstacle}`,
      entity,
      place: author ?? place,
      remedy: 'change the value; put longer or binary text into a file',
    })
    return undefined
  }
}

export { renderCloudflared, runArguments, type Mounting }
export { bootstrapReference, CHECKSUM_MISMATCH, contentReference, CONTENT_IMAGES, fullReference }
