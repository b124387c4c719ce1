import type { Socket } from 'node:net'
import type * as Library from 'dbus-next'
import { busAddress } from './bus-address.ts'
import { answeredError, BusError, DISCONNECTED, INVALID_ARGS, NO_SERVER, TIMEOUT } from './bus-error.ts'

/** A connection to a message bus, for method calls and signals as they are: no proxies, which would introspect what may be broken. (CRED-20) */
export interface Bus {
  /** Calls a method; comes back with what it returns, variants replaced by what is in them. Throws `BusError`, and never waits for longer than the timeout. */
  call(
    path: string,
    iface: string,
    member: string,
    signature?: string,
    body?: readonly unknown[],
    options?: CallOptions,
  ): Promise<readonly unknown[]>
  /** A value together with its type, for arguments that leave the type open. */
  variant(signature: string, value: unknown): unknown
  /** Hears signals that match one of the rules, and those of others, too: the listener looks at what it gets. Throws when the bus refuses a rule. (ENC-55) */
  subscribe(rules: readonly string[], listener: (signal: Signal) => void): Promise<() => Promise<void>>
  /** Hears of a connection that is lost; not of one that is closed. */
  onLost(listener: () => void): void
  /** Ends the connection; without this the process would not end. (CRED-34) */
  close(): void
}

export interface CallOptions {
  /** Who is called: the bus itself, or the Secret Service if not said. */
  readonly destination?: string
}

export interface Signal {
  readonly path: string
  readonly iface: string
  readonly member: string
  readonly body: readonly unknown[]
}

export interface ConnectOptions {
  /** `$XDG_RUNTIME_DIR`: where the bus listens when no address is given. (CRED-35) */
  readonly runtimeDir?: string | undefined
  /** How long one call may take, in milliseconds. (CRED-34) */
  readonly timeout?: number
}

/** What is used of the package beyond what its types tell. */
interface Client extends Library.MessageBus {
  readonly _connection: { readonly stream: Socket }
}

export const SECRETS = 'org.freedesktop.secrets'
export const BUS = { path: '/org/freedesktop/DBus', name: 'org.freedesktop.DBus' }

/** Connects to the user's bus: the address (`$DBUS_SESSION_BUS_ADDRESS`), or where systemd has it. Throws `BusError` where there is none. (CRED-34, CRED-35) */
export async function connectSessionBus(
  address?: string,
  { runtimeDir, timeout = 3_000 }: ConnectOptions = {},
): Promise<Bus> {
  const found = busAddress(address, runtimeDir)
  // A bundle has it as the default export, and nothing else.
  const { default: library } = await import('dbus-next')
  let client: Client
  try {
    client = library.sessionBus({ busAddress: found }) as Client
  } catch (error) {
    throw noServer(error)
  }
  const bus = new SessionBus(library, client, timeout)
  await bus.connected
  return bus
}

const noServer = (error: unknown): BusError =>
  new BusError(NO_SERVER, `the session bus can't be reached: ${error instanceof Error ? error.message : String(error)}`)

class SessionBus implements Bus {
  /** Fails when the connection does; the package itself reports that as an event, and leaves calls without an answer. (CRED-34) */
  readonly connected: Promise<void>
  readonly #library: typeof Library
  readonly #client: Client
  readonly #timeout: number
  readonly #waiting = new Set<(error: BusError) => void>()
  readonly #signals = new Set<(signal: Signal) => void>()
  readonly #lost = new Set<() => void>()
  /** Why the connection is no more. */
  #end: BusError | undefined

  constructor(library: typeof Library, client: Client, timeout: number) {
    this.#library = library
    this.#client = client
    this.#timeout = timeout
    const { stream } = client._connection
    let ready = false
    const fail = (error: unknown) =>
      this.#lose(ready ? new BusError(DISCONNECTED, 'the connection to the session bus was lost') : noServer(error))
    // The package reads in a listener of the stream: what it throws at a malformed message would end the process.
    const emit = stream.emit.bind(stream) as (event: string | symbol, ...args: unknown[]) => boolean
    stream.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      try {
        return emit(event, ...args)
      } catch (error) {
        fail(error)
        return true
      }
    }
    stream.once('close', () => fail(new Error('it closed the connection')))
    client.on('error', fail)
    client.on('message', (message) => {
      if (message.type === library.MessageType.SIGNAL) this.#hear(message)
      else if (!ready && message.type === library.MessageType.ERROR) {
        // A bus that refuses its greeting: the package would reject a promise that nobody holds.
        message.replySerial = ''
        fail(new Error(`it refused the connection (${message.errorName})`))
      }
    })
    const greeting = new Promise<void>((done) => client.on('connect', done))
    this.connected = this.#race(greeting, 'the session bus').then(
      () => void (ready = true),
      (error: unknown) => {
        fail(error)
        throw this.#end ?? error
      },
    )
  }

  async call(
    path: string,
    iface: string,
    member: string,
    signature = '',
    body: readonly unknown[] = [],
    { destination = SECRETS }: CallOptions = {},
  ): Promise<readonly unknown[]> {
    if (this.#end !== undefined) throw this.#end
    const { DBusError, Message } = this.#library
    try {
      const message = new Message({ destination, path, interface: iface, member, signature, body: [...body] })
      const reply = await this.#race(this.#client.call(message), member)
      return (reply?.body ?? []).map((value) => this.#plain(value))
    } catch (error) {
      if (error instanceof BusError) throw error
      if (error instanceof DBusError) throw answeredError(error.type, error.message)
      // What the package says may hold the arguments, and these may be secret.
      throw new BusError(INVALID_ARGS, `${member} can't be called with these arguments`)
    }
  }

  variant(signature: string, value: unknown): unknown {
    return new this.#library.Variant(signature, value)
  }

  async subscribe(rules: readonly string[], listener: (signal: Signal) => void): Promise<() => Promise<void>> {
    const match = (member: string) =>
      Promise.all(rules.map((rule) => this.call(BUS.path, BUS.name, member, 's', [rule], { destination: BUS.name })))
    this.#signals.add(listener)
    try {
      await match('AddMatch')
    } catch (error) {
      this.#signals.delete(listener)
      throw error
    }
    return async () => {
      this.#signals.delete(listener)
      if (this.#end === undefined) await match('RemoveMatch')
    }
  }

  onLost(listener: () => void): void {
    this.#lost.add(listener)
  }

  close(): void {
    this.#lost.clear()
    this.#lose(new BusError(DISCONNECTED, 'the connection to the session bus is closed'))
  }

  /** Waits no longer than the timeout, nor for a connection that is gone. (CRED-34) */
  async #race<T>(answer: Promise<T>, who: string): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const timer = setTimeout(
      () => reject(new BusError(TIMEOUT, `${who} did not answer within ${this.#timeout / 1000} s`)),
      this.#timeout,
    )
    this.#waiting.add(reject)
    answer.then(resolve, reject)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(reject)
    }
  }

  #lose(error: BusError): void {
    if (this.#end !== undefined) return
    this.#end = error
    // Not `disconnect()`: that waits for the other side, and keeps the process running until then.
    this.#client._connection.stream.destroy()
    for (const reject of this.#waiting) reject(error)
    for (const listener of this.#lost) listener()
  }

  #hear({ path, interface: iface, member, body }: Library.Message): void {
    const signal = { path, iface, member, body: body.map((value) => this.#plain(value)) }
    for (const listener of this.#signals) listener(signal)
  }

  /** A value without the package's own classes. */
  #plain(value: unknown): unknown {
    if (value instanceof this.#library.Variant) return this.#plain(value.value)
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
    if (Array.isArray(value)) return value.map((one) => this.#plain(one))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.#plain(one)]))
  }
}
