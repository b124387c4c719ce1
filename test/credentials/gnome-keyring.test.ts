import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectSessionBus } from '../../src/credentials/bus.ts'
import { inspectCollections, onUnlock } from '../../src/credentials/keyring.ts'
import { GnomeKeyring, LOGIN, SESSION, startBus, type PrivateBus } from './keyring-daemon.ts'
import { openKeyring, problemOf } from './keyring-store.ts'

const ENC = (key: string) => ({ service: 'ov/enc', username: key })

describe('a GNOME Keyring with an open collection', () => {
  let bus: PrivateBus
  let keyring: GnomeKeyring
  beforeEach(async () => {
    bus = await startBus()
    keyring = await GnomeKeyring.start(bus, 'pw')
  })
  afterEach(async () => {
    await keyring.stop()
    await bus.stop()
  })
  const open = (options: Parameters<typeof openKeyring>[1] = {}) => openKeyring(bus.address, options)
  const secretTool = (verb: string, key: string, ...more: string[]) =>
    keyring.secretTool([verb, ...more, 'service', 'ov/enc', 'username', key])

  it('CRED-29 CRED-30 what is kept is what others find, byte for byte', async () => {
    const { store, indexed, said } = open()
    expect(await store.probe()).toBe(true)
    expect(await store.get('ov/enc', 'web')).toBeUndefined()
    for (const value of ['geheim', ' ü "\\" \u{1f511} ', 'two\nlines', `${'long '.repeat(2_000)}.`, 'x']) {
      await store.set('ov/enc', 'web', value)
      expect(await store.get('ov/enc', 'web')).toBe(value)
      expect(await secretTool('lookup', 'web')).toBe(value)
    }
    const found = await secretTool('search', 'web', '--all')
    expect(found.match(/^label = .*$/gm)).toEqual(["label = Password for 'web' on 'ov/enc'"])
    expect(found.match(/^attribute\.\w+ = .*$/gm)).toEqual(['attribute.service = ov/enc', 'attribute.username = web'])
    expect(await keyring.search(LOGIN, ENC('web'))).toHaveLength(1)
    expect([...indexed]).toEqual(['ov/enc/web'])
    expect(said).toEqual([])
  })

  it('CRED-25 CRED-30 what others kept is found, and replaced where it is, attributes and all', async () => {
    await keyring.secretTool(['store', '--label=mine', 'service', 'ov/enc', 'username', 'web', 'more', '1'], 'theirs')
    const { store } = open()
    expect(await store.get('ov/enc', 'web')).toBe('theirs')
    await store.set('ov/enc', 'web', 'ours')
    expect(await secretTool('lookup', 'web')).toBe('ours')
    const [item, ...rest] = await keyring.search(LOGIN, ENC('web'))
    expect(rest).toEqual([])
    expect(await keyring.property(item ?? '/', 'Item', 'Attributes')).toMatchObject({ ...ENC('web'), more: '1' })
    expect(await store.get('ov/enc', 'we')).toBeUndefined()
  })

  it('CRED-23 CRED-30 a second collection: found there, replaced there, and the place for what is new once it is the default one', async () => {
    const work = await keyring.create('Work', 'other')
    await keyring.put(work, ENC('web'), 'in Work')
    const { store } = open()
    expect(await store.get('ov/enc', 'web')).toBe('in Work')
    await store.set('ov/enc', 'web', 'still in Work')
    expect([await keyring.search(work, ENC('web')), await keyring.search(LOGIN, ENC('web'))]).toMatchObject([
      [expect.stringContaining(work)],
      [],
    ])
    // The default one comes before the preferred one.
    await open({ preferredLabel: 'Work' }).store.set('ov/enc', 'app', 'of app')
    expect(await keyring.search(LOGIN, ENC('app'))).toHaveLength(1)
    await keyring.setAlias('default', work)
    await open().store.set('ov/enc', 'db', 'of db')
    expect(await keyring.search(work, ENC('db'))).toHaveLength(1)
  })

  it('CRED-26 CRED-27 locked: what it lists is no proof, nobody is asked, and the value is there afterwards', async () => {
    const { store, said } = open()
    await store.set('ov/enc', 'web', 'geheim')
    await keyring.lock(LOGIN)
    expect(await keyring.search(LOGIN, ENC('web'))).toHaveLength(1)
    expect(await store.probe()).toBe(true)
    for (const key of ['web', 'never'])
      expect(await problemOf(store.get('ov/enc', key))).toMatchObject({
        kind: 'locked',
        message: 'the keyring is locked ("Login")',
      })
    expect(await keyring.property(LOGIN, 'Collection', 'Locked')).toBe(true)
    await keyring.unlock(LOGIN, 'pw')
    expect(await store.get('ov/enc', 'web')).toBe('geheim')
    expect(said).toEqual([])
  })

  it('CRED-26 one that is open has it, though another is locked', async () => {
    const work = await keyring.create('Work', 'other')
    const { store } = open()
    await store.set('ov/enc', 'web', 'geheim')
    await keyring.lock(work)
    expect(await store.get('ov/enc', 'web')).toBe('geheim')
    expect((await problemOf(store.get('ov/enc', 'never'))).message).toBe('the keyring is locked ("Work")')
  })

  it('CRED-15 CRED-31 ENC-T10 locked: nothing is written, neither elsewhere nor into the session', async () => {
    const work = await keyring.create('Work', 'other')
    await keyring.lock(LOGIN)
    const { store, indexed } = open()
    expect(await problemOf(store.set('ov/enc', 'web', 'geheim'))).toMatchObject({ kind: 'locked' })
    for (const collection of [work, LOGIN, SESSION]) expect(await keyring.search(collection, ENC('web'))).toEqual([])
    expect(indexed.size).toBe(0)
  })

  it('CRED-36 where no window can be shown, asking the user changes nothing', async () => {
    await keyring.lock(LOGIN)
    const { store } = open({ interactive: true, promptTimeout: 1_000 })
    expect(await problemOf(store.get('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
  })

  it('CRED-33 removed everywhere, and of others nothing', async () => {
    const work = await keyring.create('Work', 'other')
    const { store, indexed } = open()
    await store.set('ov/enc', 'web', 'geheim')
    await store.set('ov/enc', 'app', 'stays')
    await keyring.put(work, ENC('web'), 'a copy')
    await keyring.put(SESSION, ENC('web'), 'another')
    await keyring.put(work, { ...ENC('web'), service: 'of others' }, 'theirs')
    await store.delete('ov/enc', 'web')
    expect(await secretTool('lookup', 'web')).toBe('')
    expect(await keyring.search(work, { username: 'web' })).toHaveLength(1)
    expect(await store.get('ov/enc', 'app')).toBe('stays')
    expect([...indexed]).toEqual(['ov/enc/app'])
    await store.delete('ov/enc', 'web')
  })

  it('CRED-33 in one that is locked it stays, and that is said', async () => {
    const work = await keyring.create('Work', 'other')
    const { store, said } = open()
    await store.set('ov/enc', 'web', 'geheim')
    await keyring.put(work, ENC('web'), 'a copy')
    await keyring.lock(work)
    await store.delete('ov/enc', 'web')
    expect(said).toEqual(['ov: warning: ov/enc/web may also be in what is locked and was not searched: "Work"'])
    expect(await problemOf(store.delete('ov/enc', 'web'))).toMatchObject({ kind: 'locked' })
    await keyring.unlock(work, 'other')
    expect(await store.get('ov/enc', 'web')).toBe('a copy')
  })

  it('CRED-31 what is in the session is found, and moves to where it lasts', async () => {
    await keyring.put(SESSION, ENC('web'), 'of this session')
    const { store } = open()
    expect(await store.get('ov/enc', 'web')).toBe('of this session')
    await store.set('ov/enc', 'web', 'for ever')
    expect(await keyring.search(SESSION, ENC('web'))).toEqual([])
    await keyring.stop()
    keyring = await GnomeKeyring.start(bus, 'pw')
    expect(await store.get('ov/enc', 'web')).toBe('for ever')
  })

  it('ENC-54 it tells of collections that are unlocked, and not of what else happens', async () => {
    let woken = 0
    const stop = await onUnlock(
      () => connectSessionBus(bus.address),
      () => woken++,
      () => expect.unreachable(),
    )
    const { store } = open()
    await store.set('ov/enc', 'web', 'geheim')
    await keyring.lock(LOGIN)
    expect(await store.probe()).toBe(true)
    expect(woken).toBe(0)
    await keyring.unlock(LOGIN, 'pw')
    await expect.poll(() => woken).toBeGreaterThan(0)
    expect(await store.get('ov/enc', 'web')).toBe('geheim')
    await keyring.lock(LOGIN)
    const before = woken
    await store.probe()
    expect(woken).toBe(before)
    await stop?.()
    await keyring.unlock(LOGIN, 'pw')
    expect(woken).toBe(before)
  })

  it('DOC-06 its collections, with their locks', async () => {
    await keyring.create('Work', 'other')
    await keyring.lock(LOGIN)
    const connection = await connectSessionBus(bus.address)
    const { healthy, broken } = await inspectCollections(connection)
    connection.close()
    expect(broken).toEqual([])
    expect(healthy.map(({ label, locked }) => [label, locked]).sort()).toEqual([
      ['', false],
      ['Login', true],
      ['Work', false],
    ])
  })
})

describe('a GNOME Keyring that nobody has set up', () => {
  let bus: PrivateBus
  let keyring: GnomeKeyring
  beforeAll(async () => {
    bus = await startBus()
    keyring = await GnomeKeyring.start(bus)
  })
  afterAll(async () => {
    await keyring.stop()
    await bus.stop()
  })

  it('CRED-31 ENC-T10 it has no place that lasts: nothing is written', async () => {
    const { store, indexed } = openKeyring(bus.address)
    expect(await store.probe()).toBe(true)
    expect(await store.get('ov/enc', 'web')).toBeUndefined()
    expect(await problemOf(store.set('ov/enc', 'web', 'geheim'))).toMatchObject({
      kind: 'unavailable',
      message: 'the keyring has no collection that outlasts the session',
    })
    expect(await keyring.search(SESSION, ENC('web'))).toEqual([])
    expect(indexed.size).toBe(0)
  })
  it('CRED-23 CRED-28 without a default one, what is new goes to the one that is preferred', async () => {
    const places = [await keyring.create('One', 'pw'), await keyring.create('Two', 'pw')]
    for (const [index, preferredLabel] of ['One', 'Two'].entries()) {
      const { store } = openKeyring(bus.address, { preferredLabel })
      await store.set('ov/enc', preferredLabel, 'geheim')
      expect(await keyring.search(places[index] ?? '/', ENC(preferredLabel))).toHaveLength(1)
      expect(await store.get('ov/enc', preferredLabel)).toBe('geheim')
    }
  })
})
