import { BusError } from './bus-error.ts'
import { collectionsInOrder, complaint, isBroken, nameOf, type Healthy, type Order } from './collections.ts'
import { isLocked, type SecretService } from './secret-service.ts'

/** What became of a way through the collections. (CRED-26) */
export type Outcome<Result> = Answer<Result> | Obstacle

/** It was searched for everywhere. */
export type Answer<Result> = { readonly kind: 'done'; readonly result: Result } | { readonly kind: 'not found' }

/** It could not be: what is `locked` waits for the user and may have it, what is `broken` can't be searched. */
export interface Obstacle {
  readonly kind: 'locked' | 'broken'
  readonly reason: string
}

/** How it went in one collection; what was searched and does not have it is clean. */
interface Visit {
  readonly collection: Healthy
  readonly state: 'clean' | 'locked' | 'failed'
}

/** One way through the collections, which keeps count of what was in the way. (CRED-23 to CRED-26) */
export class Walk {
  readonly visits: Visit[] = []
  readonly #service: SecretService
  readonly #order: Order
  readonly #errors: string[] = []

  constructor(service: SecretService, order: Order) {
    this.#service = service
    this.#order = order
  }

  /** Unlocks and visits one healthy collection after the other, until something is found. Throws `BusError` when there are none to go to. */
  async until<Found>(visit: (collection: Healthy) => Promise<Found | undefined>): Promise<Found | undefined> {
    for await (const collection of collectionsInOrder(this.#service, this.#order)) {
      if (isBroken(collection)) {
        this.#complain(collection, collection.error)
        continue
      }
      try {
        await this.#service.unlock(collection.path)
        const found = await visit(collection)
        if (found !== undefined) return found
        this.visits.push({ collection, state: 'clean' })
      } catch (error) {
        if (!(error instanceof BusError)) throw error
        if (!isLocked(error)) this.#complain(collection, error)
        this.visits.push({ collection, state: isLocked(error) ? 'locked' : 'failed' })
      }
    }
    return undefined
  }

  /** What it means that nothing was found. (CRED-26) */
  outcome(): Outcome<never> {
    const has = (wanted: Visit['state']) => this.visits.some(({ state }) => state === wanted)
    if (has('clean')) return has('locked') ? this.locked() : { kind: 'not found' }
    return has('failed') || !has('locked') ? this.broken() : this.locked()
  }

  locked(): Obstacle {
    const names = this.visits.filter(({ state }) => state === 'locked').map(({ collection }) => nameOf(collection))
    return { kind: 'locked', reason: `the keyring is locked (${names.join(', ')})` }
  }

  broken(): Obstacle {
    const reason =
      this.#errors.length === 0
        ? 'the keyring has no collection'
        : `no collection of the keyring can be searched (${this.#errors.join('; ')})`
    return { kind: 'broken', reason }
  }

  #complain(collection: Parameters<typeof complaint>[0], error: BusError): void {
    this.#errors.push(`${collection.path}: ${error.message}`)
    this.#order.say(complaint(collection, error))
  }
}
