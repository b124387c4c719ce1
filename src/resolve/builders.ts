import type { Builder } from '../../dsl/vocabulary.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import type { Facts } from '../model/facts.ts'
import { byName, placeOf, type LayerModel, type Project, type Vocabulary } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import type { ResolvedImage } from './image.ts'
import { manifestsOf } from './manifests.ts'
import { selectSections } from './sections.ts'

type Images = ReadonlyMap<string, ResolvedImage>
/** Builder images by what they build. */
export type BuilderMap = Readonly<Record<string, string>>

/** The package format whose section triggers a builder. */
export const sectionOf = ({ section }: Builder): string | undefined =>
  typeof section === 'object' ? section.name : section

/** The builder of a format's packages, where they are built rather than downloaded. */
export const builderOf = (format: string, { builders }: Vocabulary): Builder | undefined =>
  [...builders.values()].find((builder) => sectionOf(builder) === format)

/**
 * The builder image of every kind for each image: what the first image with the same distro tag declares, what its base has, what it declares
 * itself; the later wins. This is the only place that decides it. (IMG-21, IMG-T12)
 */
export function resolveBuilders(
  project: Project,
  images: Images,
  facts: Facts,
): { maps: ReadonlyMap<string, BuilderMap>; of: BuildersOf; diagnostics: Diagnostic[] } {
  const of = buildersOf(project, facts)
  const giving = givingDefaults(images)
  const maps = new Map<string, BuilderMap>()
  for (const image of images.values()) {
    const base = image.base.kind === 'internal' ? maps.get(image.base.image) : undefined
    const merged = { ...distroDefault(image, giving), ...base, ...declared(image) }
    const entries = Object.entries(merged).filter(([, builder]) => builder !== image.name)
    maps.set(image.name, Object.fromEntries(entries.sort(([a], [b]) => byName(a, b))))
  }
  const uses = new Map([...images].map(([name, image]) => [name, buildersNeeded(image, of)]))
  const diagnostics = [
    ...[...images.values()].flatMap((image) => checkDeclared(image, project)),
    ...[...images.values()].flatMap((image) => checkNeeded(image, uses.get(image.name)!, maps.get(image.name)!)),
  ]
  return { maps, of, diagnostics: [...diagnostics, ...checkCircles(images, uses, maps)] }
}

/** What a project's images give a distro, by the tags of a machine. (HOST-20) */
export const buildersForTags = (tags: readonly string[], images: Images): BuilderMap =>
  distroDefault({ tags }, givingDefaults(images))

const declared = (image: ResolvedImage): BuilderMap =>
  Object.fromEntries(Object.entries(image.model.data.builder ?? {}).map(([kind, ref]) => [kind, refName(ref)]))

/** Images that give a distro its builders, by their names. */
const givingDefaults = (images: Images): ResolvedImage[] =>
  [...images.values()]
    .filter(({ model: { data } }) => data.builder !== undefined && data.distro !== undefined)
    .sort((a, b) => byName(a.name, b.name))

function distroDefault({ tags }: Pick<ResolvedImage, 'tags'>, giving: readonly ResolvedImage[]): BuilderMap {
  for (const tag of tags)
    for (const one of giving) if ([one.model.data.distro!].flat().map(refName).includes(tag)) return declared(one)
  return {}
}

/** A kind of builder that an image needs an image for, and the layer that needs it. */
interface Need {
  readonly kind: string
  readonly layer: string
}

/** The builders of a layer in an image. */
export type BuildersOf = (layer: LayerModel, image: ResolvedImage) => readonly Builder[]

const NONE: readonly Builder[] = []

/** Manifests always count; sections only where the image installs them. (IMG-22, LAY-T23) */
function buildersOf({ layers, vocabulary }: Project, facts: Facts): BuildersOf {
  // Most layers have no manifest, and many images have the same layers.
  const byManifest = new Map<string, readonly Builder[]>()
  for (const layer of layers.values()) {
    const found = manifestsOf(layer, vocabulary, facts.get(layer.name) ?? { base: '' })
    if (found.length > 0)
      byManifest.set(
        layer.name,
        found.map(({ builder }) => builder),
      )
  }
  const built = new Map([...vocabulary.builders.values()].map((builder) => [sectionOf(builder), builder]))
  return (layer, image) => {
    const manifests = byManifest.get(layer.name) ?? NONE
    if (!image.formats.some((format) => built.has(format))) return manifests
    const sections = selectSections(layer, image.tags, image.formats).map(({ format }) => built.get(format))
    return [...manifests, ...sections.filter((builder) => builder !== undefined)]
  }
}

/** Nothing is built for a data image. */
const buildersNeeded = (image: ResolvedImage, of: BuildersOf): Need[] =>
  image.base.kind === 'none'
    ? []
    : image.own.flatMap((layer) =>
        of(layer, image)
          .filter((builder) => builder.stage !== undefined)
          .map((builder) => ({ kind: builder.name, layer: layer.name })),
      )

const problem = (image: ResolvedImage, field: string, message: string, remedy: string): Diagnostic => ({
  code: 'OV3030',
  severity: 'error',
  message,
  entity: `image "${image.name}"`,
  field,
  place: placeOf(image.model, field),
  remedy,
})

/** (IMG-20) */
function checkDeclared(image: ResolvedImage, project: Project): Diagnostic[] {
  const { builder: map = {}, builds = [] } = image.auto ? {} : image.model.data
  const known = [...project.vocabulary.builders.keys()]
  const unknown = (at: string, field: string, kind: string) => {
    const close = suggest(kind, known)
    return problem(
      image,
      at,
      `${field}: there is no builder "${kind}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
      `known are ${known.join(', ')}`,
    )
  }
  return [
    ...builds
      .map(refName)
      .flatMap((kind, index) => (known.includes(kind) ? [] : [unknown(`builds[${index}]`, `builds[${index}]`, kind)])),
    ...Object.entries(map).flatMap(([kind, ref]): Diagnostic[] => {
      const field = `builder.${kind}`
      if (!known.includes(kind)) return [unknown('builder', field, kind)]
      const name = refName(ref)
      const target = project.images.get(name)
      if (!target) {
        const close = suggest(name, project.images.keys())
        return [
          problem(
            image,
            'builder',
            `${field} references unknown image "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
            'name an image of the project; one from a registry is declared with it as base',
          ),
        ]
      }
      if (target.data.enabled === false)
        return [
          problem(image, 'builder', `${field} references "${name}" which is disabled`, 'enable it, or take another'),
        ]
      const given = target.data.builds?.map(refName)
      if (given && given.length > 0 && !given.includes(kind))
        return [
          problem(
            image,
            'builder',
            `${field} references "${name}" which does not declare builds: [${kind}]`,
            `it declares ${given.join(', ')}; add ${kind} when it has the tools`,
          ),
        ]
      return []
    }),
  ]
}

const checkNeeded = (image: ResolvedImage, needs: readonly Need[], map: BuilderMap): Diagnostic[] =>
  needs.flatMap(({ kind, layer }) =>
    map[kind] === undefined
      ? [
          problem(
            image,
            'builder',
            `layer "${layer}" needs builder "${kind}" but no builder.${kind} configured`,
            `name an image that has the tools: builder: { ${kind}: … }`,
          ),
        ]
      : [],
  )

/** An image can't be built with a builder that is built on it. */
function checkCircles(
  images: Images,
  uses: ReadonlyMap<string, readonly Need[]>,
  maps: ReadonlyMap<string, BuilderMap>,
) {
  const diagnostics: Diagnostic[] = []
  const done = new Set<string>()
  const visit = (name: string, open: readonly string[]): void => {
    const image = images.get(name)
    if (!image || done.has(name)) return
    if (open.includes(name)) {
      const circle = [...open.slice(open.indexOf(name)), name]
      done.add(name)
      diagnostics.push({
        ...problem(image, 'builder', `image dependency cycle: ${circle.join(' -> ')}`, 'build it with another image'),
        code: 'OV3002',
      })
      return
    }
    if (image.base.kind === 'internal') visit(image.base.image, [...open, name])
    for (const { kind } of uses.get(name) ?? []) visit(maps.get(name)?.[kind] ?? '', [...open, name])
    done.add(name)
  }
  for (const name of images.keys()) visit(name, [])
  return diagnostics
}
