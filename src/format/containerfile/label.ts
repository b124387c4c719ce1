import { quoteSingle } from '../shell.ts'
import { requireRepresentable, Unrepresentable } from '../representable.ts'
import type { LabelInstruction } from './instruction.ts'
import { quoteLiteral, readQuoted } from './text.ts'
import { plainWord } from './word.ts'

/** Newlines become spaces: the one lossy step on the way to a plain label (IMG-144). */
export function labelScalar(text: string): string {
  return text.replace(/\r\n|\n|\r/g, ' ')
}

/** Prints `LABEL k="v"` or `LABEL k='v'`; both deliver the value literally, `$` included. */
export function printLabel({ name, value, quoting }: LabelInstruction): string {
  requireRepresentable('Containerfile LABEL value', value, /\n/)
  return `LABEL ${plainKey(name)}=${quoting === 'single' ? quoteSingle(value) : quoteLiteral(value)}`
}

/** Reads what follows `LABEL `. */
export function parseLabel(rest: string): LabelInstruction {
  const match = /^([^=]+)=(?:"([^]*)"|'([^]*)')$/.exec(rest)
  if (!match) throw new SyntaxError('expected name="value" or name=\'value\'')
  const [, name = '', double, single = ''] = match
  if (double === undefined) {
    return { kind: 'label', name, value: single.replaceAll(String.raw`'\''`, "'"), quoting: 'single' }
  }
  const [part = { literal: '' }, ...others] = readQuoted(double)
  if (others.length > 0 || 'ref' in part) throw new SyntaxError('a label value holds no references')
  return { kind: 'label', name, value: part.literal, quoting: 'double' }
}

function plainKey(name: string): string {
  if (/[=$]/.test(name)) throw new Unrepresentable('Containerfile LABEL name', JSON.stringify(name))
  return plainWord('Containerfile LABEL name', name)
}
