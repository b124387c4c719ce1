/**
 * The run-time check of what people write is here: one zod schema per entity, and in this file what several of them have. Nothing transforms, so
 * data that was found valid before may skip it. Rules that involve other entities are in `resolve/`.
 */
import * as z from 'zod'
import type { Code } from '../../diagnostics/diagnostic.ts'
import { NAME } from '../name.ts'
import { report, type RuleContext as Context } from './report.ts'

export { NAME }

/** Text that must match; the message says what is wrong with it. */
export function matching(pattern: RegExp, code: Code, say: (text: string) => string, remedy?: string) {
  return z.string().superRefine((value, ctx) => {
    if (!pattern.test(value)) report(ctx, code, say(value), [], remedy)
  })
}

export const quoted = (value: unknown) => JSON.stringify(value)

export const name = matching(
  NAME,
  'OV2003',
  (value) => `name ${quoted(value)} is not valid`,
  'use lower case letters and digits, in parts joined by single hyphens',
)
export const version = matching(
  /^\d+\.\d+\.\d+$/,
  'OV2004',
  (value) => `version must be CalVer format (YYYY.DDD.HHMM), got ${quoted(value)}`,
  'write year, day of the year and time of day: 2026.144.1443',
)
export const textMap = z.record(z.string(), z.string())
export const status = z.enum(['working', 'testing', 'broken'])
export const oneLine = z.string().regex(/^[^\n\r\0]*$/, 'must be one line')
export const prose = z.string().regex(/^[^\0]*$/, 'contains a NUL character')
/** A file or folder of the layer; what lies outside is not its own. */
export const ownPath = z
  .string()
  .min(1, 'must not be empty')
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..') && !/[\0\n\r]/.test(path),
    "must be a relative path within the layer's directory, without '..'",
  )
export const words = z.array(oneLine.min(1, 'must not be empty'))

export const layerRef = z.union([z.string(), z.object({ $ref: z.literal('layer'), name: z.string() })], {
  error: 'must be a layer or the name of one',
})

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
export function checkVariables(map: object, ctx: Context): void {
  for (const key of Object.keys(map))
    if (!VARIABLE.test(key))
      report(
        ctx,
        'OV2005',
        `${quoted(key)} is not a variable name`,
        [key],
        'use letters, digits and _, not starting with a digit',
      )
}
/** Values end up on one line of a Containerfile or unit; NUL can't be in an environment at all. */
export function checkEnvValues(map: Readonly<Record<string, unknown>>, ctx: Context): void {
  for (const [key, value] of Object.entries(map))
    if (typeof value === 'string' && value.includes('\0'))
      report(
        ctx,
        'OV2007',
        `the value of ${key} contains a NUL character`,
        [key],
        'environment values end at a NUL; remove it',
      )
    else if (typeof value === 'string' && value.includes('\r\n'))
      report(
        ctx,
        'OV2007',
        `the value of ${key} has a carriage return before a line break`,
        [key],
        'units have no spelling for it; keep the line break alone, or put the text into a file',
      )
}

const notList = (input: unknown) =>
  Array.isArray(input) ? 'must be a map of NAME to value, not a list' : 'must be a map of NAME to value'
export const env = z
  .record(z.string(), z.string(), {
    error: (issue) => (issue.code === 'invalid_type' ? notList(issue.input) : undefined),
  })
  .superRefine((map, ctx) => {
    checkVariables(map, ctx)
    checkEnvValues(map, ctx)
    if ('PATH' in map)
      report(
        ctx,
        'OV2006',
        'use pathAppend instead of setting PATH in env',
        ['PATH'],
        'move its directories to pathAppend',
      )
  })

export const isPort = (port: number) => Number.isInteger(port) && port >= 1 && port <= 65535

const size = (example: string) =>
  z.string().regex(/^\d+[kKmMgGtT]?$/, `must be a size such as '${example}': digits with an optional k, m, g or t`)
export const security = z.strictObject({
  privileged: z.boolean().optional(),
  capAdd: words.optional(),
  devices: words.optional(),
  securityOpt: words.optional(),
  groupAdd: words.optional(),
  mounts: z
    .array(
      z
        .string()
        .regex(
          /^(tmpfs:\/[^:\n\0]*(:[^:\n\0]+)?|[^:\n\0]+:\/[^:\n\0]*(:[^:\n\0]+)?)$/,
          "must be 'host:container[:options]' or 'tmpfs:/path[:options]'",
        ),
    )
    .optional(),
  shmSize: size('1g').optional(),
  memoryMax: size('6g').optional(),
  memoryHigh: size('5g').optional(),
  memorySwapMax: size('0').optional(),
  cpus: z
    .union([z.number(), z.string()])
    .refine(
      (value) => /^\d+(\.\d+)?$/.test(String(value)) && Number(value) > 0,
      "must be a number of cores above 0, such as '2.5'",
    )
    .optional(),
  cgroupns: z.enum(['host', 'private']).optional(),
  ipcMode: oneLine.min(1, 'must not be empty').optional(),
})

export const REFERENCE =
  /^[a-zA-Z0-9][a-zA-Z0-9._-]*(:\d+)?(\/[a-zA-Z0-9._-]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/
