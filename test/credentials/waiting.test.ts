import { describe, expect, it } from 'vitest'
import type { Resolution, Source } from '../../src/credentials/chain.ts'
import { waitFor, type Durations, type WaitTools } from '../../src/credentials/waiting.ts'

const SHORT: Durations = { backstop: 60, progress: 100_000, poll: 10, deadline: 240 }

interface Script {
  /** What the looks find, one after the other; the last one stays. */
  readonly finds: readonly Source[]
  readonly durations?: Partial<Durations>
  readonly subscribe?: WaitTools['subscribe']
  readonly abortAfter?: number
}

/** Waits with a store that follows a script. */
async function wait({ finds, durations, subscribe, abortAfter }: Script) {
  const said: string[] = []
  const looks: number[] = []
  const start = performance.now()
  const resolution = (source: Source): Resolution =>
    ['keyring', 'config', 'kdbx', 'env'].includes(source) ? { source, value: 'found' } : { source }
  const ended = new AbortController()
  if (abortAfter !== undefined) setTimeout(() => ended.abort('SIGTERM'), abortAfter)
  const waited = waitFor('ov/enc/web', resolution(finds[0]!), {
    look: () => {
      looks.push(Math.round(performance.now() - start))
      return Promise.resolve(resolution(finds[Math.min(looks.length, finds.length - 1)]!))
    },
    subscribe: subscribe ?? (() => Promise.resolve(() => Promise.resolve())),
    now: () => performance.now(),
    say: (line) => said.push(line),
    signal: ended.signal,
    durations: { ...SHORT, ...durations },
  })
  return { result: await waited.catch((error: unknown) => ({ error })), said, looks }
}

describe('waiting for a passphrase', () => {
  it.each<Source>(['default', 'keyring', 'config', 'kdbx', 'env'])(
    'ENC-52 ENC-53 %s ends at once: one look, no sleep, not a word',
    async (source) => {
      const { result, said, looks } = await wait({ finds: [source] })
      expect(result).toMatchObject({ resolution: { source }, attempts: 1 })
      expect([said, looks]).toEqual([[], []])
    },
  )

  it('ENC-56 unavailable is looked at again and again, and given up at the deadline', async () => {
    const { result, said, looks } = await wait({ finds: ['unavailable'] })
    expect(result).toMatchObject({ resolution: { source: 'unavailable' }, attempts: 25 })
    expect(looks).toHaveLength(24)
    expect(said[0]).toBe('ov: waiting for credential store (ov-enc/web, source=unavailable, attempt 1/24)...')
    expect(said).toHaveLength(24)
    expect(looks.at(-1)).toBeGreaterThanOrEqual(230)
  })

  it('ENC-56 a store that comes back ends it: with the value, or with default', async () => {
    for (const source of ['keyring', 'default'] as const) {
      const { result, looks } = await wait({ finds: ['unavailable', 'unavailable', source] })
      expect(result).toMatchObject({ resolution: { source }, attempts: 3 })
      expect(looks).toHaveLength(2)
    }
  })

  it('ENC-53 locked: subscribed first, then looked at once more, before any sleep', async () => {
    const order: string[] = []
    const { looks } = await wait({
      finds: ['locked', 'keyring'],
      subscribe: () => {
        order.push('subscribed')
        return Promise.resolve(() => Promise.resolve(void order.push('unsubscribed')))
      },
    })
    expect(order).toEqual(['subscribed', 'unsubscribed'])
    expect(looks).toHaveLength(1)
    expect(looks[0]).toBeLessThan(40)
  })

  it('ENC-53 ENC-54 a signal wakes it at once, and without one the backstop does, no oftener', async () => {
    let unlocked = () => {}
    const first = wait({
      finds: ['locked', 'locked', 'keyring'],
      durations: { backstop: 60_000 },
      subscribe: (listener) => {
        unlocked = listener
        return Promise.resolve(() => Promise.resolve())
      },
    })
    setTimeout(() => unlocked(), 30)
    expect((await first).result).toMatchObject({ resolution: { value: 'found' } })
    const { looks } = await wait({ finds: ['locked'], abortAfter: 200 })
    expect(looks.length).toBeGreaterThanOrEqual(3)
    expect(looks.length).toBeLessThanOrEqual(4)
  })

  it('ENC-53 a signal that comes while it looks is not lost', async () => {
    let unlocked = () => {}
    let looks = 0
    const resolution = await waitFor(
      'ov/enc/web',
      { source: 'locked' },
      {
        look: () => {
          looks++
          // between this look's question and its answer
          if (looks === 1) unlocked()
          return Promise.resolve<Resolution>(looks < 2 ? { source: 'locked' } : { source: 'keyring', value: 'found' })
        },
        subscribe: (listener) => {
          unlocked = listener
          return Promise.resolve(() => Promise.resolve())
        },
        now: () => performance.now(),
        say: () => {},
        signal: AbortSignal.timeout(5000),
        durations: { ...SHORT, backstop: 60_000 },
      },
    )
    expect(resolution).toMatchObject({ resolution: { value: 'found' } })
  })

  it('ENC-55 without signals only the backstop wakes it, and that is said', async () => {
    const { said, result } = await wait({
      finds: ['locked', 'locked', 'keyring'],
      subscribe: () => Promise.resolve(undefined),
    })
    expect(result).toMatchObject({ resolution: { value: 'found' } })
    expect(said).toEqual([
      'ov: waiting for keyring unlock (ov-enc/web, DBus signals unavailable — 0.06s backstop only)',
    ])
  })

  it('ENC-55 a bus that is lost in the middle leaves the backstop', async () => {
    const { result, looks } = await wait({
      finds: ['locked', 'locked', 'locked', 'keyring'],
      subscribe: (_, lost) => {
        setTimeout(lost, 10)
        return Promise.resolve(() => Promise.resolve())
      },
    })
    expect(result).toMatchObject({ resolution: { value: 'found' } })
    expect(looks).toHaveLength(3)
    expect(looks[2]! - looks[1]!).toBeGreaterThanOrEqual(50)
  })

  it('ENC-55 it says that it waits, and then speaks once an hour', async () => {
    const { said } = await wait({ finds: ['locked'], durations: { backstop: 5, progress: 60 }, abortAfter: 150 })
    expect(said[0]).toBe('ov: waiting for keyring unlock (ov-enc/web, event-driven via DBus PropertiesChanged)')
    expect(said.slice(1)).toEqual(Array(said.length - 1).fill('ov: still waiting for keyring unlock (ov-enc/web)'))
    expect(said.length).toBeGreaterThanOrEqual(2)
    expect(said.length).toBeLessThanOrEqual(4)
  })

  it.each<[Source, number]>([
    ['default', 2],
    ['unavailable', 26],
  ])('ENC-53 what was locked and is %s is treated as that', async (source, attempts) => {
    const { result } = await wait({ finds: ['locked', source] })
    expect(result).toMatchObject({ resolution: { source }, attempts })
  })

  it('ENC-57 a signal to end ends it at once, in either wait', async () => {
    for (const source of ['locked', 'unavailable'] as const) {
      const start = performance.now()
      const { result } = await wait({
        finds: [source],
        durations: { backstop: 60_000, poll: 30_000, deadline: 120_000 },
        abortAfter: 30,
      })
      expect(result).toEqual({ error: 'SIGTERM' })
      expect(performance.now() - start).toBeLessThan(1000)
    }
  })
})
