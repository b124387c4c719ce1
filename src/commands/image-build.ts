import { availableParallelism } from 'node:os'
import { CACHE_MODES, type CacheMode } from '../apply/build-arguments.ts'
import { decideImages, withBases } from '../apply/images.ts'
import { pushImage } from '../apply/push.ts'
import { throwIfErrors, type Diagnostic } from '../diagnostics/diagnostic.ts'
import type { ImagePlan } from '../plan/ir.ts'
import { USUAL_PLATFORMS } from '../resolve/platforms.ts'
import { withLock } from '../state/lock.ts'
import { architecture } from './architecture.ts'
import { buildAll } from './build.ts'
import type { Context } from './command.ts'
import { buildEngine } from './engine.ts'
import { knownImages } from './known-images.ts'
import { thisMachine } from './machine.ts'
import { withProject } from './open.ts'
import { pinNew } from './pinned.ts'
import { compileProject, type CompiledProject } from './project.ts'

export interface ImageBuildOptions {
  readonly project?: string
  readonly tag?: string
  readonly jobs?: string
  /** False for `--no-cache`. */
  readonly cache?: string | boolean
  readonly refreshBase?: boolean
  readonly platform?: string
  readonly push?: boolean
  readonly engine?: string
}

/** How many images are built at the same time at most, whatever the machine has. */
const MOST_JOBS = 4

/** `ov image build`: builds what is not there yet, each image after those it needs. (IMG-180) */
export const run = (context: Context, options: ImageBuildOptions, names: readonly string[]): Promise<number> =>
  withProject(options.project, async (open) => {
    const { location, bundle, entities, cache } = open
    const settings = readSettings(options)
    if (typeof settings === 'string') {
      context.say(settings)
      return 64
    }
    const here = thisMachine(context)
    const engine = await buildEngine(options.engine, here.executor)
    if (typeof engine === 'string') {
      context.say(engine)
      return 64
    }
    const machine = { ...here, podman: engine }
    const first = await compileProject(location, bundle, entities, cache)
    const targets = names.length > 0 ? knownImages(names, first) : [...first.images.keys()]
    const pushed = options.push === true ? toPush(targets, names.length > 0, first) : []
    const platforms = foreign(settings.platforms ?? platformsOf(pushed, first))
    return withLock(
      machine.paths.lock,
      () => context.say('waiting for another ov to finish'),
      async () => {
        const compiled = await pinNew(open, first, targets, machine)
        await context.warn(compiled.diagnostics, location.root)
        const { images, stages } = compiled
        const wanted = withBases(targets, images)
        throwIfErrors(platforms.length === 0 ? [] : wanted.flatMap(unlessBootstrapped))
        const { noCache } = settings
        const several = platforms.length > 1
        const decisions = await decideImages(
          wanted,
          { images, stages, architecture: architecture() },
          machine.podman,
          machine.clock,
          {
            ...(options.tag !== undefined && { tag: options.tag }),
            platforms: () => platforms,
            // A list of images has no labels that would tell what it was built from.
            force: (image) => noCache || several || (options.refreshBase === true && image.base.kind === 'bootstrap'),
          },
        )
        const toBuild = decisions.filter((decision) => decision.build)
        const pushes = (name: string) => pushed.some((one) => one.name === name)
        if (toBuild.length > 0)
          await buildAll(context, machine, compiled, toBuild, {
            ...settings,
            refresh: options.refreshBase === true,
            platforms,
            pushes,
          })
        for (const { image, reference, build } of decisions)
          if (!build) context.say(`${image.name}: ${reference} is up to date`)
        for (const { image, reference, build, equal } of decisions) {
          // docker has pushed what it built.
          if (!pushes(image.name) || (machine.podman.program === 'docker' && build && !equal)) continue
          await pushImage({ name: image.name, origin: image.origin, reference, several }, machine.podman, machine)
        }
        return 0
      },
    )
  })

interface Settings {
  readonly jobs: number
  readonly noCache: boolean
  readonly cache: CacheMode
  readonly platforms: readonly string[] | undefined
}

/** Options, else variables, else what fits this machine; a text says what is wrong. (IMG-180, IMG-184, IMG-190) */
function readSettings(options: ImageBuildOptions): Settings | string {
  const givenJobs = options.jobs ?? (process.env['OV_BUILD_JOBS'] || undefined)
  const jobs = givenJobs === undefined ? Math.min(MOST_JOBS, availableParallelism()) : Number(givenJobs)
  if (!Number.isInteger(jobs) || jobs < 1)
    return `${options.jobs === undefined ? 'OV_BUILD_JOBS' : '--jobs'} wants a number of images from 1 on, not ${JSON.stringify(givenJobs)}`
  const noCache = options.cache === false
  const givenCache =
    typeof options.cache === 'string'
      ? options.cache
      : process.env['OV_BUILD_CACHE'] || (options.push === true ? 'registry' : 'none')
  const cache = CACHE_MODES.find((mode) => mode === givenCache)
  if (cache === undefined) return `--cache is one of ${CACHE_MODES.join(', ')}, not ${JSON.stringify(givenCache)}`
  const platforms = options.platform?.split(',')
  const bad = platforms?.find((platform) => !/^linux\/[a-z0-9]+(\/v\d)?$/.test(platform))
  if (bad !== undefined) return `--platform wants linux/amd64, linux/arm64 or the like, not ${JSON.stringify(bad)}`
  return { jobs, noCache, cache, platforms }
}

/** The images to push. Those that are named must have somewhere to go. */
function toPush(targets: readonly string[], named: boolean, { images }: CompiledProject): ImagePlan[] {
  const chosen = targets.map((name) => images.get(name)!)
  const homeless = chosen.filter(({ registry, auto }) => registry === undefined && !auto)
  if (named || homeless.length === chosen.length)
    throwIfErrors(
      homeless.map(({ name, origin }) => ({
        code: 'OV5022',
        severity: 'error',
        message: 'has no registry to be pushed to',
        entity: `image "${name}"`,
        field: 'registry',
        place: origin,
        remedy: "set registry, for example registry: 'ghcr.io/acme'",
      })),
    )
  return chosen.filter(({ registry }) => registry !== undefined)
}

/** What images that are pushed are meant to run on. */
const platformsOf = (pushed: readonly ImagePlan[], { project }: CompiledProject): string[] =>
  [...new Set(pushed.flatMap(({ name }) => project.images.get(name)?.data.platforms ?? USUAL_PLATFORMS))].sort()

/** This machine's own platform needs no mention. */
const foreign = (platforms: readonly string[]): readonly string[] =>
  platforms.length === 1 && platforms[0] === `linux/${architecture()}` ? [] : platforms

function unlessBootstrapped({ name, base, origin }: ImagePlan): Diagnostic[] {
  if (base.kind !== 'bootstrap') return []
  return [
    {
      code: 'OV5023',
      severity: 'error',
      message: `its base is made on this machine, for ${architecture()} alone`,
      entity: `image "${name}"`,
      field: 'base',
      place: origin,
      remedy: `build it for --platform linux/${architecture()}, or take a base from a registry`,
    },
  ]
}
