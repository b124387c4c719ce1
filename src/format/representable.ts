/**
 * Thrown when a language has no spelling for a text. It is an answer about the user's value, not a bug in ov:
 * callers catch it and report the entity and field.
 */
export class Unrepresentable extends RangeError {
  override readonly name = 'Unrepresentable'
  /** Where the text was to go, for example `Containerfile ENV value`. */
  readonly context: string
  /** What stands in the way, for example `a newline`. */
  readonly obstacle: string

  constructor(context: string, obstacle: string) {
    super(`${context} cannot hold ${obstacle}`)
    this.context = context
    this.obstacle = obstacle
  }
}

const NAMES: Readonly<Record<string, string>> = { '': 'an empty text', '\n': 'a newline', '\r': 'a carriage return' }

/** Guarantees that `text` has a UTF-8 form, no NUL, and nothing that matches `forbidden`. */
export function requireRepresentable(context: string, text: string, forbidden?: RegExp): void {
  if (!text.isWellFormed()) throw new Unrepresentable(context, 'half a surrogate pair')
  if (text.includes('\0')) throw new Unrepresentable(context, 'a NUL character')
  const found = forbidden?.exec(text)?.[0]
  if (found !== undefined) throw new Unrepresentable(context, NAMES[found] ?? JSON.stringify(found))
}
