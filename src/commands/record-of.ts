import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import { containerName } from '../model/deploy-key.ts'
import { planSecrets } from '../plan/pod/secrets.ts'
import { planVolumes } from '../plan/pod/volumes.ts'
import type { DeployRecord } from '../state/deploys.ts'
import { findDeploy } from './local-deploy.ts'
import type { Machine } from './machine.ts'

/** What a deploy that no project applied has on this machine: exactly its own names, nothing that begins like them. (POD-55) */
export async function recordOf(key: string, machine: Machine): Promise<DeployRecord> {
  const container = containerName(key)
  const entry: DeployEntry = machine.deploys.entries.get(key) ?? {}
  const names = [
    `${container}.container`,
    `${container}.pod`,
    ...Object.keys(entry.sidecars ?? {}).map((name) => `${container}-${name}.container`),
  ]
  const there = existsSync(machine.paths.quadlets) ? readdirSync(machine.paths.quadlets) : []
  const known = await findDeploy(key, {}, machine).catch((error: unknown) => {
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
    typed: machine.store.typed(key)[0] ?? {},
  }
}
