import { buildMounts, ensureBase } from '../apply/base.ts'
import type { CacheMode } from '../apply/build-arguments.ts'
import { buildImage } from '../apply/build.ts'
import type { ImageDecision } from '../apply/images.ts'
import { sweepWorkFolders, withWorkFolder } from '../apply/work.ts'
import { throwIfErrors } from '../diagnostics/diagnostic.ts'
import type { ImagePlan } from '../plan/ir.ts'
import { imagesNeeded } from '../plan/needs.ts'
import type { BootstrapSpec } from '../resolve/image.ts'
import { writeTree } from '../state/output.ts'
import { bootstrapReference, OUTPUT, synthesise } from '../synth/index.ts'
import { architecture } from './architecture.ts'
import type { Context } from './command.ts'
import type { Machine } from './machine.ts'
import { fetchFor } from './pinned.ts'
import { Progress } from './progress.ts'
import { planDeploys, type CompiledProject } from './project.ts'

export interface BuildAllOptions {
  /** Makes bootstrapped bases anew. */
  readonly refresh?: boolean
  /** Runs every step anew. */
  readonly noCache?: boolean
  /** Images that are built at the same time; 1 unless told. */
  readonly jobs?: number
  /** Where steps may be taken from besides local storage; nowhere unless told. */
  readonly cache?: CacheMode
  /** What to build for; this machine unless told. */
  readonly platforms?: readonly string[]
  /** Images that are pushed afterwards. */
  readonly pushes?: (image: string) => boolean
}

/** Builds images, each after those it needs. After a failure nothing more is begun. (IMG-180) */
export async function buildAll(
  context: Context,
  machine: Machine,
  compiled: CompiledProject,
  toBuild: readonly ImageDecision[],
  { refresh = false, noCache = false, jobs = 1, cache = 'none', platforms = [], pushes }: BuildAllOptions,
): Promise<void> {
  const { executor, podman, say, signal, paths, builds } = machine
  const { images: plans, root } = compiled
  await fetchFor(
    toBuild.map(({ image }) => image.name),
    compiled,
    machine,
  )
  // The builder reads its context from the output folder, so that is written first.
  const output = synthesise({
    images: plans,
    pods: planDeploys(compiled).pods.map(({ plan }) => plan),
    stages: compiled.stages,
    tag: (image) => image.tag ?? image.metadata.version,
    architecture: architecture(),
  })
  throwIfErrors(output.diagnostics)
  writeTree(root, OUTPUT, output.files)

  sweepWorkFolders()
  const progress = new Progress(context)
  // Made once, however many images stand on it.
  const bases = new Map(
    toBuild.flatMap(({ image: { base } }) =>
      base.kind === 'bootstrap' ? [[bootstrapReference(base.spec, architecture()), base.spec] as const] : [],
    ),
  )
  for (const [reference, spec] of bases) await ensureBase(spec, reference, { executor, podman, say, signal, refresh })
  await withWorkFolder((work) =>
    inOrder(toBuild, jobs, async (decision) => {
      const { image, reference, equal } = decision
      if (equal) {
        await podman.run(['tag', equal.id, reference])
        say(`${image.name}: ${reference} is ${equal.names[0] ?? equal.id}, tagged`)
        return
      }
      const spec = bootstrapOf(image, plans)
      const display = progress.begin(decision.image.name)
      try {
        const counted = await buildImage(decision, podman, {
          root,
          work,
          paths,
          mounts: spec ? await buildMounts(spec, work, executor) : [],
          // buildah takes what it built from scratch for one platform out of its cache for another.
          noCache: noCache || (platforms.length > 0 && image.base.kind === 'none'),
          cache,
          platforms,
          push: podman.program === 'docker' && pushes?.(image.name) === true,
          progress: display,
          signal,
        })
        display.done(`built ${decision.reference}`, counted)
      } finally {
        display.stop()
      }
      builds.put(decision, root)
    }),
  )
  // What another engine has in its storage is not known here.
  if (podman.program === 'podman') builds.sweep(await podman.images())
}

/** Does the work for each image as soon as all that it needs is done, so many at a time. */
async function inOrder(
  decisions: readonly ImageDecision[],
  jobs: number,
  work: (decision: ImageDecision) => Promise<void>,
): Promise<void> {
  const waiting = new Set(decisions)
  const running = new Map<ImageDecision, Promise<ImageDecision>>()
  const unfinished = (name: string) => [...waiting, ...running.keys()].some(({ image }) => image.name === name)
  try {
    while (waiting.size + running.size > 0) {
      for (const decision of waiting) {
        if (running.size >= jobs) break
        if (imagesNeeded(decision.image).some(unfinished)) continue
        waiting.delete(decision)
        running.set(
          decision,
          work(decision).then(() => decision),
        )
      }
      running.delete(await Promise.race(running.values()))
    }
  } finally {
    // One that failed must not leave others running behind it.
    await Promise.allSettled(running.values())
  }
}

/** The bootstrapped base at the bottom of an image, if it has one. */
function bootstrapOf(image: ImagePlan, plans: ReadonlyMap<string, ImagePlan>): BootstrapSpec | undefined {
  for (let at: ImagePlan | undefined = image; at;) {
    if (at.base.kind === 'bootstrap') return at.base.spec
    at = at.base.kind === 'internal' ? plans.get(at.base.image) : undefined
  }
  return undefined
}
