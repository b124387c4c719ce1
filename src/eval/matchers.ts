import { pattern, type Operator } from '../model/check.ts'
import type { MatcherLabel } from '../plan/checks.ts'

/** Longest piece of what was seen that a message shows. */
const SHOWN = 200

/** Text as a message shows it: on one line, and not too much of it. */
export function shown(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
  return JSON.stringify(cut)
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/
const number = (text: string): number | undefined => (DECIMAL.test(text.trim()) ? Number(text.trim()) : undefined)

const COMPARE: Readonly<Partial<Record<Operator, { holds: (a: number, b: number) => boolean; not: string }>>> = {
  lt: { holds: (a, b) => a < b, not: 'is not below' },
  le: { holds: (a, b) => a <= b, not: 'is above' },
  gt: { holds: (a, b) => a > b, not: 'is not above' },
  ge: { holds: (a, b) => a >= b, not: 'is below' },
}

/** Why a value is not what a matcher wants, or undefined. Line breaks at its end don't count. (EVAL-08) */
export function mismatch({ op, value }: MatcherLabel, observed: string): string | undefined {
  const seen = observed.replace(/[\r\n]+$/, '')
  const wanted = String(value)
  const texts = (Array.isArray(value) ? (value as unknown[]) : [value]).map(String)
  const compare = COMPARE[op]
  if (compare) {
    const [a, b] = [number(seen), number(wanted)]
    if (a === undefined) return `${shown(seen)} is not a number`
    if (b === undefined) return `it is to be compared with ${shown(wanted)}, which is not a number`
    return compare.holds(a, b) ? undefined : `${seen.trim()} ${compare.not} ${wanted}`
  }
  switch (op) {
    case 'equals':
      return seen === wanted.replace(/[\r\n]+$/, '') ? undefined : `${shown(seen)} is not ${shown(wanted)}`
    case 'not_equals':
      return seen === wanted.replace(/[\r\n]+$/, '') ? `it is ${shown(seen)}` : undefined
    case 'contains': {
      const missing = texts.find((text) => !seen.includes(text))
      return missing === undefined ? undefined : `${shown(seen)} does not contain ${shown(missing)}`
    }
    case 'not_contains': {
      const found = texts.find((text) => seen.includes(text))
      return found === undefined ? undefined : `${shown(seen)} contains ${shown(found)}`
    }
    default:
      break
  }
  let expression
  try {
    expression = pattern(wanted)
  } catch {
    return `${shown(wanted)} is not a regular expression`
  }
  const found = expression.test(seen)
  if (op === 'matches') return found ? undefined : `${shown(seen)} does not match ${wanted}`
  return found ? `${shown(seen)} matches ${wanted}` : undefined
}

/** The first matcher that does not hold for a value. */
export function firstMismatch(matchers: readonly MatcherLabel[] | undefined, observed: string): string | undefined {
  for (const matcher of matchers ?? []) {
    const problem = mismatch(matcher, observed)
    if (problem !== undefined) return problem
  }
  return undefined
}

const DENIES: readonly Operator[] = ['not_equals', 'not_contains', 'not_matches']

/** The same for a list of lines: one that holds is enough, but what is denied must hold for all. */
export function firstMismatchOfLines(
  matchers: readonly MatcherLabel[] | undefined,
  lines: readonly string[],
): string | undefined {
  for (const matcher of matchers ?? []) {
    const problems = lines.map((line) => mismatch(matcher, line))
    if (DENIES.includes(matcher.op)) {
      const problem = problems.find((one) => one !== undefined)
      if (problem !== undefined) return problem
    } else if (problems.every((one) => one !== undefined))
      return `no line ${matcher.op === 'equals' ? 'is' : matcher.op} ${shown(String(matcher.value))}`
  }
  return undefined
}
