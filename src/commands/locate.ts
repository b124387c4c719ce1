import { ProjectCache, type CachedBundle } from '../load/cache.ts'
import { discover, type ProjectLocation } from '../load/discover.ts'
import { bundleRecipe } from '../load/recipe.ts'

/** A project that was found, and what is known of it from before. */
export interface LocatedProject {
  readonly location: ProjectLocation
  readonly cache: ProjectCache
  /** The bundle of the last run, where none of its inputs has changed. */
  readonly bundle: CachedBundle | undefined
}

/** Finds a project. */
export function locate(path: string | undefined): LocatedProject {
  const location = discover(process.cwd(), path)
  const cache = new ProjectCache(location, bundleRecipe(location))
  return { location, cache, bundle: cache.findBundle() }
}
