import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { absolutePath, hostPath } from '../apply/targets/pod/index.ts'
import { containerName } from '../model/deploy-key.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import { parseEnvFile, type EnvFile } from '../plan/pod/env.ts'
import { planVolumes } from '../plan/pod/volumes.ts'
import type { Paths } from '../state/paths.ts'

/** Files of variables that a deploy has on this machine: that of its entry, and `.env` of its workspace. (POD-85, POD-89) */
export function envFiles(key: string, entry: DeployEntry, image: ImageMetadata, paths: Paths): EnvFile[] {
  const workspace = planVolumes(containerName(key), entry, image, () => {}).find(
    (volume) => volume.name === 'workspace' && volume.kind === 'bind',
  )
  const candidates = [
    ...(entry.envFile === undefined ? [] : [absolutePath(entry.envFile, paths.home, paths.home)]),
    ...(workspace?.kind === 'bind' ? [join(hostPath({ name: key }, workspace, paths), '.env')] : []),
  ]
  return candidates.filter(existsSync).map((path) => ({
    path,
    variables: parseEnvFile(readFileSync(path, 'utf8'), (name) => process.env[name]),
  }))
}
