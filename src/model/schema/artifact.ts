/** Files that deploys make for their operators. */
import * as z from 'zod'
import { oneLine } from './common.ts'
import { report } from './report.ts'

const place = (what: RegExp, message: string) => oneLine.regex(what, message)

export const artifacts = z
  .array(
    z.strictObject({
      name: oneLine.min(1, 'must not be empty'),
      path: place(/^\/.*[^/]$/, 'must be the absolute path of a file in the container'),
      retrieveTo: place(/^(\/|~\/).*[^/]$/, 'must be the path of a file, absolute or starting with ~/'),
      mode: z
        .string()
        .regex(/^0[0-7]{3,4}$/, "must be an octal mode, such as '0600'")
        .optional(),
      rewrite: z
        .array(z.strictObject({ find: z.string().min(1, 'must not be empty'), replace: z.string() }))
        .optional(),
      optional: z.boolean().optional(),
      waitSeconds: z.number().int().nonnegative().optional(),
    }),
  )
  .superRefine((entries, ctx) => {
    entries.forEach(({ name }, index) => {
      if (entries.findIndex((other) => other.name === name) < index)
        report(ctx, 'OV2002', `the name ${JSON.stringify(name)} is used twice`, [index, 'name'], 'rename one of them')
    })
  })
