import { sessionBus } from 'dbus-next'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectSessionBus } from '../../src/credentials/bus.ts'
import { inspectCollections, onUnlock } from '../../src/credentials/keyring.ts'
import { StoreProblem } from '../../src/credentials/store.ts'
import {
  at,
  FAILED,
  FakeKeyring,
  IS_LOCKED,
  NO_SUCH_OBJECT,
  power,
  SILENCE,
  toNumber,
  type FakeCollection,
} from './fake-keyring.ts'
import { startBus, type PrivateBus } from './keyring-daemon.ts'
import { openKeyring, problemOf } from './keyring-store.ts'

let bus: PrivateBus
let fake: FakeKeyring
beforeAll(async () => {
  bus = await startBus()
})
afterAll(() => bus.stop())
beforeEach(async () => {
  fake?.stop()
  fake = await FakeKeyring.start(bus.address)
})

const open = (options: Parameters<typeof openKeyring>[1] = {}) => openKeyring(bus.address, options)

const PASSWORD = { service: 'ov/enc', username: 'web' }
const item = (value: string) => ({ attributes: PASSWORD, value })
/** Long enough for an answer on a busy machine, and short enough to wait for none. */
const SHORT = 400
const SESSION = '/org/freedesktop/secrets/session/s1'
const BROKEN: FakeCollection = { fails: { Label: NO_SUCH_OBJECT } }

/** A collection by one letter of the table. */
const KINDS: Record<string, () => FakeCollection> = {
  match: () => ({ items: [item('found')] }),
  miss: () => ({ items: [{ attributes: { ...PASSWORD, username: 'other' }, value: 'of another' }] }),
  locked: () => ({ locked: true, items: [item('locked away')] }),
  'locked item': () => ({ items: [item('locked away')], fails: { GetSecret: IS_LOCKED } }),
  'unlock error': () => ({ items: [item('unreachable')], fails: { Unlock: FAILED } }),
  'search error': () => ({ items: [item('unreachable')], fails: { SearchItems: NO_SUCH_OBJECT } }),
  'secret error': () => ({ items: [item('unreachable')], fails: { GetSecret: FAILED } }),
  broken: () => ({ items: [item('unreachable')], ...BROKEN }),
}

/** What came of looking for the password, in one word. */
async function lookUp(kinds: readonly string[]): Promise<string> {
  fake.collections = Object.fromEntries(kinds.map((kind, index) => [`c${index}`, KINDS[kind]!()]))
  const { store } = open()
  return store.get('ov/enc', 'web').then(
    (value) => value ?? 'default',
    (error: unknown) => (error instanceof StoreProblem ? error.kind : String(error)),
  )
}

describe('looking for a credential', () => {
  it.each<[string, readonly (readonly string[])[]]>([
    [
      'found',
      [
        ['match'],
        ['broken', 'match'],
        ['miss', 'match'],
        ['locked', 'match'],
        ['search error', 'match'],
        ['match', 'locked'],
      ],
    ],
    ['unavailable', [['broken'], ['broken', 'broken'], []]],
    [
      'default',
      [
        ['miss'],
        ['miss', 'miss'],
        ['miss', 'search error'],
        ['unlock error', 'miss'],
        ['broken', 'miss'],
        ['secret error', 'miss'],
      ],
    ],
    [
      'locked',
      [
        ['locked'],
        ['locked', 'locked'],
        ['locked item'],
        ['miss', 'locked'],
        ['locked item', 'miss'],
        ['broken', 'locked'],
      ],
    ],
    [
      'unavailable',
      [
        ['search error'],
        ['unlock error'],
        ['secret error'],
        ['locked', 'search error'],
        ['secret error', 'locked item'],
        ['broken', 'unlock error'],
      ],
    ],
    [
      'locked',
      [
        ['miss', 'locked', 'search error'],
        ['unlock error', 'locked item', 'miss'],
      ],
    ],
  ])('CRED-13 CRED-26 %s: %j', async (expected, rows) => {
    for (const row of rows) expect(`${row.join(', ')}: ${await lookUp(row)}`).toBe(`${row.join(', ')}: ${expected}`)
  })

  it('CRED-23 ENC-T3 a broken default collection does not keep the others from being searched: one line, once', async () => {
    fake.collections = { stub: BROKEN, hexaplant: { items: [item('found')] } }
    fake.aliases = { default: 'stub' }
    const { store, said } = open()
    for (let time = 0; time < 2; time++) expect(await store.get('ov/enc', 'web')).toBe('found')
    expect(said).toEqual([
      `ov: Secret Service default alias target ${at('stub')} is unhealthy; falling back to collection iteration (as told (${NO_SUCH_OBJECT}))`,
    ])
  })

  it('CRED-23 the lines are said once in a process, however many stores there are', async () => {
    fake.collections = { stub7: BROKEN, open: {} }
    const said: string[] = []
    for (let time = 0; time < 2; time++) {
      const { store } = openKeyring(bus.address, { say: (line) => said.push(line), said: undefined as never })
      await store.get('ov/enc', 'web')
    }
    expect(said).toEqual([`ov: skipping broken Secret Service collection ${at('stub7')}: as told (${NO_SUCH_OBJECT})`])
  })

  it('CRED-23 CRED-28 first the default one, then the first with the preferred label, then the rest as they are listed', async () => {
    fake.collections = { a: {}, b: { label: 'Mine' }, c: { label: 'mine' }, d: { label: 'Mine' }, e: {} }
    fake.aliases = { default: 'e' }
    const searched = async (preferredLabel: string) => {
      fake.calls.length = 0
      expect(await open({ preferredLabel }).store.get('ov/enc', 'web')).toBeUndefined()
      return fake.calls.filter(({ member }) => member === 'SearchItems').map(({ path }) => path.slice(-1))
    }
    expect(await searched('Mine')).toEqual(['e', 'b', 'a', 'c', 'd'])
    expect(await searched('mine')).toEqual(['e', 'c', 'a', 'b', 'd'])
    expect(await searched('absent')).toEqual(['e', 'a', 'b', 'c', 'd'])
    fake.collections['c'] = { label: '' }
    expect(await searched('')).toEqual(['e', 'a', 'b', 'c', 'd'])
    fake.aliases = { default: 'd' }
    expect(await searched('Mine')).toEqual(['d', 'b', 'a', 'c', 'e'])
  })

  it('CRED-23 each is tried once, though it is the default one, has the label and is listed twice', async () => {
    fake.collections = { only: { label: 'Mine' } }
    fake.aliases = { default: 'only' }
    fake.answer = ({ member }) =>
      member === 'Collections' ? { signature: 'ao', body: [[at('only'), at('only')]] } : undefined
    expect(await open({ preferredLabel: 'Mine' }).store.get('ov/enc', 'web')).toBeUndefined()
    for (const member of ['Label', 'Unlock', 'SearchItems']) expect([member, fake.count(member)]).toEqual([member, 1])
  })

  it('CRED-23 each line names what it passes over', async () => {
    fake.collections = {
      standard: { fails: { SearchItems: FAILED } },
      chosen: { label: 'My "own"', fails: { Unlock: FAILED } },
      stub: BROKEN,
      last: { items: [item('found')] },
    }
    fake.aliases = { default: 'standard' }
    const { store, said } = open({ preferredLabel: 'My "own"' })
    expect(await store.get('ov/enc', 'web')).toBe('found')
    expect(said).toEqual([
      `ov: Secret Service default alias target ${at('standard')} is unhealthy; falling back to collection iteration (as told (${FAILED}))`,
      `ov: preferred collection "My \\"own\\"" (${at('chosen')}) is unhealthy: as told (${FAILED})`,
      `ov: skipping broken Secret Service collection ${at('stub')}: as told (${NO_SUCH_OBJECT})`,
    ])
  })

  it('CRED-24 the default one is searched though the list fails, and that is said', async () => {
    fake.collections = { login: { items: [item('found')] } }
    fake.aliases = { default: 'login' }
    fake.answer = ({ member }) => (member === 'Collections' ? { error: FAILED } : undefined)
    const { store, said } = open()
    expect(await store.get('ov/enc', 'web')).toBe('found')
    expect(said).toEqual([])
    expect(await store.get('ov/enc', 'other')).toBeUndefined()
    expect(said).toEqual([
      `ov: Secret Service collections can't be listed; going on with the default one (as told (${FAILED}))`,
    ])
    fake.aliases = {}
    expect(await problemOf(store.get('ov/enc', 'web'))).toMatchObject({ kind: 'unavailable' })
    fake.aliases = { default: 'login' }
    fake.collections['login'] = BROKEN
    const { store: second, said: lines } = open()
    expect(await problemOf(second.get('ov/enc', 'web'))).toMatchObject({
      kind: 'unavailable',
      message: `as told (${FAILED})`,
    })
    expect(lines).toEqual([expect.stringContaining('is unhealthy')])
  })

  it('CRED-25 exactly the two attributes are searched for; the first item that matches has the value', async () => {
    fake.collections = {
      login: {
        items: [
          { attributes: { service: 'ov/enc', username: 'web-2' }, value: 'of web-2' },
          { attributes: { ...PASSWORD, 'xdg:schema': 'org.freedesktop.Secret.Generic' }, value: 'first' },
          { attributes: PASSWORD, value: 'second' },
        ],
      },
    }
    expect(await open().store.get('ov/enc', 'web')).toBe('first')
    expect(fake.calls.filter(({ member }) => member === 'SearchItems').map(({ body }) => body)).toEqual([[PASSWORD]])
    expect(fake.count('GetSecret')).toBe(1)
  })

  it('CRED-20 nothing is introspected, and no other method called than those of the protocol', async () => {
    fake.collections = { login: { items: [item('found')] } }
    await open().store.get('ov/enc', 'web')
    expect(fake.calls.map(({ member }) => member)).toEqual([
      'ReadAlias',
      'Collections',
      'Label',
      'Unlock',
      'SearchItems',
      'OpenSession',
      'OpenSession',
      'GetSecret',
      'Close',
    ])
  })

  it('CRED-25 bytes that are no text are no value', async () => {
    fake.collections = { login: { items: [{ attributes: PASSWORD, value: Buffer.from([0x61, 0xff, 0xfe]) }] } }
    const problem = await problemOf(open().store.get('ov/enc', 'web'))
    expect(problem).toMatchObject({ kind: 'unavailable' })
    expect(problem.message).toContain('the answer to GetSecret is not text in UTF-8')
  })
})

describe('whether there is a keyring', () => {
  it('CRED-21 CRED-22 one healthy collection is enough, whatever its label, locked or not', async () => {
    for (const collection of [{}, { label: '' }, { locked: true }] as FakeCollection[]) {
      fake.collections = { stub: BROKEN, other: collection }
      expect(await open().store.probe()).toBe(true)
    }
    expect(fake.count('Unlock') + fake.count('OpenSession')).toBe(0)
  })

  it('CRED-21 CRED-22 none where all are broken, or there are none', async () => {
    for (const error of [
      NO_SUCH_OBJECT,
      'org.freedesktop.DBus.Error.UnknownMethod',
      'org.freedesktop.DBus.Error.IOError',
    ]) {
      fake.collections = { stub: { fails: { Label: error } }, other: { fails: { Label: error } } }
      const { store } = open()
      expect(await store.probe()).toBe(false)
      const problem = await problemOf(store.get('ov/enc', 'web'))
      expect(problem).toMatchObject({ kind: 'unavailable', remedy: 'ov doctor shows the collections of the keyring' })
      expect(problem.message).toBe(
        `no collection of the keyring can be searched (${at('stub')}: as told (${error}); ${at('other')}: as told (${error}))`,
      )
    }
    fake.collections = {}
    expect(await open().store.probe()).toBe(false)
    expect((await problemOf(open().store.get('ov/enc', 'web'))).message).toBe('the keyring has no collection')
  })

  it('CRED-21 a label that never comes is a broken collection, too', async () => {
    fake.collections = { hung: { fails: { Label: SILENCE } } }
    const { store, said } = open({ timeout: SHORT })
    expect(await store.probe()).toBe(false)
    expect(said).toEqual([
      `ov: skipping broken Secret Service collection ${at('hung')}: Get did not answer within 0.4 s`,
    ])
    fake.collections['fine'] = { items: [item('found')] }
    expect(await store.get('ov/enc', 'web')).toBe('found')
  })

  it('CRED-22 one that answers nothing at all counts as locked', async () => {
    fake.answer = () => SILENCE
    const { store } = open({ timeout: SHORT })
    expect(await store.probe()).toBe(true)
    for (const problem of [
      await problemOf(store.get('ov/enc', 'web')),
      await problemOf(store.set('ov/enc', 'web', 'x')),
      await problemOf(store.delete('ov/enc', 'web')),
    ])
      expect(problem).toMatchObject({ kind: 'locked', remedy: 'log in to the desktop, or unlock it there' })
  })

  it('CRED-22 CRED-34 nobody has the name, or there is no bus', async () => {
    fake.stop()
    const without = open().store
    expect(await without.probe()).toBe(false)
    expect(await problemOf(without.get('ov/enc', 'web'))).toMatchObject({
      kind: 'unavailable',
      message: 'no keyring answers on the session bus',
    })
    const nowhere = openKeyring('unix:path=/nonexistent/bus').store
    expect(await nowhere.probe()).toBe(false)
    const problem = await problemOf(nowhere.set('ov/enc', 'web', 'x'))
    expect(problem).toMatchObject({ kind: 'unavailable' })
    expect(problem.message).toContain("the session bus can't be reached")
  })

  it.each<[string, 'get' | 'set' | 'delete', 'unavailable' | undefined]>([
    ['Unlock', 'get', 'unavailable'],
    ['SearchItems', 'get', 'unavailable'],
    ['GetSecret', 'get', 'unavailable'],
    ['Close', 'get', undefined],
    // One that can be written need not be readable.
    ['Attributes', 'set', undefined],
    ['CreateItem', 'set', 'unavailable'],
    ['Delete', 'delete', 'unavailable'],
  ])('CRED-34 a keyring that never answers %s: %s ends in time, %s', async (silent, verb, kind) => {
    fake.collections = { login: { items: [item('found')] } }
    fake.answer = ({ member }) => (member === silent ? SILENCE : undefined)
    const { store } = open({ timeout: SHORT })
    const started = performance.now()
    const work = verb === 'set' ? store.set('ov/enc', 'web', 'x') : store[verb]('ov/enc', 'web')
    const ended = await work.then(
      () => undefined,
      (error: unknown) => (error instanceof StoreProblem ? error.kind : error),
    )
    expect(ended).toBe(kind)
    expect(performance.now() - started).toBeLessThan(4 * SHORT)
  })
})

describe('a keyring that is locked', () => {
  it('CRED-27 nobody is asked: each prompt is dismissed, none shown', async () => {
    fake.collections = { a: { locked: true }, b: { locked: true }, session: {} }
    fake.user = 'agrees'
    const { store } = open()
    expect(await problemOf(store.get('ov/enc', 'web'))).toMatchObject({
      kind: 'locked',
      message: 'the keyring is locked ("a", "b")',
    })
    expect([fake.count('Prompt'), fake.count('Dismiss')]).toEqual([0, 2])
    const dismissed = fake.calls.filter(({ member }) => member === 'Dismiss').map(({ path }) => path)
    expect(dismissed).toEqual(['/org/freedesktop/secrets/prompt/p0', '/org/freedesktop/secrets/prompt/p1'])
    await problemOf(store.set('ov/enc', 'web', 'x'))
    await problemOf(store.delete('ov/enc', 'web'))
    expect([fake.count('Prompt'), fake.count('Dismiss')]).toEqual([0, 6])
  })

  it('CRED-26 a label is one line, and does not steer a terminal', async () => {
    fake.collections = { a: { locked: true, label: 'Log\nin\u001b[31m\u009b0m' } }
    expect((await problemOf(open().store.get('ov/enc', 'web'))).message).toBe(
      'the keyring is locked ("Log in [31m 0m")',
    )
  })

  it('CRED-27 a prompt that can not be dismissed is still one', async () => {
    fake.collections = { a: { locked: true } }
    fake.answer = ({ member }) => (member === 'Dismiss' ? { error: FAILED } : undefined)
    expect(await problemOf(open().store.get('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
  })

  it('CRED-26 CRED-27 one that says nothing of a prompt, but stays locked, is locked', async () => {
    fake.collections = { a: { locked: true } }
    fake.answer = ({ member }) => (member === 'Unlock' ? { signature: 'aoo', body: [[], '/'] } : undefined)
    expect(await problemOf(open().store.get('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
    // Not every keyring lists what was open before.
    fake.collections = { a: { items: [item('found')] } }
    expect(await open().store.get('ov/enc', 'web')).toBe('found')
  })

  it('CRED-36 the window is shown to those who may be asked; what is unlocked there is searched', async () => {
    fake.collections = { a: { locked: true, items: [item('found')] } }
    fake.user = 'agrees'
    expect(await open({ interactive: true }).store.get('ov/enc', 'web')).toBe('found')
    expect([fake.count('Prompt'), fake.count('Dismiss')]).toEqual([1, 0])
    expect(fake.calls.find(({ member }) => member === 'Prompt')?.body).toEqual([''])
  })

  it('CRED-36 who declines is asked no second time', async () => {
    fake.collections = { a: { locked: true }, b: { locked: true } }
    fake.user = 'declines'
    const { store } = open({ interactive: true })
    for (let time = 0; time < 2; time++)
      expect(await problemOf(store.get('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
    expect(fake.count('Prompt')).toBe(1)
  })

  it('CRED-36 nobody comes: it is locked after a while, and the window goes away', async () => {
    fake.collections = { a: { locked: true } }
    const started = performance.now()
    const { store } = open({ interactive: true, promptTimeout: 150 })
    expect(await problemOf(store.get('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
    expect(performance.now() - started).toBeGreaterThanOrEqual(149)
    expect([fake.count('Prompt'), fake.count('Dismiss')]).toEqual([1, 1])
  })

  it('CRED-36 a window that can not be shown is a keyring that is locked', async () => {
    fake.collections = { a: { locked: true } }
    fake.answer = ({ member }) => (member === 'Prompt' ? { error: FAILED } : undefined)
    expect(await problemOf(open({ interactive: true }).store.get('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
  })

  it('CRED-34 CRED-36 the bus goes away while the window is there: nobody waits for two minutes', async () => {
    const passing = await startBus()
    const keyring = await FakeKeyring.start(passing.address)
    keyring.collections = { a: { locked: true } }
    const pending = problemOf(openKeyring(passing.address, { interactive: true }).store.get('ov/enc', 'web'))
    await expect.poll(() => keyring.count('Prompt')).toBe(1)
    await passing.stop()
    expect((await pending).kind).toBe('locked')
  })
})

describe('keeping a credential', () => {
  it('CRED-30 in the first collection, with label, attributes and type as others expect them', async () => {
    fake.collections = { other: {}, login: {} }
    fake.aliases = { default: 'login' }
    const { store, indexed } = open()
    await store.set('ov/enc', 'web', 'geheim')
    expect(fake.collections['login']?.items).toEqual([
      {
        attributes: PASSWORD,
        label: "Password for 'web' on 'ov/enc'",
        value: 'geheim',
        contentType: 'text/plain; charset=utf8',
      },
    ])
    expect(fake.calls.find(({ member }) => member === 'CreateItem')?.body[2]).toBe(true)
    expect(fake.collections['other']?.items).toEqual([])
    expect([...indexed]).toEqual(['ov/enc/web'])
  })

  it('CRED-28 CRED-30 the preferred collection counts for writing, too', async () => {
    fake.collections = { other: {}, chosen: { label: 'Mine' } }
    await open({ preferredLabel: 'Mine' }).store.set('ov/enc', 'web', 'geheim')
    expect(fake.collections['chosen']?.items).toHaveLength(1)
  })

  it('CRED-30 where it is already, with the attributes that others gave it; no copy comes to be', async () => {
    const others = { ...PASSWORD, 'xdg:schema': 'org.freedesktop.Secret.Generic' }
    fake.collections = { login: {}, second: { items: [{ attributes: others, value: 'old' }, item('old, too')] } }
    fake.aliases = { default: 'login' }
    const { store } = open()
    await store.set('ov/enc', 'web', 'new')
    expect(fake.collections['login']?.items).toEqual([])
    expect(fake.collections['second']?.items?.map(({ attributes, value }) => ({ attributes, value }))).toEqual([
      { attributes: others, value: 'new' },
      { attributes: PASSWORD, value: 'new' },
    ])
    expect(await store.get('ov/enc', 'web')).toBe('new')
  })

  it('CRED-30 CRED-27 an item that can not be read because it is locked is no place; one that is damaged is', async () => {
    fake.collections = { login: {}, second: { items: [item('old')], fails: { GetSecret: IS_LOCKED } } }
    await open().store.set('ov/enc', 'web', 'new')
    expect(fake.collections['login']?.items).toMatchObject([{ value: 'new' }])
    fake.collections = { login: {}, second: { items: [{ attributes: PASSWORD, value: Buffer.from([0xff]) }] } }
    await open().store.set('ov/enc', 'web', 'new')
    expect(fake.collections['login']?.items).toEqual([])
    expect(fake.collections['second']?.items).toMatchObject([{ value: 'new' }])
  })

  it('CRED-31 ENC-T10 never in the collection that ends with the session, by path or by alias', async () => {
    for (const name of ['session', 'hidden']) {
      fake.collections = { [name]: { items: [item('of last time')] } }
      fake.aliases = { default: name, ...(name === 'hidden' && { session: name }) }
      const { store, indexed } = open()
      const problem = await problemOf(store.set('ov/enc', 'web', 'new'))
      expect(problem).toMatchObject({
        kind: 'unavailable',
        message: 'the keyring has no collection that outlasts the session',
      })
      expect(fake.count('CreateItem') + fake.count('Delete') + indexed.size).toBe(0)
      fake.collections['login'] = {}
      await store.set('ov/enc', 'web', 'new')
      expect(fake.collections['login'].items).toMatchObject([{ value: 'new' }])
      // An old value there would be found first.
      expect(fake.collections[name]?.items).toEqual([])
      expect(await store.get('ov/enc', 'web')).toBe('new')
      fake.calls.length = 0
    }
  })

  it('CRED-15 CRED-31 a locked collection is not passed over for one further down', async () => {
    fake.collections = { login: { locked: true }, second: {}, session: {} }
    fake.aliases = { default: 'login', session: 'session' }
    const { store, indexed } = open()
    expect(await problemOf(store.set('ov/enc', 'web', 'new'))).toMatchObject({
      kind: 'locked',
      message: 'the keyring is locked ("login")',
    })
    fake.collections['second'] = { items: [item('old')] }
    expect(await problemOf(store.set('ov/enc', 'web', 'new'))).toMatchObject({ kind: 'locked' })
    expect([fake.count('CreateItem'), indexed.size]).toEqual([0, 0])
    fake.collections = { login: { locked: true }, session: {} }
    expect(await problemOf(store.set('ov/enc', 'web', 'new'))).toMatchObject({ kind: 'locked' })
  })

  it('CRED-31 one that is locked further down, or broken further up, does not matter', async () => {
    fake.collections = { stub: BROKEN, login: {}, second: { locked: true } }
    await open().store.set('ov/enc', 'web', 'new')
    expect(fake.collections['login']?.items).toMatchObject([{ value: 'new' }])
  })

  it.each<[string, 'locked' | 'unavailable', FakeCollection]>([
    ['is locked after all', 'locked', { fails: { CreateItem: IS_LOCKED } }],
    ['fails', 'unavailable', { fails: { CreateItem: FAILED } }],
    ['is in a keyring of broken collections', 'unavailable', BROKEN],
    ['can not be searched', 'unavailable', { fails: { SearchItems: FAILED } }],
  ])('CRED-15 CRED-26 a place that %s: %s', async (_, kind, collection) => {
    fake.collections = { login: collection }
    const { store, indexed } = open()
    expect(await problemOf(store.set('ov/enc', 'web', 'geheim'))).toMatchObject({ kind })
    expect(indexed.size).toBe(0)
  })

  it('CRED-27 CRED-30 a write that waits for the user has not happened', async () => {
    fake.collections = { login: {} }
    fake.answer = ({ member }) =>
      member === 'CreateItem' ? { signature: 'oo', body: ['/', '/org/freedesktop/secrets/prompt/w'] } : undefined
    expect(await problemOf(open().store.set('ov/enc', 'web', 'geheim'))).toMatchObject({ kind: 'locked' })
    expect(fake.count('Dismiss', '/org/freedesktop/secrets/prompt/w')).toBe(1)
  })

  it('CRED-30 what is not read back as it was written is an error', async () => {
    const { store, indexed } = open()
    for (const lie of [item('another'), { attributes: {}, value: 'geheim' }]) {
      fake.collections = { login: { label: 'Login' } }
      fake.answer = ({ member }) => {
        if (member !== 'CreateItem') return undefined
        fake.collections = { login: { label: 'Login', items: [lie] } }
        return { signature: 'oo', body: [`${at('login')}/i0`, '/'] }
      }
      const problem = await problemOf(store.set('ov/enc', 'web', 'geheim'))
      expect(problem).toMatchObject({
        kind: 'unavailable',
        message: 'collection "Login" does not give back what it was given',
      })
    }
    expect(indexed.size).toBe(0)
  })
})

describe('removing a credential', () => {
  it('CRED-33 every match in every collection', async () => {
    const others = { ...PASSWORD, more: '1' }
    fake.collections = {
      login: { items: [item('a'), { attributes: { ...PASSWORD, username: 'keep' }, value: 'k' }] },
      second: { items: [{ attributes: others, value: 'b' }] },
      session: { items: [item('c')] },
    }
    // The paths of the fake are places in a list.
    const { store, indexed, said } = open()
    indexed.add('ov/enc/web').add('ov/enc/keep')
    await store.delete('ov/enc', 'web')
    expect(Object.values(fake.collections).flatMap(({ items }) => items ?? [])).toMatchObject([{ value: 'k' }])
    expect([...indexed]).toEqual(['ov/enc/keep'])
    await store.delete('ov/enc', 'web')
    expect(said).toEqual([])
  })

  it('CRED-33 what is locked is named, when something was removed elsewhere', async () => {
    fake.collections = { login: { items: [item('a')] }, second: { locked: true, label: 'Work' } }
    const { store, said } = open()
    await store.delete('ov/enc', 'web')
    expect(fake.collections['login']?.items).toEqual([])
    expect(said).toEqual(['ov: warning: ov/enc/web may also be in what is locked and was not searched: "Work"'])
  })

  it('CRED-33 where nothing was removed and something is locked, it is not gone', async () => {
    fake.collections = { login: {}, second: { locked: true, label: 'Work' } }
    const { store, indexed } = open()
    indexed.add('ov/enc/web')
    expect(await problemOf(store.delete('ov/enc', 'web'))).toMatchObject({
      kind: 'locked',
      message: 'the keyring is locked ("Work")',
    })
    expect(indexed.size).toBe(1)
  })

  it('CRED-33 what the keyring does not remove is still there', async () => {
    fake.collections = { login: { items: [item('a')], fails: { Delete: FAILED } }, second: { items: [item('b')] } }
    const { store, indexed } = open()
    indexed.add('ov/enc/web')
    expect(await problemOf(store.delete('ov/enc', 'web'))).toMatchObject({
      kind: 'unavailable',
      message: `the keyring does not remove it: as told (${FAILED})`,
    })
    expect(fake.collections['second']?.items).toEqual([])
    expect(indexed.size).toBe(1)
    fake.collections = { login: { items: [item('a')], fails: { Delete: IS_LOCKED } } }
    expect(await problemOf(store.delete('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
    fake.collections = { login: { items: [item('a')] } }
    fake.answer = ({ member }) =>
      member === 'Delete' ? { signature: 'o', body: ['/org/freedesktop/secrets/prompt/d'] } : undefined
    expect(await problemOf(store.delete('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
    expect(fake.count('Dismiss', '/org/freedesktop/secrets/prompt/d')).toBe(1)
  })
})

describe('the index', () => {
  it('CRED-32 what is listed there and nowhere else is said, once; what can not be searched for is not', async () => {
    fake.collections = { login: { items: [item('found')] } }
    const { store, indexed, said } = open()
    indexed.add('ov/enc/web').add('ov/enc/gone')
    expect(await store.get('ov/enc', 'web')).toBe('found')
    expect(await store.get('ov/enc', 'never')).toBeUndefined()
    expect(said).toEqual([])
    for (let time = 0; time < 2; time++) expect(await store.get('ov/enc', 'gone')).toBeUndefined()
    expect(said).toEqual([
      'ov: warning: ov/enc/gone is listed in the keyring shadow index but not present in any Secret Service collection. ' +
        'Store it again: ov secrets set ov/enc gone; or forget it: ov secrets prune',
    ])
    const { store: second, indexed: names, said: lines } = open()
    names.add('ov/enc/gone')
    fake.collections = { login: {}, other: { locked: true } }
    expect(await problemOf(second.get('ov/enc', 'gone'))).toMatchObject({ kind: 'locked' })
    expect(lines).toEqual([])
  })

  it('CRED-03 CRED-32 it says what there is, sorted, without asking anybody', async () => {
    const { store, indexed } = open()
    for (const name of ['ov/vnc/b', 'ov/enc/web', 'ov/api-key/x', 'nonsense', 'ov/enc/app']) indexed.add(name)
    expect(await store.list('ov/enc')).toEqual([
      { service: 'ov/enc', key: 'app' },
      { service: 'ov/enc', key: 'web' },
    ])
    expect((await store.list()).map(({ key }) => key)).toEqual(['x', 'app', 'web', 'b'])
    expect([store.name, fake.calls.length]).toEqual(['keyring', 0])
  })
})

describe('secrets on the bus', () => {
  it('CRED-29 they are encrypted where the keyring knows how', async () => {
    fake.collections = { login: {} }
    fake.exponent = 0xdeadbeefcafef00dn
    const { store } = open()
    for (const value of ['', 'x', 'sixteen bytes ..', ' ü\n\u{1f511}\ufeff', '\ufeffmark', 'long '.repeat(4_000)]) {
      await store.set('ov/enc', 'web', value)
      expect(fake.collections['login']?.items).toMatchObject([{ value }])
      expect(await store.get('ov/enc', 'web')).toBe(value)
    }
    for (const { member, body } of fake.calls) {
      if (member === 'OpenSession') expect(body[0]).toBe('dh-ietf1024-sha256-aes128-cbc-pkcs7')
      if (member !== 'CreateItem') continue
      const [session, iv, value] = body[1] as [string, Buffer, Buffer, string]
      expect([session, iv.length, value.length % 16]).toEqual(['/org/freedesktop/secrets/session/s1', 16, 0])
      expect(value.toString('latin1')).not.toContain('sixteen')
    }
    const ivs = fake.calls
      .filter(({ member }) => member === 'CreateItem')
      .map(({ body }) => (body[1] as Buffer[])[1]!.toString('hex'))
    expect(new Set(ivs).size).toBe(6)
  })

  it('CRED-29 a shared number that begins with zeros has all of its 128 bytes in the key', async () => {
    fake.collections = { login: { items: [item('geheim')] } }
    fake.exponent = 3n
    const { store } = open()
    await store.get('ov/enc', 'web')
    const offer = fake.calls.find(({ member }) => member === 'OpenSession')?.body[1] as { value: Buffer }
    const client = toNumber(offer.value)
    let exponent = 2n
    while (power(client, exponent) >> 1016n > 0n) exponent++
    fake.exponent = exponent
    fake.calls.length = 0
    expect(await store.get('ov/enc', 'web')).toBe('geheim')
    expect(fake.count('OpenSession')).toBe(1)
    await store.set('ov/enc', 'web', 'also')
    expect(fake.collections['login']?.items).toMatchObject([{ value: 'also' }])
  })

  it.each(['org.freedesktop.DBus.Error.NotSupported', 'org.freedesktop.DBus.Error.InvalidArgs'])(
    'CRED-29 in the open where it does not: %s',
    async (error) => {
      fake.collections = { login: { items: [item('geheim')] } }
      fake.answer = ({ member, body }) => (member === 'OpenSession' && body[0] !== 'plain' ? { error } : undefined)
      expect(await open().store.get('ov/enc', 'web')).toBe('geheim')
      const sessions = fake.calls.filter(({ member }) => member === 'OpenSession').map(({ body }) => body)
      expect(sessions[1]).toMatchObject(['plain', { signature: 's', value: '' }])
    },
  )

  it.each<[string, string, readonly unknown[]]>([
    ['meant for this session', '(oayays)', ['/other', Buffer.alloc(16), Buffer.alloc(16), 'text/plain']],
    ['encrypted for this session', '(oayays)', [SESSION, Buffer.alloc(16), Buffer.alloc(16, 1), 'text/plain']],
    ['encrypted for this session', '(oayays)', [SESSION, Buffer.alloc(15), Buffer.alloc(16), 'text/plain']],
    ['encrypted for this session', '(oayays)', [SESSION, Buffer.alloc(16), Buffer.alloc(0), 'text/plain']],
    ['a structure of 4', '(oayay)', [SESSION, Buffer.alloc(16), Buffer.alloc(16)]],
    ['bytes', '(oayss)', [SESSION, Buffer.alloc(16), 'geheim', 'text/plain']],
  ])('CRED-29 a secret that is not %s is none: %s %j', async (expected, signature, secret) => {
    fake.collections = { login: { items: [item('geheim')] } }
    fake.exponent = 12_345n
    fake.answer = ({ member }) => (member === 'GetSecret' ? { signature, body: [secret] } : undefined)
    const problem = await problemOf(open().store.get('ov/enc', 'web'))
    expect(problem).toMatchObject({ kind: 'unavailable' })
    expect(problem.message).toContain(`the answer to GetSecret is not ${expected}`)
  })

  it('CRED-29 CRED-34 who does not answer at all is not asked for a plain session, too', async () => {
    fake.collections = { login: { items: [item('geheim')] } }
    fake.answer = ({ member }) => (member === 'OpenSession' ? SILENCE : undefined)
    expect(await problemOf(open({ timeout: SHORT }).store.get('ov/enc', 'web'))).toMatchObject({ kind: 'unavailable' })
    expect(fake.count('OpenSession')).toBe(1)
  })

  it('CRED-34 each connection is closed, whatever became of the question', async () => {
    let opened = 0
    let closed = 0
    const { store } = open({
      bus: async () => {
        const connection = await connectSessionBus(bus.address)
        opened++
        const close = connection.close.bind(connection)
        connection.close = () => {
          closed++
          close()
        }
        return connection
      },
    })
    fake.collections = { login: { items: [item('geheim')] } }
    await store.get('ov/enc', 'web')
    await store.probe()
    fake.answer = () => ({ error: FAILED })
    await problemOf(store.get('ov/enc', 'web'))
    await problemOf(store.delete('ov/enc', 'web'))
    expect([opened, closed]).toEqual([4, 4])
  })

  it('CRED-29 no error has the value in it', async () => {
    for (const fails of [{ CreateItem: FAILED }, { CreateItem: IS_LOCKED }, { GetSecret: FAILED }]) {
      fake.collections = { login: { fails } }
      const problem = await problemOf(open().store.set('ov/enc', 'web', 'geheim'))
      expect(`${problem.stack} ${problem.remedy} ${String(problem.cause)}`).not.toContain('geheim')
    }
    fake.collections = { login: {} }
    const problem = await problemOf(open().store.set('ov/enc', 'a\0b', 'geheim'))
    expect(problem).toMatchObject({ kind: 'unavailable' })
    expect(problem.message).not.toContain('geheim')
  })
})

describe('signals of the keyring', () => {
  const CHANGED = ['org.freedesktop.DBus.Properties', 'PropertiesChanged'] as const
  const changed = (path: string, iface: string, values: Record<string, unknown>, signature = 'sa{sv}as') =>
    fake.signal(path, ...CHANGED, signature, [iface, values, []])

  it('ENC-54 only a collection that is unlocked wakes', async () => {
    const { Variant } = await import('dbus-next')
    let woken = 0
    const stop = await onUnlock(
      () => connectSessionBus(bus.address),
      () => woken++,
      () => expect.unreachable(),
    )
    const COLLECTION = 'org.freedesktop.Secret.Collection'
    const flag = (value: boolean) => ({ Locked: new Variant('b', value) })
    changed(at('login'), COLLECTION, flag(true))
    changed(`${at('login')}/1`, 'org.freedesktop.Secret.Item', flag(false))
    changed(at('login'), COLLECTION, { Label: new Variant('s', 'x') })
    changed(at('login'), COLLECTION, { Locked: new Variant('s', 'false') })
    changed(at('login'), COLLECTION, { Locked: new Variant('u', 0) })
    changed('/org/freedesktop/other', COLLECTION, flag(false))
    fake.signal(at('login'), ...CHANGED, 's', [COLLECTION])
    fake.signal(at('login'), ...CHANGED, '', [])
    fake.signal(at('login'), ...CHANGED, 'ss', [COLLECTION, 'Locked'])
    fake.signal(at('login'), ...CHANGED, 'sas', [COLLECTION, ['Locked']])
    fake.signal(at('login'), CHANGED[0], 'Other', 'sa{sv}as', [COLLECTION, flag(false), []])
    fake.signal(at('login'), 'org.example.Other', CHANGED[1], 'sa{sv}as', [COLLECTION, flag(false), []])
    changed(at('login'), COLLECTION, { ...flag(false), Label: new Variant('s', 'x') })
    await expect.poll(() => woken).toBe(1)
    await stop?.()
    changed(at('login'), COLLECTION, flag(false))
    await new Promise((done) => setTimeout(done, 50))
    expect(woken).toBe(1)
  })

  it('ENC-54 a keyring that starts wakes; one that ends, and other programs, do not', async () => {
    let woken = 0
    const stop = await onUnlock(
      () => connectSessionBus(bus.address),
      () => woken++,
      () => expect.unreachable(),
    )
    fake.stop()
    const other = sessionBus({ busAddress: bus.address })
    await other.requestName('org.example.Other', 0)
    fake = await FakeKeyring.start(bus.address)
    await expect.poll(() => woken).toBe(1)
    await stop?.()
    other.disconnect()
  })

  it('ENC-55 nobody tells where there is no bus, or the bus refuses', async () => {
    const nothing = () => expect.unreachable()
    expect(await onUnlock(() => connectSessionBus('unix:path=/nonexistent/bus'), nothing, nothing)).toBeUndefined()
    let closed = 0
    const refusing = async () => {
      const connection = await connectSessionBus(bus.address)
      const close = connection.close.bind(connection)
      connection.subscribe = () =>
        connection.call('/org/freedesktop/secrets', 'a.b', 'Refused').then(() => async () => {})
      connection.close = () => {
        closed++
        close()
      }
      return connection
    }
    fake.answer = () => ({ error: 'org.freedesktop.DBus.Error.LimitsExceeded' })
    expect(await onUnlock(refusing, nothing, nothing)).toBeUndefined()
    expect(closed).toBe(1)
  })

  it('ENC-55 a connection that is lost is told', async () => {
    const passing = await startBus()
    let lost = 0
    const stop = await onUnlock(
      () => connectSessionBus(passing.address),
      () => expect.unreachable(),
      () => lost++,
    )
    await passing.stop()
    await expect.poll(() => lost).toBe(1)
    await stop?.()
  })
})

describe('a look at the collections', () => {
  const look = async () => {
    const connection = await connectSessionBus(bus.address, { timeout: SHORT })
    return inspectCollections(connection).finally(() => connection.close())
  }

  it('DOC-06 the healthy ones and the broken ones, in the order of the list, unlocking none', async () => {
    fake.collections = {
      stub: BROKEN,
      login: { label: 'Login' },
      work: { label: '', locked: true },
      odd: { fails: { Locked: FAILED } },
      vague: {},
      hung: { fails: { Label: SILENCE } },
    }
    fake.answer = ({ path, member }) =>
      path === at('vague') && member === 'Locked' ? { signature: 's', body: ['no'] } : undefined
    expect(await look()).toEqual({
      healthy: [
        { path: at('login'), label: 'Login', locked: false },
        { path: at('work'), label: '', locked: true },
        { path: at('odd'), label: 'odd', locked: true },
        { path: at('vague'), label: 'vague', locked: true },
      ],
      broken: [
        { path: at('stub'), error: `as told (${NO_SUCH_OBJECT})` },
        { path: at('hung'), error: 'Get did not answer within 0.4 s' },
      ],
    })
    expect(fake.count('Unlock')).toBe(0)
  })

  it('DOC-06 nothing to look at is an error of the store', async () => {
    fake.collections = {}
    expect(await look()).toEqual({ healthy: [], broken: [] })
    fake.stop()
    expect(await problemOf(look())).toMatchObject({ kind: 'unavailable' })
  })
})
