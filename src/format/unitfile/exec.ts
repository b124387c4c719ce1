import { requireRepresentable, Unrepresentable } from '../representable.ts'
import { expansionSafe, readExpansionSafe, readSpecifierSafe, specifierSafe } from './plain.ts'
import { quoteItem, splitItems } from './quote.ts'

/** A command line of systemd.service(5), with its `-`, `+`, `!`… prefixes apart. */
export interface ExecCommand {
  readonly prefix: string
  readonly words: readonly string[]
}

const CONTEXT = 'systemd command line'
const PREFIX = /^[@:+!|-]*/
const NEEDS_QUOTES = /^;?$|[\s"'\\\x00-\x1f\x7f]/

/**
 * One argument of an `Exec…=` line, systemd.service(5) "Command lines": `%` and `$` doubled, quoted where blanks, quotes,
 * backslashes, control characters or a lone `;` ask for it. Every text but NUL arrives unchanged.
 */
export function execWord(text: string): string {
  return quoteWhereNeeded(expansionSafe(text))
}

/**
 * A whole `Exec…=` value. The program is refused where systemd could not start it by any spelling: empty, with a
 * prefix character in front (quotes do not hide it), a control character, or a `$` (no expansion there, but `argv[0]` has).
 */
export function execLine(words: readonly string[], prefix = ''): string {
  const [program = '', ...args] = words
  requireRepresentable(`${CONTEXT} program`, program, /^$|^[@:+!|-]|[\p{Cc}$]/u)
  if (PREFIX.exec(prefix)?.[0] !== prefix) throw new Unrepresentable(`${CONTEXT} prefix`, JSON.stringify(prefix))
  return [prefix + quoteWhereNeeded(specifierSafe(program)), ...args.map(execWord)].join(' ')
}

/** Undoes `execWord`. */
export function readExecWord(value: string): string {
  const [item, ...others] = splitItems(value)
  if (!item || others.length > 0) throw new SyntaxError(`expected one word: ${value}`)
  return readExpansionSafe(item.text)
}

/** Undoes `execLine`; live `%` or `$`, and a second command after `;`, are SyntaxErrors. */
export function readExecLine(value: string): ExecCommand {
  const [program, ...args] = splitItems(value)
  if (!program) throw new SyntaxError('empty command line')
  const prefix = PREFIX.exec(program.text)?.[0] ?? ''
  const words = args.map(({ text, quoted }) => {
    if (text === ';' && !quoted) throw new SyntaxError('more than one command')
    return readExpansionSafe(text)
  })
  return { prefix, words: [readSpecifierSafe(program.text.slice(prefix.length)), ...words] }
}

function quoteWhereNeeded(text: string): string {
  requireRepresentable(CONTEXT, text)
  return NEEDS_QUOTES.test(text) ? quoteItem(CONTEXT, text) : text
}
