import type { CacheDirectory, Distro } from '../../dsl/vocabulary.ts'
import type { Vocabulary } from '../model/project.ts'

/** A distro with everything it inherits worked in. (IMG-26) */
export interface ResolvedDistro {
  readonly name: string
  readonly formats: readonly string[]
  readonly install: string | undefined
  readonly caches: readonly CacheDirectory[]
  readonly bootstrap: NonNullable<Distro['bootstrap']> | undefined
  readonly baseUser: Distro['baseUser']
  readonly shellIsBash: boolean
}

/** The distro that an image's tags name: the first with a definition, by its exact tag or the part before the colon. */
export function resolveDistro(tags: readonly string[], vocabulary: Vocabulary): ResolvedDistro | undefined {
  for (const tag of tags) {
    const found = vocabulary.distros.get(tag) ?? vocabulary.distros.get(tag.replace(/:.*$/s, ''))
    if (found) return inherit(found, vocabulary, new Set())
  }
  return undefined
}

function inherit(distro: Distro, vocabulary: Vocabulary, seen: Set<string>): ResolvedDistro {
  seen.add(distro.name)
  const parent =
    distro.inherits === undefined || seen.has(distro.inherits) ? undefined : vocabulary.distros.get(distro.inherits)
  const above = parent && inherit(parent, vocabulary, seen)
  return {
    name: distro.name,
    formats:
      distro.formats?.map((format) => (typeof format === 'string' ? format : format.name)) ?? above?.formats ?? [],
    install: distro.install ?? above?.install,
    caches: distro.caches ?? above?.caches ?? [],
    bootstrap: distro.bootstrap ?? above?.bootstrap,
    baseUser: distro.baseUser ?? above?.baseUser,
    shellIsBash: distro.shellIsBash ?? above?.shellIsBash ?? false,
  }
}
