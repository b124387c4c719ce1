/** What a layer wants from the deploys that run it, and gives to others. */
import * as z from 'zod'
import { checkVariables, quoted, textMap } from './common.ts'
import { report } from './report.ts'

const description = z.string().min(1, 'must not be empty: say what it is for')
const contract = <T extends z.ZodRawShape>(more: T) => z.union([description, z.strictObject({ description, ...more })])
export const envContracts = z
  .record(z.string(), contract({ default: z.string().optional() }))
  .superRefine((map, ctx) => checkVariables(map, ctx))
const SECRET_KEY = /^ov\/[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9_-]*$/
export const secretContracts = z
  .record(z.string(), contract({ key: z.string().optional() }))
  .superRefine((map, ctx) => {
    checkVariables(map, ctx)
    for (const [key, value] of Object.entries(map)) {
      const path = typeof value === 'object' ? value.key : undefined
      if (path !== undefined && !SECRET_KEY.test(path))
        report(ctx, 'OV2009', `key ${quoted(path)} is not a credential path`, [key, 'key'], 'write ov/<service>/<key>')
      if (!/^[a-z0-9][a-z0-9-]*$/.test(key.toLowerCase().replaceAll('_', '-')))
        report(ctx, 'OV2009', `${quoted(key)} can't be a secret's name`, [key], 'start it with a letter or digit')
    }
  })
export const envProvides = textMap.superRefine((map, ctx) => {
  checkVariables(map, ctx)
  for (const [key, value] of Object.entries(map)) {
    const foreign = value.match(/\{\{(?!\.ContainerName\}\}|\.(Host|Container)Port \d+\}\}).*?(\}\}|$)/)
    if (foreign)
      report(
        ctx,
        'OV2010',
        `unknown template ${quoted(foreign[0])}`,
        [key],
        'known are {{.ContainerName}}, {{.HostPort N}} and {{.ContainerPort N}}',
      )
  }
})
