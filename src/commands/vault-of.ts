import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encryptedVolume, unmountVault, type EncryptedVolume, type Vault } from '../apply/volumes/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readQuadletPlain } from '../format/index.ts'
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

/**
 * Vaults that the unit of a deploy hands to its container, though they are not where its volumes are now: a setting or an entry was changed after the
 * unit was written. Its container would write plain text into a directory that nothing is mounted on. (ENC-63, ENC-64)
 */
function otherPlaces({ key, volumes }: Vault, { paths }: Pick<Machine, 'paths'>): string[] {
  const file = join(paths.quadlets, `${containerName(key)}.container`)
  if (!existsSync(file)) return []
  const bound = [...readFileSync(file, 'utf8').matchAll(/^Volume=(.*)$/gm)].flatMap(([, value = '']) => {
    try {
      return [readQuadletPlain(value.replace(/^%h(?=\/)/, () => paths.home))]
    } catch {
      // Somebody wrote it by hand, with specifiers.
      return []
    }
  })
  const hosts = bound.map((value) => value.slice(0, value.lastIndexOf(':/')))
  const known = new Set(volumes.map(({ plain }) => plain))
  const isVault = (path: string) => path.endsWith('/plain') && existsSync(join(path, '../cipher/gocryptfs.conf'))
  return [
    ...hosts.filter((path) => isVault(path) && !known.has(path)),
    ...volumes.map(({ plain }) => plain).filter((plain) => !bound.some((value) => value.startsWith(`${plain}:`))),
  ]
}

/** Refuses to mount for, or to start, a deploy whose unit means other vaults. */
export function refuseOtherPlaces(vault: Vault, machine: Pick<Machine, 'paths'>): void {
  const [other] = otherPlaces(vault, machine)
  if (other === undefined) return
  const { image, instance } = deployName(vault.key)
  const argument = `${image}${instance === undefined ? '' : ` -i ${instance}`}`
  throw new DiagnosticError([
    {
      code: 'OV5030',
      severity: 'error',
      message: `the unit of ${vault.key} and its encrypted volumes do not agree about ${other}: its container would write plain text`,
      remedy: `if a setting or deploy.yml was changed, change it back, or move the vault; then write the unit anew: ov config ${argument}`,
    },
  ])
}

/** Deploys whose quadlet would start them without their encrypted volumes: an older version wrote it, or somebody by hand. (ENC-64) */
export function staleQuadlets(machine: Pick<Machine, 'deploys' | 'paths'>): string[] {
  return [...machine.deploys.entries.keys()].filter((key) => {
    const vault = vaultOf(key, machine)
    if (otherPlaces(vault, machine).length > 0) return true
    if (vault.volumes.length === 0) return false
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
