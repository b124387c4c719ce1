import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { replaceFile, writeAtomic } from '../state/atomic.ts'
import { attempt } from '../state/attempt.ts'
import { withLock } from '../state/lock.ts'
import { makeKey, newDatabase, readSealed, type KdbxDatabase, type KdbxKey } from './kdbx-database.ts'
import type { KdbxTree } from './kdbx-tree.ts'
import type { PasswordSource } from './master-password.ts'
import { StoreProblem, type Credential, type CredentialStore } from './store.ts'

export interface KdbxOptions {
  readonly path: string
  readonly keyFile?: string | undefined
  readonly password: PasswordSource
  /** Hears of what takes its time. */
  readonly say?: ((line: string) => void) | undefined
}

/** How often a password is tried. (CRED-43) */
const ATTEMPTS = 3
/** How often a change is made anew because another program has written the file meanwhile. */
const ROUNDS = 5

/** A file that is open, and what it was made of. */
interface Opened {
  readonly database: KdbxDatabase
  readonly digest: string
}

/** Credentials in a KeePass file, beside whatever else its owner keeps there. (CRED-40 to CRED-45) */
export class KdbxStore implements CredentialStore {
  readonly name = 'kdbx'
  readonly #options: KdbxOptions
  #opened: Promise<Opened> | undefined
  /** What has opened it, for the next time. */
  #key: KdbxKey | undefined

  constructor(options: KdbxOptions) {
    this.#options = options
  }

  /** Whether there is a file; nobody is asked for anything. (CRED-40) */
  probe(): Promise<boolean> {
    try {
      return Promise.resolve(statSync(this.#options.path).isFile())
    } catch {
      return Promise.resolve(false)
    }
  }

  async get(service: string, key: string): Promise<string | undefined> {
    return (await this.#open()).database.tree.get(service, key)
  }

  async set(service: string, key: string, value: string): Promise<void> {
    if (!/^[^\p{Cc}\p{Cs}\ufffe\uffff]*$/u.test(key))
      throw failure(
        `${JSON.stringify(`${service}/${key}`)} is no name for an entry of a KeePass file`,
        'choose another',
      )
    if (!value.isWellFormed())
      throw failure(`the value for ${service}/${key} is not valid text`, 'give it another, or encode it first')
    await this.#change((tree) => tree.set(service, key, value))
  }

  async delete(service: string, key: string): Promise<void> {
    await this.#change((tree) => tree.delete(service, key))
  }

  async list(service?: string): Promise<readonly Credential[]> {
    const all = (await this.#open()).database.tree.list()
    return service === undefined ? all : all.filter((one) => one.service === service)
  }

  /** Decrypts the file once. */
  async #open(): Promise<Opened> {
    return this.#opened ?? this.#load(readContent(this.#options.path, 'kdbx_path'))
  }

  /** The file as it is now: what another program has written since is read first. (CRED-45) */
  async #current(): Promise<Opened> {
    const content = readContent(this.#options.path, 'kdbx_path')
    const opened = await this.#opened
    return opened?.digest === digestOf(content) ? opened : this.#load(content)
  }

  /** Who could not say the password is not asked again by this process. (CRED-43) */
  #load(content: Uint8Array): Promise<Opened> {
    return (this.#opened = this.#unlock(content).catch((error: unknown) => {
      if (!(error instanceof StoreProblem) || error.kind !== 'locked') this.#opened = undefined
      throw error
    }))
  }

  async #unlock(content: Uint8Array): Promise<Opened> {
    const { path, password } = this.#options
    const digest = digestOf(content)
    const open = await readSealed(content, path)
    if (this.#key) {
      const database = await open(this.#key)
      if (database) return { database, digest }
    }
    let wrong: string | undefined
    for (let count = 0; count < ATTEMPTS; count++) {
      const given = await password.get(wrong !== undefined)
      if (!given) break
      const key = await this.#makeKey(given.value)
      const database = await open(key)
      if (database) {
        this.#key = key
        await password.worked(given)
        return { database, digest }
      }
      await password.failed(given)
      wrong = given.from
    }
    throw wrong === undefined ? this.#locked() : this.#wrong(wrong)
  }

  async #makeKey(password: string): Promise<KdbxKey> {
    const { keyFile } = this.#options
    return makeKey(password, keyFile ? { path: keyFile, content: readContent(keyFile, 'kdbx_key_file') } : undefined)
  }

  #locked(): StoreProblem {
    const message = `${this.#options.path} needs its master password, and there is nobody to ask for it`
    return new StoreProblem('locked', message, 'run this in a terminal, or give it as OV_KDBX_PASSWORD')
  }

  /** Which of the two it was, nobody can tell. */
  #wrong(from: string): StoreProblem {
    const { path, keyFile } = this.#options
    const what = `the password ${from}${keyFile ? `, or the key file ${keyFile},` : ''} is wrong`
    return new StoreProblem('locked', `${path} can't be opened: ${what}`, 'try KeePassXC with the same ones')
  }

  /** Makes a change to the file as it is now, and to nothing newer. (CRED-45) */
  async #change(edit: (tree: KdbxTree) => boolean): Promise<void> {
    const { path, say } = this.#options
    // Before the lock: nobody else should have to wait for a password.
    await this.#open()
    const file = attempt(path, () => realpathSync(path))
    const waiting = () => say?.(`ov: waiting for another ov that changes ${path}`)
    await withLock(lockOf(file), waiting, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { database, digest } = await this.#current()
        if (!edit(database.tree)) return
        // Until it is on the disk, this is not what the file says.
        this.#opened = undefined
        const content = await database.encode()
        if (!replace(file, content, digest)) continue
        this.#opened = Promise.resolve({ database, digest: digestOf(content) })
        return
      }
      throw new StoreProblem('unavailable', `another program keeps changing ${path}`, 'close it, and run this again')
    })
  }
}

/** Makes a KeePass file with nothing in it. (CRED-64) */
export async function createKdbx(
  path: string,
  password: string,
  { keyFile, force = false }: { readonly keyFile?: string | undefined; readonly force?: boolean } = {},
): Promise<void> {
  const refuse = () => {
    if (existsSync(path) && !force)
      throw failure(`${path} exists`, 'name another file, or replace it with --force: what it holds is lost then')
  }
  refuse()
  const key = await makeKey(
    password,
    keyFile ? { path: keyFile, content: readContent(keyFile, 'kdbx_key_file') } : undefined,
  )
  const content = await newDatabase(key)
  const file = existsSync(path) ? attempt(path, () => realpathSync(path)) : path
  const write = () => {
    refuse()
    writeAtomic(file, content, { keep: true })
    return Promise.resolve()
  }
  await withLock(lockOf(file), () => {}, write)
}

/** KeePassXC has its own, of another name, which says who has the file open. */
const lockOf = (path: string): string => `${path}.lock`

/**
 * Replaces the file unless it is not what it was read as: programs that know nothing of the lock may have written it. All in one turn of
 * Node's loop: signals, which ov listens to, wait until nothing is left beside the file. (CRED-45)
 */
function replace(path: string, content: Uint8Array, digest: string): boolean {
  let same = true
  try {
    attempt(path, () =>
      replaceFile(path, (aside) => {
        writeAtomic(aside, content, { keep: true, show: path })
        same = existsSync(path) && digestOf(readFileSync(path)) === digest
        if (!same) throw new Error('changed meanwhile')
      }),
    )
  } catch (error) {
    if (same) throw error
  }
  return same
}

const digestOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

function readContent(path: string, setting: 'kdbx_path' | 'kdbx_key_file'): Buffer {
  const make = setting === 'kdbx_path' ? ', or make it: ov secrets init' : ''
  const remedy = `name the right one: ov settings set secrets.${setting} FILE${make}`
  try {
    // A pipe or a device would be read for ever.
    if (!statSync(path).isFile()) throw new StoreProblem('unavailable', `${path} is not a file`, remedy)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof StoreProblem) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new StoreProblem(
      'unavailable',
      code === 'ENOENT' ? `${path} does not exist` : `${path} can't be read (${code})`,
      remedy,
    )
  }
}

const failure = (message: string, remedy: string): DiagnosticError =>
  new DiagnosticError([{ code: 'OV6010', severity: 'error', message, remedy }])
