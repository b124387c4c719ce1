/** Checks read back from an image's label, in the forms that this and older programs write. (EVAL-05) */
import { expandable, MODIFIERS, OPERATORS, VERB_FIELDS, VERBS, type Operator, type Verb } from '../model/check.ts'
import { milliseconds } from '../model/duration.ts'
import type { CheckData } from '../model/schema/check.ts'
import type { CheckLabel, EvalLabel, MatcherLabel } from '../plan/checks.ts'

type MatcherField = 'contains' | 'stdout' | 'stderr' | 'body' | 'headers'
/** What people write, with its matchers as labels tell them. */
type Read<Data> = { readonly [Field in keyof Data]: Field extends MatcherField ? readonly MatcherLabel[] : Data[Field] }
/** The fields of a verb's checks. */
export type Fields<V extends Verb> = Read<Extract<CheckData, Readonly<Record<V, unknown>>>>

export type Section = keyof EvalLabel
const SECTIONS = ['layer', 'image', 'deploy'] as const satisfies readonly Section[]

interface Common {
  readonly section: Section
  /** Who wrote it: `layer:nginx`, `image:web`, `deploy-default`. */
  readonly origin: string
  readonly id: string
  readonly description: string
  readonly skip: boolean
  readonly excludeDistros: readonly string[]
  /** Milliseconds. */
  readonly timeout?: number
  readonly eventually?: number
  readonly retryInterval?: number
  /** What the label says wrong, so that there is nothing to run. */
  readonly problem?: string
}

/** A check with a verb that this version knows, or the name of another. */
export type BakedCheck = Common &
  (
    | { readonly [V in Verb]: { readonly verb: V; readonly fields: Fields<V> } }[Verb]
    | { readonly verb: 'other'; readonly name: string }
  )

/** Verbs of other programs, and of times to come. */
const OTHER_VERBS = [
  'dns',
  'addr',
  'user',
  'group',
  'interface',
  'kernel-param',
  'mount',
  'matching',
  'mcp',
  'k8s',
  'kill',
]

/** Reads the sections of a label; keys that nobody knows are listed, each once. */
export function readChecks(label: EvalLabel): {
  readonly checks: readonly BakedCheck[]
  readonly unknown: readonly string[]
} {
  const unknown = new Set<string>()
  const sections = label as Readonly<Record<string, unknown>>
  const checks = SECTIONS.flatMap((section) => {
    const list = sections[section]
    return Array.isArray(list) ? (list as unknown[]).map((one) => readCheck(section, one, unknown)) : []
  })
  return { checks, unknown: [...unknown].sort() }
}

function readCheck(section: Section, given: unknown, unknown: Set<string>): BakedCheck {
  const raw: CheckLabel = typeof given === 'object' && given !== null ? (given as CheckLabel) : {}
  // `command` beside a verb of another program says how to ask, and is no verb.
  const other = OTHER_VERBS.find((name) => raw[name] !== undefined)
  const verbs = other === undefined ? VERBS.filter((verb) => raw[verb] !== undefined) : []
  const problems: string[] = []
  const fields: Record<string, unknown> = {}
  const known = new Set(['origin', ...(other === undefined ? [] : Object.keys(raw))])
  for (const [name, { label, kind }] of Object.entries({ ...(verbs[0] && VERB_FIELDS[verbs[0]]), ...MODIFIERS })) {
    known.add(label)
    const value = raw[label]
    if (value === undefined || value === null) continue
    const read = READERS[kind](value, name === 'contains' ? 'contains' : 'equals')
    if (read === undefined) problems.push(`${label} is ${JSON.stringify(value)}, which is ${WRONG[kind]}`)
    else fields[name] = read
  }
  // The same, as another program spells it.
  if (verbs[0] === 'command' && raw['from_host'] !== undefined) {
    known.add('from_host')
    if (raw['from_host'] === true) fields['inContainer'] = false
  }
  for (const [key, value] of Object.entries(raw)) if (!known.has(key) && !saysNothing(value)) unknown.add(key)
  const time = (name: 'timeout' | 'eventually' | 'retryInterval') => {
    const text = fields[name]
    if (typeof text !== 'string' || text === '') return {}
    const length = milliseconds(text)
    if (length === undefined) problems.push(`${name} is ${JSON.stringify(text)}, which is no length of time`)
    return length === undefined ? {} : { [name]: length }
  }
  if (verbs.length > 1) problems.push(`several verbs: ${verbs.join(', ')}`)
  const common = {
    section,
    origin: typeof raw['origin'] === 'string' ? raw['origin'] : section,
    id: textOr(fields['id']),
    description: textOr(fields['description']),
    skip: fields['skip'] === true,
    excludeDistros: (fields['excludeDistros'] as readonly string[] | undefined) ?? [],
    ...time('timeout'),
    ...time('eventually'),
    ...time('retryInterval'),
    ...(problems.length > 0 && { problem: problems.join('; ') }),
  }
  const [verb] = verbs
  if (verb === undefined) return { ...common, verb: 'other', name: other ?? '' }
  return { ...common, verb, fields } as BakedCheck
}

const textOr = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Empty matchers are what another program writes for fields that are not set. */
function saysNothing(value: unknown): boolean {
  if (value === null || value === '' || value === false) return true
  if (typeof value !== 'object') return false
  if ('op' in value) return value.op === ''
  return Object.keys(value).length === 0
}

type Reader = (value: unknown, bare: 'equals' | 'contains') => unknown
const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)

const READERS: Readonly<Record<'text' | 'texts' | 'number' | 'flag' | 'map' | 'matchers', Reader>> = {
  text: (value) => (isScalar(value) ? String(value) : undefined),
  texts: (value) => {
    const list = Array.isArray(value) ? (value as unknown[]) : [value]
    return list.every(isScalar) ? list.map(String) : undefined
  },
  number: (value) => (isScalar(value) && value !== '' && Number.isInteger(Number(value)) ? Number(value) : undefined),
  flag: (value) => (typeof value === 'boolean' ? value : undefined),
  map: (value) =>
    typeof value === 'object' && !Array.isArray(value) && Object.values(value as object).every(isScalar)
      ? Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, String(one)]))
      : undefined,
  matchers: (value, bare) => {
    const list = (Array.isArray(value) ? (value as unknown[]) : [value]).filter(
      (one) => isScalar(one) || !saysNothing(one),
    )
    const read = list.map((one) => readMatcher(one, bare))
    return read.every((one) => one !== undefined) ? read : undefined
  },
}
const WRONG: Readonly<Record<keyof typeof READERS, string>> = {
  text: 'no text',
  texts: 'no list of texts',
  number: 'no whole number',
  flag: 'neither true nor false',
  map: 'no map of texts',
  matchers: 'no matcher',
}

const KNOWN_OPERATORS: readonly string[] = Object.values(OPERATORS)

function readMatcher(value: unknown, bare: 'equals' | 'contains'): MatcherLabel | undefined {
  if (isScalar(value)) return { op: bare, value }
  if (typeof value !== 'object' || value === null) return undefined
  const pair = 'op' in value && 'value' in value ? [value.op, value.value] : Object.entries(value)[0]
  const [op, operand] = pair ?? []
  return typeof op === 'string' && KNOWN_OPERATORS.includes(op) ? { op: op as Operator, value: operand } : undefined
}

/** The check with its variables replaced, or what of them nobody knows. (EVAL-17) */
export function withVariables(check: BakedCheck, replace: (text: string, field: string) => string): BakedCheck {
  if (check.verb === 'other') return check
  const fields: Record<string, unknown> = { ...check.fields }
  for (const name of expandable(check.verb)) {
    const value = fields[name]
    if (typeof value === 'string') fields[name] = replace(value, name)
    else if (Array.isArray(value)) fields[name] = value.map((one) => replace(String(one), name))
  }
  return { ...check, fields } as BakedCheck
}
