/** What a layer wants from the deploys that run it, and gives to others. */
import * as z from 'zod'
import { checkVariables, oneLine, quoted, textMap } from './common.ts'
import { report, type RuleContext } from './report.ts'

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
/** Values that other deploys are given know three templates. (LAY-88) */
function checkTemplates(text: string, path: PropertyKey[], ctx: RuleContext): void {
  const foreign = text.match(/\{\{(?!\.ContainerName\}\}|\.(Host|Container)Port \d+\}\}).*?(\}\}|$)/)
  if (foreign)
    report(
      ctx,
      'OV2010',
      `unknown template ${quoted(foreign[0])}`,
      path,
      'known are {{.ContainerName}}, {{.HostPort N}} and {{.ContainerPort N}}',
    )
}
export const envProvides = textMap.superRefine((map, ctx) => {
  checkVariables(map, ctx)
  for (const [key, value] of Object.entries(map)) checkTemplates(value, [key], ctx)
})

/** MCP servers are asked for by name: what a command line can hold. */
function checkServers(map: object, ctx: RuleContext): void {
  for (const key of Object.keys(map))
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(key))
      report(
        ctx,
        'OV2009',
        `${quoted(key)} is not the name of an MCP server`,
        [key],
        'use letters, digits, ., _ and -, starting with a letter or digit',
      )
}
const url = oneLine.min(1, 'must not be empty: write its address')
export const mcpProvides = z
  .record(z.string(), z.union([url, z.strictObject({ url, transport: z.enum(['http', 'sse']).optional() })]))
  .superRefine((map, ctx) => {
    checkServers(map, ctx)
    for (const [key, value] of Object.entries(map))
      if (typeof value === 'string') checkTemplates(value, [key], ctx)
      else checkTemplates(value.url, [key, 'url'], ctx)
  })
export const mcpContracts = z.record(z.string(), contract({})).superRefine((map, ctx) => checkServers(map, ctx))
