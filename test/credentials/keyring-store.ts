import { connectSessionBus } from '../../src/credentials/bus.ts'
import { KeyringStore, type KeyringOptions } from '../../src/credentials/keyring.ts'
import { StoreProblem } from '../../src/credentials/store.ts'

/** A store over the keyring of a bus, with all that it said and its index in memory. */
export function openKeyring(address: string, options: Partial<KeyringOptions> & { readonly timeout?: number } = {}) {
  const { timeout = 3_000, ...rest } = options
  const said: string[] = []
  const indexed = new Set<string>()
  const store = new KeyringStore({
    bus: () => connectSessionBus(address, { timeout }),
    say: (line) => said.push(line),
    said: new Set(),
    preferredLabel: '',
    interactive: false,
    index: {
      names: () => [...indexed],
      add: (name) => Promise.resolve(void indexed.add(name)),
      remove: (name) => Promise.resolve(void indexed.delete(name)),
    },
    ...rest,
  })
  return { store, said, indexed }
}

/** The error of the store that this ends in; whatever else it ends in is a failure of the test. */
export async function problemOf(promise: Promise<unknown>): Promise<StoreProblem> {
  const result = await promise.then(
    (value) => new Error(`there was no error, but ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (result instanceof StoreProblem) return result
  throw result
}
