import type { BuildProgress } from '../apply/build.ts'
import { stepText } from '../apply/step-text.ts'
import type { Context } from './command.ts'

/** Shows the current step of a build: one changing line on a terminal, a line per step elsewhere. */
export class Progress implements BuildProgress {
  readonly #context: Context
  readonly #title: string
  readonly #started = Date.now()
  #timer: NodeJS.Timeout | undefined
  #text = 'starting'

  constructor(context: Context, title: string) {
    this.#context = context
    this.#title = title
    if (context.interactive) {
      this.#timer = setInterval(() => this.#draw(), 250)
      this.#timer.unref()
      this.#draw()
    }
  }

  step(number: number, total: number, step: string): void {
    const text = stepText(step)
    if (text === undefined) return
    this.#text = `${number}/${total} ${text}`
    if (this.#context.interactive) this.#draw()
    else this.#context.say(`${this.#title}: ${shorten(this.#text, 120)}`)
  }

  done(text: string): void {
    this.stop()
    this.#context.say(`${this.#title}: ${text} in ${this.#seconds()} s`)
  }

  /** Takes the changing line away. */
  stop(): void {
    clearInterval(this.#timer)
    if (this.#context.interactive) process.stderr.write('\r\x1b[K')
  }

  #seconds(): number {
    return Math.round((Date.now() - this.#started) / 1000)
  }

  #draw(): void {
    const width = process.stderr.columns ?? 80
    process.stderr.write(`\r\x1b[K${shorten(`${this.#title}: ${this.#text}`, width - 8)} ${this.#seconds()} s`)
  }
}

/** Control characters of a step must not reach the terminal. */
function shorten(text: string, width: number): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ')
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1))}…`
}
