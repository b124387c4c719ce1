import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { CachedBundle, ProjectCache } from '../load/cache.ts'
import { collect, type RawEntity } from '../load/collect.ts'
import type { ProjectLocation } from '../load/discover.ts'
import type { Evaluated } from '../load/evaluate.ts'
import { blame, evaluateProject } from './evaluate.ts'
import { locate, type LocatedProject } from './locate.ts'

/** A project whose program has run. */
export interface OpenProject {
  readonly location: ProjectLocation
  readonly cache: ProjectCache
  readonly bundle: CachedBundle
  readonly program: Evaluated
  /** What the program declared; collected when it is first asked for. */
  readonly entities: readonly RawEntity[]
}

/** Finds, bundles and runs a project, and does something with it; what is reported on the way is relative to it. */
export const withProject = <T>(path: string | undefined, work: (project: OpenProject) => Promise<T>): Promise<T> =>
  withLocated(locate(path), work)

/** The same with a project that was found already. */
export async function withLocated<T>(project: LocatedProject, work: (project: OpenProject) => Promise<T>): Promise<T> {
  const { location } = project
  let open: OpenProject | undefined
  try {
    open = await openProject(project)
    return await work(open)
  } catch (caught) {
    let error = caught
    if (open && !(error instanceof DiagnosticError)) error = await blame(error, location, open.bundle)
    if (error instanceof DiagnosticError) error.root ??= location.root
    throw error
  }
}

async function openProject({ location, cache, bundle: known }: LocatedProject): Promise<OpenProject> {
  const found = known ?? (await bundleMeanwhile(location, cache))
  const program = await evaluateProject(location, found)
  let entities: RawEntity[] | undefined
  return {
    location,
    cache,
    bundle: found,
    program,
    get entities() {
      return (entities ??= collect(program.exports, found.circle))
    },
  }
}

/** While esbuild works on the other core, the rest of ov is loaded. */
async function bundleMeanwhile(location: ProjectLocation, cache: ProjectCache): Promise<CachedBundle> {
  const { bundle } = await import('../load/bundle.ts')
  const [made] = await Promise.all([bundle(location, cache), import('./project.ts'), import('../model/validate.ts')])
  return made
}
