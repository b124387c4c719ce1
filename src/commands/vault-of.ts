import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encryptedVolume, unmountVault, type EncryptedVolume, type Vault } from '../apply/volumes/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { containerName, deployName } from '../model/deploy-key.ts'
import type { Machine } from './machine.ts'

/** What `deploy.yml` says of the encrypted volumes of a deploy and of its image's other instances. */
export function vaultOf(key: string, { deploys, paths }: Pick<Machine, 'deploys' | 'paths'>): Vault {
  const { image } = deployName(key)
  const volumesOf = (one: string): EncryptedVolume[] =>
    (deploys.entries.get(one)?.volumes ?? [])
      .filter(({ type }) => type === 'encrypted')
      .map((volume) => encryptedVolume(one, volume, paths))
  const others = [...deploys.entries.keys()].filter((one) => one !== key && deployName(one).image === image)
  return { key, image, volumes: volumesOf(key), siblings: others.flatMap(volumesOf) }
}

/** Unmounts what a deploy that is stopped has had; what can't be unmounted is said, and no failure of what was asked for. (ENC-22) */
export async function unmountAfterwards(vault: Vault, machine: Machine): Promise<void> {
  if (vault.volumes.length === 0) return
  try {
    await unmountVault(vault, machine)
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    for (const { message } of error.diagnostics) machine.say(`Warning: ${message}`)
  }
}

/** Deploys whose quadlet would start them without their encrypted volumes: an older version wrote it, or somebody by hand. (ENC-64) */
export function staleQuadlets(machine: Pick<Machine, 'deploys' | 'paths'>): string[] {
  return [...machine.deploys.entries.keys()].filter((key) => {
    if (vaultOf(key, machine).volumes.length === 0) return false
    const file = join(machine.paths.quadlets, `${containerName(key)}.container`)
    if (!existsSync(file)) return false
    const { image, instance } = deployName(key)
    const wanted = `config mount ${image}${instance === undefined ? '' : ` -i ${instance}`}`
    // `immich` is not `immich-ml`, and `web` is not its instance.
    return !readFileSync(file, 'utf8')
      .split('\n')
      .some((line) => {
        const at = line.startsWith('ExecStartPre=') ? line.indexOf(wanted) : -1
        return at !== -1 && /^(\s|$)(?!\s*-i\s)/.test(line.slice(at + wanted.length) || '\n')
      })
  })
}
