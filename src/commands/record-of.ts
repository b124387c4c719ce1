import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { companionFiles } from '../apply/targets/pod/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import { containerName } from '../model/deploy-key.ts'
import { planSecrets } from '../plan/pod/secrets.ts'
import { planSidecars } from '../plan/pod/sidecars.ts'
import { planVolumes } from '../plan/pod/volumes.ts'
import type { DeployRecord } from '../state/deploys.ts'
import { findDeploy } from './local-deploy.ts'
import type { Machine } from './machine.ts'

/** What a deploy that no project applied has on this machine: exactly its own names, nothing that begins like them. (POD-55) */
export async function recordOf(key: string, machine: Machine): Promise<DeployRecord> {
  const container = containerName(key)
  const entry: DeployEntry = machine.deploys.entries.get(key) ?? {}
  const files = [join(machine.paths.quadlets, `${container}.container`), ...companionFiles(container, machine.paths)]
  const known = await findDeploy(key, {}, machine).catch((error: unknown) => {
    // Its image may be gone: then the entry is all that is known.
    if (error instanceof DiagnosticError) return undefined
    throw error
  })
  const volumes = known ? planVolumes(container, entry, known.image.metadata, () => {}) : []
  const secrets = known ? planSecrets(container, entry, known.image.metadata) : { owned: [], credentials: [] }
  const sidecars = planSidecars(
    container,
    entry,
    () => {},
    () => true,
  )
  return {
    schemaVersion: 1,
    name: key,
    project: '',
    phase: 'destroying',
    container,
    image: known?.reference ?? '',
    files: files.filter((file) => existsSync(file)),
    volumes: [
      ...volumes.flatMap((volume) => (volume.kind === 'named' ? [volume.volume] : [])),
      ...sidecars.flatMap((sidecar) => sidecar.volumes.map(({ volume }) => volume)),
    ],
    // Data of bind mounts is never deleted here. (POD-55)
    folders: [],
    secrets: [...secrets.owned, ...secrets.credentials, ...sidecars.flatMap((sidecar) => sidecar.secrets)].map(
      ({ podman }) => podman,
    ),
    network: entry.network ?? 'ov',
    typed: machine.store.typed(key)[0] ?? {},
  }
}
