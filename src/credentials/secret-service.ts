import { BusError, orNothing } from './bus-error.ts'
import { asFlag, asPath, asPaths, asText, asTexts } from './bus-values.ts'
import type { Bus } from './bus.ts'
import { openSession, type Session } from './secret-session.ts'

const ROOT = '/org/freedesktop/secrets'
const SECRET = 'org.freedesktop.Secret'
const IS_LOCKED = `${SECRET}.Error.IsLocked`

/** Whether the keyring may ask the user, in a window of its own. */
export interface Prompting {
  /** Goes to false once the user has declined: nobody is asked twice. */
  allowed: boolean
  /** For how long the window stays, in milliseconds. (CRED-36) */
  readonly timeout: number
}

/** Attributes of an item, by name. */
export type Attributes = Readonly<Record<string, string>>

/** Whether the user is needed before it can be used. (CRED-27) */
export const isLocked = (error: unknown): boolean => error instanceof BusError && error.errorName === IS_LOCKED

/** The desktop's keyring, call by call: each throws `BusError`, one that `isLocked` when the user is needed first. (CRED-20, CRED-27) */
export class SecretService {
  readonly #bus: Bus
  readonly #prompting: Prompting
  #session: Promise<Session> | undefined

  constructor(bus: Bus, prompting: Prompting) {
    this.#bus = bus
    this.#prompting = prompting
  }

  async collections(): Promise<readonly string[]> {
    return asPaths(await this.#property(ROOT, 'Service', 'Collections'), 'Collections')
  }

  /** The collection that has an alias, e.g. `default`. */
  async alias(name: string): Promise<string | undefined> {
    const [path] = await this.#call(ROOT, 'Service', 'ReadAlias', 's', [name])
    const found = asPath(path, 'ReadAlias')
    return found === '/' ? undefined : found
  }

  /** What can't say its label is broken. (CRED-21) */
  async label(collection: string): Promise<string> {
    return asText(await this.#property(collection, 'Collection', 'Label'), 'Label')
  }

  async locked(collection: string): Promise<boolean> {
    return asFlag(await this.#property(collection, 'Collection', 'Locked'), 'Locked')
  }

  async unlock(collection: string): Promise<void> {
    const [unlocked, prompt] = await this.#call(ROOT, 'Service', 'Unlock', 'ao', [[collection]])
    const done = asPaths(unlocked, 'Unlock').includes(collection)
    await this.#settle(prompt, 'Unlock')
    // What a locked collection does not show would count as absent.
    if (!done && (await this.locked(collection))) throw new BusError(IS_LOCKED, 'it stays locked')
  }

  /** Items with these attributes; they may have others besides. (CRED-25) */
  async search(collection: string, attributes: Attributes): Promise<readonly string[]> {
    const [items] = await this.#call(collection, 'Collection', 'SearchItems', 'a{ss}', [attributes])
    return asPaths(items, 'SearchItems')
  }

  async secret(item: string): Promise<string> {
    const session = await this.#open()
    const [secret] = await this.#call(item, 'Item', 'GetSecret', 'o', [session.path])
    return session.open(secret)
  }

  async attributes(item: string): Promise<Attributes> {
    return asTexts(await this.#property(item, 'Item', 'Attributes'), 'Attributes')
  }

  /** Makes an item, or replaces the one with the same attributes. (CRED-30) */
  async create(collection: string, label: string, attributes: Attributes, value: string): Promise<void> {
    const session = await this.#open()
    const properties = {
      [`${SECRET}.Item.Label`]: this.#bus.variant('s', label),
      [`${SECRET}.Item.Attributes`]: this.#bus.variant('a{ss}', attributes),
    }
    const arguments_ = [properties, session.seal(value), true]
    const [item, prompt] = await this.#call(collection, 'Collection', 'CreateItem', 'a{sv}(oayays)b', arguments_)
    asPath(item, 'CreateItem')
    await this.#settle(prompt, 'CreateItem')
  }

  async delete(item: string): Promise<void> {
    const [prompt] = await this.#call(item, 'Item', 'Delete')
    await this.#settle(prompt, 'Delete')
  }

  /** Ends the session; the connection is somebody else's. */
  async close(): Promise<void> {
    const session = await this.#session?.catch(orNothing)
    if (session) await this.#call(session.path, 'Session', 'Close').catch(orNothing)
  }

  /** Only what reads or writes a secret needs one. */
  #open(): Promise<Session> {
    return (this.#session ??= openSession(this.#bus))
  }

  /** What comes with a prompt waits for the user; who must not ask takes the question back. (CRED-27) */
  async #settle(prompt: unknown, member: string): Promise<void> {
    const path = asPath(prompt, member)
    if (path === '/') return
    if (this.#prompting.allowed) {
      if (await this.#ask(path).catch(orNothing)) return
      this.#prompting.allowed = false
    }
    await this.#call(path, 'Prompt', 'Dismiss').catch(orNothing)
    throw new BusError(IS_LOCKED, 'the user has to unlock it')
  }

  /** Shows the keyring's own window, and waits for what becomes of it. (CRED-36) */
  async #ask(prompt: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const rule = `type='signal',interface='${SECRET}.Prompt',member='Completed',path='${prompt}'`
    const stop = await this.#bus.subscribe([rule], ({ path, member, body: [dismissed] }) => {
      if (path === prompt && member === 'Completed') resolve(dismissed === false)
    })
    this.#bus.onLost(() => resolve(false))
    const timer = setTimeout(() => resolve(false), this.#prompting.timeout)
    try {
      await this.#call(prompt, 'Prompt', 'Prompt', 's', [''])
      return await promise
    } finally {
      clearTimeout(timer)
      await stop()
    }
  }

  #call(path: string, iface: string, member: string, signature = '', body: readonly unknown[] = []) {
    return this.#bus.call(path, `${SECRET}.${iface}`, member, signature, body)
  }

  async #property(path: string, iface: string, name: string): Promise<unknown> {
    const [value] = await this.#bus.call(path, 'org.freedesktop.DBus.Properties', 'Get', 'ss', [
      `${SECRET}.${iface}`,
      name,
    ])
    return value
  }
}
