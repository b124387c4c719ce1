import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { byName, type LayerModel } from '../model/project.ts'
import type { ResolvedImage } from '../resolve/image.ts'
import type { Account } from '../resolve/image.ts'
import { stagedData } from './data.ts'
import { checkData } from './image-checks.ts'
import type { ImageLayer, ImagePlan, LayerPlan } from './ir.ts'
import { EMPTY_METADATA, type ImageMetadata } from './metadata.ts'
import { dataLabels, volumeLabels } from './runtime-metadata.ts'

/** What a layer has besides its data has no place in a data image. */
const REFUSED = ['services', 'ports', 'portRelay'] as const

/** Compiles an image of data alone: files, and labels that say which volumes they are for. (IMG-67) */
export function compileDataImage(
  image: ResolvedImage,
  planOf: (layer: LayerModel) => LayerPlan,
  directoryOf: (layer: LayerModel) => string,
  diagnostics: Diagnostic[],
): ImagePlan {
  const layers = image.own.filter((layer) => (layer.data.data ?? []).length > 0)
  checkDataImage(image, layers, diagnostics)
  checkData(image, diagnostics)
  const { registry, tag } = image.model.data
  return {
    name: image.name,
    auto: false,
    origin: image.model.origin,
    base: image.base,
    ...(registry !== undefined && { registry }),
    ...(tag !== undefined && { tag }),
    user: image.user,
    newAccount: false,
    shellIsBash: false,
    caches: [],
    ports: [],
    layers: layers.map((layer): ImageLayer => ({
      origin: layer.origin,
      directory: directoryOf(layer),
      vars: {},
      // What is wrong with its tasks is said, but they are not run.
      plan: { ...planOf(layer), image: image.name, steps: [] },
      data: stagedData(layer),
      extract: [],
    })),
    builderHooks: [],
    shell: [],
    routes: [],
    bootc: false,
    keepsRoot: false,
    metadata: metadataOf(image, layers, image.user),
    ancestors: [],
  }
}

const metadataOf = (image: ResolvedImage, layers: readonly LayerModel[], user: Account): ImageMetadata => ({
  ...EMPTY_METADATA,
  version: image.version,
  image: image.name,
  registry: image.model.data.registry ?? '',
  volumes: volumeLabels([image.own], user.home),
  layerVersions: Object.fromEntries(
    layers.map((layer) => [layer.name, layer.data.version] as const).sort(([a], [b]) => byName(a, b)),
  ),
  data: dataLabels(layers),
  dataImage: true,
})

function checkDataImage(image: ResolvedImage, layers: readonly LayerModel[], diagnostics: Diagnostic[]): void {
  const about = { code: 'OV3022', entity: `image "${image.name}"`, field: 'layers', place: image.model.origin } as const
  if (layers.length === 0)
    diagnostics.push({
      ...about,
      severity: 'error',
      message: 'a data image needs at least one layer with data',
      remedy: "give a layer data: [{ src: 'folder', volume: 'name' }]",
    })
  for (const layer of image.own) {
    const data = layer.data as Readonly<Record<string, unknown>>
    const refused = REFUSED.filter((field) => field in data)
    const related = [{ message: `layer "${layer.name}" is declared here`, place: layer.origin }]
    if (refused.length > 0)
      diagnostics.push({
        ...about,
        severity: 'error',
        message: `layer "${layer.name}" has ${refused.join(' and ')}, which a data image can't have`,
        related,
        remedy: 'put the data into a layer of its own',
      })
    const rest = Object.keys(data).filter((field) => !IGNORED.includes(field) && !refused.includes(field as 'ports'))
    if (rest.length > 0)
      diagnostics.push({
        ...about,
        severity: 'warning',
        message: `of layer "${layer.name}" only the data is in the image, not its ${rest.join(', ')}`,
        related,
        remedy: 'put the data into a layer of its own',
      })
  }
}

/** Fields of a layer that a data image makes use of, or that say nothing of its content. */
const IGNORED = [
  'name',
  'version',
  'description',
  'status',
  'info',
  'directory',
  'files',
  'depends',
  'layers',
  'volumes',
  'data',
]
