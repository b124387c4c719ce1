import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { destroyPod } from '../apply/targets/pod/index.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import { containerName, deployName } from '../model/deploy-key.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { planSecrets } from '../plan/pod/secrets.ts'
import { planVolumes } from '../plan/pod/volumes.ts'
import type { DeployRecord } from '../state/deploys.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { findDeploy } from './local-deploy.ts'
import { thisMachine, type Machine } from './machine.ts'
import type { InstanceOption } from './service-verbs.ts'

export interface RemoveOptions extends InstanceOption {
  readonly purge?: boolean
  readonly keepDeploy?: boolean
  readonly yes?: boolean
}

/** `ov remove`: stops a deploy and takes its units and its entry away; its data stays unless it is purged. (POD-130) */
export async function run(context: Context, options: RemoveOptions, image: string): Promise<number> {
  const machine = thisMachine(context)
  const { key } = deployName(image, options.instance)
  return withLock(
    machine.paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      const record = machine.store.get(key) ?? (await recordOf(key, image, options, machine))
      await destroyPod(record, options.purge === true, machine)
      for (const file of record.files) if (!existsSync(file)) context.say(`Removed ${file}`)
      if (options.keepDeploy === true) return 0
      await machine.forget(key, true)
      machine.store.remove(key, true)
      context.say(`Cleaned deploy.yml entry for ${key}`)
      return 0
    },
  )
}

/** What a deploy that no project applied has on this machine: exactly its own names, nothing that begins like them. (POD-55) */
async function recordOf(
  key: string,
  argument: string,
  options: RemoveOptions,
  machine: Machine,
): Promise<DeployRecord> {
  const container = containerName(key)
  const entry: DeployEntry = machine.deploys.entries.get(key) ?? {}
  const names = [
    `${container}.container`,
    `${container}.pod`,
    ...Object.keys(entry.sidecars ?? {}).map((name) => `${container}-${name}.container`),
  ]
  const there = existsSync(machine.paths.quadlets) ? readdirSync(machine.paths.quadlets) : []
  const known = await findDeploy(argument, options, machine).catch((error: unknown) => {
    // Its image may be gone: then the entry is all that is known.
    if (error instanceof DiagnosticError) return undefined
    throw error
  })
  const volumes = known ? planVolumes(container, entry, known.image.metadata, () => {}) : []
  const secrets = known ? planSecrets(container, entry, known.image.metadata) : { owned: [], credentials: [] }
  return {
    schemaVersion: 1,
    name: key,
    project: '',
    phase: 'destroying',
    container,
    image: known?.reference ?? '',
    files: names.filter((name) => there.includes(name)).map((name) => join(machine.paths.quadlets, name)),
    volumes: volumes.flatMap((volume) => (volume.kind === 'named' ? [volume.volume] : [])),
    // Data of bind mounts is never deleted here. (POD-55)
    folders: [],
    secrets: [...secrets.owned, ...secrets.credentials].map(({ podman }) => podman),
    network: entry.network ?? 'ov',
    typed: {},
  }
}
