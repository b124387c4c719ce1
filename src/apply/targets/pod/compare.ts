import { existsSync, readFileSync } from 'node:fs'
import type { DeployRecord } from '../../../state/deploys.ts'
import { unitState } from '../../systemd.ts'
import type { DesiredPod } from './desire.ts'
import { unitOf, type PodTools } from './tools.ts'

/** What differs between a machine and a desired deploy. */
export interface PodChange {
  readonly desired: DesiredPod
  /** Text of the quadlet that is there, or undefined. */
  readonly before: string | undefined
  /** What is wrong besides the text, in words. */
  readonly reasons: readonly string[]
}

/** Compares a desired deploy with the machine; `rebuilt` says that its image is about to be built. */
export async function comparePod(
  desired: DesiredPod,
  rebuilt: boolean,
  tools: PodTools,
): Promise<PodChange | undefined> {
  const before = existsSync(desired.file) ? readFileSync(desired.file, 'utf8') : undefined
  const record = tools.store.get(desired.plan.name)
  const reasons =
    before === undefined && record === undefined
      ? []
      : [...recordReasons(record, desired), ...(await runReasons(desired, rebuilt, tools))]
  return before === desired.text && reasons.length === 0 ? undefined : { desired, before, reasons }
}

function recordReasons(record: DeployRecord | undefined, desired: DesiredPod): string[] {
  if (record === undefined || record.phase !== 'applied') return ['an earlier run did not finish']
  return record.envFileHash === desired.record.envFileHash ? [] : ['its env file changed']
}

async function runReasons(
  { plan, image }: DesiredPod,
  rebuilt: boolean,
  { executor, podman }: PodTools,
): Promise<string[]> {
  const state = await unitState(unitOf(plan.container), executor)
  if (state.load !== 'loaded') return ['its unit is not loaded']
  if (state.active !== 'active') return [`its unit is ${state.active}`]
  if (rebuilt) return ['its image is built anew']
  const running = await podman.try(['container', 'inspect', '--format', '{{.Image}}', plan.container])
  const wanted = await podman.try(['image', 'inspect', '--format', '{{.Id}}', image])
  const differs = wanted.exitCode === 0 && running.stdout.trim() !== wanted.stdout.trim()
  return differs ? ['its container runs another image'] : []
}

/** Whether what is remembered of a deploy is what should be, whatever the order of its fields. */
export const sameRecord = (a: DeployRecord | undefined, b: DeployRecord): boolean =>
  a !== undefined && JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())
