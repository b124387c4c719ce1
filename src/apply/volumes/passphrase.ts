import { randomBytes } from 'node:crypto'
import type { Credentials, Resolution } from '../../credentials/chain.ts'
import { DURATIONS, waitFor, type Durations, type WaitTools } from '../../credentials/waiting.ts'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { badPassphrase } from './gocryptfs.ts'

/** A variable that has the passphrase for one run. (ENC-51) */
const PASSPHRASE_VARIABLE = 'GOCRYPTFS_PASSWORD'

/** Services of passphrases: those in force, and those that a change is about to bring. */
const SERVICE = 'ov/enc'
const NEXT = 'ov/enc-next'

/** How to ask for a passphrase; the question names what it is for. */
export interface Question {
  readonly text: string
  /** What the query is called, for agents and the kernel's cache. */
  readonly id: string
  /** Whether an answer may come from the cache, and goes there. (ENC-34, ENC-36) */
  readonly cache: 'use' | 'renew' | 'none'
}

interface PassphraseTools {
  readonly credentials: Credentials
  /** Asks on the terminal; undefined where there is none. What the kernel has cached comes instead of an answer, all of it. (ENC-35) */
  readonly ask: ((question: Question) => Promise<readonly [string, ...string[]]>) | undefined
  readonly confirm: (question: string) => Promise<boolean>
  /** Started by systemd, where waiting is better than failing. (ENC-50) */
  readonly underSystemd: boolean
  readonly subscribe: WaitTools['subscribe']
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  readonly durations?: Durations
}

/** A passphrase, and what to try when it turns out to be wrong. */
export interface Passphrase {
  readonly value: string
  readonly source: string
  /** Another one for the same volume; throws when there is none to be had. */
  readonly another: (volume: string) => Promise<Passphrase>
}

/** The passphrase of an image, which all its volumes and instances share: where it is kept, and how it is asked for. (section 6 of ENC) */
export class Passphrases {
  readonly #image: string
  readonly #tools: PassphraseTools

  constructor(image: string, tools: PassphraseTools) {
    this.#image = image
    this.#tools = tools
  }

  /** Finds it, waits for it, or asks for it, as ENC-52 has it. */
  async find(): Promise<Passphrase> {
    const { credentials, ask, underSystemd } = this.#tools
    const first = await this.#look()
    if (first.value !== undefined) return this.#stored(first)
    const waits = credentials.backend === 'auto' || credentials.backend === 'keyring'
    if (underSystemd && waits && first.source !== 'default') {
      const { resolution, attempts, waited } = await waitFor(this.#name, first, {
        ...this.#tools,
        look: () => {
          credentials.reset()
          return this.#look()
        },
        now: () => performance.now(),
        durations: this.#tools.durations ?? DURATIONS,
      })
      if (resolution.value !== undefined) return this.#stored(resolution)
      throw this.#notFound(resolution, `, attempts=${attempts}, waited=${Math.round(waited / 1000)}s`)
    }
    if (ask && !underSystemd) return this.#asked(1)
    throw this.#notFound(first, '')
  }

  /**
   * The one to make new volumes with. It is made up only when nothing has one and nothing needs one: stored, and read back, before any volume
   * depends on it. `fresh` says that no volume of the image has been made. (ENC-41)
   */
  async forNew({ fresh, manual }: { readonly fresh: boolean; readonly manual: boolean }): Promise<Passphrase> {
    const { credentials, say } = this.#tools
    if (manual && fresh) return this.#chosen()
    const found = await this.#look()
    if (found.source === 'env')
      say(
        `Note: the passphrase of ${this.#image} comes from ${PASSPHRASE_VARIABLE}, and is kept nowhere (ov secrets set ${SERVICE} ${this.#image} keeps it)`,
      )
    if (found.value !== undefined || found.source !== 'default' || !fresh) return this.find()
    const value = `${randomBytes(32).toString('base64url')}=`
    const store = await credentials.set(SERVICE, this.#image, value)
    credentials.reset()
    const back = await credentials.resolve(SERVICE, this.#image)
    if (back.value !== value)
      throw failure(
        `the new passphrase of ${this.#image} was stored in ${store}, and can't be read back; no volume was made with it`,
        `see what ov secrets get ${SERVICE} ${this.#image} says, and ov doctor`,
      )
    say(`Generated encryption passphrase for ${this.#image}`)
    return this.#stored(back)
  }

  /** Asks for a new one, twice; what differs is told before anything is made. (ENC-39) */
  async #chosen(): Promise<Passphrase> {
    const { ask, confirm, credentials, say } = this.#tools
    const image = this.#image
    if (!ask) throw noTerminal(image)
    const [given] = await ask({ text: `New passphrase for ov-${image}:`, id: `ov-${image}-new`, cache: 'none' })
    const value = this.#checked(given)
    const [again] = await ask({ text: `The same once more:`, id: `ov-${image}-confirm`, cache: 'none' })
    if (again !== value) throw failure('the two passphrases differ; nothing was made', 'run it again')
    if (await confirm('Keep it in the credential store, so that it is not asked for again?'))
      say(`Stored ${this.#name} in ${await credentials.set(SERVICE, image, value)}`)
    return { value, source: 'prompt', another: () => this.#asked(2) }
  }

  async #asked(attempt: number): Promise<Passphrase> {
    const { ask } = this.#tools
    if (!ask) throw noTerminal(this.#image)
    const answers = await ask({
      text: `${attempt > 1 ? 'That one is wrong. ' : ''}Passphrase for ov-${this.#image}:`,
      id: `ov-${this.#image}`,
      cache: attempt === 1 ? 'use' : 'renew',
    })
    return this.#answered([...answers], attempt)
  }

  /** The newest of what the kernel had is most likely the right one. */
  #answered(answers: string[], attempt: number): Passphrase {
    const value = this.#checked(answers.pop() ?? '')
    return {
      value,
      source: 'prompt',
      another: () => {
        if (answers.length > 0) return Promise.resolve(this.#answered(answers, attempt))
        if (attempt < ATTEMPTS) return this.#asked(attempt + 1)
        throw failure(
          `the passphrase of ${this.#image} was wrong ${ATTEMPTS} times`,
          'nothing was changed; run it again',
        )
      },
    }
  }

  /** What a store has. A change of passphrases that was cut short has left the other one beside it. */
  #stored({ value = '', source }: Resolution): Passphrase {
    const wrong = (volume: string) =>
      failure(
        `the passphrase from ${source === 'env' ? PASSPHRASE_VARIABLE : `${source} (${this.#name})`} does not open the encrypted volume "${volume}"`,
        source === 'env'
          ? `unset ${PASSPHRASE_VARIABLE}, or give the right one; ov secrets set ${SERVICE} ${this.#image} keeps it`
          : `if you know another one: ${PASSPHRASE_VARIABLE} gives it for one command; only when it opens all volumes of the image, ov secrets set ${SERVICE} ${this.#image} keeps it`,
      )
    return {
      value: this.#checked(value),
      source,
      another: async (volume) => {
        if (source !== 'env') {
          // Another ov may have changed it while this one waited for the volumes.
          this.#tools.credentials.reset()
          const now = await this.#look()
          if (now.value !== undefined && now.value !== value && now.source !== 'env') return this.#stored(now)
        }
        const next = source === 'env' ? undefined : await this.#tools.credentials.resolve(NEXT, this.#image)
        if (next?.value === undefined || next.value === value) throw wrong(volume)
        this.#tools.say(
          `Note: a change of the passphrase of ${this.#image} was cut short; ov config passwd ${this.#image} finishes it`,
        )
        return { value: next.value, source: next.source, another: (one) => Promise.reject(wrong(one)) }
      },
    }
  }

  #checked(value: string): string {
    const problem = badPassphrase(value)
    if (problem !== undefined)
      throw failure(`that can't be the passphrase of ${this.#image}: ${problem}`, 'use another one')
    return value
  }

  get #name(): string {
    return `${SERVICE}/${this.#image}`
  }

  #look(): Promise<Resolution> {
    return this.#tools.credentials.resolve(SERVICE, this.#image, PASSPHRASE_VARIABLE)
  }

  /** Everything in one message: what was looked for, how, and what to do. (ENC-58) */
  #notFound({ source, problem }: Resolution, more: string): DiagnosticError {
    const { credentials, ask, underSystemd } = this.#tools
    const found =
      source === 'locked'
        ? `the credential store is locked, and encryption passphrase ${this.#name} can't be read`
        : source === 'unavailable'
          ? `the credential store does not answer, and encryption passphrase ${this.#name} can't be read`
          : `encryption passphrase not stored for ${this.#name}`
    const terminal = ask || underSystemd ? '' : ', and there is no terminal to ask on'
    const said = problem ? `: ${problem.message}` : ''
    return failure(
      `${found}${terminal} (backend=${credentials.backend}, source=${source}${more})${said}`,
      `look: ov doctor; store it: ov secrets set ${SERVICE} ${this.#image}; or keep it elsewhere: ov settings set secret_backend config|kdbx`,
    )
  }
}

const ATTEMPTS = 3

/** What to tell whoever has no terminal. */
const noTerminal = (image: string): DiagnosticError =>
  failure(
    `there is no terminal to ask for the passphrase of ${image} on`,
    `store it first: ov secrets set ${SERVICE} ${image}`,
  )

export const failure = (message: string, remedy: string): DiagnosticError =>
  new DiagnosticError([{ code: 'OV5031', severity: 'error', message, remedy }])
