import { BusError, orNothing } from './bus-error.ts'
import { nameOf, type Healthy, type Order } from './collections.ts'
import { isLocked, type Attributes, type SecretService } from './secret-service.ts'
import type { Credential } from './store.ts'
import { Walk, type Obstacle, type Outcome } from './walk.ts'

/** Only these two: items that others made have more attributes besides. (CRED-25) */
const attributesOf = ({ service, key }: Credential): Attributes => ({ service, username: key })

const labelOf = ({ service, key }: Credential): string => `Password for '${key}' on '${service}'`

/** Looks for the value of a credential: the first item that matches has it. (CRED-25, CRED-26) */
export async function findItem(service: SecretService, credential: Credential, order: Order): Promise<Outcome<string>> {
  const walk = new Walk(service, order)
  const found = await walk.until(async ({ path }) => {
    const [item] = await service.search(path, attributesOf(credential))
    return item === undefined ? undefined : service.secret(item)
  })
  return found === undefined ? walk.outcome() : { kind: 'done', result: found }
}

/** Keeps a value so that it is found again, unless something is in the way. (CRED-30) */
export async function writeItem(
  service: SecretService,
  credential: Credential,
  value: string,
  order: Order,
): Promise<Obstacle | undefined> {
  const place = await placeFor(service, credential, order)
  if ('reason' in place) return place
  const { collection, items, transient } = place
  try {
    await replace(service, collection.path, credential, items, value)
    // It might be found before the new one.
    for (const item of transient) await service.delete(item)
    const [item] = await service.search(collection.path, attributesOf(credential))
    if (item !== undefined && (await service.secret(item)) === value) return undefined
    return { kind: 'broken', reason: `collection ${nameOf(collection)} does not give back what it was given` }
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    return isLocked(error)
      ? { kind: 'locked', reason: `the keyring is locked (${nameOf(collection)})` }
      : { kind: 'broken', reason: `collection ${nameOf(collection)} can't be written: ${error.message}` }
  }
}

/** Where a value is written to. */
interface WritePlace {
  readonly collection: Healthy
  /** What is there of the credential. */
  readonly items: readonly string[]
  /** What there is of it in the collection that ends with the session. */
  readonly transient: readonly string[]
}

/**
 * Where the credential is, or else the first collection that is searched for it. One that is locked is not passed over, since it is searched first
 * again when it is open; and what ends with the session is no place to keep anything in. (CRED-30, CRED-31, ENC-T10)
 */
async function placeFor(service: SecretService, credential: Credential, order: Order): Promise<WritePlace | Obstacle> {
  const session = await service.alias('session').catch(orNothing)
  const isTransient = ({ path }: Healthy) => path === session || path.endsWith('/collection/session')
  const walk = new Walk(service, order)
  let transient: readonly string[] = []
  const existing = await walk.until(async (collection) => {
    const items = await service.search(collection.path, attributesOf(credential))
    const [item] = items
    if (isTransient(collection)) transient = items
    else if (item !== undefined) {
      await throwIfLocked(service, item)
      return { collection, items }
    }
    return undefined
  })
  const open = walk.visits.findIndex(({ collection, state }) => state === 'clean' && !isTransient(collection))
  const before = existing || open === -1 ? walk.visits : walk.visits.slice(0, open)
  if (before.some(({ state }) => state === 'locked')) return walk.locked()
  if (existing) return { ...existing, transient }
  const collection = walk.visits[open]?.collection
  if (collection) return { collection, items: [], transient }
  return walk.visits.length > 0 && walk.visits.every((visit) => isTransient(visit.collection))
    ? { kind: 'broken', reason: 'the keyring has no collection that outlasts the session' }
    : walk.broken()
}

/** Collections that are locked list their items, too: a hit is no proof. One that is damaged can be replaced. (CRED-27) */
async function throwIfLocked(service: SecretService, item: string): Promise<void> {
  try {
    await service.secret(item)
  } catch (error) {
    if (isLocked(error)) throw error
    orNothing(error)
  }
}

/** Items are replaced that have exactly these attributes, those that others added included: all that match get the value, none stays as it was. (CRED-30) */
async function replace(
  service: SecretService,
  collection: string,
  credential: Credential,
  items: readonly string[],
  value: string,
): Promise<void> {
  const own = attributesOf(credential)
  const present = await Promise.all(items.map(async (item) => service.attributes(item).catch(orNothing)))
  for (const attributes of present.length === 0 ? [own] : present)
    await service.create(collection, labelOf(credential), { ...attributes, ...own }, value)
}

/** Removes a credential from all collections that are open; `locked` are the others. (CRED-33) */
export async function removeItem(
  service: SecretService,
  credential: Credential,
  order: Order,
): Promise<Outcome<{ readonly locked: readonly string[] }>> {
  const walk = new Walk(service, order)
  let removed = false
  let stuck: BusError | undefined
  await walk.until(async ({ path }) => {
    for (const item of await service.search(path, attributesOf(credential))) {
      try {
        await service.delete(item)
        removed = true
      } catch (error) {
        if (!(error instanceof BusError) || isLocked(error)) throw error
        stuck = error
      }
    }
    return undefined
  })
  if (stuck) return { kind: 'broken', reason: `the keyring does not remove it: ${stuck.message}` }
  if (!removed) return walk.outcome()
  const locked = walk.visits.filter(({ state }) => state === 'locked').map(({ collection }) => nameOf(collection))
  return { kind: 'done', result: { locked } }
}
