import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { EncryptedVolume } from './places.ts'

/**
 * How an encrypted volume is. `lost` has data and no configuration: nothing can read it until that is restored. `stale` is listed as mounted, and
 * its daemon is dead: whoever looks into it gets errors. (ENC-14 to ENC-16)
 */
export type VolumeState = 'not initialized' | 'lost' | 'not mounted' | 'mounted' | 'stale'

const CONFIG = 'gocryptfs.conf'
const DIRECTORY_IV = 'gocryptfs.diriv'
/** What gocryptfs writes beside its configuration before it replaces that. */
const UNFINISHED = 'gocryptfs.conf.tmp'

/** Looks at a volume, and changes nothing. */
export async function volumeState(volume: EncryptedVolume, mounts = mountTable()): Promise<VolumeState> {
  const { plain, cipher } = volume
  const point = await mountPoint(plain)
  if ((await mounts).some(({ at, type }) => at === point && type === 'fuse.gocryptfs'))
    return (await answers(plain)) ? 'mounted' : 'stale'
  const names = await namesIn(cipher)
  if (await isHalfMade(cipher, names)) return 'not initialized'
  if (names.includes(CONFIG)) return 'not mounted'
  return names.some((name) => name !== UNFINISHED) ? 'lost' : 'not initialized'
}

/** What a killed `-init` has left of a volume that is not initialized, and keeps the next one from beginning. */
export async function leftovers({ cipher }: EncryptedVolume): Promise<string[]> {
  const left = (await namesIn(cipher)).filter((name) => name === UNFINISHED || name === CONFIG)
  return left.map((name) => join(cipher, name))
}

/** gocryptfs writes its configuration first. One that counts on a file which is not there, with nothing else beside it, was never in use. */
async function isHalfMade(cipher: string, names: readonly string[]): Promise<boolean> {
  if (!names.includes(CONFIG) || names.some((name) => name !== CONFIG && name !== UNFINISHED)) return false
  try {
    const { FeatureFlags: flags } = JSON.parse(await readFile(join(cipher, CONFIG), 'utf8')) as {
      FeatureFlags?: unknown
    }
    return Array.isArray(flags) && flags.includes('DirIV')
  } catch {
    return false
  }
}

/**
 * Whether the container would write plain text where its encrypted data should be: the cipher directory has data, and what it sees is empty. A
 * directory that can't be read says neither. (ENC-63)
 */
export async function isPopulatedAndUnmounted({ cipher, plain }: EncryptedVolume): Promise<boolean> {
  try {
    const [data, seen] = await Promise.all([readdir(cipher), readdir(plain)])
    return data.some((name) => name !== CONFIG && name !== DIRECTORY_IV) && seen.length === 0
  } catch {
    return false
  }
}

/** Whether a cipher directory has anything of the user's. */
export const holdsData = async (cipher: string): Promise<boolean> =>
  (await namesIn(cipher)).some((name) => name !== CONFIG && name !== DIRECTORY_IV && name !== UNFINISHED)

/** What is mounted here. */
export interface Mount {
  readonly at: string
  readonly type: string
}

/** The kernel's table, with its escapes undone. (ENC-15) */
export async function mountTable(file = '/proc/self/mounts'): Promise<readonly Mount[]> {
  return (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, at = '', type = ''] = line.split(' ')
      return { at: decoded(at), type }
    })
}

const decoded = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** The path as the kernel lists it. A dead mount itself can't be resolved, what is above it can. (ENC-15) */
async function mountPoint(plain: string): Promise<string> {
  const above = dirname(plain)
  return join(await realpath(above).catch(() => above), basename(plain))
}

/** A mount whose daemon is dead says ENOTCONN. (ENC-16) */
const answers = (plain: string): Promise<boolean> =>
  stat(plain).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOTCONN',
  )

const namesIn = (directory: string): Promise<string[]> =>
  readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
