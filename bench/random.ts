/** A source of numbers that are the same in every run (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** An integer from 0 up to, but not including, `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  /** Whether something holds that does so this often in a hundred times. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  /** That many words, the first one capitalised. */
  sentence(words: number): string {
    const text = Array.from({ length: words }, () => this.pick(WORDS)).join(' ')
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
  }
}

const WORDS =
  'server cache proxy queue index store agent watch build shell table paper model graph trace audit relay mirror vault media photo music mail chat notes search metrics alerts tunnel editor runner bridge socket parser'.split(
    ' ',
  )
