import { existsSync, rmdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fromLabels } from '../../../plan/labels.ts'
import type { DeployRecord } from '../../../state/deploys.ts'
import type { Podman } from '../../podman.ts'
import { systemctl } from '../../systemd.ts'
import { runHook } from './hooks.ts'
import { releaseNetwork } from './network.ts'
import { unitOf, type PodTools } from './tools.ts'
import { closeTunnel } from './tunnel.ts'
import { removeUnit } from './units.ts'

/** What holds the data of a deploy. */
export interface DeployData {
  readonly volumes: readonly string[]
  readonly folders: readonly string[]
  /** Names in podman. */
  readonly secrets: readonly string[]
}

/** How a deploy is taken down. */
export interface Removal {
  /** Its volumes and secrets go, too. */
  readonly purge: boolean
  /** Variables for the image's own script. */
  readonly hookEnv?: Readonly<Record<string, string>>
}

/** Stops a deploy and removes what apply put on the machine. Data stays unless it is purged. */
export async function destroyPod(record: DeployRecord, { purge, hookEnv }: Removal, tools: PodTools): Promise<void> {
  const { executor, podman, store } = tools
  const unit = unitOf(record.container)
  store.put({ ...record, phase: 'destroying' })
  await closeTunnel(record.container, tools)
  const { hooks } = fromLabels((await podman.labels(record.image)) ?? {})
  await runHook('pre_remove', hooks.pre_remove, record, podman, tools.say, hookEnv)
  await executor.run(['systemctl', '--user', 'stop', unit])
  // Whatever else there is goes before the container's own file, which says that there is a deploy.
  for (const file of [...record.files].reverse()) await removeUnit(file, tools)
  await systemctl(executor, 'daemon-reload')
  await executor.run(['systemctl', '--user', 'reset-failed', unit])
  await podman.removeContainer(record.container)
  const pod = `${record.container}-pod`
  if (await podman.exists('pod', pod)) await podman.run(['pod', 'rm', '-f', '-t', '10', pod])
  if (purge) await purgeData(record, podman)
  await tools.forget(record.name, purge)
  store.remove(record.name, purge)
  await releaseNetwork(record.network, store.all(), tools)
}

/** Removes the volumes, secrets and folders of a deploy. */
export async function purgeData(record: DeployRecord, podman: Podman): Promise<void> {
  const { volumes, folders, secrets } = await existingData(record, podman)
  for (const volume of volumes) await podman.run(['volume', 'rm', volume])
  for (const secret of secrets) await podman.run(['secret', 'rm', secret])
  // Files of a container belong to ids that only its user namespace may remove.
  for (const folder of folders) {
    await podman.run(['unshare', 'rm', '-rf', '--', folder])
    removeEmpty(dirname(folder))
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // other volumes are in it
  }
}

/** The volumes, folders and secrets of a deploy that are there. */
export async function existingData(record: DeployRecord, podman: Podman): Promise<DeployData> {
  const there = async (kind: 'volume' | 'secret', names: readonly string[]) => {
    const found = await Promise.all(names.map((name) => podman.exists(kind, name)))
    return names.filter((_, index) => found[index])
  }
  return {
    volumes: await there('volume', record.volumes),
    folders: record.folders.filter((folder) => existsSync(folder)),
    secrets: await there('secret', record.secrets),
  }
}
