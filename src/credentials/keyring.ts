import { BAD_ADDRESS, BusError, orNothing, TIMEOUT } from './bus-error.ts'
import { BUS, SECRETS, type Bus, type Signal } from './bus.ts'
import { collectionsInOrder, complaint, isBroken, type Order } from './collections.ts'
import { findItem, removeItem, writeItem } from './items.ts'
import { SecretService, type Prompting } from './secret-service.ts'
import { byName, splitCredential, StoreProblem, type Credential, type CredentialStore } from './store.ts'
import type { Answer, Obstacle, Outcome } from './walk.ts'

export interface KeyringOptions {
  /** Connects to the session bus: once for each thing that is asked, so that nothing stays open. */
  readonly bus: () => Promise<Bus>
  readonly say: (line: string) => void
  /** Setting `keyring_collection_label`, for reading and writing. (CRED-28) */
  readonly preferredLabel: string
  /** Names of what it has, which are kept elsewhere. (CRED-32) */
  readonly index: {
    names(): readonly string[]
    add(name: string): Promise<void>
    remove(name: string): Promise<void>
  }
  /** Whether the keyring may ask the user to unlock it. (CRED-36) */
  readonly interactive: boolean
  /** For how long it may, in milliseconds. */
  readonly promptTimeout?: number
  /** What has been said already; all keyrings of a process share it if nothing is given. */
  readonly said?: Set<string>
}

const SAID = new Set<string>()
/** Somebody looks at the window, and has to find the password first. (CRED-36) */
const PROMPT_TIMEOUT = 120_000
const UNLOCK = 'log in to the desktop, or unlock it there'
/** Errors of a bus on which no keyring is. (CRED-22) */
const NOBODY = /\.(?:ServiceUnknown|NameHasNoOwner|Spawn\.\w+)$/

/** The desktop's keyring: GNOME Keyring, KDE Wallet, KeePassXC. (CRED-03, section 9) */
export class KeyringStore implements CredentialStore {
  readonly name = 'keyring'
  readonly #options: KeyringOptions
  readonly #prompting: Prompting
  readonly #order: Order

  constructor(options: KeyringOptions) {
    this.#options = options
    this.#prompting = { allowed: options.interactive, timeout: options.promptTimeout ?? PROMPT_TIMEOUT }
    this.#order = { preferred: options.preferredLabel, say: (line) => this.#say(line) }
  }

  /** One that does not answer in time may be waiting for the user: it counts as locked. (CRED-22) */
  async probe(): Promise<boolean> {
    try {
      return await this.#ask(async (service) => {
        for await (const collection of collectionsInOrder(service, this.#order)) {
          if (!isBroken(collection)) return true
          this.#say(complaint(collection, collection.error))
        }
        return false
      })
    } catch (error) {
      if (!(error instanceof StoreProblem)) throw error
      // This is no keyring that is missing, and nobody would look for it there. (CRED-35)
      if (error.cause instanceof BusError && error.cause.errorName === BAD_ADDRESS) this.#say(`ov: ${error.message}`)
      return error.kind === 'locked'
    }
  }

  async get(service: string, key: string): Promise<string | undefined> {
    const outcome = unlessObstacle(await this.#ask((keyring) => findItem(keyring, { service, key }, this.#order)))
    if (outcome.kind === 'done') return outcome.result
    const name = `${service}/${key}`
    if (this.#options.index.names().includes(name))
      this.#say(
        `ov: warning: ${name} is listed in the keyring shadow index but not present in any Secret Service collection. ` +
          `Store it again: ov secrets set ${service} ${key}; or forget it: ov secrets prune`,
      )
    return undefined
  }

  async set(service: string, key: string, value: string): Promise<void> {
    const obstacle = await this.#ask((keyring) => writeItem(keyring, { service, key }, value, this.#order))
    if (obstacle) throw obstacleProblem(obstacle)
    await this.#options.index.add(`${service}/${key}`)
  }

  async delete(service: string, key: string): Promise<void> {
    const name = `${service}/${key}`
    const outcome = unlessObstacle(await this.#ask((keyring) => removeItem(keyring, { service, key }, this.#order)))
    if (outcome.kind === 'done' && outcome.result.locked.length > 0)
      this.#say(
        `ov: warning: ${name} may also be in what is locked and was not searched: ${outcome.result.locked.join(', ')}`,
      )
    await this.#options.index.remove(name)
  }

  /** From the index: the keyring has things that are none of ours, and can't be asked while it is locked. (CRED-32) */
  list(service?: string): Promise<readonly Credential[]> {
    const all = this.#options.index.names().flatMap((name) => splitCredential(name) ?? [])
    return Promise.resolve(all.filter((one) => service === undefined || one.service === service).sort(byName))
  }

  async #ask<T>(question: (service: SecretService) => Promise<T>): Promise<T> {
    try {
      const bus = await this.#options.bus()
      const service = new SecretService(bus, this.#prompting)
      try {
        const answer = await question(service)
        await service.close()
        return answer
      } finally {
        bus.close()
      }
    } catch (error) {
      throw error instanceof BusError ? problemOf(error) : error
    }
  }

  /** Whoever waits for the keyring asks it again and again. (CRED-23) */
  #say(line: string): void {
    const said = this.#options.said ?? SAID
    if (said.has(line)) return
    said.add(line)
    this.#options.say(line)
  }
}

function unlessObstacle<Result>(outcome: Outcome<Result>): Answer<Result> {
  if ('reason' in outcome) throw obstacleProblem(outcome)
  return outcome
}

/** (CRED-12, CRED-26) */
const obstacleProblem = ({ kind, reason }: Obstacle): StoreProblem =>
  kind === 'locked'
    ? new StoreProblem('locked', reason, UNLOCK)
    : new StoreProblem('unavailable', reason, 'ov doctor shows the collections of the keyring')

/** What it means that no collection could be looked at. (CRED-22, CRED-24, CRED-34) */
function problemOf(error: BusError): StoreProblem {
  const { errorName, message } = error
  if (errorName === TIMEOUT)
    return new StoreProblem(
      'locked',
      `the keyring does not answer, and may be waiting to be unlocked: ${message}`,
      UNLOCK,
      { cause: error },
    )
  return new StoreProblem(
    'unavailable',
    NOBODY.test(errorName) ? 'no keyring answers on the session bus' : message,
    'start GNOME Keyring, KDE Wallet or KeePassXC; or keep credentials elsewhere: ov settings set secret_backend',
    { cause: error },
  )
}

/** What is seen of a keyring without unlocking anything. */
export interface KeyringLook {
  readonly healthy: readonly { readonly path: string; readonly label: string; readonly locked: boolean }[]
  readonly broken: readonly { readonly path: string; readonly error: string }[]
}

/** Looks at each collection, in the order of the list. Throws `StoreProblem` where there is no list. (DOC-06) */
export async function inspectCollections(bus: Bus): Promise<KeyringLook> {
  const service = new SecretService(bus, { allowed: false, timeout: 0 })
  const healthy: KeyringLook['healthy'][number][] = []
  const broken: KeyringLook['broken'][number][] = []
  const paths = await service.collections().catch((error: unknown) => {
    throw error instanceof BusError ? problemOf(error) : error
  })
  for (const path of paths)
    try {
      // One that does not say whether it is locked can't be used either way.
      healthy.push({
        path,
        label: await service.label(path),
        locked: (await service.locked(path).catch(orNothing)) ?? true,
      })
    } catch (error) {
      if (!(error instanceof BusError)) throw error
      broken.push({ path, error: error.message })
    }
  return { healthy, broken }
}

const PROPERTIES = 'org.freedesktop.DBus.Properties'
const RULES = [
  `type='signal',interface='${PROPERTIES}',member='PropertiesChanged',path_namespace='/org/freedesktop/secrets/collection'`,
  `type='signal',sender='${BUS.name}',interface='${BUS.name}',member='NameOwnerChanged',arg0='${SECRETS}'`,
]

/**
 * Hears of collections that are unlocked, and of a keyring that starts, until the function that it comes back with is called, and of a connection that
 * is lost meanwhile. Undefined where nobody will tell: no bus, or one that refuses. (ENC-54, ENC-55)
 */
export async function onUnlock(
  connect: () => Promise<Bus>,
  unlocked: () => void,
  lost: () => void,
): Promise<(() => Promise<void>) | undefined> {
  const bus = await connect().catch(orNothing)
  if (!bus) return undefined
  bus.onLost(lost)
  try {
    await bus.subscribe(RULES, (signal) => {
      if (tellsOfUnlock(signal) || tellsOfStart(signal)) unlocked()
    })
  } catch (error) {
    bus.close()
    return orNothing(error)
  }
  return () => Promise.resolve(bus.close())
}

/** Items have such signals under the same path, and collections have other properties. (ENC-54) */
const tellsOfUnlock = ({ body: [of, changed] }: Signal): boolean =>
  of === 'org.freedesktop.Secret.Collection' &&
  typeof changed === 'object' &&
  changed !== null &&
  'Locked' in changed &&
  changed.Locked === false

/** A keyring may be unlocked when it comes, and then it says nothing of it. */
const tellsOfStart = ({ iface, member, body: [name, , owner] }: Signal): boolean =>
  iface === BUS.name && member === 'NameOwnerChanged' && name === SECRETS && owner !== ''
