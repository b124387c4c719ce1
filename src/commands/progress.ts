import type { BuildProgress } from '../apply/build.ts'
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

  step(number: number, total: number, text: string): void {
    this.#text = `${number}/${total} ${text}`
    if (this.#context.interactive) this.#draw()
    else this.#context.say(`${this.#title}: ${shorten(this.#text, 160)}`)
  }

  done(text: string): void {
    this.#clear()
    this.#context.say(`${this.#title}: ${text} in ${this.#seconds()} s`)
  }

  fail(): void {
    this.#clear()
  }

  #seconds(): number {
    return Math.round((Date.now() - this.#started) / 1000)
  }

  #draw(): void {
    const width = process.stderr.columns ?? 80
    process.stderr.write(`\r\x1b[K${shorten(`${this.#title}: ${this.#text}`, width - 8)} ${this.#seconds()} s`)
  }

  #clear(): void {
    clearInterval(this.#timer)
    if (this.#context.interactive) process.stderr.write('\r\x1b[K')
  }
}

/** Control characters of a step must not reach the terminal. */
function shorten(text: string, width: number): string {
  // eslint-disable-next-line no-control-regex
  const plain = text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1))}…`
}
