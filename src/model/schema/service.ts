import * as z from 'zod'
import { checkVariables, oneLine, quoted, textMap, words } from './common.ts'
import { report } from './report.ts'

const serviceEnv = textMap.superRefine((map, ctx) => {
  checkVariables(map, ctx)
  for (const [key, value] of Object.entries(map))
    if (/[\n\r\0]/.test(value))
      report(
        ctx,
        'OV2007',
        `the value of ${key} has a line break or NUL`,
        [key],
        'inits read one line per setting; put such a value into a file',
      )
})
const serviceName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]*$/, 'must be letters, digits, ., _, @ and -, starting with a letter or digit')
const serviceShape = {
  name: serviceName,
  env: serviceEnv.optional(),
  after: z.array(oneLine).optional(),
  scope: z.enum(['system', 'user']).optional(),
  enable: z.boolean().optional(),
  usePackaged: z
    .string()
    .regex(/^[^/\s]+$/, 'must be a unit name, without / and blanks')
    .optional(),
  overrides: z
    .strictObject({ env: serviceEnv.optional(), after: z.array(oneLine).optional(), exec: oneLine.optional() })
    .optional(),
  exec: oneLine.min(1).optional(),
  restart: z.enum(['no', 'on-failure', 'always', 'unless-stopped']).optional(),
  workingDirectory: oneLine.optional(),
  user: oneLine.optional(),
  before: z.array(oneLine).optional(),
  stdout: z
    .string()
    .regex(/^(journal|none|file:\/[^\n\r\0]+)$/, "must be 'journal', 'none' or 'file:/path'")
    .optional(),
  stopTimeout: z
    .union([
      z.number().int().positive(),
      z.string().regex(/^\d+\s*(s|sec|min|m|h)?$/, "must be '30s', '2min' or seconds"),
    ])
    .optional(),
  priority: z.number().int().optional(),
  kind: z.enum(['program', 'eventlistener']).optional(),
  events: words.optional(),
  autoStart: z.boolean().optional(),
  startRetries: z.number().int().nonnegative().optional(),
  startSecs: z.number().int().nonnegative().optional(),
  stopSignal: z
    .string()
    .regex(/^(SIG)?[A-Z0-9]+$/, "must be a signal name such as 'INT'")
    .optional(),
  exitCodes: z.array(z.number().int().min(0).max(255)).optional(),
}
/** Fields of a service that only one form takes. (LAY-122) */
const CUSTOM_ONLY = [
  'restart',
  'workingDirectory',
  'user',
  'before',
  'stdout',
  'stopTimeout',
  'priority',
  'kind',
  'events',
  'autoStart',
  'startRetries',
  'startSecs',
  'stopSignal',
  'exitCodes',
] as const
const service = z.strictObject(serviceShape).superRefine((entry, ctx) => {
  if ((entry.exec === undefined) === (entry.usePackaged === undefined)) {
    report(
      ctx,
      'OV2013',
      'set exactly one of usePackaged, exec',
      [],
      'usePackaged takes a unit that a package brings, exec describes a process',
    )
    return
  }
  if (entry.usePackaged !== undefined)
    for (const field of CUSTOM_ONLY)
      if (entry[field] !== undefined)
        report(
          ctx,
          'OV2013',
          `${field} is not valid with usePackaged`,
          [field],
          'a packaged unit is changed through overrides: env, after, exec',
        )
  if (entry.exec !== undefined && entry.overrides !== undefined)
    report(
      ctx,
      'OV2013',
      'overrides is only valid with usePackaged',
      ['overrides'],
      'write the values into the service itself',
    )
  if (entry.kind === 'eventlistener' && !entry.events?.length)
    report(
      ctx,
      'OV2013',
      'an eventlistener needs events',
      ['events'],
      "name what it listens to, e.g. ['PROCESS_STATE_FATAL']",
    )
  if (entry.events && entry.kind !== 'eventlistener')
    report(ctx, 'OV2013', "events is only valid with kind: 'eventlistener'", ['events'])
})
export const services = z
  .array(service, {
    error: (issue) =>
      typeof issue.input === 'string'
        ? 'must be a list of entries; raw supervisord text is no longer accepted'
        : undefined,
  })
  .superRefine((entries, ctx) => {
    const seen = new Set<string>()
    entries.forEach((entry, index) => {
      const key = `${entry.usePackaged === undefined ? 'exec' : 'packaged'} ${entry.name}`
      if (seen.has(key)) report(ctx, 'OV2013', `the name ${quoted(entry.name)} is used twice`, [index, 'name'])
      seen.add(key)
    })
  })
