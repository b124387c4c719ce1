import type { Place } from '../diagnostics/diagnostic.ts'
import { Unrepresentable } from '../format/index.ts'

/** A line that its language can't express, with the place that asked for it. */
export class UnprintableLine extends Error {
  readonly author: Place | undefined
  override readonly cause: Unrepresentable
  constructor(cause: Unrepresentable, author: Place | undefined) {
    super(cause.message)
    this.cause = cause
    this.author = author
  }
}

/** Renders what an author asked for; when its language can't express it, the error names the author. */
export function withAuthor<Result>(author: Place, render: () => Result): Result {
  try {
    return render()
  } catch (error) {
    if (error instanceof Unrepresentable) throw new UnprintableLine(error, author)
    throw error
  }
}

/** Prints all items; when that fails, finds the one that can't be printed. */
export function printWithAuthors<Item extends { readonly author?: Place }, Result>(
  items: readonly Item[],
  print: (items: readonly Item[]) => Result,
): Result {
  try {
    return print(items)
  } catch (error) {
    if (!(error instanceof Unrepresentable)) throw error
    for (const item of items) {
      try {
        print([item])
      } catch (cause) {
        if (cause instanceof Unrepresentable) throw new UnprintableLine(cause, item.author)
      }
    }
    throw error
  }
}
