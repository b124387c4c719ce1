import { availableParallelism } from 'node:os'
import { decideImages, withBases } from '../apply/images.ts'
import { withLock } from '../state/lock.ts'
import { architecture } from './architecture.ts'
import { buildAll } from './build.ts'
import type { Context } from './command.ts'
import { knownImages } from './known-images.ts'
import { thisMachine } from './machine.ts'
import { withProject } from './open.ts'
import { pinNew } from './pinned.ts'
import { compileProject } from './project.ts'

export interface ImageBuildOptions {
  readonly project?: string
  readonly tag?: string
  readonly jobs?: string
  readonly cache?: boolean
  readonly refreshBase?: boolean
}

/** How many images are built at the same time at most, whatever the machine has. */
const MOST_JOBS = 4

/** `ov image build`: builds what is not there yet, each image after those it needs. (IMG-180) */
export const run = (context: Context, options: ImageBuildOptions, names: readonly string[]): Promise<number> =>
  withProject(options.project, async (open) => {
    const { location, bundle, entities, cache } = open
    const jobs = options.jobs === undefined ? Math.min(MOST_JOBS, availableParallelism()) : Number(options.jobs)
    if (!Number.isInteger(jobs) || jobs < 1) {
      context.say(`--jobs wants a number of images from 1 on, not ${JSON.stringify(options.jobs)}`)
      return 64
    }
    const first = await compileProject(location, bundle, entities, cache)
    const targets = names.length > 0 ? knownImages(names, first) : [...first.images.keys()]
    const machine = thisMachine(context)
    return withLock(
      machine.paths.lock,
      () => context.say('waiting for another ov to finish'),
      async () => {
        const compiled = await pinNew(open, first, targets, machine)
        await context.warn(compiled.diagnostics, location.root)
        const { images, stages } = compiled
        const wanted = withBases(targets, images)
        const noCache = options.cache === false
        const decisions = await decideImages(
          wanted,
          { images, stages, architecture: architecture() },
          machine.podman,
          machine.clock,
          {
            ...(options.tag !== undefined && { tag: options.tag }),
            force: (image) => noCache || (options.refreshBase === true && image.base.kind === 'bootstrap'),
          },
        )
        const toBuild = decisions.filter((decision) => decision.build)
        if (toBuild.length > 0)
          await buildAll(context, machine, compiled, toBuild, { refresh: options.refreshBase === true, noCache, jobs })
        for (const { image, reference, build } of decisions)
          if (!build) context.say(`${image.name}: ${reference} is up to date`)
        return 0
      },
    )
  })
