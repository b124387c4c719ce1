import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { Variables } from '../state/environment.ts'
import { byName, credentialName, StoreProblem, type Credential, type CredentialStore, type StoreName } from './store.ts'

export type Backend = 'auto' | 'keyring' | 'kdbx' | 'config'

/** Where a value comes from, or why there is none: `locked` waits for the user, `unavailable` does not work, `default` was looked for and is nowhere. (ENC-52) */
export type Source = 'env' | StoreName | 'locked' | 'unavailable' | 'default'

/** What became of looking for a credential. */
export interface Resolution {
  readonly value?: string
  readonly source: Source
  /** What the store said that could not be asked. */
  readonly problem?: StoreProblem
}

/** The stores of this user. */
export interface Stores {
  readonly keyring: CredentialStore
  /** The KeePass file, where one is named. */
  readonly kdbx?: {
    /** Asks for the master password where somebody can be asked. */
    readonly store: CredentialStore
    /** Asks nobody. */
    readonly quiet: CredentialStore
  }
  readonly config: CredentialStore
}

export interface ChainOptions {
  /** Makes the stores anew, as if nothing had been asked yet. */
  readonly open: () => Stores
  readonly backend: Backend
  readonly env: Variables
  readonly say: (line: string) => void
}

/** A store in the order of reading. */
interface Link {
  readonly store: CredentialStore
  /** One that is locked is passed over, and says nothing about whether there is a value. (CRED-11) */
  readonly optional: boolean
}

/** Stores in the order of reading, and why the keyring is not among them. */
interface Chain {
  readonly links: readonly Link[]
  readonly keyring?: StoreProblem
}

/** The credentials of this user, wherever they are kept: the environment, then the stores, one after the other. (CRED-10 to CRED-15) */
export class Credentials {
  readonly backend: Backend
  readonly #options: ChainOptions
  #stores: Stores
  #links: Promise<Chain> | undefined
  #noticed = false

  constructor(options: ChainOptions) {
    this.backend = options.backend
    this.#options = options
    this.#stores = options.open()
  }

  /** Forgets what was found out about the stores; for what waits for them. (CRED-14) */
  reset(): void {
    this.#stores = this.#options.open()
    this.#links = undefined
  }

  /** Looks for a credential; a variable goes before all stores. (CRED-12) */
  async resolve(service: string, key: string, variable?: string): Promise<Resolution> {
    const given = variable === undefined ? undefined : this.#options.env[variable]
    if (given !== undefined && given !== '') return { value: given, source: 'env' }
    const { links, keyring } = await this.#chain()
    let locked: StoreProblem | undefined
    // A keyring that had to be passed over may have it: that is no reason to take it for absent.
    const onlyFile = links.length === 1
    let unavailable = onlyFile || this.backend === 'keyring' ? keyring : undefined
    for (const [index, { store, optional }] of links.entries()) {
      try {
        const value = await store.get(service, key)
        if (value !== undefined && value !== '') return { value, source: store.name }
      } catch (error) {
        if (!(error instanceof StoreProblem)) throw error
        if (error.kind === 'locked' && optional) {
          // With the keyring gone and the KeePass file closed, nobody was asked but the file of plain text.
          if (index === 0) unavailable ??= keyring
        } else if (error.kind === 'locked') locked ??= error
        else if (index === 0) unavailable ??= error
      }
    }
    const problem = locked ?? unavailable
    return problem ? { source: problem.kind, problem } : { source: 'default' }
  }

  /** Keeps a credential; comes back with the store that has it now. A value goes nowhere else than where it is looked for first. (CRED-15) */
  async set(service: string, key: string, value: string): Promise<StoreName> {
    let reason: StoreProblem | undefined
    for (const store of await this.#writable()) {
      try {
        if (!(await store.probe()))
          throw new StoreProblem('unavailable', notThere(store.name), 'ov doctor looks at it more closely')
        await store.set(service, key, value)
        if (reason) this.#notice(store.name, reason)
        return store.name
      } catch (error) {
        if (!(error instanceof StoreProblem)) throw error
        if (this.backend !== 'auto' || error.kind === 'locked') throw refused(error, service, key)
        reason = error
      }
    }
    throw refused(reason ?? new StoreProblem('unavailable', 'there is no credential store'), service, key)
  }

  /** Keeps another value where the one before is kept. (ENC-68) */
  async replace(service: string, key: string, value: string, where: StoreName): Promise<void> {
    try {
      await this.store(where)?.set(service, key, value)
    } catch (error) {
      throw error instanceof StoreProblem ? refused(error, service, key) : error
    }
  }

  /** Removes a credential from all stores: one that stayed in any of them would be found again. (CRED-33) */
  async delete(service: string, key: string): Promise<void> {
    const { links } = await this.#chain()
    let problem: StoreProblem | undefined
    for (const { store } of links) {
      try {
        await store.delete(service, key)
      } catch (error) {
        if (!(error instanceof StoreProblem)) throw error
        problem ??= error
      }
    }
    if (problem) throw refused(problem, service, key)
  }

  /** What is kept anywhere, each once; `complete` unless a store could not be asked, which is said. (CRED-62) */
  async list(): Promise<{ readonly found: readonly Credential[]; readonly complete: boolean }> {
    const { links } = await this.#chain()
    const found = new Map<string, Credential>()
    let complete = true
    for (const { store } of links) {
      try {
        for (const one of await store.list()) found.set(credentialName(one), one)
      } catch (error) {
        if (!(error instanceof StoreProblem)) throw error
        this.#options.say(`ov: ${store.name}: ${error.message}`)
        complete = false
      }
    }
    return { found: [...found.values()].sort(byName), complete }
  }

  /** The store that is written to. */
  async active(): Promise<CredentialStore> {
    for (const store of await this.#writable()) if (this.backend !== 'auto' || (await store.probe())) return store
    return this.#stores.config
  }

  /** A store by its name, whether it is in use or not. */
  store(name: StoreName): CredentialStore | undefined {
    return name === 'kdbx' ? this.#stores.kdbx?.store : this.#stores[name]
  }

  /** Stores in the order of reading. (CRED-11) */
  #chain(): Promise<Chain> {
    return (this.#links ??= (async () => {
      const { keyring, kdbx, config } = this.#stores
      const file: Link = { store: config, optional: false }
      if (this.backend === 'config') return { links: [file] }
      if (this.backend === 'kdbx') return { links: [{ store: this.#kdbx(), optional: false }, file] }
      if (await keyring.probe()) {
        // Nobody is asked for the password of a second store while the first one is there.
        const second = this.backend === 'auto' && kdbx && (await kdbx.quiet.probe()) ? [kdbx.quiet] : []
        const links = [keyring, ...second].map((store) => ({ store, optional: store !== keyring }))
        return { links: [...links, file] }
      }
      const problem = new StoreProblem('unavailable', notThere('keyring'))
      if (this.backend === 'auto' && kdbx && (await kdbx.store.probe()))
        return { links: [{ store: kdbx.store, optional: true }, file], keyring: problem }
      return { links: [file], keyring: problem }
    })())
  }

  /** Stores in the order of writing. */
  async #writable(): Promise<readonly CredentialStore[]> {
    const { keyring, kdbx, config } = this.#stores
    switch (this.backend) {
      case 'config':
        return [config]
      case 'kdbx':
        return [this.#kdbx()]
      case 'keyring':
        return [keyring]
      case 'auto':
        return [keyring, ...(kdbx && (await kdbx.store.probe()) ? [kdbx.store] : []), config]
    }
  }

  #kdbx(): CredentialStore {
    const { kdbx } = this.#stores
    if (kdbx) return kdbx.store
    // Never plain text in its place. (CRED-46)
    throw new DiagnosticError([
      {
        code: 'OV6010',
        severity: 'error',
        message: 'secrets.kdbx_path is not configured; run: ov secrets init',
        remedy: 'or name the file: ov settings set secrets.kdbx_path FILE',
      },
    ])
  }

  #notice(store: StoreName, { message }: StoreProblem): void {
    if (this.#noticed) return
    this.#noticed = true
    this.#options.say(
      `ov: note: ${message}; the credential is kept in ${store === 'config' ? 'config.yml, as plain text' : 'the KeePass file'} (ov settings set secret_backend ${store} says that this is meant)`,
    )
  }
}

const notThere = (name: StoreName): string =>
  name === 'keyring' ? 'no desktop keyring answers here' : 'the KeePass file does not exist'

const refused = (problem: StoreProblem, service: string, key: string): DiagnosticError =>
  new DiagnosticError(
    [
      {
        code: 'OV6010',
        severity: 'error',
        message: `${service}/${key}: ${problem.message}`,
        remedy:
          problem.remedy ??
          'ov doctor looks at it more closely; or choose another place: ov settings set secret_backend config',
      },
    ],
    { cause: problem },
  )
