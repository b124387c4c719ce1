import { Variant } from 'dbus-next'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectSessionBus, type Bus } from '../../src/credentials/bus.ts'
import { inspectCollections } from '../../src/credentials/keyring.ts'
import { StoreProblem } from '../../src/credentials/store.ts'
import { at, FakeKeyring, type Reply } from './fake-keyring.ts'
import { startBus, type PrivateBus } from './keyring-daemon.ts'
import { openKeyring } from './keyring-store.ts'

let bus: PrivateBus
let fake: FakeKeyring
let connection: Bus
beforeAll(async () => {
  bus = await startBus()
  fake = await FakeKeyring.start(bus.address)
  connection = await connectSessionBus(bus.address)
})
afterAll(async () => {
  connection.close()
  fake.stop()
  await bus.stop()
})

/** A value on the bus, with its type. */
type Typed = readonly [signature: string, value: unknown]
const typed = <T>(signature: string, value: fc.Arbitrary<T>): fc.Arbitrary<Typed> =>
  value.map((one) => [signature, one] as const)

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((one) => !one.includes('\0'))
const path = fc.constantFrom(
  '/',
  at('login'),
  at('other'),
  `${at('login')}/i0`,
  '/org/freedesktop/secrets/session/s1',
  '/x',
)
const bytes = fc.uint8Array({ maxLength: 140 }).map((one) => Buffer.from(one))
const simple: fc.Arbitrary<Typed> = fc.oneof(
  typed('s', text),
  typed('o', path),
  typed('b', fc.boolean()),
  typed('u', fc.nat()),
  typed('y', fc.nat(255)),
  typed('i', fc.integer()),
  typed('d', fc.double({ noNaN: true, noDefaultInfinity: true })),
  typed('t', fc.bigInt(0n, 2n ** 63n)),
  typed('g', fc.constantFrom('', 's', 'a{sv}', '(oayays)')),
  typed('ay', bytes),
  typed('as', fc.array(text, { maxLength: 3 })),
  typed('ao', fc.array(path, { maxLength: 3 })),
  typed('a{ss}', fc.dictionary(text, text, { maxKeys: 3 })),
  typed('aay', fc.array(bytes, { maxLength: 2 })),
  typed('(oayays)', fc.tuple(path, bytes, bytes, text)),
  typed('(oay)', fc.tuple(path, bytes)),
  typed('a(so)', fc.array(fc.tuple(text, path), { maxLength: 2 })),
)
const variant = (inner: fc.Arbitrary<Typed>) =>
  typed(
    'v',
    inner.map(([signature, value]) => new Variant(signature, value)),
  )
const value = fc.oneof(simple, variant(simple), variant(variant(simple)))
const answer: fc.Arbitrary<Reply> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(value, { maxLength: 3 }).map((values) => ({
      signature: values.map(([signature]) => signature).join(''),
      body: values.map(([, one]) => one),
    })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        'ServiceUnknown',
        'NoReply',
        'AccessDenied',
        'NotSupported',
        'Timeout',
        'Disconnected',
        'UnknownMethod',
      )
      .map((name) => ({ error: `org.freedesktop.DBus.Error.${name}` })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('IsLocked', 'NoSession', 'NoSuchObject').map((name) => ({
      error: `org.freedesktop.Secret.Error.${name}`,
    })),
  },
)

/** What each call of the protocol answers, in the right shape but with values that make no sense. */
const plausible: fc.Arbitrary<Reply> = fc.oneof(
  fc.tuple(path, bytes, bytes, text).map((secret) => ({ signature: '(oayays)', body: [secret] })),
  fc.tuple(bytes, path).map(([key, session]) => ({ signature: 'vo', body: [new Variant('ay', key), session] })),
  fc.tuple(fc.array(path, { maxLength: 3 }), path).map((body) => ({ signature: 'aoo', body })),
  fc.tuple(path, path).map((body) => ({ signature: 'oo', body })),
  fc.array(path, { maxLength: 3 }).map((paths) => ({ signature: 'v', body: [new Variant('ao', paths)] })),
  fc.array(path, { maxLength: 3 }).map((paths) => ({ signature: 'ao', body: [paths] })),
)

const MEMBERS = [
  'ReadAlias',
  'Collections',
  'Label',
  'Locked',
  'Unlock',
  'SearchItems',
  'OpenSession',
  'GetSecret',
  'Attributes',
  'CreateItem',
  'Delete',
  'Prompt',
  'Dismiss',
  'Close',
]
const VALUE = 'geheim'

it('CRED-20 CRED-26 whatever is answered in place of what the protocol says, it ends in a result or an error of the store', async () => {
  const kinds = { value: 0, nothing: 0, problem: 0 }
  /** One connection for all: the store may not close it. */
  const { store } = openKeyring(bus.address, {
    bus: () => Promise.resolve(Object.assign(Object.create(connection) as Bus, shared())),
    interactive: true,
    promptTimeout: 20,
  })
  function shared(): Partial<Bus> {
    return {
      call: connection.call.bind(connection),
      variant: connection.variant.bind(connection),
      subscribe: connection.subscribe.bind(connection),
      onLost: () => {},
      close: () => {},
    }
  }
  const works = [
    () => store.get('ov/enc', 'web'),
    () => store.set('ov/enc', 'web', VALUE),
    () => store.delete('ov/enc', 'web'),
    () => store.probe(),
    () => inspectCollections(connection),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...MEMBERS), { minLength: 1, maxLength: 2 }),
      fc.oneof(answer, plausible),
      fc.constantFrom(...works),
      fc.boolean(),
      fc.boolean(),
      async (members, reply, work, encrypted, locked) => {
        fake.calls.length = 0
        fake.exponent = encrypted ? 12_345_678_901n : undefined
        fake.aliases = { default: 'login' }
        fake.collections = {
          login: { locked, items: [{ attributes: { service: 'ov/enc', username: 'web' }, value: VALUE }] },
          other: {},
        }
        fake.answer = ({ member }) => (members.includes(member) ? reply : undefined)
        try {
          const result: unknown = await work()
          kinds[result === undefined ? 'nothing' : 'value']++
        } catch (error) {
          // A TypeError of a library, or an error of the bus, would be none of the store's.
          if (!(error instanceof StoreProblem)) throw error
          expect(error.message).not.toBe('')
          expect(`${error.stack} ${error.remedy}`).not.toContain(VALUE)
          kinds.problem++
        }
      },
    ),
    { numRuns: 3_500 },
  )
  // All three have happened, or this has tried nothing.
  for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(200)
}, 120_000)
