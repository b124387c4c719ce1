import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { storageName } from '../../model/deploy-key.ts'
import { writeAtomic } from '../../state/atomic.ts'
import type { Paths } from '../../state/paths.ts'
import { withLock } from '../../state/lock.ts'
import type { Executor } from '../executor.ts'
import { detachStale, initVolume, mountVolume, unmountVolume, WrongPassphrase } from './gocryptfs.ts'
import type { Passphrase, Passphrases } from './passphrase.ts'
import type { EncryptedVolume } from './places.ts'
import { isPopulatedAndUnmounted, mountTable, volumeState, type VolumeState } from './state.ts'

/** The encrypted volumes of a deploy. */
export interface Vault {
  /** Key of the deploy. */
  readonly key: string
  /** Its image, whose passphrase they share. */
  readonly image: string
  readonly volumes: readonly EncryptedVolume[]
  /** Volumes of other instances of the image, which share it, too. */
  readonly siblings: readonly EncryptedVolume[]
}

export interface VaultTools {
  readonly executor: Executor
  readonly paths: Pick<Paths, 'runtime' | 'vaults'>
  readonly say: (line: string) => void
  readonly passphrases: (image: string) => Passphrases
}

/** `web -i eu`, as a command takes it. */
export const argumentsOf = (key: string): string => key.replace('/', ' -i ')

/** How the volumes of a deploy are, in one look. */
export async function vaultStates(
  volumes: readonly EncryptedVolume[],
): Promise<ReadonlyMap<EncryptedVolume, VolumeState>> {
  const mounts = mountTable()
  return new Map(await Promise.all(volumes.map(async (one) => [one, await volumeState(one, mounts)] as const)))
}

/** Mounts what is not mounted. Where all is, no credential store is asked: a broken keyring never blocks a restart. (ENC-42, ENC-43) */
export async function mountVault(vault: Vault, tools: VaultTools): Promise<void> {
  const before = await vaultStates(vault.volumes)
  if (allMounted(vault, before, tools)) return
  refuseLost(before)
  for (const [{ name }, state] of before)
    if (state === 'not initialized')
      throw refused(`encrypted volume "${name}" not initialized; run 'ov config ${argumentsOf(vault.key)}' first`, '')
  const passphrase = await tools.passphrases(vault.image).find()
  await locked(vault, tools, () => mountEach(vault, passphrase, tools))
}

export interface OpenOptions {
  /** The passphrase of new volumes is asked for, not made up. */
  readonly manual?: boolean
  /** Volumes that were made before and are not where they were are made anew. */
  readonly remake?: boolean
}

/** Makes volumes that are not there yet, and mounts all. (ENC-40, ENC-41) */
export async function openVault(
  vault: Vault,
  { manual = false, remake = false }: OpenOptions,
  tools: VaultTools,
): Promise<void> {
  const before = await vaultStates(vault.volumes)
  if (vault.volumes.length === 0 || allMounted(vault, before, tools)) return
  refuseLost(before)
  if (!remake) refuseGone(vault.key, before, tools)
  const passphrases = tools.passphrases(vault.image)
  if (![...before.values()].includes('not initialized')) return openEach(vault, await passphrases.find(), tools)
  await imageLocked(vault, tools, async () => {
    const states = await vaultStates([...vault.volumes, ...vault.siblings])
    const fresh = [...states.values()].every((state) => state === 'not initialized')
    await openEach(vault, await passphrases.forNew({ fresh, manual }), tools)
  })
}

function openEach(vault: Vault, passphrase: Passphrase, tools: VaultTools): Promise<void> {
  return locked(vault, tools, async () => {
    // Old volumes first: a new one must not be made with a passphrase that does not open the others.
    const now = await vaultStates(vault.volumes)
    const old = vault.volumes.filter((volume) => now.get(volume) !== 'not initialized')
    const used = await mountEach({ ...vault, volumes: old }, passphrase, tools)
    const fresh = vault.volumes.filter((volume) => now.get(volume) === 'not initialized')
    for (const volume of fresh) {
      await initVolume(volume, used.value, tools.executor)
      remember(volume, tools)
      tools.say(`Initialized ${volume.name}`)
    }
    await mountEach({ ...vault, volumes: fresh }, used, tools)
  })
}

/** Refuses to go on while a volume is not mounted: its container would write plain text where encrypted data belongs. (ENC-63) */
export async function guardVault({ key, image, volumes }: Vault): Promise<void> {
  for (const [volume, state] of await vaultStates(volumes)) {
    if (state === 'mounted') continue
    const { name, cipher, plain } = volume
    const remedy = `run 'ov config mount ${argumentsOf(key)}' first`
    throw refused(
      (await isPopulatedAndUnmounted(volume))
        ? `encrypted volume "${name}": cipher dir at ${cipher} is populated but plain mount at ${plain} is empty — refusing to start (would write plaintext over encrypted data); ${remedy}`
        : `encrypted bind mount "${name}" for image "${image}" is not mounted; ${remedy}`,
      '',
    )
  }
}

/** Unmounts what is mounted. (ENC-47) */
export async function unmountVault(vault: Vault, tools: VaultTools): Promise<void> {
  const { say, executor } = tools
  await locked(vault, tools, async () => {
    const problems: DiagnosticError[] = []
    for (const [volume, state] of await vaultStates(vault.volumes)) {
      if (state === 'stale') await detachStale(volume, executor)
      else if (state !== 'mounted') {
        say(`${volume.name}: not mounted`)
        continue
      } else
        try {
          await unmountVolume(volume, argumentsOf(vault.key), executor)
        } catch (error) {
          if (!(error instanceof DiagnosticError)) throw error
          problems.push(error)
          continue
        }
      say(`Unmounted ${volume.name}`)
    }
    if (problems.length > 0) throw new DiagnosticError(problems.flatMap(({ diagnostics }) => [...diagnostics]))
  })
}

/** Mounts volumes that are made, one after the other; comes back with the passphrase that opened the last one. */
async function mountEach(
  { image, volumes }: Vault,
  first: Passphrase,
  { executor, say, paths }: VaultTools,
): Promise<Passphrase> {
  let passphrase = first
  for (const volume of volumes) {
    const state = await volumeState(volume)
    if (state === 'mounted') {
      say(`${volume.name}: already mounted`)
      continue
    }
    if (state === 'stale') {
      await detachStale(volume, executor)
      say(
        `${volume.name}: its daemon had died; a container that still runs sees nothing of it until ov restart ${image}`,
      )
    }
    for (;;) {
      try {
        await mountVolume(volume, passphrase.value, executor)
        break
      } catch (error) {
        if (!(error instanceof WrongPassphrase)) throw error
        passphrase = await passphrase.another(volume.name)
      }
    }
    remember(volume, { paths })
    say(`Mounted ${volume.name} at ${volume.plain}`)
  }
  return passphrase
}

function allMounted(
  { key, volumes }: Vault,
  states: ReadonlyMap<EncryptedVolume, VolumeState>,
  { say }: VaultTools,
): boolean {
  if (volumes.length === 0 || ![...states.values()].every((state) => state === 'mounted')) return false
  say(`All encrypted volumes for ${key} already mounted (${volumes.length}/${volumes.length})`)
  return true
}

const markOf = ({ unit }: EncryptedVolume, { vaults }: Pick<Paths, 'vaults'>): string =>
  join(vaults, unit.replace(/\.scope$/, ''))

/** Remembers where a volume was made. */
function remember(volume: EncryptedVolume, { paths }: Pick<VaultTools, 'paths'>): void {
  const mark = markOf(volume, paths)
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== `${volume.cipher}\n`)
    writeAtomic(mark, `${volume.cipher}\n`, { keep: true })
}

/** A volume that was made, and is not there: its disk may be missing, or its place was changed. A new one would hide it when it comes back. */
function refuseGone(key: string, states: ReadonlyMap<EncryptedVolume, VolumeState>, { paths }: VaultTools): void {
  for (const [volume, state] of states) {
    const mark = markOf(volume, paths)
    if (state !== 'not initialized' || !existsSync(mark)) continue
    const made = readFileSync(mark, 'utf8').trim()
    throw refused(
      `encrypted volume "${volume.name}" was made at ${made}, and is not ${made === volume.cipher ? 'there any more' : `at ${volume.cipher}`}`,
      `mount the disk that it is on, or move it; a new and empty one is made by: ov config ${argumentsOf(key)} --force`,
    )
  }
}

/** Data without its configuration: a new one would make it unreadable for good. (ENC-14) */
function refuseLost(states: ReadonlyMap<EncryptedVolume, VolumeState>): void {
  for (const [{ name, cipher }, state] of states)
    if (state === 'lost')
      throw refused(
        `encrypted volume "${name}": ${cipher} has data, and its configuration file is lost`,
        'restore gocryptfs.conf from backup',
      )
}

/** One process at a time works on the volumes of a deploy; whoever waited looks again. (ENC-17) */
export function locked<T>({ volumes }: Vault, tools: VaultTools, work: () => Promise<T>): Promise<T> {
  const ids = new Set(volumes.map(({ key }) => storageName(key)))
  // Always in the same order: two that have one each would wait for each other.
  return [...ids]
    .sort()
    .reduceRight<() => Promise<T>>((inner, id) => () => withVolumesLock(`enc-${id}`, tools, inner), work)()
}

/** One process at a time decides on the passphrase of an image: a volume made meanwhile would have one that is no longer kept. */
export const imageLocked = <T>(
  { image }: Pick<Vault, 'image'>,
  tools: VaultTools,
  work: () => Promise<T>,
): Promise<T> => withVolumesLock(join('enc-passphrases', image), tools, work)

const withVolumesLock = <T>(name: string, { paths, say }: VaultTools, work: () => Promise<T>): Promise<T> =>
  withLock(join(paths.runtime, `${name}.lock`), () => say('waiting for another ov to finish with these volumes'), work)

const refused = (message: string, remedy: string): DiagnosticError =>
  new DiagnosticError([{ code: 'OV5030', severity: 'error', message, ...(remedy !== '' && { remedy }) }])
