import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { podUnit } from '../../../model/deploy-key.ts'
import { removeFile } from '../../../state/atomic.ts'
import type { RunOptions, RunResult } from '../../executor.ts'
import { unitState } from '../../systemd.ts'
import { unitOf, type PodTools } from './tools.ts'
import { removeTunnelUnit } from './tunnel.ts'

/** Units that the generator makes of a file; a pod's brings its containers down with it. */
const unitOfFile = (file: string): string =>
  basename(file)
    .replace(/\.container$/, '.service')
    .replace(/\.pod$/, '-pod.service')

/** Stops what a file of a deploy is for, and removes it. The manager has to be told afterwards. */
export async function removeUnit(file: string, tools: Pick<PodTools, 'executor' | 'paths'>): Promise<void> {
  if (file.endsWith('-tunnel.service')) return removeTunnelUnit(file, tools)
  const unit = unitOfFile(file)
  await tools.executor.run(['systemctl', '--user', 'stop', unit])
  // A program that ends with a signal has failed, as systemd sees it, and would stay in its lists.
  await tools.executor.run(['systemctl', '--user', 'reset-failed', unit])
  removeFile(file)
}

type Machine = Pick<PodTools, 'executor' | 'paths'>

/** The unit of the pod that a deploy is, where it is one. */
export const podUnitOf = (container: string, { paths }: Machine): string | undefined =>
  existsSync(join(paths.quadlets, `${container}.pod`)) ? podUnit(container) : undefined

/** Starts a deploy, or starts it anew. The containers of a pod come up with it. (POD-125, POD-127) */
export async function bringUp(
  verb: 'start' | 'restart',
  container: string,
  machine: Machine,
  options?: RunOptions,
): Promise<RunResult> {
  const { executor } = machine
  const systemctl = (...args: string[]) => executor.run(['systemctl', '--user', ...args], options)
  const unit = unitOf(container)
  const pod = podUnitOf(container, machine)
  // One that has failed too often in a short time would be refused, though its cause may be gone.
  await systemctl('reset-failed', unit)
  if (pod === undefined) return systemctl(verb, unit)
  // A container of the time before there was a pod holds the ports that the pod wants.
  if ((await unitState(pod, executor)).active !== 'active') await systemctl('stop', unit)
  const up = await systemctl(verb, pod)
  return up.exitCode === 0 ? systemctl('start', unit) : up
}
