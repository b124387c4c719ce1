import { existsSync, readFileSync } from 'node:fs'
import type { DeployRecord } from '../../../state/deploys.ts'
import type { DesiredPod } from './desire.ts'
import type { GatheredSecrets } from './secrets.ts'
import type { Snapshot } from './snapshot.ts'
import { vaultOf, type PodTools } from './tools.ts'
import { vaultStates } from '../../volumes/index.ts'
import { tunnelReasons } from './tunnel.ts'

/** What differs between a machine and a desired deploy. */
export interface PodChange {
  readonly desired: DesiredPod
  /** Texts of the files that are there: those of the deploy, and those it has no more. */
  readonly before: ReadonlyMap<string, string>
  /** Secrets that podman is to get, and those that it has. */
  readonly secrets: GatheredSecrets
  /** What is wrong besides the texts, in words. */
  readonly reasons: readonly string[]
}

/** Whether the deploy is on the machine at all. */
export const isThere = ({ desired, before }: PodChange): boolean => before.has(desired.files[0]!.path)

/** Whether all files of a deploy are as they should be, and no others there. */
export const sameFiles = ({ desired, before }: PodChange): boolean =>
  before.size === desired.files.length && desired.files.every(({ path, text }) => before.get(path) === text)

/** Compares a desired deploy with the machine; `rebuilt` says that its image is about to be built. */
export async function comparePod(
  desired: DesiredPod,
  secrets: GatheredSecrets,
  rebuilt: boolean,
  now: Snapshot,
  tools: PodTools,
): Promise<PodChange | undefined> {
  const record = tools.store.get(desired.plan.name)
  const paths = new Set([...desired.files.map(({ path }) => path), ...(record?.files ?? []), ...desired.stale])
  const before = new Map(
    [...paths].flatMap((path) => (existsSync(path) ? [[path, readFileSync(path, 'utf8')] as const] : [])),
  )
  const fresh = !before.has(desired.files[0]!.path) && record === undefined
  const reasons = fresh
    ? []
    : [
        ...recordReasons(record, desired),
        ...secrets.ready.map(({ podman }) => `its secret ${podman} is new`),
        ...tunnelReasons(desired.plan, tools.paths),
        ...(await runReasons(desired, rebuilt, now)),
        ...(await vaultReasons(desired, tools)),
      ]
  const change = { desired, before, secrets, reasons }
  return sameFiles(change) && reasons.length === 0 ? undefined : change
}

async function vaultReasons({ plan }: DesiredPod, tools: PodTools): Promise<string[]> {
  const states = await vaultStates(vaultOf(plan, tools).volumes)
  return [...states].flatMap(([{ name }, state]) =>
    state === 'mounted' ? [] : [`its encrypted volume ${name} is ${state}`],
  )
}

function recordReasons(record: DeployRecord | undefined, desired: DesiredPod): string[] {
  if (record === undefined || record.phase !== 'applied') return ['an earlier run did not finish']
  return record.envFileHash === desired.record.envFileHash ? [] : ['its env file changed']
}

async function runReasons({ plan, image }: DesiredPod, rebuilt: boolean, now: Snapshot): Promise<string[]> {
  const state = await now.unit(plan.container)
  if (state.load !== 'loaded') return ['its unit is not loaded']
  if (state.active !== 'active') return [`its unit is ${state.active}`]
  if (rebuilt) return ['its image is built anew']
  const running = (await now.containers()).find(({ name }) => name === plan.container)
  const wanted = await now.imageId(image)
  return wanted !== undefined && running?.imageId !== wanted ? ['its container runs another image'] : []
}

/** Whether what is remembered of a deploy is what should be, whatever the order of its fields. */
export const sameRecord = (a: DeployRecord | undefined, b: DeployRecord): boolean =>
  a !== undefined && JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())
