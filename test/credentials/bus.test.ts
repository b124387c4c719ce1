import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BusError } from '../../src/credentials/bus-error.ts'
import { connectSessionBus, type Bus, type Signal } from '../../src/credentials/bus.ts'
import { FakeKeyring, SILENCE } from './fake-keyring.ts'
import { startBus, type PrivateBus } from './keyring-daemon.ts'
import { openKeyring, problemOf } from './keyring-store.ts'
import { answerToHello, startRawBus, text, word } from './raw-bus.ts'

let bus: PrivateBus
let fake: FakeKeyring
beforeAll(async () => {
  bus = await startBus()
  fake = await FakeKeyring.start(bus.address)
})
afterAll(async () => {
  fake.stop()
  await bus.stop()
})

const DBUS = 'org.freedesktop.DBus'
const daemon = (connection: Bus, member: string, signature?: string, body?: unknown[]) =>
  connection.call('/org/freedesktop/DBus', DBUS, member, signature, body, { destination: DBUS })

/** The error that this ends in. */
async function errorOf(promise: Promise<unknown>): Promise<BusError> {
  const result = await promise.then(
    () => new Error('there was no error'),
    (error: unknown) => error,
  )
  if (result instanceof BusError) return result
  throw result
}

describe('the address of the session bus', () => {
  it('CRED-35 the one that is given', async () => {
    const connection = await connectSessionBus(bus.address)
    expect(await daemon(connection, 'NameHasOwner', 's', [DBUS])).toEqual([true])
    connection.close()
  })

  it('CRED-35 $XDG_RUNTIME_DIR/bus where none is given, if that is a socket', async () => {
    for (const address of [undefined, '']) {
      const connection = await connectSessionBus(address, { runtimeDir: bus.runtimeDir })
      connection.close()
    }
    const empty = mkdtempSync(join(tmpdir(), 'ov-run-'))
    expect(await errorOf(connectSessionBus(undefined, { runtimeDir: empty }))).toMatchObject({
      errorName: `${DBUS}.Error.NoServer`,
      message: expect.stringContaining('there is no session bus') as string,
    })
    writeFileSync(join(empty, 'bus'), '')
    for (const runtimeDir of [empty, '', undefined])
      expect((await errorOf(connectSessionBus(undefined, { runtimeDir }))).message).toContain('there is no session bus')
  })

  it('CRED-35 an abstract socket is reported as exactly that', async () => {
    const error = await errorOf(connectSessionBus('unix:abstract=/tmp/dbus-x,guid=00'))
    expect(error.message).toBe(
      'the session bus listens on an abstract socket (unix:abstract=/tmp/dbus-x,guid=00), which needs the native module usocket; let it listen on a path: unix:path=…',
    )
    const { store, said } = openKeyring('unix:abstract=/tmp/dbus-x,guid=00')
    expect(await store.probe()).toBe(false)
    expect(said).toEqual([`ov: ${error.message}`])
    expect(await problemOf(store.get('ov/enc', 'web'))).toMatchObject({ kind: 'unavailable', message: error.message })
  })

  it('CRED-35 of several the one that can be used; an escaped path is read as it is meant', async () => {
    const path = join(bus.runtimeDir, 'bus')
    const escaped = path.replaceAll('/', '%2F')
    for (const address of [`unix:abstract=/x;unix:path=${path}`, `unix:guid=00,path=${path}`, `unix:path=${escaped}`])
      (await connectSessionBus(address)).close()
  })

  it.each([
    'nonsense',
    'tcp:host=localhost,port=1',
    'unix:path=',
    'unix:path=%',
    'unix:path=/a%00b',
    'unix:path=/a:b',
    ';',
  ])('CRED-35 an address that is none: %s', async (address) => {
    expect(await errorOf(connectSessionBus(address))).toMatchObject({ errorName: `${DBUS}.Error.BadAddress` })
  })
})

describe('a connection', () => {
  it.each([
    ['is not there', '/nonexistent/bus'],
    ['has a name too long for one', '/long'.repeat(50)],
    ['is a file', '/etc/passwd'],
  ])('CRED-34 nobody listens: the socket %s', async (_, path) => {
    const address = `unix:path=${path}`
    const started = performance.now()
    expect(await errorOf(connectSessionBus(address))).toMatchObject({ errorName: `${DBUS}.Error.NoServer` })
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it.each(['mute', 'hangs up', 'refuses'] as const)('CRED-34 what listens is no bus: it %s', async (behaviour) => {
    const raw = await startRawBus(behaviour)
    const error = await errorOf(connectSessionBus(raw.address, { timeout: 400 }))
    expect(error.errorName).toBe(`${DBUS}.Error.NoServer`)
    expect(error.message).toMatch(/^the session bus can't be reached: ./)
    raw.stop()
  })

  it.each<[string, Buffer]>([
    ['garbage', Buffer.from('garbage, and more of it than a header has')],
    ['a length of 4 GiB', Buffer.from('6c02000100000000ffffffffffffffff', 'hex')],
    [
      'fields that are cut off',
      Buffer.concat([Buffer.from('6c020001040000000100000008000000', 'hex'), Buffer.alloc(12, 0xff)]),
    ],
    ['a type that is none', answerToHello('return', 'Q', word(0))],
    ['a file that was never sent', answerToHello('return', 'h', word(0))],
    ['a body that is too short', answerToHello('return', 'sss', word(7))],
    ['no name', answerToHello('error', 's', text('too many\nconnections \u001b[31m'))],
  ])('CRED-34 a bus that answers with %s', async (_, hello) => {
    const raw = await startRawBus({ hello })
    const error = await errorOf(connectSessionBus(raw.address, { timeout: 400 }))
    expect(error).toMatchObject({ errorName: `${DBUS}.Error.NoServer` })
    raw.stop()
  })

  it('CRED-34 a call that is not answered ends, and those after it work', async () => {
    const connection = await connectSessionBus(bus.address, { timeout: 400 })
    fake.answer = ({ member }) => (member === 'Slow' ? SILENCE : { signature: 's', body: ['here'] })
    const started = performance.now()
    const error = await errorOf(connection.call('/org/freedesktop/secrets', 'a.b', 'Slow'))
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(error).toMatchObject({ errorName: `${DBUS}.Error.Timeout`, message: 'Slow did not answer within 0.4 s' })
    expect(await connection.call('/org/freedesktop/secrets', 'a.b', 'Quick')).toEqual(['here'])
    connection.close()
  })

  it('CRED-34 calls end at once when the bus goes away, and the listener hears of it', async () => {
    const passing = await startBus()
    const silent = await FakeKeyring.start(passing.address)
    silent.answer = () => SILENCE
    const connection = await connectSessionBus(passing.address)
    let lost = 0
    connection.onLost(() => lost++)
    const pending = errorOf(connection.call('/org/freedesktop/secrets', 'a.b', 'Slow'))
    const started = performance.now()
    await passing.stop()
    expect(await pending).toMatchObject({ errorName: `${DBUS}.Error.Disconnected` })
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(lost).toBe(1)
    expect(await errorOf(connection.call('/a', 'a.b', 'C'))).toMatchObject({ errorName: `${DBUS}.Error.Disconnected` })
    connection.close()
  })

  it('CRED-34 one that is closed fails calls, and is not lost', async () => {
    const connection = await connectSessionBus(bus.address)
    connection.onLost(() => expect.unreachable())
    const pending = errorOf(daemon(connection, 'ListNames'))
    connection.close()
    connection.close()
    for (const error of [await pending, await errorOf(daemon(connection, 'ListNames'))])
      expect(error.message).toBe('the connection to the session bus is closed')
  })

  it('CRED-34 nothing of it keeps the process alive', async () => {
    const mute = await startRawBus('mute')
    const code = (address: string) => `
      import { connectSessionBus } from '${new URL('../../src/credentials/bus.ts', import.meta.url).href}'
      const bus = await connectSessionBus('${address}', { timeout: 500 }).catch((error) => console.log(error.errorName))
      await bus?.subscribe(["type='signal'"], () => {})
      bus?.close()
      console.log('done', Date.now())`
    for (const [address, first] of [
      [bus.address, 'done'],
      [mute.address, `${DBUS}.Error.NoServer`],
    ] as const) {
      const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', code(address)], {
        timeout: 20_000,
      })
      const ended = Date.now()
      expect(stdout.startsWith(first)).toBe(true)
      expect(ended - Number(/done (\d+)/.exec(stdout)?.[1])).toBeLessThan(1_500)
    }
    mute.stop()
  })

  it('CRED-20 errors keep their name; what others write in them is one line', async () => {
    const connection = await connectSessionBus(bus.address)
    fake.answer = () => ({ error: 'org.example.Broken' })
    const error = await errorOf(connection.call('/org/freedesktop/secrets', 'a.b', 'C'))
    expect(error).toMatchObject({ errorName: 'org.example.Broken', message: 'as told (org.example.Broken)' })
    expect(new BusError('x.y', 'two\nlines \u001b[31m').message).toBe('two lines  [31m')
    connection.close()
  })

  it('CRED-29 arguments that can not be sent are not shown', async () => {
    const connection = await connectSessionBus(bus.address)
    for (const [signature, body] of [
      ['s', ['geheim\0']],
      ['u', ['geheim']],
      ['ss', ['geheim']],
      ['ay', [['geheim']]],
    ] as const) {
      const error = await errorOf(connection.call('/org/freedesktop/secrets', 'a.b', 'C', signature, body))
      expect(error).toMatchObject({ errorName: `${DBUS}.Error.InvalidArgs` })
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('geheim')
    }
    connection.close()
  })

  it('ENC-54 signals that match come until the subscription ends; a rule that is none is refused', async () => {
    const connection = await connectSessionBus(bus.address)
    const heard: Signal[] = []
    const stop = await connection.subscribe(["type='signal',interface='org.example.I'"], (signal) => {
      // The bus tells each connection its own name, whatever that has asked for.
      if (signal.iface !== DBUS) heard.push(signal)
    })
    fake.signal('/a', 'org.example.I', 'Said', 's', ['first'])
    fake.signal('/a', 'org.example.Other', 'Said', 's', ['of others'])
    await expect.poll(() => heard).toEqual([{ path: '/a', iface: 'org.example.I', member: 'Said', body: ['first'] }])
    await stop()
    fake.signal('/a', 'org.example.I', 'Said', 's', ['second'])
    await daemon(connection, 'ListNames')
    expect(heard).toHaveLength(1)
    expect(await errorOf(connection.subscribe(['nonsense'], () => {}))).toMatchObject({
      errorName: `${DBUS}.Error.MatchRuleInvalid`,
    })
    connection.close()
  })
})
