import { DiagnosticError, throwIfErrors, type Diagnostic } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { systemClock, localExecutor } from '../apply/executors/local.ts'
import { BuildStore, decideImages, withBases, type ImageDecision } from '../apply/images.ts'
import { findImage } from '../apply/local-image.ts'
import { Podman } from '../apply/podman.ts'
import {
  checkPod,
  comparePod,
  desirePod,
  type DesiredPod,
  type PodChange,
  type PodTools,
} from '../apply/targets/pod/index.ts'
import { fromLabels } from '../plan/labels.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import { placeOf } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import { DeployStore, type DeployRecord } from '../state/deploys.ts'
import { userPaths } from '../state/paths.ts'
import { architecture } from './architecture.ts'
import type { Context } from './command.ts'
import type { OpenProject } from './open.ts'
import { compilePods, compileProject, type CompiledProject } from './project.ts'

/** This machine and what ov knows of it. */
export interface Machine extends PodTools {
  readonly builds: BuildStore
}

export function thisMachine(context: Context): Machine {
  const paths = userPaths()
  return {
    executor: localExecutor,
    podman: new Podman(localExecutor),
    clock: systemClock,
    paths,
    store: new DeployStore(paths),
    builds: new BuildStore(paths),
    say: (line) => context.say(line),
    signal: context.signal,
  }
}

/** What has to happen so that this machine has the deploys of a project. */
export interface Intent {
  readonly compiled: CompiledProject
  readonly images: readonly ImageDecision[]
  readonly pods: readonly DesiredPod[]
  readonly changes: readonly PodChange[]
  /** Deploys this project applied and no longer declares. */
  readonly orphans: readonly DeployRecord[]
  readonly warnings: readonly Diagnostic[]
}

export interface IntentOptions {
  readonly deploys: readonly string[]
  readonly tag?: string
  readonly refreshBase?: boolean
  /** Pins what images take from outside and nobody pinned yet. */
  readonly pin?: (compiled: CompiledProject, images: readonly string[]) => Promise<CompiledProject>
  /** Values the operator gave in this run: deploy → name → value. */
  readonly env?: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/** Compares a project with this machine. Changes nothing. */
export async function intend(open: OpenProject, machine: Machine, options: IntentOptions): Promise<Intent> {
  const { location, bundle, entities, cache } = open
  const first = await compileProject(location, bundle, entities, cache)
  const only = selection(options.deploys, [...first.project.pods.keys()])
  const run = [...first.project.pods.values()].flatMap(({ name, data }) =>
    only.has(name) ? [refName(data.image)] : [],
  )
  const compiled = (await options.pin?.(first, run)) ?? first
  const { project } = compiled
  const { metadata: local, references: localReferences } = await localImages(compiled, only, machine)
  const machineInput = (deploy: string) => ({
    operatorEnv: { ...machine.store.get(deploy)?.operatorEnv, ...options.env?.get(deploy) },
  })
  const { pods: plans, diagnostics } = compilePods(compiled, local, machineInput, only)
  throwIfErrors([...compiled.diagnostics, ...diagnostics])
  const needed = plans.flatMap((plan) => (plan.image.kind === 'project' ? [plan.image.name] : []))
  const images = await decideImages(
    withBases(needed, compiled.images),
    { images: compiled.images, stages: compiled.stages, architecture: architecture() },
    machine.podman,
    machine.clock,
    {
      ...(options.tag !== undefined && { tag: options.tag }),
      ...(options.refreshBase === true && { force: (image) => image.base.kind === 'bootstrap' }),
    },
  )
  const references = new Map(images.map((decision) => [decision.image.name, decision]))
  const pods: DesiredPod[] = []
  for (const plan of plans) {
    const image =
      plan.image.kind === 'project' ? references.get(plan.image.name)!.reference : localReferences.get(plan.image.ref)!
    pods.push(await desirePod(plan, image, location.root, machineInput(plan.name).operatorEnv, machine))
  }
  const problems = (await Promise.all(pods.map((pod) => checkPod(pod, machine)))).flat()
  throwIfErrors([...problems, ...portConflicts(pods)])
  const building = new Set(images.flatMap((decision) => (decision.build ? [decision.reference] : [])))
  const changes = await comparePods(pods, building, machine)
  const orphans =
    options.deploys.length > 0
      ? []
      : machine.store.all().filter((record) => record.project === location.root && !project.pods.has(record.name))
  return { compiled, images, pods, changes, orphans, warnings: [...compiled.diagnostics, ...diagnostics] }
}

/** What differs on the machine, given the images that are about to be built. */
export async function comparePods(
  pods: readonly DesiredPod[],
  building: ReadonlySet<string>,
  machine: Machine,
): Promise<PodChange[]> {
  const changes: PodChange[] = []
  for (const desired of pods) {
    const change = await comparePod(desired, building.has(desired.image), machine)
    if (change) changes.push(change)
  }
  return changes
}

/** The named deploys, or all. */
export function selection(named: readonly string[], known: readonly string[]): Set<string> {
  const unknown = named.filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw new DiagnosticError(
      unknown.map((name) => {
        const close = suggest(name, known)
        return {
          code: 'OV1007' as const,
          severity: 'error' as const,
          message: `the project declares no deploy "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
          remedy: known.length === 0 ? 'declare one with pod({ … })' : `it declares ${known.join(', ')}`,
        }
      }),
    )
  return new Set(named.length > 0 ? named : known)
}

/** Images that deploys name and the project does not build: what their labels say, and their references. (POD-22) */
async function localImages(
  compiled: CompiledProject,
  only: ReadonlySet<string>,
  { podman }: Machine,
): Promise<{ metadata: Map<string, ImageMetadata>; references: Map<string, string> }> {
  const metadata = new Map<string, ImageMetadata>()
  const references = new Map<string, string>()
  const problems: Diagnostic[] = []
  for (const pod of compiled.project.pods.values()) {
    const ref = refName(pod.data.image)
    if (!only.has(pod.name) || compiled.images.has(ref) || references.has(ref)) continue
    const report = (message: string, remedy: string) =>
      problems.push({
        code: 'OV4009',
        severity: 'error',
        message,
        entity: `pod "${pod.name}"`,
        field: 'image',
        place: placeOf(pod, 'image'),
        remedy,
      })
    const found = await findImage(ref, podman)
    if (found === undefined)
      report(`image "${ref}" is not available locally`, `run 'ov image pull ${ref}' to fetch it first`)
    else if (!('reference' in found))
      report(`image "${ref}" may be any of ${found.join(', ')}`, 'name one of them in full')
    else {
      const own = fromLabels(found.labels)
      if (own.version === '') report(`image "${ref}" has no embedded metadata`, 'rebuild it with ov')
      metadata.set(ref, own)
      references.set(ref, found.reference)
    }
  }
  throwIfErrors(problems)
  return { metadata, references }
}

/** Two deploys of the project on one host port. */
function portConflicts(pods: readonly DesiredPod[]): Diagnostic[] {
  const owners = new Map<string, DesiredPod>()
  return pods.flatMap((pod) =>
    pod.plan.ports.flatMap((port): Diagnostic[] => {
      if (port.host === 'auto') return []
      const key = `${port.host}/${port.protocol}`
      const other = owners.get(key)
      owners.set(key, pod)
      if (!other || other === pod) return []
      return [
        {
          code: 'OV4010',
          severity: 'error',
          message: `ports: host port ${key} is published by "${other.plan.name}", too`,
          entity: `pod "${pod.plan.name}"`,
          field: 'ports',
          place: pod.plan.places.ports,
          related: [{ message: `the deploy "${other.plan.name}"`, place: other.plan.origin }],
          remedy: "give one of them another host port, or 'auto'",
        },
      ]
    }),
  )
}
