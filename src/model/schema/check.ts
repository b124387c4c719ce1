/** The run-time check of checks: exactly one verb, only what that verb takes, and nothing that would compare nothing. (EVAL-01, EVAL-23, EVAL-31) */
import * as z from 'zod'
import { expandable, MODIFIERS, OPERATORS, pattern, variableProblems, VERB_FIELDS, VERBS, type Verb } from '../check.ts'
import { milliseconds } from '../duration.ts'
import { isPort, oneLine, prose, quoted } from './common.ts'
import { report, type RuleContext } from './report.ts'

const filled = oneLine.min(1, 'must not be empty')
const flag = z.boolean().optional()
const duration = z
  .string()
  .refine((text) => (milliseconds(text) ?? 0) > 0, "must be a length of time above 0, such as '500ms', '10s' or '2m'")
const texts = z.array(filled).min(1, 'must not be empty')

const NUMERIC = ['lt', 'le', 'gt', 'ge']
const scalar = z.union([z.string(), z.number(), z.boolean()])
type MatcherData = z.infer<typeof scalar> | Readonly<Record<string, unknown>>
const EXPECTED = `expected exactly one of: ${Object.keys(OPERATORS).join(', ')}`

/** Values that a matcher can't be are told by what is wrong with them, not by which types they might have. */
function checkMatcher(matcher: unknown, path: PropertyKey[], ctx: RuleContext): void {
  const say = (message: string, at: PropertyKey[] = path) => report(ctx, 'OV2052', message, at)
  if (scalar.safeParse(matcher).success) return
  if (typeof matcher !== 'object' || matcher === null || Array.isArray(matcher))
    return say('must be a text, a number, true, false, or a map with one operator')
  const given = Object.keys(matcher).filter((key) => (matcher as Record<string, unknown>)[key] !== undefined)
  const unknown = given.find((key) => !(key in OPERATORS))
  if (unknown !== undefined) return say(`there is no operator ${quoted(unknown)} (${EXPECTED})`)
  const [operator, second] = given
  if (operator === undefined) return say(`has no operator (${EXPECTED})`)
  if (second !== undefined) return say(`has several operators: ${given.join(', ')} (expected exactly one)`)
  const value = (matcher as Record<string, unknown>)[operator]
  const at = [...path, operator]
  if (NUMERIC.includes(operator)) {
    if (typeof value !== 'number' || !Number.isFinite(value)) say('must be a number', at)
  } else if (operator === 'matches' || operator === 'notMatches') {
    if (typeof value !== 'string') return say('must be a regular expression', at)
    try {
      pattern(value)
    } catch (error) {
      say(`is not a regular expression: ${(error as Error).message.replace(/^Invalid regular expression: /, '')}`, at)
    }
  } else if (operator === 'contains' || operator === 'notContains') {
    const list = Array.isArray(value) ? (value as unknown[]) : [value]
    if (list.length === 0) say('must not be empty', at)
    else if (list.some((one) => !scalar.safeParse(one).success)) say('must be a text or a list of texts', at)
    else if (list.includes('')) say('must not be empty: everything contains nothing', at)
  } else if (!scalar.safeParse(value).success) say('must be a text, a number, true or false', at)
}
/** `bare`: what a text alone means. */
const matchers = (bare: 'equals' | 'contains') =>
  z
    .custom<MatcherData | readonly MatcherData[]>(() => true)
    .superRefine((value, ctx) => {
      if (Array.isArray(value) && value.length === 0) report(ctx, 'OV2052', 'must not be empty')
      for (const [index, one] of (Array.isArray(value) ? (value as unknown[]) : [value]).entries()) {
        const path = Array.isArray(value) ? [index] : []
        if (bare === 'contains' && one === '')
          report(ctx, 'OV2052', 'must not be empty: everything contains nothing', path)
        else checkMatcher(one, path, ctx)
      }
    })

const absolute = z.string().regex(/^(\/|\$\{HOME\}|~\/)[^\0\n\r]*$/, 'must be absolute, or start with ~/ or ${HOME}')
const modifiers = {
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, ., _ and -, starting with a letter or digit')
    .optional(),
  description: prose.min(1, 'must not be empty').optional(),
  skip: flag,
  scope: z.enum(['build', 'deploy'], { error: "must be 'build' or 'deploy'" }).optional(),
  timeout: duration.optional(),
  eventually: duration.optional(),
  retryInterval: duration.optional(),
  excludeDistros: texts.optional(),
} satisfies Record<keyof typeof MODIFIERS, z.ZodType>
const status = (lowest: number, highest: number) =>
  z
    .number()
    .refine(
      (value) => Number.isInteger(value) && value >= lowest && value <= highest,
      `must be a whole number from ${lowest} to ${highest}`,
    )

const SCHEMAS = {
  file: z.strictObject({
    ...modifiers,
    file: absolute,
    exists: flag,
    mode: z
      .string()
      .regex(/^[0-7]{3,5}$/, "must be octal text such as '0644'")
      .optional(),
    owner: filled.optional(),
    groupOf: filled.optional(),
    filetype: z.enum(['file', 'directory', 'symlink', 'character', 'block', 'fifo', 'socket']).optional(),
    contains: matchers('contains').optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits')
      .optional(),
  }),
  package: z.strictObject({
    ...modifiers,
    package: filled,
    installed: flag,
    versions: texts.optional(),
    packageMap: z.record(z.string(), filled).optional(),
  }),
  service: z.strictObject({ ...modifiers, service: filled, running: flag, enabled: flag }),
  port: z.strictObject({
    ...modifiers,
    port: z.number().refine(isPort, 'must be a port: 1 to 65535'),
    listening: flag,
    reachable: flag,
    ip: filled.optional(),
  }),
  process: z.strictObject({
    ...modifiers,
    process: filled.refine((name) => !name.includes('/'), 'must be the name of a program, without its path'),
    running: flag,
  }),
  command: z.strictObject({
    ...modifiers,
    command: z
      .string()
      .regex(/\S/, 'must not be empty')
      .regex(/^[^\0]*$/, 'contains a NUL character'),
    exitStatus: status(0, 255).optional(),
    stdout: matchers('equals').optional(),
    stderr: matchers('equals').optional(),
    inContainer: flag,
    background: flag,
  }),
  http: z.strictObject({
    ...modifiers,
    http: filled.regex(/^(https?:\/\/|\$\{)/, 'must begin with http:// or https://'),
    status: status(100, 599).optional(),
    body: matchers('equals').optional(),
    headers: matchers('equals').optional(),
    method: z
      .string()
      .regex(/^[A-Z]+$/, 'must be a method such as POST')
      .optional(),
    requestBody: z
      .string()
      .regex(/^[^\0]*$/, 'contains a NUL character')
      .optional(),
    allowInsecure: flag,
    noFollowRedirects: flag,
    caFile: absolute.optional(),
  }),
} satisfies Record<Verb, z.ZodType>
const SHAPES: Readonly<Record<Verb, Readonly<Record<string, unknown>>>> = VERB_FIELDS
/** Every field that some verb takes. */
const ALL_FIELDS = new Set(Object.values(SHAPES).flatMap((shape) => Object.keys(shape)))

/** A check as data. */
export type CheckData = { [V in Verb]: z.infer<(typeof SCHEMAS)[V]> }[Verb]

/** A list of checks: `deploy` when all of them are about what runs. */
export const checks = (scope: 'build' | 'deploy') =>
  z.array(z.custom<CheckData>(() => true)).superRefine((list, ctx) => {
    const ids = new Map<string, number>()
    list.forEach((check, index) => {
      if (typeof check !== 'object' || check === null || Array.isArray(check)) {
        report(ctx, 'OV2050', 'must be a check', [index], "write it as { file: '/etc/motd' } or { command: 'true' }")
        return
      }
      const given = check as Readonly<Record<string, unknown>>
      const verb = theVerb(given, index, ctx)
      if (verb === undefined) return
      for (const name of Object.keys(given))
        if (ALL_FIELDS.has(name) && !(name in SHAPES[verb]))
          report(
            ctx,
            'OV2051',
            `${name} is not valid on ${verb}`,
            [index, name],
            `${verb} takes ${[...Object.keys(SHAPES[verb]).filter((key) => key !== verb), ...Object.keys(MODIFIERS)].join(', ')}`,
          )
      const known = Object.fromEntries(
        Object.entries(given).filter(([name]) => !ALL_FIELDS.has(name) || name in SHAPES[verb]),
      )
      const parsed = SCHEMAS[verb].safeParse(known)
      for (const issue of parsed.error?.issues ?? [])
        ctx.addIssue({
          ...issue,
          path: [index, ...issue.path],
          known: [...Object.keys(SHAPES[verb]), ...Object.keys(MODIFIERS)],
        })
      if (!parsed.success) return
      const say = (name: string, message: string, remedy?: string) =>
        report(ctx, 'OV2052', message, [index, name], remedy)
      checkTogether(parsed.data, say)
      if (scope === 'deploy' && parsed.data.scope === 'build')
        say('scope', "deployEval is for deploys: scope can't be build", 'move the check to eval')
      checkVariables(parsed.data, verb, parsed.data.scope ?? scope, index, ctx)
      const { id } = parsed.data
      if (id === undefined) return
      // In `eval`, checks of both scopes stand side by side, but in sections of their own.
      const key = `${parsed.data.scope ?? scope} ${id}`
      const first = ids.get(key)
      if (first !== undefined)
        say('id', `${quoted(id)} is the id of check ${first} of this list, too`, 'give each an id of its own')
      else ids.set(key, index)
    })
  })

function theVerb(check: Readonly<Record<string, unknown>>, index: number, ctx: RuleContext): Verb | undefined {
  const verbs = VERBS.filter((verb) => check[verb] !== undefined)
  const [verb, second] = verbs
  if (verb === undefined)
    report(
      ctx,
      'OV2050',
      `check has no verb set (expected exactly one of: ${VERBS.join(', ')})`,
      [index],
      "say what to look at, as in { file: '/etc/motd' }",
    )
  else if (second !== undefined)
    report(
      ctx,
      'OV2050',
      `check has multiple verbs set (${verbs.join(', ')}); exactly one is required`,
      [index],
      'make it several checks',
    )
  return second === undefined ? verb : undefined
}

/** Rules between the fields of one check: none may be without effect. (EVAL-23, EVAL-31) */
function checkTogether(check: CheckData, say: (name: string, message: string, remedy?: string) => void): void {
  const { eventually, retryInterval } = check
  if (retryInterval !== undefined && eventually === undefined)
    say('retryInterval', 'has no effect without eventually', 'say for how long to try: eventually')
  else if (retryInterval !== undefined && milliseconds(retryInterval)! > milliseconds(eventually!)!)
    say('retryInterval', `must not be longer than eventually (${eventually})`)
  const refuse = (names: readonly string[], why: string) => {
    for (const name of names) if ((check as Readonly<Record<string, unknown>>)[name] !== undefined) say(name, why)
  }
  if ('file' in check && check.exists === false)
    refuse(
      ['mode', 'owner', 'groupOf', 'filetype', 'contains', 'sha256'],
      'there is nothing to compare with exists: false',
    )
  if ('package' in check && check.installed === false)
    refuse(['versions'], 'there is nothing to compare with installed: false')
  if ('port' in check && check.listening === false && check.reachable === true)
    say('reachable', 'nothing can be reached on a port with listening: false')
  if ('port' in check && check.ip !== undefined && check.reachable !== undefined && check.listening === undefined)
    say('ip', 'is the address to listen on, and has no effect on reachable', 'add listening: true')
  if ('http' in check && check.requestBody !== undefined && check.method === undefined)
    say('requestBody', 'is sent with a method of its own, and none is said', "add method: 'POST'")
  if ('command' in check && check.background === true) {
    refuse(['exitStatus', 'stdout', 'stderr'], 'there is nothing to compare with background: true')
    if (check.inContainer === false)
      say('background', 'a command in the background runs in the container', 'leave inContainer out')
  }
}

function checkVariables(
  check: CheckData,
  verb: Verb,
  scope: 'build' | 'deploy',
  index: number,
  ctx: RuleContext,
): void {
  const texts = check as Readonly<Record<string, unknown>>
  for (const name of expandable(verb))
    for (const [place, text] of Array.isArray(texts[name])
      ? (texts[name] as unknown[]).map((one, at) => [[at], one] as const)
      : [[[], texts[name]] as const])
      if (typeof text === 'string')
        for (const [message, remedy] of variableProblems(text, scope))
          report(ctx, 'OV2053', message, [index, name, ...place], remedy)
}
