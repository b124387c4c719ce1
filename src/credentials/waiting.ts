import type { Resolution } from './chain.ts'

/** How long things take; tests have less time. (ENC-56) */
export interface Durations {
  /** Between two looks at a locked store that says nothing by itself. */
  readonly backstop: number
  /** Between two lines of talk. */
  readonly progress: number
  /** Between two looks at a store that does not work. */
  readonly poll: number
  /** After that many milliseconds one that does not work is given up. */
  readonly deadline: number
}

export const DURATIONS: Durations = { backstop: 30_000, progress: 3_600_000, poll: 5_000, deadline: 120_000 }

export interface WaitTools {
  /** Looks again, as if nothing had been asked yet. */
  readonly look: () => Promise<Resolution>
  /** Hears of collections that are unlocked; undefined where nobody tells. `lost` says that nobody tells any more. */
  readonly subscribe: (unlocked: () => void, lost: () => void) => Promise<(() => Promise<void>) | undefined>
  readonly now: () => number
  readonly say: (line: string) => void
  /** Ends when the user, or systemd, has waited enough. */
  readonly signal: AbortSignal
  readonly durations: Durations
}

/** What came of waiting. */
export interface Waited {
  readonly resolution: Resolution
  /** Looks at the store. */
  readonly attempts: number
  /** Milliseconds. */
  readonly waited: number
}

/**
 * Waits for a credential as long as waiting can help: a locked store without a deadline, one that does not work for two minutes, and one that has
 * been searched and has nothing not at all. `first` is what the first look found. (ENC-52 to ENC-56)
 */
export async function waitFor(name: string, first: Resolution, tools: WaitTools): Promise<Waited> {
  const { now, durations } = tools
  const start = now()
  let attempts = 1
  let resolution = first
  const look = async () => {
    attempts++
    return (resolution = await tools.look())
  }
  const most = Math.floor(durations.deadline / durations.poll)
  let tried = 0
  for (;;) {
    if (resolution.source === 'locked') {
      tried = 0
      await whileLocked(name, look, tools)
    } else if (resolution.source === 'unavailable') {
      if (tried === most) break
      tried++
      tools.say(`ov: waiting for credential store (${label(name)}, source=unavailable, attempt ${tried}/${most})...`)
      await sleep(durations.poll, tools.signal)
      await look()
    } else break
  }
  return { resolution, attempts, waited: now() - start }
}

/** `ov/enc/immich` → `ov-enc/immich`: as the journal is searched for it. */
const label = (name: string): string => name.replace('/', '-')

/** Sleeps until something may have changed, and looks; comes back when the store is no longer locked. (ENC-53 to ENC-55) */
async function whileLocked(name: string, look: () => Promise<Resolution>, tools: WaitTools): Promise<void> {
  const { say, now, signal, durations } = tools
  let wake: () => void = () => {}
  // What happens between two sleeps counts, too.
  let pending = false
  const unlocked = () => {
    pending = true
    wake()
  }
  let telling = true
  const unsubscribe = await tools.subscribe(unlocked, () => {
    telling = false
    wake()
  })
  try {
    telling &&= unsubscribe !== undefined
    say(
      `ov: waiting for keyring unlock (${label(name)}, ${telling ? 'event-driven via DBus PropertiesChanged' : `DBus signals unavailable — ${durations.backstop / 1000}s backstop only`})`,
    )
    let spoken = now()
    // It may have been unlocked between the first look and the subscription.
    while ((await look()).source === 'locked') {
      if (now() - spoken >= durations.progress) {
        spoken = now()
        say(`ov: still waiting for keyring unlock (${label(name)})`)
      }
      const tick = now() + durations.backstop
      while (!pending && now() < tick) {
        const woken = new AbortController()
        wake = () => woken.abort()
        await sleep(tick - now(), AbortSignal.any([woken.signal, signal])).catch(() => signal.throwIfAborted())
      }
      pending = false
    }
  } finally {
    await unsubscribe?.()
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    if (signal.aborted) return fail(signal.reason as Error)
    const end = () => {
      clearTimeout(timer)
      fail(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end)
      done()
    }, milliseconds)
    signal.addEventListener('abort', end, { once: true })
  })
}
