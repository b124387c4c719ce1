import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { checkVault, vaultStates, type Vault, type VolumeState } from '../apply/volumes/index.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import type { Paths } from '../state/paths.ts'
import { program, quickly, type ProbeTools } from './programs.ts'
import type { Check, Group } from './report.ts'

export interface StorageTools extends ProbeTools {
  readonly paths: Paths
  readonly entries: ReadonlyMap<string, DeployEntry>
  readonly vaults: readonly Vault[]
  /** Deploys whose quadlet does not mount their volumes. (ENC-64) */
  readonly stale: readonly string[]
  /** Deploys start at boot, and their passphrase is there then. */
  readonly unattended: boolean
}

/** What encrypted volumes need, and what is wrong with those that there are. (DOC-04) */
export async function encryptedStorage(tools: StorageTools): Promise<Group> {
  const { executor, vaults, stale } = tools
  const programs = await Promise.all(
    ['gocryptfs', 'fusermount3', 'systemd-ask-password'].map((name) => program(name, tools)),
  )
  const encrypted = vaults.filter(({ volumes }) => volumes.length > 0)
  const manager = await quickly(executor, ['systemctl', '--user', 'show', '--property=Version'])
  return {
    name: 'Encrypted Storage',
    required: false,
    checks: [
      ...programs,
      fuseDevice(),
      allowOther(),
      manager.exitCode === 0
        ? { name: 'systemd user manager', status: 'ok', version: 'reachable' }
        : {
            name: 'systemd user manager',
            status: 'warning',
            detail: 'not reachable',
            hint: `log in through systemd, or: sudo loginctl enable-linger ${userInfo().username}`,
          },
      ...(encrypted.length > 0 && tools.unattended ? [lingering()] : []),
      ...stale.map((key): Check => ({
        name: `quadlet of ${key}`,
        status: 'warning',
        detail: 'does not mount its encrypted volumes',
        hint: 'ov migrate quadlets',
      })),
      ...(await volumes(encrypted)),
      ...(await clashes(tools)),
    ],
  }
}

function fuseDevice(): Check {
  const name = '/dev/fuse'
  try {
    closeSync(openSync(name, 'r+'))
    return { name, status: 'ok', version: 'usable' }
  } catch {
    return existsSync(name)
      ? { name, status: 'warning', detail: 'not usable by this user', hint: 'sudo chmod 666 /dev/fuse' }
      : { name, status: 'missing', detail: 'not there', hint: 'sudo modprobe fuse' }
  }
}

/** Containers run as other users than the mount's. (ENC-38) */
function allowOther(): Check {
  const name = 'user_allow_other'
  if (process.getuid?.() === 0) return { name, status: 'info', detail: 'root needs none' }
  let text = ''
  try {
    text = readFileSync('/etc/fuse.conf', 'utf8')
  } catch {
    // no file, not set
  }
  return /^\s*user_allow_other\s*$/m.test(text)
    ? { name, status: 'ok', version: 'set in /etc/fuse.conf' }
    : {
        name,
        status: 'warning',
        detail: 'not set: containers would not see encrypted volumes',
        hint: 'echo user_allow_other | sudo tee -a /etc/fuse.conf',
      }
}

function lingering(): Check {
  const { username } = userInfo()
  return existsSync(`/var/lib/systemd/linger/${username}`)
    ? { name: 'lingering', status: 'ok', version: `on for ${username}` }
    : {
        name: 'lingering',
        status: 'info',
        detail: `off for ${username}: encrypted deploys start at the first login, not at boot`,
      }
}

async function volumes(vaults: readonly Vault[]): Promise<Check[]> {
  const checks: Check[] = []
  for (const { key, volumes } of vaults)
    for (const volume of volumes) {
      const { name } = volume
      let state: VolumeState | undefined
      try {
        state = (await vaultStates([volume])).get(volume)
      } catch (error) {
        // One that can't be looked at says nothing about the others.
        checks.push({
          name: `volume ${name} of ${key}`,
          status: 'warning',
          detail: (error as Error).message,
          hint: `see whose it is: ls -ld ${volume.cipher}`,
        })
        continue
      }
      if (state === undefined) continue
      const check = { name: `volume ${name} of ${key}`, detail: state }
      if (state === 'mounted') checks.push({ ...check, status: 'ok', version: state })
      else if (state === 'stale')
        checks.push({
          ...check,
          status: 'warning',
          detail: 'its daemon died',
          hint: `ov config mount ${key.replace('/', ' -i ')}`,
        })
      else if (state === 'lost')
        checks.push({
          ...check,
          status: 'warning',
          detail: 'its configuration file is lost',
          hint: 'restore gocryptfs.conf from backup',
        })
      else checks.push({ ...check, status: 'info' })
    }
  return checks
}

/** Volumes that would share a directory. (ENC-13) */
async function clashes({ entries, paths }: StorageTools): Promise<Check[]> {
  const found = new Map<string, Check>()
  for (const [key, entry] of entries) {
    const problems = await checkVault(
      {
        key,
        before: undefined,
        after: entry,
        entries,
        force: true,
        entity: key,
        place: { file: '', line: 1, column: 1 },
      },
      paths,
    )
    for (const { message, remedy } of problems)
      found.set(message.replace(/^volumes\.[^:]*: /, ''), {
        name: `volumes of ${key}`,
        status: 'warning',
        detail: message,
        ...(remedy !== undefined && { hint: remedy }),
      })
  }
  return [...found.values()]
}
