import type { Builder } from '../../dsl/vocabulary.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Facts, LayerFacts } from '../model/facts.ts'
import { placeOf, type LayerModel, type Project, type Vocabulary } from '../model/project.ts'

/** A manifest of a layer, and the builder that it triggers. */
export interface Manifest {
  readonly builder: Builder
  /** Folder of the manifest below the layer's files; empty for the top. */
  readonly folder: string
  /** Name of the manifest. */
  readonly file: string
  /** Names in that folder. */
  readonly names: readonly string[]
}

/** The path that a layer's own field names as manifest of a builder. */
export function namedManifest(layer: LayerModel, builder: Builder): { folder: string; file: string } | undefined {
  const given = builder.section === undefined && (layer.data as Readonly<Record<string, unknown>>)[builder.name]
  if (typeof given !== 'string') return undefined
  const parts = given.split('/').filter((part) => part !== '' && part !== '.')
  return { folder: parts.slice(0, -1).join('/'), file: parts.at(-1) ?? '' }
}

const isThere = (name: string, names: readonly string[]) => names.includes(name.replace(/\/$/, ''))

/** The manifests of a layer, by builder: those that its fields name, and those in a directory of its own. (LAY-52) */
export function manifestsOf(layer: LayerModel, vocabulary: Vocabulary, facts: LayerFacts): Manifest[] {
  return [...vocabulary.builders.values()].flatMap((builder): Manifest[] => {
    const named = namedManifest(layer, builder)
    if (named) return [{ builder, ...named, names: facts.beside?.[builder.name] ?? [] }]
    const names = facts.own?.names ?? []
    const found = builder.detect?.find(([file]) => isThere(file, names))
    return found && builder.section === undefined ? [{ builder, folder: '', file: found[0], names }] : []
  })
}

/** Whether a layer's own directory, or what its fields name, gives builders or inits something to do. */
export const hasFound = (layer: LayerModel, vocabulary: Vocabulary, facts: LayerFacts): boolean =>
  (facts.own?.units.length ?? 0) > 0 || manifestsOf(layer, vocabulary, facts).length > 0

/** Names of all manifests that some builder takes, in the order in which they are explained. (LAY-10) */
export const manifestNames = ({ builders }: Vocabulary): string[] =>
  [...builders.values()].reverse().flatMap((builder) => (builder.detect ?? []).map(([file]) => file))

/** Files that a manifest stands for: itself, and what its builder uses of what lies beside it. */
export function filesOf({ builder, folder, file, names }: Manifest): string[] {
  const [, ...needed] = builder.detect?.find(([one]) => one === file) ?? []
  const beside = [...needed, ...(builder.companions ?? [])].filter((name) => isThere(name, names))
  return [file, ...beside].map((name) => (folder === '' ? name : `${folder}/${name}`))
}

/** Reports manifests that their builders can't take. (LAY-53) */
export function checkManifests(project: Project, facts: Facts): Diagnostic[] {
  return [...project.layers.values()].flatMap((layer) => {
    const fact = facts.get(layer.name) ?? { base: '' }
    return manifestsOf(layer, project.vocabulary, fact).flatMap((manifest): Diagnostic[] => {
      const { builder, file, names } = manifest
      const { detect = [] } = builder
      const make = (message: string, remedy: string): Diagnostic[] => [
        {
          code: 'OV2040',
          severity: 'error',
          message,
          entity: `layer "${layer.name}"`,
          ...(builder.name in layer.data && { field: builder.name }),
          place: placeOf(layer, builder.name),
          remedy,
        },
      ]
      const known = detect.map(([one]) => one)
      const group = detect.find(([one]) => one === file)
      if (!group)
        return make(
          `${builder.name}: ${JSON.stringify(file)} is no manifest of ${builder.name}`,
          `it takes ${known.join(', ')}`,
        )
      const found = known.filter((one) => isThere(one, names))
      if (!namedManifest(layer, builder) && found.length > 1)
        return make(
          `only one of ${known.join(', ')} allowed`,
          `its directory has ${found.join(' and ')}; name one: ${builder.name}: '${file}'`,
        )
      const missing = group.slice(1).find((name) => !isThere(name, names))
      // That the manifest itself is not there is said where it is staged.
      if (missing !== undefined && isThere(file, names))
        return make(
          `${file} requires ${missing}${missing.endsWith('/') ? ' directory' : ''}`,
          'put it beside the manifest',
        )
      return []
    })
  })
}
