import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { VERSION } from '../version.ts'
import { bundle, bundleRecipe } from '../load/bundle.ts'
import { ProjectCache, sha256, type CachedBundle } from '../load/cache.ts'
import type { RawEntity } from '../load/collect.ts'
import { discover, type ProjectLocation } from '../load/discover.ts'

/** A project whose program has run. */
export interface OpenProject {
  readonly location: ProjectLocation
  readonly cache: ProjectCache
  readonly bundle: CachedBundle
  readonly entities: readonly RawEntity[]
  /** Changes with anything that the program declared, or that its text says. */
  readonly key: string
}

/** Finds, bundles and runs a project, and does something with it; what is reported on the way is relative to it. */
export async function withProject<T>(path: string | undefined, work: (project: OpenProject) => Promise<T>): Promise<T> {
  const location = discover(process.cwd(), path)
  let open: OpenProject | undefined
  try {
    open = await openProject(location)
    return await work(open)
  } catch (caught) {
    let error = caught
    if (open && !(error instanceof DiagnosticError))
      error = await (await import('./evaluate.ts')).blame(error, location, open.bundle)
    if (error instanceof DiagnosticError) error.root ??= location.root
    throw error
  }
}

async function openProject(location: ProjectLocation): Promise<OpenProject> {
  const cache = new ProjectCache(location, bundleRecipe(location))
  let found = cache.findBundle()
  // While esbuild works on the other core, the rest of ov is loaded.
  found ??= (await Promise.all([bundle(location, cache), import('./project.ts'), import('../model/validate.ts')]))[0]
  const { evaluateProject } = await import('./evaluate.ts')
  const entities = await evaluateProject(location, found)
  const key = sha256(JSON.stringify([VERSION, found.key, entities]))
  return { location, cache, bundle: found, entities, key }
}
