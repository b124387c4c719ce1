import type { Builder, Distro, Init, PackageFormat } from '../../dsl/vocabulary.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { NO_PINS, type Pins } from './pins.ts'
import {
  byName,
  type AuthoredEntity,
  type HostModel,
  type ImageModel,
  type LayerModel,
  type PodModel,
  type Project,
  type Vocabulary,
} from './project.ts'

/** Sorts the entities into a project. A name that two entities of one kind claim is reported with both places. */
export function buildProject(
  entities: readonly AuthoredEntity[],
  builtIn: Vocabulary,
  pins: Pins = NO_PINS,
): { project: Project; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const byKind = (kind: string) => {
    const found = new Map<string, AuthoredEntity>()
    for (const entity of entities) {
      if (entity.kind !== kind) continue
      const first = found.get(entity.name)
      if (first)
        diagnostics.push({
          code: 'OV1010',
          severity: 'error',
          message: `the name ${JSON.stringify(entity.name)} is taken by another ${kind}`,
          entity: `${kind} "${entity.name}"`,
          field: 'name',
          place: entity.origin,
          related: [{ message: 'first declared here', place: first.origin }],
          remedy: 'rename one of them; a second call of the same code declares a second entity',
        })
      else found.set(entity.name, entity)
    }
    return new Map([...found].sort(([a], [b]) => byName(a, b)))
  }
  const vocabulary = <V>(kind: string, own: ReadonlyMap<string, V>): ReadonlyMap<string, V> => {
    const added = [...byKind(kind)].map(([name, entity]) => [name, entity.value as V] as const)
    return new Map([...own, ...added].sort(([a], [b]) => byName(a, b)))
  }
  const project: Project = {
    // The schemas have checked (or had checked) that the data has these shapes.
    layers: byKind('layer') as unknown as ReadonlyMap<string, LayerModel>,
    images: byKind('image') as unknown as ReadonlyMap<string, ImageModel>,
    pods: byKind('pod') as unknown as ReadonlyMap<string, PodModel>,
    hosts: byKind('host') as unknown as ReadonlyMap<string, HostModel>,
    vocabulary: {
      distros: vocabulary<Distro>('distro', builtIn.distros),
      formats: vocabulary<PackageFormat>('packageFormat', builtIn.formats),
      builders: vocabulary<Builder>('builder', builtIn.builders),
      inits: vocabulary<Init>('init', builtIn.inits),
    },
    pins,
  }
  return { project, diagnostics }
}
