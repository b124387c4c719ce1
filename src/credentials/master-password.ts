/** A password to try, and where it comes from: what a message says of it. */
export interface Password {
  readonly value: string
  readonly from: string
}

/** Knows the master password of a KeePass file, or whom to ask for it. */
export interface PasswordSource {
  /** The next one to try; undefined when there is none, and nobody to ask. */
  get(wrongBefore: boolean): Promise<Password | undefined>
  /** It has opened the file. */
  worked(password: Password): Promise<void>
  /** It has not. */
  failed(password: Password): Promise<void>
}

export interface MasterPasswordOptions {
  /** What `OV_KDBX_PASSWORD` says. */
  readonly given?: string | undefined
  /** Asks the user, without showing the answer; left out where there is nobody. */
  readonly ask?: ((question: string) => Promise<string | undefined>) | undefined
  /** For how many seconds the kernel keeps a password that was asked for; left out, it keeps none. */
  readonly cacheSeconds?: number | undefined
  /** Runs a program; one that is missing is a non-zero exit, too. */
  readonly run: (
    argv: readonly string[],
    options?: { readonly stdin?: string },
  ) => Promise<{ readonly exitCode: number; readonly stdout: string }>
}

const GIVEN = 'of OV_KDBX_PASSWORD'
const KEPT = "of the kernel's keyring"
const ENTERED = 'that was entered'

const KEY = 'ov-kdbx-password'
/** The keyring of the user, which all of their sessions share. */
const KEYRING = '@u'
/** The user's other sessions may read it, too. */
const FOR_THE_USER = '0x3f3f0000'

/** From the environment, else from the kernel's keyring, else from the user, who is asked once. (CRED-42, CRED-43) */
export class MasterPassword implements PasswordSource {
  readonly #options: MasterPasswordOptions
  #known: Password | undefined
  #mistaken = false

  constructor(options: MasterPasswordOptions) {
    this.#options = options
  }

  async get(wrongBefore: boolean): Promise<Password | undefined> {
    const { given, ask } = this.#options
    if (given !== undefined && given !== '') {
      // Whoever has set the variable means that one: to ask for another would hide the mistake.
      return wrongBefore ? undefined : { value: given, from: GIVEN }
    }
    if (!wrongBefore) {
      if (this.#known) return this.#known
      const value = await this.#cached()
      if (value !== undefined) return { value, from: KEPT }
    }
    const question = 'KeePass database password:'
    const value = await ask?.(this.#mistaken ? `That was not right. ${question}` : question)
    return value === undefined ? undefined : { value, from: ENTERED }
  }

  async worked(password: Password): Promise<void> {
    if (password === this.#known) return
    this.#known = password
    if (password.from === ENTERED) await this.#cache(password.value)
  }

  async failed(password: Password): Promise<void> {
    this.#known = undefined
    this.#mistaken = password.from === ENTERED
    if (password.from !== GIVEN) await this.#forget()
  }

  async #cached(): Promise<string | undefined> {
    const id = await this.#find()
    return (id && (await this.#keyctl('pipe', id))) || undefined
  }

  /** The value goes through a pipe: arguments are for all to see. */
  async #cache(value: string): Promise<void> {
    const { run, cacheSeconds } = this.#options
    if (cacheSeconds === undefined || value === '') return
    const { exitCode, stdout } = await run(['keyctl', 'padd', 'user', KEY, KEYRING], { stdin: value })
    if (exitCode !== 0) return
    const id = stdout.trim()
    // Sessions that don't own the keyring, such as those of su, can't; it is theirs alone then.
    await this.#keyctl('setperm', id, FOR_THE_USER)
    const limited = await this.#keyctl('timeout', id, String(cacheSeconds))
    if (limited === undefined) await this.#forget()
  }

  async #forget(): Promise<void> {
    const id = await this.#find()
    if (id) await this.#keyctl('unlink', id, KEYRING)
  }

  #find(): Promise<string | undefined> {
    return this.#keyctl('search', KEYRING, 'user', KEY).then((id) => id?.trim())
  }

  /** What `keyctl` prints; undefined when it fails, or is not installed. */
  async #keyctl(...argv: readonly string[]): Promise<string | undefined> {
    if (this.#options.cacheSeconds === undefined) return undefined
    const { exitCode, stdout } = await this.#options.run(['keyctl', ...argv])
    return exitCode === 0 ? stdout : undefined
  }
}
