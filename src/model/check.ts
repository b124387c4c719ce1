/** Checks as data: what they are made of, and the rules that hold for the text in them, wherever it comes from. */

/** Verbs in the order in which messages name them. */
export const VERBS = ['file', 'package', 'service', 'port', 'process', 'command', 'http'] as const
export type Verb = (typeof VERBS)[number]

/** How a field's value is kept in a label. */
type Kind = 'text' | 'texts' | 'number' | 'flag' | 'map' | 'matchers'
interface Field {
  /** Its name in the label. (EVAL-05) */
  readonly label: string
  readonly kind: Kind
}
const field = (label: string, kind: Kind): Field => ({ label, kind })

/** What every check may say. (EVAL-07) */
export const MODIFIERS = {
  id: field('id', 'text'),
  description: field('description', 'text'),
  skip: field('skip', 'flag'),
  scope: field('scope', 'text'),
  timeout: field('timeout', 'text'),
  eventually: field('eventually', 'text'),
  retryInterval: field('retry_interval', 'text'),
  excludeDistros: field('exclude_distros', 'texts'),
} as const satisfies Readonly<Record<string, Field>>

/** What each verb takes, the verb itself first. */
export const VERB_FIELDS = {
  file: {
    file: field('file', 'text'),
    exists: field('exists', 'flag'),
    mode: field('mode', 'text'),
    owner: field('owner', 'text'),
    groupOf: field('group_of', 'text'),
    filetype: field('filetype', 'text'),
    contains: field('contains', 'matchers'),
    sha256: field('sha256', 'text'),
  },
  package: {
    package: field('package', 'text'),
    installed: field('installed', 'flag'),
    versions: field('versions', 'texts'),
    packageMap: field('package_map', 'map'),
  },
  service: { service: field('service', 'text'), running: field('running', 'flag'), enabled: field('enabled', 'flag') },
  port: {
    port: field('port', 'number'),
    listening: field('listening', 'flag'),
    reachable: field('reachable', 'flag'),
    ip: field('ip', 'text'),
  },
  process: { process: field('process', 'text'), running: field('running', 'flag') },
  command: {
    command: field('command', 'text'),
    exitStatus: field('exit_status', 'number'),
    stdout: field('stdout', 'matchers'),
    stderr: field('stderr', 'matchers'),
    inContainer: field('in_container', 'flag'),
    background: field('background', 'flag'),
  },
  http: {
    http: field('http', 'text'),
    status: field('status', 'number'),
    body: field('body', 'matchers'),
    headers: field('headers', 'matchers'),
    method: field('method', 'text'),
    requestBody: field('request_body', 'text'),
    allowInsecure: field('allow_insecure', 'flag'),
    noFollowRedirects: field('no_follow_redirects', 'flag'),
    caFile: field('ca_file', 'text'),
  },
} as const satisfies Readonly<Record<Verb, Readonly<Record<string, Field>>>>

/** Fields of a verb's checks in which variables are replaced: every text, but for what names and describes it. (EVAL-17) */
export const expandable = (verb: Verb): string[] =>
  Object.entries({ ...VERB_FIELDS[verb], ...MODIFIERS }).flatMap(([name, { kind }]: [string, Field]) =>
    kind === 'text' || kind === 'texts' ? (name === 'id' || name === 'description' ? [] : [name]) : [],
  )

/** Operators as people write them, and as labels spell them. (EVAL-08) */
export const OPERATORS = {
  equals: 'equals',
  notEquals: 'not_equals',
  contains: 'contains',
  notContains: 'not_contains',
  matches: 'matches',
  notMatches: 'not_matches',
  lt: 'lt',
  le: 'le',
  gt: 'gt',
  ge: 'ge',
} as const
export type Operator = (typeof OPERATORS)[keyof typeof OPERATORS]

/** A regular expression; flags in front, as in `(?i)text`, hold for all of it. Throws when it is none. */
export function pattern(source: string): RegExp {
  const [, flags = '', rest = source] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? []
  return new RegExp(rest, [...new Set(flags)].join(''))
}

/** Variables that labels alone tell. (EVAL-15) */
const IMAGE_VARIABLES = ['USER', 'HOME', 'UID', 'GID', 'IMAGE', 'DNS', 'ACME_EMAIL'] as const
/** Variables of a running deploy, and which of them take an argument. */
const DEPLOY_VARIABLES: Readonly<Record<string, boolean>> = {
  INSTANCE: false,
  CONTAINER_NAME: false,
  CONTAINER_IP: false,
  DEPLOY_NAME: false,
  HOST_PORT: true,
  VOLUME_PATH: true,
  VOLUME_CONTAINER_PATH: true,
}

/** `$${X}` or `${NAME}` or `${NAME:argument}`; what else a shell knows is left to it. (EVAL-15, EVAL-17) */
const VARIABLE = /\$(\$\{)|\$\{([A-Z_][A-Z0-9_]*|deploy_name)(?::([^}]*))?\}/g

/** Replaces the variables of a text; what `valueOf` does not know stays, and is listed. */
export function expand(
  text: string,
  valueOf: (name: string, argument: string | undefined) => string | undefined,
): { readonly text: string; readonly unresolved: readonly string[] } {
  const unresolved: string[] = []
  const expanded = text.replace(VARIABLE, (whole, literal?: string, name?: string, argument?: string) => {
    if (literal !== undefined) return literal
    const value = valueOf(name === 'deploy_name' ? 'DEPLOY_NAME' : name!, argument)
    if (value === undefined) unresolved.push(whole.slice(2, -1))
    return value ?? whole
  })
  return { text: expanded, unresolved }
}

/** What is wrong with the variables of a text that a check of this scope says, with the remedy. (EVAL-15, EVAL-17) */
export function variableProblems(
  text: string,
  scope: 'build' | 'deploy',
): (readonly [message: string, remedy: string])[] {
  const problems: (readonly [string, string])[] = []
  expand(text, (name, argument) => {
    const whole = `\${${name}${argument === undefined ? '' : `:${argument}`}}`
    const shell = `write $${whole} for a variable of the shell`
    const takesArgument = DEPLOY_VARIABLES[name]
    const known = takesArgument !== undefined || name.startsWith('ENV_') || isImageVariable(name)
    if (argument !== undefined && /^[-=?+]/.test(argument))
      problems.push([`${whole} has a default, which checks don't know`, shell])
    else if (!known)
      problems.push([
        `unknown variable ${whole}`,
        `${shell}; known are ${[...IMAGE_VARIABLES, ...Object.keys(DEPLOY_VARIABLES)].join(', ')} and ENV_<NAME>`,
      ])
    else if (takesArgument === true && !argument)
      problems.push([
        `${whole} says of nothing what it is`,
        `write \${${name}:…}, as in \${${name}:${name === 'HOST_PORT' ? '80' : 'data'}}`,
      ])
    else if (takesArgument !== true && argument !== undefined)
      problems.push([`${whole} takes no argument`, `write \${${name}}`])
    else if (scope === 'build' && !isImageVariable(name))
      problems.push([`references runtime-only variable ${whole} but scope is build`, "mark scope: 'deploy'"])
    return ''
  })
  return problems
}

const isImageVariable = (name: string) => (IMAGE_VARIABLES as readonly string[]).includes(name)
