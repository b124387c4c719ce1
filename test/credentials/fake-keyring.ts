import { createCipheriv, createDecipheriv, createDiffieHellmanGroup, createHmac, randomBytes } from 'node:crypto'
import { Message, sessionBus, Variant, type MessageBus } from 'dbus-next'

const S = 'org.freedesktop.Secret'
const ROOT = '/org/freedesktop/secrets'
/** Path of a collection of the fake. */
export const at = (name: string): string => `${ROOT}/collection/${name}`

/** What a method answers; silence is no answer at all. */
export type Reply = { readonly signature: string; readonly body: unknown[] } | { readonly error: string } | 'silence'

export interface Call {
  readonly path: string
  readonly member: string
  readonly body: readonly unknown[]
}

export interface FakeItem {
  readonly attributes: Record<string, string>
  value: string | Buffer
  label?: string
  contentType?: string
}

/** A collection, and where it fails: a name of an error, or silence. */
export interface FakeCollection {
  label?: string
  locked?: boolean
  items?: FakeItem[]
  fails?: Partial<Record<'Label' | 'Locked' | 'Unlock' | 'SearchItems' | 'GetSecret' | 'CreateItem' | 'Delete', string>>
}

export const NO_SUCH_OBJECT = `${S}.Error.NoSuchObject`
export const IS_LOCKED = `${S}.Error.IsLocked`
export const FAILED = 'org.freedesktop.DBus.Error.Failed'
export const SILENCE = 'silence'

/** A Secret Service that does as it is told: what no real one can be made to do. */
export class FakeKeyring {
  collections: Record<string, FakeCollection> = {}
  aliases: Record<string, string> = {}
  /** Answers before anything else does. */
  answer: (call: Call) => Reply | undefined = () => undefined
  /** What becomes of a prompt that is shown. */
  user: 'agrees' | 'declines' | 'is away' = 'is away'
  /** Private number of an encrypted session; without one, only plain sessions are known. */
  exponent: bigint | undefined
  readonly calls: Call[] = []
  readonly #bus: MessageBus
  #key: Buffer | undefined
  #prompts: Record<string, string> = {}

  private constructor(bus: MessageBus) {
    this.#bus = bus
  }

  static async start(address: string): Promise<FakeKeyring> {
    const bus = sessionBus({ busAddress: address })
    const keyring = new FakeKeyring(bus)
    bus.addMethodHandler((message: Message) => keyring.#handle(message))
    await bus.requestName('org.freedesktop.secrets', 0)
    return keyring
  }

  stop(): void {
    this.#bus.disconnect()
  }

  /** How often something was called. */
  count(member: string, path?: string): number {
    return this.calls.filter((call) => call.member === member && (path === undefined || call.path === path)).length
  }

  signal(path: string, iface: string, member: string, signature: string, body: unknown[]): void {
    this.#bus.send(Message.newSignal(path, iface, member, signature, body))
  }

  #handle(message: Message): boolean {
    const { path, member } = message
    if (!path.startsWith('/org/freedesktop/secrets')) return false
    const call = { path, member: member === 'Get' ? String(message.body[1]) : member, body: message.body as unknown[] }
    this.calls.push(call)
    const reply = this.answer(call) ?? this.#reply(call)
    if (reply === 'silence') return true
    this.#bus.send(
      'error' in reply
        ? // The types of the package take the message for a string.
          Message.newError(message as unknown as string, reply.error, 'as told')
        : Message.newMethodReturn(message, reply.signature, reply.body),
    )
    return true
  }

  #reply(call: Call): Reply {
    const name = /^\/org\/freedesktop\/secrets\/collection\/(\w+)/.exec(
      call.member === 'Unlock' ? String((call.body[0] as string[])[0]) : call.path,
    )?.[1]
    const collection = name === undefined ? undefined : this.collections[name]
    const fails = collection?.fails?.[call.member as keyof NonNullable<FakeCollection['fails']>]
    if (fails !== undefined) return fails === SILENCE ? 'silence' : { error: fails }
    switch (call.member) {
      case 'Collections':
        return { signature: 'v', body: [new Variant('ao', Object.keys(this.collections).map(at))] }
      case 'ReadAlias': {
        const target = this.aliases[String(call.body[0])]
        return { signature: 'o', body: [target === undefined ? '/' : at(target)] }
      }
      case 'OpenSession':
        return this.#openSession(call.body as [string, Variant])
      case 'Close':
        return { signature: '', body: [] }
      case 'Prompt':
        return this.#prompt(call.path)
      case 'Dismiss':
        return { signature: '', body: [] }
    }
    if (!collection || name === undefined) return { error: NO_SUCH_OBJECT }
    const items = (collection.items ??= [])
    const item = items[Number(/\/i(\d+)$/.exec(call.path)?.[1])]
    switch (call.member) {
      case 'Label':
        return { signature: 'v', body: [new Variant('s', collection.label ?? name)] }
      case 'Locked':
        return { signature: 'v', body: [new Variant('b', collection.locked === true)] }
      case 'Unlock': {
        if (collection.locked !== true) return { signature: 'aoo', body: [[at(name)], '/'] }
        const prompt = `${ROOT}/prompt/p${Object.keys(this.#prompts).length}`
        this.#prompts[prompt] = name
        return { signature: 'aoo', body: [[], prompt] }
      }
      case 'SearchItems': {
        const wanted = Object.entries(call.body[0] as Record<string, string>)
        const found = items.flatMap(({ attributes }, index) =>
          wanted.every(([key, value]) => attributes[key] === value) ? [`${at(name)}/i${index}`] : [],
        )
        return { signature: 'ao', body: [found] }
      }
    }
    if (call.member === 'CreateItem') return this.#create(name, items, call.body)
    if (!item) return { error: NO_SUCH_OBJECT }
    switch (call.member) {
      case 'Attributes':
        return { signature: 'v', body: [new Variant('a{ss}', item.attributes)] }
      case 'GetSecret':
        return collection.locked === true
          ? { error: IS_LOCKED }
          : { signature: '(oayays)', body: [[`${ROOT}/session/s1`, ...this.#seal(item.value), 'text/plain']] }
      case 'Delete':
        items.splice(items.indexOf(item), 1)
        return { signature: 'o', body: ['/'] }
    }
    return { error: 'org.freedesktop.DBus.Error.UnknownMethod' }
  }

  #create(name: string, items: FakeItem[], [properties, secret]: readonly unknown[]): Reply {
    const { [`${S}.Item.Attributes`]: attributes, [`${S}.Item.Label`]: label } = properties as Record<string, Variant>
    const [, parameters, value, contentType] = secret as [string, Buffer, Buffer, string]
    const made: FakeItem = {
      attributes: attributes?.value as Record<string, string>,
      value: this.#open(parameters, value),
      label: label?.value as string,
      contentType,
    }
    const same = items.findIndex((item) => JSON.stringify(item.attributes) === JSON.stringify(made.attributes))
    items[same === -1 ? items.length : same] = made
    return { signature: 'oo', body: [`${at(name)}/i${items.indexOf(made)}`, '/'] }
  }

  #prompt(path: string): Reply {
    const collection = this.collections[this.#prompts[path] ?? '']
    if (!collection) return { error: NO_SUCH_OBJECT }
    if (this.user === 'agrees') collection.locked = false
    if (this.user !== 'is away')
      setTimeout(() => {
        const dismissed = this.user === 'declines'
        this.signal(path, `${S}.Prompt`, 'Completed', 'bv', [dismissed, new Variant('s', '')])
      }, 20)
    return { signature: '', body: [] }
  }

  #openSession([algorithm, input]: [string, Variant]): Reply {
    this.#key = undefined
    const session = `${ROOT}/session/s1`
    if (algorithm === 'plain') return { signature: 'vo', body: [new Variant('s', ''), session] }
    if (this.exponent === undefined) return { error: 'org.freedesktop.DBus.Error.NotSupported' }
    const theirs = toNumber(input.value as Buffer)
    const shared = toBytes(power(theirs, this.exponent), 128)
    // HKDF of RFC 5869 for one block, step by step: the client has it from a library.
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(shared).digest()
    this.#key = createHmac('sha256', extracted)
      .update(Buffer.from([1]))
      .digest()
      .subarray(0, 16)
    return { signature: 'vo', body: [new Variant('ay', toBytes(power(2n, this.exponent), 128)), session] }
  }

  #seal(value: string | Buffer): [Buffer, Buffer] {
    const bytes = Buffer.from(value)
    if (!this.#key) return [Buffer.alloc(0), bytes]
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-128-cbc', this.#key, iv)
    return [iv, Buffer.concat([cipher.update(bytes), cipher.final()])]
  }

  #open(iv: Buffer, value: Buffer): string {
    if (!this.#key) return value.toString()
    const decipher = createDecipheriv('aes-128-cbc', this.#key, iv)
    return Buffer.concat([decipher.update(value), decipher.final()]).toString()
  }
}

const PRIME = toNumber(createDiffieHellmanGroup('modp2').getPrime())

/** In the group that sessions are agreed on in. */
export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base, rest = exponent; rest > 0n; square = (square * square) % PRIME, rest >>= 1n)
    if (rest & 1n) result = (result * square) % PRIME
  return result
}

export function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}

const toBytes = (number: bigint, length: number): Buffer =>
  Buffer.from(number.toString(16).padStart(2 * length, '0'), 'hex')
