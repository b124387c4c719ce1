import type { BuildCount, BuildProgress } from '../apply/build.ts'
import { stepText } from '../apply/step-text.ts'
import type { Context } from './command.ts'
import { count } from './count.ts'

/** One build as it is shown. */
export interface BuildDisplay extends BuildProgress {
  done(text: string, counted: BuildCount): void
  /** It ended without a result. */
  stop(): void
}

interface Running {
  readonly title: string
  readonly started: number
  text: string
}

/** Shows the current steps of builds: one changing line on a terminal, a line per step elsewhere. */
export class Progress {
  readonly #context: Context
  readonly #running = new Set<Running>()
  #timer: NodeJS.Timeout | undefined

  constructor(context: Context) {
    this.#context = context
  }

  begin(title: string): BuildDisplay {
    const one: Running = { title, started: Date.now(), text: 'starting' }
    this.#running.add(one)
    if (this.#context.interactive) {
      this.#timer ??= setInterval(() => this.#draw(), 250).unref()
      this.#draw()
    }
    return {
      step: (number, total, step) => {
        const text = stepText(step)
        if (text === undefined) return
        one.text = `${number}/${total} ${text}`
        if (this.#context.interactive) this.#draw()
        else this.#context.say(`${title}: ${shorten(one.text, 120)}`)
      },
      done: (text, { steps, cached }) => {
        this.#end(one)
        const known = cached > 0 ? `, ${cached} of ${count(steps, 'step')} from the cache` : ''
        this.#context.say(`${title}: ${text} in ${seconds(one)} s${known}`)
      },
      stop: () => this.#end(one),
    }
  }

  /** Takes a build off the changing line, and the line away with the last one. */
  #end(one: Running): void {
    if (!this.#running.delete(one) || !this.#context.interactive) return
    process.stderr.write('\r\x1b[K')
    if (this.#running.size > 0) return this.#draw()
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #draw(): void {
    const room = Math.floor((process.stderr.columns ?? 80) / this.#running.size)
    const parts = [...this.#running].map((one) => {
      const time = ` ${seconds(one)} s`
      return shorten(`${one.title}: ${one.text}`, room - time.length - 3) + time
    })
    process.stderr.write(`\r\x1b[K${parts.join(' | ')}`)
  }
}

const seconds = ({ started }: Running) => Math.round((Date.now() - started) / 1000)

/** Control characters of a step must not reach the terminal. */
function shorten(text: string, width: number): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ')
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1))}…`
}
