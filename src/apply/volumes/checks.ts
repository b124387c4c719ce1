import { isAbsolute } from 'node:path'
import type { Diagnostic, Place } from '../../diagnostics/diagnostic.ts'
import type { DeployEntry, EntryVolume } from '../../model/deploy-entry.ts'
import type { Paths } from '../../state/paths.ts'
import { argumentsOf } from './vault.ts'
import { encryptedVolume, fillHome } from './places.ts'
import { holdsData } from './state.ts'

/** What is said of the encrypted volumes of a deploy, before and from now on. */
export interface VaultCheck {
  readonly key: string
  readonly before: DeployEntry | undefined
  readonly after: DeployEntry
  /** All deploys of this machine. */
  readonly entries: ReadonlyMap<string, DeployEntry>
  /** Data may stay behind. */
  readonly force: boolean
  readonly entity: string
  readonly place: Place
}

/** Encrypted volumes that would be left behind with data in them, or that share a place with another one. (ENC-07, ENC-13) */
export async function checkVault(check: VaultCheck, paths: Pick<Paths, 'encrypted' | 'home'>): Promise<Diagnostic[]> {
  const { key, before, after, entries, force, entity, place } = check
  const problems: Diagnostic[] = []
  const problem = (volume: string, message: string, remedy: string) =>
    problems.push({
      code: 'OV4006',
      severity: 'error',
      message: `volumes.${volume}: ${message}`,
      entity,
      field: `volumes.${volume}`,
      place,
      remedy,
    })
  const now = new Map(encrypted(after).map((volume) => [volume.name, encryptedVolume(key, volume, paths)]))
  for (const old of force ? [] : encrypted(before)) {
    const { cipher } = encryptedVolume(key, old, paths)
    if (now.get(old.name)?.cipher === cipher || !(await holdsData(cipher))) continue
    problem(
      old.name,
      `it is encrypted, and ${cipher} holds its data, which the deploy would no longer see`,
      `copy the data first; then ov config ${argumentsOf(key)} -v ${old.name}:TYPE --force leaves it behind`,
    )
  }
  for (const { name, host } of encrypted(after))
    if (host !== undefined && !isAbsolute(fillHome(host, paths.home)))
      problem(
        name,
        `its place ${JSON.stringify(host)} is another one in every directory that ov is called in`,
        'write an absolute path, or one that begins with ~',
      )
  const owners = new Map<string, string>()
  for (const [other, entry] of new Map([...entries, [key, after]]))
    for (const volume of encrypted(entry)) {
      const { cipher, unit } = encryptedVolume(other, volume, paths)
      const name = `${other}: ${volume.name}`
      for (const one of [cipher, unit]) {
        const owner = owners.get(one)
        if (owner !== undefined && (other === key || owner.startsWith(`${key}: `)))
          problem(
            other === key ? volume.name : owner.slice(key.length + 2),
            `the encrypted volumes "${owner}" and "${name}" would both be ${one}`,
            'give one of them a path of its own (host), and another name',
          )
        owners.set(one, name)
      }
    }
  return problems
}

const encrypted = (entry: DeployEntry | undefined): readonly EntryVolume[] =>
  (entry?.volumes ?? []).filter(({ type }) => type === 'encrypted')
