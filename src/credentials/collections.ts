import { BusError, oneLine, orNothing } from './bus-error.ts'
import type { SecretService } from './secret-service.ts'

/** A collection of the keyring, and why it is looked at where it is. One that can't say its label is broken. (CRED-21, CRED-23) */
export type Collection = Healthy | Broken

export interface Healthy extends Place {
  readonly label: string
}

export interface Broken extends Place {
  readonly error: BusError
}

interface Place {
  readonly path: string
  readonly role: 'default' | 'preferred' | 'other'
}

export interface Order {
  /** Label of the collection that comes after the default one; empty when none does. */
  readonly preferred: string
  readonly say: (line: string) => void
}

/**
 * Collections in the order in which they are looked at, each once: the default one, the one that the user prefers, the others as they are listed.
 * They are asked for as late as possible: what is broken further down is no concern of who finds something above it. (CRED-23, CRED-24, ENC-T3)
 */
export async function* collectionsInOrder(
  service: SecretService,
  { preferred, say }: Order,
): AsyncGenerator<Collection> {
  const alias = await service.alias('default').catch(orNothing)
  let healthy = false
  if (alias !== undefined) {
    const first = await look(service, alias, 'default')
    healthy = !isBroken(first)
    yield first
  }
  let paths: readonly string[]
  try {
    paths = await service.collections()
  } catch (error) {
    if (!(error instanceof BusError) || !healthy) throw error
    say(`ov: Secret Service collections can't be listed; going on with the default one (${error.message})`)
    return
  }
  const others = await Promise.all(paths.filter((path) => path !== alias).map((path) => look(service, path, 'other')))
  const chosen = preferred === '' ? undefined : others.find((other) => !isBroken(other) && other.label === preferred)
  if (chosen) yield { ...chosen, role: 'preferred' }
  yield* others.filter((other) => other !== chosen)
}

export const isBroken = (collection: Collection): collection is Broken => 'error' in collection

async function look(service: SecretService, path: string, role: Place['role']): Promise<Collection> {
  try {
    return { path, role, label: await service.label(path) }
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    return { path, role, error }
  }
}

/** How to call it before the user. */
export const nameOf = ({ label, path }: Healthy): string => (label === '' ? path : quoted(label))

const quoted = (label: string): string => JSON.stringify(oneLine(label))

/** What is said of a collection that is passed over. (CRED-23) */
export function complaint(collection: Collection, { message }: BusError): string {
  const { path, role } = collection
  switch (role) {
    case 'default':
      return `ov: Secret Service default alias target ${path} is unhealthy; falling back to collection iteration (${message})`
    case 'preferred':
      return `ov: preferred collection ${isBroken(collection) ? '' : quoted(collection.label)} (${path}) is unhealthy: ${message}`
    case 'other':
      return `ov: skipping broken Secret Service collection ${path}: ${message}`
  }
}
