import { joinChunks, type Printed } from '../printed.ts'
import { Unrepresentable } from '../representable.ts'
import { requireNoDirective } from './comment.ts'
import type { Instruction } from './instruction.ts'
import { printInstruction } from './print-instruction.ts'

/** An instruction and who asked for it. */
export interface Authored<Author> {
  readonly instruction: Instruction
  readonly author?: Author
}

/** What BuildKit and imagebuilder read as one physical line at most, in bytes. */
const LONGEST_LINE = 65_535
const encoder = new TextEncoder()

/** Prints a Containerfile that `parseContainerfile` reads back to the same instructions. */
export function printContainerfile<Author>(items: readonly Authored<Author>[]): Printed<Author> {
  const [first] = items
  if (first?.instruction.kind === 'comment') requireNoDirective(first.instruction.text)
  return joinChunks(
    items.map(({ instruction, author }) => {
      const text = printInstruction(instruction)
      requireReadableLines(instruction.kind, text)
      return { text, author }
    }),
  )
}

function requireReadableLines(kind: Instruction['kind'], text: string): void {
  // A UTF-16 unit takes three bytes of UTF-8 at most, so short text needs no measuring.
  if (text.length * 3 <= LONGEST_LINE) return
  if (text.split('\n').some((line) => encoder.encode(line).length > LONGEST_LINE)) {
    throw new Unrepresentable(`Containerfile ${kind.toUpperCase()}`, `a line longer than ${String(LONGEST_LINE)} bytes`)
  }
}
