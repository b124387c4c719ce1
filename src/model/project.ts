import type { Builder, Distro, Init, PackageFormat } from '../../dsl/vocabulary.ts'
import type { Place } from '../diagnostics/diagnostic.ts'
import type { ImageData } from './schema/image.ts'
import type { LayerData } from './schema/layer.ts'
import type { HostData } from './schema/host.ts'
import type { Pins } from './pins.ts'
import type { PodData } from './schema/pod.ts'

/** An entity as it was written: plain data, and the place that wrote it. */
export interface AuthoredEntity {
  readonly kind: string
  readonly name: string
  readonly data: { readonly [field: string]: unknown }
  readonly origin: Place
  /** Places of the parts that functions made, by path: `tasks[3]`. */
  readonly parts: Readonly<Record<string, Place>>
  /** The entity itself where it holds functions (vocabulary). */
  readonly value?: object
}

interface Authored<Data> {
  readonly name: string
  readonly data: Data
  readonly origin: Place
  readonly parts: Readonly<Record<string, Place>>
}
export type LayerModel = Authored<LayerData>
export type ImageModel = Authored<ImageData>
export type PodModel = Authored<PodData>
export type HostModel = Authored<HostData>

/** Distros, package formats, builders and inits by name. */
export interface Vocabulary {
  readonly distros: ReadonlyMap<string, Distro>
  readonly formats: ReadonlyMap<string, PackageFormat>
  readonly builders: ReadonlyMap<string, Builder>
  readonly inits: ReadonlyMap<string, Init>
}

/** Everything a project declares, by name, in the order of the names. */
export interface Project {
  readonly layers: ReadonlyMap<string, LayerModel>
  readonly images: ReadonlyMap<string, ImageModel>
  readonly pods: ReadonlyMap<string, PodModel>
  readonly hosts: ReadonlyMap<string, HostModel>
  readonly vocabulary: Vocabulary
  /** What `ov.lock` says. */
  readonly pins: Pins
}

/** Names in one order everywhere: by code point, whatever the locale. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Where a part of an entity was written: the nearest recorded place above the path. */
export function placeOf(
  entity: { readonly origin: Place; readonly parts: Readonly<Record<string, Place>> },
  path: string,
): Place {
  for (let at = path; at !== ''; at = parentOf(at)) {
    const place = entity.parts[at]
    if (place) return place
  }
  return entity.origin
}

/** `tasks[3].to` → `tasks[3]` → `tasks` → nothing; a key in quotes may hold anything. */
function parentOf(path: string): string {
  const parent = path.replace(/(\.[^.[\]"]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\])$/s, '')
  return parent === path ? '' : parent
}
