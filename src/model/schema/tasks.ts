/** The run-time check of tasks: exactly one verb, and only what that verb takes. (LAY-11, LAY-12) */
import * as z from 'zod'
import { report } from './report.ts'

/** Verbs in the order in which messages name them. */
export const VERBS = ['cmd', 'mkdir', 'copy', 'write', 'link', 'download', 'setcap', 'build'] as const
export type Verb = (typeof VERBS)[number]

const text = z.string()
const filled = z.string().min(1, 'must not be empty')
const mode = z.string()
const variables = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not a variable name'),
  z.string().regex(/^[^\0]*$/, 'contains a NUL character'),
)
const cache = z.array(
  z.string().regex(/^(\/|~\/|\$\{HOME\})[^,\n\0]*$/, 'must be absolute or start with ~/ or ${HOME}, without commas'),
)
const user = z.string()
const comment = text.optional()
/** Without a NUL, which no argument or script can carry. */
const script = filled.regex(/^[^\0]*$/, 'contains a NUL character')
const path = filled.regex(/^[^\0\n\r]*$/, 'must be one line without NUL')

/** What each verb takes; everything else on it is an error, never ignored. */
const FIELDS = {
  cmd: { cmd: script, user: user.optional(), cache: cache.optional(), env: variables.optional(), comment },
  mkdir: { mkdir: path, user: user.optional(), mode: mode.optional(), comment },
  copy: { copy: path, to: path, user: user.optional(), mode: mode.optional(), comment },
  write: { write: path, content: filled, user: user.optional(), mode: mode.optional(), comment },
  link: { link: path, target: path, user: user.optional(), comment },
  download: {
    download: path,
    to: path.optional(),
    user: user.optional(),
    extract: z.enum(['none', 'tar.gz', 'tar.xz', 'tar.zst', 'zip', 'sh']).optional(),
    include: z.array(path).optional(),
    stripComponents: z.number().int().min(1).optional(),
    mode: mode.optional(),
    env: variables.optional(),
    cache: cache.optional(),
    checksum: z
      .string()
      .regex(/^(lock|sha256:[0-9a-f]{64})$/, "is neither 'lock' nor sha256: and 64 hex digits")
      .optional(),
    uninstall: z.array(path).optional(),
    comment,
  },
  setcap: { setcap: path, caps: text.optional(), user: user.optional(), comment },
  build: { build: text, user: user.optional(), comment },
} as const satisfies Record<Verb, z.ZodRawShape>
const SCHEMAS = Object.fromEntries(VERBS.map((verb) => [verb, z.strictObject(FIELDS[verb])])) as unknown as {
  [V in Verb]: z.ZodObject<(typeof FIELDS)[V]>
}
/** Every field that some verb takes. */
const ALL_FIELDS = new Set(Object.values(FIELDS).flatMap((shape) => Object.keys(shape)))

/** A task as data. */
export type TaskData = { [V in Verb]: z.infer<(typeof SCHEMAS)[V]> }[Verb]

const EXPECTED = 'expected exactly one'

export const taskList = z.array(z.custom<TaskData>(() => true)).superRefine((tasks, ctx) => {
  let builds = 0
  tasks.forEach((task, index) => {
    if (typeof task !== 'object' || task === null) {
      report(ctx, 'OV2020', 'must be a task', [index], 'use a verb function such as cmd() or copy()')
      return
    }
    const verbs = VERBS.filter((verb) => verb in task)
    const [verb] = verbs
    if (verb === undefined) {
      report(
        ctx,
        'OV2020',
        `task has no action (${EXPECTED} of: ${VERBS.join(', ')})`,
        [index],
        'use a verb function such as cmd() or copy()',
      )
      return
    }
    if (verbs.length > 1) {
      report(
        ctx,
        'OV2020',
        `task has conflicting actions: ${verbs.join(', ')} (${EXPECTED})`,
        [index],
        'make it two tasks',
      )
      return
    }
    for (const field of Object.keys(task))
      if (ALL_FIELDS.has(field) && !(field in FIELDS[verb]))
        report(
          ctx,
          'OV2021',
          `${field} is not valid on ${verb}`,
          [index, field],
          `${verb} takes ${Object.keys(FIELDS[verb])
            .filter((key) => key !== verb)
            .join(', ')}`,
        )
    const known = Object.fromEntries(
      Object.entries(task).filter(([field]) => !ALL_FIELDS.has(field) || field in FIELDS[verb]),
    )
    for (const issue of SCHEMAS[verb].safeParse(known).error?.issues ?? [])
      ctx.addIssue({ ...issue, path: [index, ...issue.path], known: Object.keys(FIELDS[verb]) })
    checkVerb(task, (field, message, remedy) => report(ctx, 'OV2022', message, [index, field], remedy))
    if ('build' in task && ++builds > 1)
      report(ctx, 'OV2022', 'build is in the list twice', [index], 'a layer builds once')
  })
})

const ARCHIVES = ['tar.gz', 'tar.xz', 'tar.zst', 'zip']
const CAPS = /^cap_[a-z_]+[=+][a-z]+(,cap_[a-z_]+[=+][a-z]+)*$/

/** Rules between the fields of one verb. */
function checkVerb(task: TaskData, say: (field: string, message: string, remedy?: string) => void): void {
  if ('copy' in task && typeof task.copy === 'string') {
    if (task.copy.startsWith('/'))
      say('copy', `source ${JSON.stringify(task.copy)} is absolute`, 'name it relative to the layer')
    if (task.copy.split('/').includes('..'))
      say(
        'copy',
        `source ${JSON.stringify(task.copy)} leaves the layer's directory`,
        'a layer holds its own files; give it a `directory` that contains them',
      )
  }
  if ('setcap' in task) {
    if (task.caps && !CAPS.test(task.caps))
      say(
        'caps',
        `${JSON.stringify(task.caps)} is not a capability list`,
        "write it like 'cap_net_raw+ep', several separated by commas",
      )
    if (task.user !== undefined && !['root', '0'].includes(task.user))
      say('user', 'only root can set capabilities', 'leave user out')
  }
  if ('build' in task && task.build !== 'all') say('build', `${JSON.stringify(task.build)} not supported (only "all")`)
  if ('download' in task) {
    const extract = task.extract ?? 'none'
    if (extract !== 'sh' && task.to === undefined) say('to', "to is missing: it is required unless extract is 'sh'")
    if (extract === 'sh' && task.mode !== undefined) say('mode', "mode is not valid with extract: 'sh'")
    if (task.stripComponents !== undefined && !extract.startsWith('tar'))
      say('stripComponents', 'stripComponents is only valid with tar formats')
    if (task.include !== undefined && !ARCHIVES.includes(extract))
      say('include', 'include is only valid with archive formats')
  }
}
