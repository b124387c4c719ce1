import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { fromLabels } from '../../../plan/labels.ts'
import type { PlannedSecret } from '../../../plan/pod/secrets.ts'
import { makeFolder, removeFile, writeAtomic } from '../../../state/atomic.ts'
import { attempt } from '../../../state/attempt.ts'
import type { DeployRecord } from '../../../state/deploys.ts'
import type { Paths } from '../../../state/paths.ts'
import { runArguments } from '../../../synth/index.ts'
import type { PodChange } from './compare.ts'
import { fillVolumes, type ConfigureOptions } from './configure.ts'
import type { DesiredPod } from './desire.ts'
import { purgeData, type Removal } from './destroy.ts'
import { runHook } from './hooks.ts'
import { ensureNetwork, releaseNetwork } from './network.ts'
import { hostPath } from './paths.ts'
import { provisionSecrets, type GatheredSecrets } from './secrets.ts'
import { vaultOf, type PodTools } from './tools.ts'
import { guardVault, openVault } from '../../volumes/index.ts'

/** How a container is run without a unit. */
interface DirectRun {
  /** Comes back after it ended, and after a boot where the engine sees to that; otherwise it is gone once it stops. */
  readonly keep: boolean
  /** Otherwise it is made, and waits for the next start. */
  readonly start: boolean
}

/** A container that is kept, as `config` made it. (POD-135) */
interface DirectRecord {
  readonly container_name: string
  readonly image: string
  readonly instance?: string
  readonly image_ref: string
  readonly created_utc: string
}

const recordFile = (container: string, { direct }: Pick<Paths, 'direct'>): string => join(direct, `${container}.json`)

/** Whether `config` made a container of this name, which is then more than one that somebody started. */
export const isKept = (container: string, paths: Pick<Paths, 'direct'>): boolean =>
  existsSync(recordFile(container, paths))

/** Writes down what a deploy is, and makes what its container needs, short of running it: for a machine without systemd. (POD-36) */
export async function configureDirect(change: PodChange, options: ConfigureOptions, tools: PodTools): Promise<void> {
  await tools.persist(change.desired)
  await makePlaces(change.desired, tools)
  await openVault(vaultOf(change.desired.plan, tools), options, tools)
  await fillVolumes(change, fromLabels((await tools.podman.labels(change.desired.image)) ?? {}), options, tools)
}

/** Makes the folders and the network that a container is about to use. */
export async function makePlaces({ binds, plan }: DesiredPod, { podman }: Pick<PodTools, 'podman'>): Promise<void> {
  for (const { path, auto } of binds) if (auto) attempt(path, () => makeFolder(path))
  await ensureNetwork(plan.network, podman)
}

/** Runs the container of a deploy; one of its name is replaced. (POD-135) */
export async function runDirect(
  { desired, secrets }: PodChange,
  { keep, start }: DirectRun,
  tools: PodTools,
): Promise<void> {
  const { podman, paths, clock, signal, say } = tools
  const { plan, image } = desired
  await makePlaces(desired, tools)
  await openVault(vaultOf(plan, tools), {}, tools)
  await guardVault(vaultOf(plan, tools))
  const { had, handed } = await handSecrets(plan.secretLines, secrets, tools)
  if (plan.security.memorySwapMax !== undefined && plan.security.memoryMax === undefined)
    say(`Warning: ${plan.name}: its limit of swap needs one of memory, too, and is left out`)
  await podman.removeContainer(plan.container)
  await podman.run(
    [
      ...(start ? ['run', '-d'] : ['create']),
      ...[keep ? '--restart=always' : '--rm', '--name', plan.container, '--pull', 'never'],
      ...containerArguments(desired, had, Object.keys(handed), tools),
      ...[image, ...plan.exec],
    ],
    { env: handed, signal },
  )
  if (!keep) return
  const record: DirectRecord = {
    container_name: plan.container,
    image: plan.base,
    ...(plan.instance !== undefined && { instance: plan.instance }),
    image_ref: image,
    created_utc: clock.now().toISOString(),
  }
  writeAtomic(recordFile(plan.container, paths), `${JSON.stringify(record, undefined, 2)}\n`, { keep: true })
}

/** Takes a deploy without a unit down. Data stays unless it is purged. (POD-130) */
export async function removeDirect(record: DeployRecord, options: Removal, tools: PodTools): Promise<void> {
  const { podman, paths, store, say } = tools
  const { hooks } = fromLabels((await podman.labels(record.image)) ?? {})
  await runHook('pre_remove', hooks.pre_remove, record, podman, say, options.hookEnv)
  await podman.removeContainer(record.container)
  removeFile(recordFile(record.container, paths))
  if (options.purge) await purgeData(record, podman)
  await tools.forget(record.name, options.purge)
  store.remove(record.name, options.purge)
  await releaseNetwork(record.network, store.all(), tools)
}

/** What a container of its own is given, and a throw-away one as well. */
export const containerArguments = (
  { plan }: DesiredPod,
  secrets: readonly PlannedSecret[],
  handed: readonly string[],
  { podman, paths }: PodTools,
): string[] =>
  runArguments(plan, {
    hostPath: (volume) => hostPath(plan, volume, paths),
    ...(plan.envFile !== undefined && { envFile: plan.envFile }),
    engine: podman.program,
    secrets,
    handed,
  })

/**
 * Gives the engine the secrets of a deploy. Where it keeps none, those that have a variable reach the container in it, which is said: whoever may
 * inspect the container can read them. Their values travel in the engine's environment. (POD-97)
 */
async function handSecrets(
  lines: readonly PlannedSecret[],
  secrets: GatheredSecrets,
  tools: PodTools,
): Promise<{ had: readonly PlannedSecret[]; handed: Readonly<Record<string, string>> }> {
  const { podman, say } = tools
  if (podman.program === 'podman')
    try {
      await provisionSecrets(secrets, tools, say)
      return { had: lines, handed: {} }
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      say(`Warning: ${error.diagnostics[0]?.message ?? error.message}`)
    }
  const had = lines.filter(({ podman: name }) => secrets.kept.includes(name))
  const values = new Map(secrets.ready.map((one) => [one.podman, one]))
  const handed: Record<string, string> = {}
  for (const { podman: name, env } of lines) {
    const ready = values.get(name)
    if (ready?.keepAs) await tools.credentials.set(ready.keepAs.service, ready.keepAs.key, ready.value)
    if (env !== undefined && ready) handed[env] = ready.value
  }
  const names = Object.keys(handed)
  const fileOnly = lines.filter(
    ({ podman: name, env }) =>
      env === undefined &&
      !secrets.kept.includes(name) &&
      !lines.some((one) => one.podman === name && one.env !== undefined),
  )
  if (names.length > 0)
    say(
      `Security notice: ${podman.program} keeps no secrets for ${names.join(', ')}: the container has them as plain variables, which "${podman.program} inspect" shows`,
    )
  for (const { podman: name } of fileOnly) say(`Warning: the container goes without ${name}, which has no variable`)
  return { had, handed }
}
