import { requireRepresentable, Unrepresentable } from '../representable.ts'
import type { CopyInstruction } from './instruction.ts'
import { pathWord, plainWord, readPathWord } from './word.ts'

const FLAGS = ['from', 'chmod', 'chown'] as const

/** Prints a COPY; paths with blanks, or that look like a flag, an array or a heredoc, take the JSON form (LAY-33). */
export function printCopy(copy: CopyInstruction): string {
  const flags = FLAGS.flatMap((flag) => {
    const value = copy[flag]
    return value === undefined ? [] : [`--${flag}=${plainWord(`COPY --${flag}`, value)}`]
  })
  if (copy.sources.length === 0) throw new Unrepresentable('COPY', 'no source')
  const paths = [...copy.sources, copy.to].map((path) => {
    requireRepresentable('COPY path', path, /^$/)
    return pathWord(path)
  })
  return ['COPY', ...flags, needsJson(paths) ? JSON.stringify(paths) : paths.join(' ')].join(' ')
}

/** Reads what follows `COPY `. */
export function parseCopy(rest: string): CopyInstruction {
  const flags: Partial<Record<(typeof FLAGS)[number], string>> = {}
  let text = rest
  for (let match; (match = /^--(from|chmod|chown)=(\S+) /.exec(text)); text = text.slice(match[0].length)) {
    flags[match[1] as (typeof FLAGS)[number]] = match[2] ?? ''
  }
  const paths = text.startsWith('[') ? (JSON.parse(text) as string[]) : text.split(' ')
  const sources = paths.map(readPathWord)
  const to = sources.pop()
  if (to === undefined) throw new SyntaxError('expected a source and a destination')
  return { kind: 'copy', ...flags, sources, to }
}

function needsJson(paths: readonly string[]): boolean {
  const [first = ''] = paths
  // BuildKit ends a COPY word at ASCII blanks only; imagebuilder trims more: any blank takes the safe form.
  return /^(?:\[|--)/.test(first) || paths.some((path) => /\s|<<|\\$/.test(path))
}
