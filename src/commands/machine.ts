import { dirname, join } from 'node:path'
import { DiagnosticError, throwIfErrors, type Diagnostic } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import type { Credentials } from '../credentials/chain.ts'
import type { LocalExecutor } from '../apply/executor.ts'
import { systemClock, localExecutor } from '../apply/executors/local.ts'
import { BuildStore, decideImages, withBases, type ImageDecision } from '../apply/images.ts'
import { findImage } from '../apply/local-image.ts'
import { checkVault, type VaultCheck } from '../apply/volumes/index.ts'
import { Podman } from '../apply/podman.ts'
import {
  absolutePath,
  checkPod,
  comparePod,
  desirePod,
  findPorts,
  gatherSecrets,
  snapshot,
  type Snapshot,
  networkGateway,
  type GatheredSecrets,
  type DesiredPod,
  type PodChange,
  type PodTools,
} from '../apply/targets/pod/index.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import { containerName } from '../model/deploy-key.ts'
import { fromLabels } from '../plan/labels.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import { ANYWHERE } from '../plan/pod/index.ts'
import { imageRef, type MachineDeploys } from '../plan/pod/project.ts'
import { updateProvides, withoutProvider } from '../plan/pod/provides.ts'
import type { LocalOverride } from '../plan/pod/three-way.ts'
import { placeOf } from '../model/project.ts'
import { DeployFile, updateDeployFile } from '../state/deploy-file/index.ts'
import { DeployStore, type DeployRecord } from '../state/deploys.ts'
import { operatorVariables } from '../state/environment.ts'
import { userPaths } from '../state/paths.ts'
import { setting } from '../state/settings.ts'
import { architecture } from './architecture.ts'
import type { Context } from './command.ts'
import { openCredentials } from './credentials.ts'
import { envFiles } from './env-files.ts'
import type { OpenProject } from './open.ts'
import { mountingHere, passphrasesOf } from './passphrase.ts'
import { vaultOf } from './vault-of.ts'
import { compileProject, planDeploys, type CompiledProject } from './project.ts'

/** This machine and what ov knows of it. */
export interface Machine extends PodTools {
  readonly executor: LocalExecutor
  readonly builds: BuildStore
  /** What `deploy.yml` says; read once. */
  readonly deploys: DeployFile
}

/** `deploys` stands for a `deploy.yml` that can't be read. */
export function thisMachine(context: Context, deploys?: DeployFile): Machine {
  const paths = userPaths()
  let read = deploys
  let credentials: Credentials | undefined
  const machine: Machine = {
    executor: localExecutor,
    podman: new Podman(localExecutor),
    clock: systemClock,
    paths,
    store: new DeployStore(paths),
    builds: new BuildStore(paths),
    get deploys() {
      return (read ??= DeployFile.read(paths.deployFile))
    },
    forget: (key, purge) =>
      updateDeployFile(paths, 'destroy', (file) => {
        const others = new Map(
          [...file.entries]
            .filter(([name]) => name !== key)
            .map(([name, { image }]) => [name, image ?? name.replace(/\/.*$/, '')]),
        )
        const image = file.entries.get(key)?.image ?? key.replace(/\/.*$/, '')
        file.setProvides(withoutProvider(file.provides, key, image, others))
        if (purge) file.removeEntry(key)
      }),
    persist: (...pods) =>
      updateDeployFile(paths, 'apply', (file) => {
        for (const { plan, entry } of pods) {
          file.setEntry(plan.name, entry)
          file.setProvides(updateProvides(file.provides, plan.name, plan.provides).provides)
        }
      }),
    get credentials() {
      return (credentials ??= openCredentials(context))
    },
    get mounting() {
      return mountingHere(context)
    },
    passphrases: (image) => passphrasesOf(image, context, machine),
    siblings: (key) => vaultOf(key, machine).siblings,
    say: (line) => context.say(line),
    signal: context.signal,
  }
  return machine
}

/** What has to happen so that this machine has the deploys of a project. */
export interface Intent {
  readonly compiled: CompiledProject
  readonly images: readonly ImageDecision[]
  readonly pods: readonly DesiredPod[]
  readonly changes: readonly PodChange[]
  /** Their secrets, by deploy. */
  readonly secrets: ReadonlyMap<string, GatheredSecrets>
  /** Deploys this project applied and no longer declares. */
  readonly orphans: readonly DeployRecord[]
  /** What the operator changed, by deploy. */
  readonly overrides: readonly { readonly name: string; readonly overrides: readonly LocalOverride[] }[]
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
  const run = [...first.project.pods.values()].flatMap((pod) => (only.has(pod.name) ? [imageRef(pod)] : []))
  const compiled = (await options.pin?.(first, run)) ?? first
  const { project } = compiled
  const { metadata: local, references: localReferences } = await localImages(compiled, only, machine)
  const { pods: planned, diagnostics, secrets } = await planHere(compiled, local, only, options.env, machine)
  throwIfErrors([...compiled.diagnostics, ...diagnostics])
  const needed = planned.flatMap(({ plan }) => (plan.image.kind === 'project' ? [plan.image.name] : []))
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
  const pods = planned.map(({ plan, entry, typed }) => {
    const image =
      plan.image.kind === 'project' ? references.get(plan.image.name)!.reference : localReferences.get(plan.image.ref)!
    return desirePod({ plan, entry, typed, image, project: location.root }, machine)
  })
  machine.deploys.checkNames(planned.map(({ plan, entry }) => [plan.name, entry]))
  const now = snapshot(
    pods.map(({ plan }) => plan.container),
    machine,
  )
  const problems = (
    await Promise.all(
      pods.flatMap((pod) => [checkPod(pod, now, machine), checkVault(vaultCheck(pod, pods, machine), machine.paths)]),
    )
  ).flat()
  throwIfErrors([...problems, ...portConflicts(pods)])
  const building = new Set(images.flatMap((decision) => (decision.build ? [decision.reference] : [])))
  const changes = await comparePods(pods, secrets, building, now, machine)
  const orphans =
    options.deploys.length > 0
      ? []
      : machine.store.all().filter((record) => record.project === location.root && !project.pods.has(record.name))
  return {
    compiled,
    images,
    pods,
    changes,
    secrets,
    orphans,
    overrides: planned.flatMap(({ plan, overrides }) => (overrides.length > 0 ? [{ name: plan.name, overrides }] : [])),
    warnings: [...compiled.diagnostics, ...diagnostics],
  }
}

/** What becomes of the encrypted volumes of a deploy among the others. */
const vaultCheck = ({ plan, entry }: DesiredPod, pods: readonly DesiredPod[], { deploys }: Machine): VaultCheck => ({
  key: plan.name,
  before: deploys.entries.get(plan.name),
  after: entry,
  entries: new Map([...deploys.entries, ...pods.map((one) => [one.plan.name, one.entry] as const)]),
  force: false,
  entity: `pod "${plan.name}"`,
  place: plan.places.volumes,
})

/** Plans deploys with what this machine adds. Free ports and secrets are found for a first plan, and go into the second. */
async function planHere(
  compiled: CompiledProject,
  local: ReadonlyMap<string, ImageMetadata>,
  only: ReadonlySet<string>,
  given: IntentOptions['env'],
  machine: Machine,
): Promise<ReturnType<typeof planDeploys> & { readonly secrets: ReadonlyMap<string, GatheredSecrets> }> {
  const resolvedPorts = new Map<string, readonly string[]>()
  const absent = new Set<string>()
  const gateways = new Map<string, string | undefined>()
  const look = () =>
    planDeploys(compiled, local, only, machineDeploys(compiled, given, { resolvedPorts, absent, gateways }, machine))
  const seen = look()
  const taken = new Set(
    seen.pods.flatMap(({ plan }) => plan.ports.flatMap(({ host }) => (host === 'auto' ? [] : [host]))),
  )
  for (const { plan } of seen.pods)
    if (plan.ports.some(({ host }) => host === 'auto'))
      resolvedPorts.set(plan.name, await findPorts(plan, machine.deploys.entries.get(plan.name), taken, machine))
  const secrets = new Map<string, GatheredSecrets>()
  const now = snapshot([], machine)
  const problems: Diagnostic[] = []
  for (const { plan } of seen.pods) {
    const gathered = await gatherSecrets(plan, {
      ...machine,
      now,
      env: operatorVariables(),
      home: machine.paths.home,
      ask: undefined,
    })
    secrets.set(plan.name, gathered)
    problems.push(...gathered.diagnostics)
    for (const name of gathered.absent) absent.add(name)
  }
  for (const { plan } of seen.pods)
    if (plan.nameServers) gateways.set(plan.network, await networkGateway(plan.network, machine.podman))
  const planned = resolvedPorts.size + absent.size + gateways.size > 0 ? look() : seen
  return { ...planned, diagnostics: [...planned.diagnostics, ...problems], secrets }
}

/** What was found on the machine for a first plan. */
interface Found {
  readonly resolvedPorts: ReadonlyMap<string, readonly string[]>
  /** Secrets in podman that nobody has a value for. */
  readonly absent: ReadonlySet<string>
  /** Gateways of networks. */
  readonly gateways: ReadonlyMap<string, string | undefined>
}

function machineDeploys(
  { root }: CompiledProject,
  given: IntentOptions['env'],
  { resolvedPorts, absent, gateways }: Found,
  { deploys, store, paths }: Machine,
): MachineDeploys {
  const bindAddress = setting('bind_address', paths.configFile)
  return {
    resolvedPorts,
    provides: deploys.provides,
    local: (key) => withVariables(deploys.entries.get(key), given?.get(key)),
    applied: (key) => store.typed(key),
    localise: (pod, entry) => {
      const folder = dirname(join(root, pod.origin.file))
      return {
        ...entry,
        ...(entry.envFile !== undefined && { envFile: absolutePath(entry.envFile, paths.home, folder) }),
        ...(entry.volumes && {
          volumes: entry.volumes.map((volume) =>
            volume.host === undefined ? volume : { ...volume, host: absolutePath(volume.host, paths.home, root) },
          ),
        }),
      }
    },
    around: (key, entry, image, provides) => {
      const files = envFiles(key, entry, image, paths)
      return {
        ...ANYWHERE,
        bindAddress,
        hasSecret: (podman) => !absent.has(podman),
        gateway: (network) => gateways.get(network),
        env: {
          ...ANYWHERE.env,
          provides,
          containers: [...new Set([...deploys.entries.keys(), key])].map(containerName),
          files,
          ...(files[0] && { unitFile: files[0] }),
        },
      }
    },
  }
}

/** Variables that the operator gives now stay in the entry, as if they had been written there. */
function withVariables(
  entry: DeployEntry | undefined,
  given: Readonly<Record<string, string>> | undefined,
): DeployEntry | undefined {
  if (!given) return entry
  const names = new Set(Object.keys(given))
  const kept = (entry?.env ?? []).filter((one) => !names.has(one.replace(/=.*$/s, '')))
  return { ...entry, env: [...kept, ...Object.entries(given).map(([name, value]) => `${name}=${value}`)] }
}

/** What differs on the machine, given the images that are about to be built. */
export async function comparePods(
  pods: readonly DesiredPod[],
  secrets: ReadonlyMap<string, GatheredSecrets>,
  building: ReadonlySet<string>,
  now: Snapshot,
  machine: Machine,
): Promise<PodChange[]> {
  const changes: PodChange[] = []
  for (const desired of pods) {
    const change = await comparePod(desired, secrets.get(desired.plan.name)!, building.has(desired.image), now, machine)
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
    const ref = imageRef(pod)
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
