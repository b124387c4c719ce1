import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { replaceFile, writeAtomic } from '../state/atomic.ts'
import { attempt } from '../state/attempt.ts'
import { withLock } from '../state/lock.ts'
import { failure, isHidden, type Gpg, type Openers } from './gpg.ts'

export interface GpgFileOptions {
  /** As it was named: messages call it so. */
  readonly path: string
  readonly gpg: Gpg
  /** Folder for the lock: a project should find nothing new beside its file. */
  readonly runtime: string
  readonly say?: (line: string) => void
}

/** Whom a file can be read by. */
export interface Recipient {
  /** Long id of the key that the file is encrypted for. */
  readonly id: string
  /** Where the key is known here. */
  readonly user: string | undefined
}

/** Makes the new text out of the old one. */
export type Edit = (plain: Buffer) => Promise<Uint8Array> | Uint8Array

const NOTHING = new Uint8Array()

/** A file of a project that gpg encrypts for some people. (CRED-65) */
export class GpgFile {
  readonly #options: GpgFileOptions
  /** Where it is, whatever links lead to it. */
  readonly #place: string

  constructor(options: GpgFileOptions) {
    this.#options = options
    this.#place = existsSync(options.path) ? realpathSync(options.path) : resolve(options.path)
  }

  get name(): string {
    return this.#options.path
  }

  get isThere(): boolean {
    return existsSync(this.#place)
  }

  /** Whether a path leads to this very file. */
  is(path: string): boolean {
    const [here, there] = [this.#place, path].map((one) => statSync(one, { throwIfNoEntry: false, bigint: true }))
    return here !== undefined && here.dev === there?.dev && here.ino === there.ino
  }

  decrypt(): Promise<Buffer> {
    return this.#options.gpg.decrypt(this.#read(), this.name)
  }

  /** Who can read it, and whether a passphrase opens it as well. */
  async recipients(): Promise<{ readonly keys: readonly Recipient[]; readonly passphrase: boolean }> {
    const { ids, passphrase } = await this.#options.gpg.openers(this.#read(), this.name)
    const known = await this.#options.gpg.publicKeys(ids.filter((id) => !isHidden(id)))
    return { keys: ids.map((id) => ({ id, user: known.get(id)?.user })), passphrase }
  }

  /** Replaces it by another text, for these keys or, where none is named, for those who could read it before. Tells how many they are. */
  encrypt(plain: Uint8Array, keys: readonly string[]): Promise<number> {
    return this.#locked(async () => {
      const before = this.isThere ? this.#read() : undefined
      // What is to be replaced has to be a message: anything else would be lost.
      const old = before?.length ? await this.#options.gpg.openers(before, this.name) : { ids: [], passphrase: false }
      if (keys.length === 0 && old.ids.length === 0)
        throw failure(
          `it is not said who shall be able to read ${this.name}`,
          'name a key, yours to begin with: ov secrets gpg encrypt --recipient KEY',
        )
      const { gpg } = this.#options
      const sealed =
        keys.length > 0
          ? await gpg.encrypt(plain, keys, { exactly: false })
          : await gpg.encrypt(plain, await this.#same(old), { exactly: true })
      this.#replace(sealed, before)
      return (await gpg.openers(sealed, this.name)).ids.length
    })
  }

  /**
   * Changes the text for those who can read it; false where it stays the same. `precious`: what somebody has typed is kept in another file when
   * this one is not what it was any more.
   */
  change(edit: Edit, { precious = false } = {}): Promise<boolean> {
    return this.#locked(async () => {
      const before = this.#read()
      const { gpg } = this.#options
      const keys = await this.#same(await gpg.openers(before, this.name))
      // A key that has expired, or is not here, is told of before anybody is asked for a passphrase or has typed anything.
      await gpg.encrypt(NOTHING, keys, { exactly: true })
      const plain = await gpg.decrypt(before, this.name)
      const text = await edit(plain)
      if (plain.equals(text)) return false
      this.#replace(await gpg.encrypt(text, keys, { exactly: true }), before, precious)
      return true
    })
  }

  /** Lets the owner of another key read it, too; tells who is new, which may be nobody. */
  add(key: string): Promise<readonly Recipient[]> {
    return this.#locked(async () => {
      const before = this.#read()
      const { gpg } = this.#options
      const old = await gpg.openers(before, this.name)
      const keys = await this.#same(old)
      // What gpg makes of the new name is seen in a message with nothing in it.
      const sample = await gpg.openers(await gpg.encrypt(NOTHING, [key], { exactly: true }), this.name)
      const added = sample.ids.filter((id) => !old.ids.includes(id))
      if (added.length === 0) return []
      const all = [...keys, ...added.map(exact)]
      await gpg.encrypt(NOTHING, all, { exactly: true })
      const plain = await gpg.decrypt(before, this.name)
      this.#replace(await gpg.encrypt(plain, all, { exactly: true }), before)
      const known = await gpg.publicKeys(added)
      return added.map((id) => ({ id, user: known.get(id)?.user }))
    })
  }

  /** The keys to encrypt for so that the same people can read it: the very same ones, or what their owners have now in place of expired ones. */
  async #same({ ids, passphrase }: Openers): Promise<string[]> {
    if (passphrase || ids.some(isHidden))
      throw failure(
        passphrase
          ? `a passphrase opens ${this.name}, which would not open what is encrypted now`
          : `${this.name} hides who can read it: it can't be encrypted for the same people`,
        'encrypt it anew for keys with names: ov secrets gpg decrypt -o PLAIN, then ov secrets gpg encrypt -r KEY PLAIN',
      )
    const known = await this.#options.gpg.publicKeys(ids)
    return ids.map((id) => {
      const key = known.get(id)
      return key === undefined || key.usable ? exact(id) : key.owner
    })
  }

  #read(): Buffer {
    const path = this.#place
    try {
      // A pipe or a device would be read for ever.
      if (!statSync(path).isFile()) throw failure(`${this.name} is not a file`, 'name one: --file PATH')
      return readFileSync(path)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      throw code === 'ENOENT'
        ? failure(
            `there is no ${this.name}`,
            'make it: ov secrets gpg encrypt -r KEY PLAIN; or name another: --file PATH',
          )
        : failure(`${this.name} can't be read (${code})`, 'make it readable for you, or name another: --file PATH')
    }
  }

  /** All in one turn of Node's loop, so that signals, which ov listens to, wait until nothing is left beside the file. */
  #replace(sealed: Uint8Array, before: Uint8Array | undefined, precious = false): void {
    let same = true
    try {
      attempt(this.name, () =>
        replaceFile(this.#place, (aside) => {
          writeAtomic(aside, sealed, { keep: true, show: this.name })
          if (this.isThere) chmodSync(aside, statSync(this.#place).mode & 0o777)
          const now = this.isThere ? readFileSync(this.#place) : undefined
          same = now === undefined ? before === undefined : before !== undefined && now.equals(before)
          if (!same) throw new Error('changed meanwhile')
        }),
      )
    } catch (error) {
      if (same) throw error
      const other = `${this.name}.edited-${process.pid}`
      if (precious) writeAtomic(other, sealed, { keep: true })
      throw failure(
        `another program has changed ${this.name} meanwhile`,
        precious ? `what you wrote is in ${other}, encrypted: put the two together` : 'run the same command again',
      )
    }
  }

  #locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const { runtime, say } = this.#options
    const file = join(runtime, `gpg-${createHash('sha256').update(this.#place).digest('hex').slice(0, 16)}.lock`)
    return withLock(file, () => say?.(`ov: waiting for another ov that changes ${this.name}`), work)
  }
}

/** This key, and not what else its owner has. */
const exact = (id: string): string => `${id}!`
