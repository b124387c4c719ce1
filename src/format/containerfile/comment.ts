import { requireRepresentable, Unrepresentable } from '../representable.ts'
import type { Instruction } from './instruction.ts'

/** One comment for each line of `text` (LAY-12). */
export function commentLines(text: string): Instruction[] {
  return text.split(/\r\n|\n|\r/).map((line) => ({ kind: 'comment', text: line }))
}

/** Prints `# text`, or a lone `#`. */
export function printComment(text: string): string {
  requireRepresentable('Containerfile comment', text, /[\n\r]/)
  return text === '' ? '#' : `# ${text}`
}

/** Refuses a first line that builders take for a parser directive (`# escape=…`, `# syntax=…`). */
export function requireNoDirective(text: string): void {
  if (/^\s*[A-Za-z][A-Za-z0-9]*\s*=/.test(text)) {
    throw new Unrepresentable('the first comment of a Containerfile', `the directive ${JSON.stringify(text)}`)
  }
}
