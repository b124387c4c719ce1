import type { Credentials } from '../../credentials/chain.ts'
import type { StoreName } from '../../credentials/store.ts'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { badPassphrase, changePassphrase, WrongPassphrase } from './gocryptfs.ts'
import { failure } from './passphrase.ts'
import type { EncryptedVolume } from './places.ts'
import { argumentsOf, imageLocked, locked, vaultStates, type Vault, type VaultTools } from './vault.ts'

export interface PasswdTools extends VaultTools {
  readonly credentials: Credentials
  /** Drops what the kernel has cached. (ENC-68) */
  readonly forget: (image: string) => Promise<void>
}

/** The two passphrases, and whether all volumes of the image are meant. */
export interface NewPassphrase {
  readonly from: string
  readonly to: string
  readonly all: boolean
}

/**
 * Changes the passphrase of volumes. The store has the new one before any volume needs it, and the old one until none does: what a killed change
 * has left opens with one of the two, and the next change goes on with it. Which volumes there are is asked when nobody makes any.
 * (ENC-48, ENC-49, ENC-68, ENC-69)
 */
export async function changeVault(
  image: string,
  find: () => Vault,
  { from, to, all }: NewPassphrase,
  tools: PasswdTools,
): Promise<void> {
  const problem = badPassphrase(to) ?? badPassphrase(from)
  if (problem !== undefined) throw failure(`that can't be a passphrase: ${problem}`, 'use another one')
  await imageLocked({ image }, tools, () => {
    const vault = find()
    return locked(vault, tools, () => changeVolumes(vault, { from, to, all }, tools))
  })
}

async function changeVolumes(
  { image, volumes }: Vault,
  { from, to, all }: NewPassphrase,
  tools: PasswdTools,
): Promise<void> {
  const { credentials, say } = tools
  const states = await vaultStates(volumes)
  const open = volumes.filter((volume) => ['mounted', 'stale'].includes(states.get(volume) ?? ''))
  if (open.length > 0)
    throw failure(
      `${open.map(({ name }) => name).join(', ')}: mounted, and the passphrase can only be changed while it is not`,
      [...new Set(open.map((volume) => volume.key))]
        .map((one) => `run 'ov config unmount ${argumentsOf(one)}' first`)
        .join('; '),
    )
  const ready = volumes.filter((volume) => states.get(volume) === 'not mounted')
  for (const [{ name }, state] of states) if (state === 'not initialized') say(`${name}: not initialized, skipping`)
  const kept = all ? await keptPassphrase(image, credentials) : undefined
  if (kept?.where) {
    await takeBack(image, ready, kept.value, tools)
    await credentials.replace(NEXT, image, to, kept.where)
  }
  try {
    await changeEach(ready, from, to, tools)
  } catch (error) {
    if (kept?.where && !(error instanceof Divided)) await credentials.delete(NEXT, image)
    throw error
  }
  if (kept?.where) await replaceStored(image, to, kept.where, tools)
  await tools.forget(image)
  for (const { name } of ready) say(`${name}: passphrase changed`)
  if (!all)
    say(
      `Warning: ${image} has two passphrases now; ov/enc/${image} in the credential store is still the old one, and opens only the other volumes`,
    )
  else if (kept?.unasked === true)
    say(
      `Warning: the credential store does not answer; if it has the old passphrase, store the new one: ov secrets set ov/enc ${image}`,
    )
}

const SERVICE = 'ov/enc'
const NEXT = 'ov/enc-next'

/** What a store has, and which. One that is locked may have it, and would be left with what opens nothing. */
async function keptPassphrase(
  image: string,
  credentials: Credentials,
): Promise<{ readonly value: string; readonly where?: StoreName; readonly unasked?: boolean }> {
  const { value = '', source, problem } = await credentials.resolve(SERVICE, image)
  switch (source) {
    case 'keyring':
    case 'kdbx':
    case 'config':
      return { value, where: source }
    case 'locked':
      throw failure(
        `the credential store is locked, and may have the passphrase of ${image}: ${problem?.message ?? ''}`,
        'unlock it first; nothing was changed',
      )
    case 'unavailable':
      return { value, unasked: true }
    case 'env':
    case 'default':
      return { value }
  }
}

/** A change that was cut short has left volumes that only its new passphrase opens: they get the old one back before that is forgotten. */
async function takeBack(
  image: string,
  volumes: readonly EncryptedVolume[],
  old: string,
  { credentials, executor, say }: PasswdTools,
): Promise<void> {
  const { value: next } = await credentials.resolve(NEXT, image)
  if (next === undefined || next === old) return
  for (const volume of volumes)
    try {
      await changePassphrase(volume, next, old, executor)
      say(`${volume.name}: an earlier change was cut short, and is taken back`)
    } catch (error) {
      // most likely it still has the old one
      if (!(error instanceof WrongPassphrase)) throw error
    }
}

async function replaceStored(
  image: string,
  to: string,
  where: StoreName,
  { credentials, say }: PasswdTools,
): Promise<void> {
  try {
    await credentials.replace(SERVICE, image, to, where)
    say(`Stored ${SERVICE}/${image} in ${where}`)
    await credentials.delete(NEXT, image)
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    throw failure(
      `the passphrase was changed, and the credential store still has the old one: ${error.diagnostics[0]?.message ?? error.message}`,
      `store the new one: ov secrets set ${SERVICE} ${image}`,
    )
  }
}

/** Some volumes have the new passphrase, and some the old one. */
class Divided extends DiagnosticError {}

/** Changes volume after volume; when one refuses, those before it are changed back. (ENC-69) */
async function changeEach(
  volumes: readonly EncryptedVolume[],
  from: string,
  to: string,
  { executor }: VaultTools,
): Promise<void> {
  const changed: EncryptedVolume[] = []
  for (const volume of volumes) {
    try {
      await change(volume, from, to)
      changed.push(volume)
    } catch (error) {
      const failed: EncryptedVolume[] = []
      for (const one of changed)
        await changePassphrase(one, to, from, executor).catch(() => {
          failed.push(one)
        })
      const said =
        error instanceof WrongPassphrase ? `the current passphrase does not open "${volume.name}"` : undefined
      if (failed.length === 0) {
        if (said === undefined) throw error
        throw failure(`${said}; nothing was changed`, 'run it again with the right one')
      }
      const old = volumes.filter((one) => !failed.includes(one))
      throw new Divided([
        {
          code: 'OV5031',
          severity: 'error',
          message: `${said ?? (error as Error).message}; ${failed.map(({ name }) => name).join(', ')}: the new passphrase; ${old.map(({ name }) => name).join(', ')}: the old one`,
          remedy: 'run it again for the others, with --volume NAME',
        },
      ])
    }
  }

  /** A volume that a killed change has done already stays as it is. */
  async function change(volume: EncryptedVolume, before: string, after: string): Promise<void> {
    try {
      await changePassphrase(volume, before, after, executor)
    } catch (error) {
      if (!(error instanceof WrongPassphrase)) throw error
      try {
        await changePassphrase(volume, after, after, executor)
      } catch {
        throw error
      }
    }
  }
}
