/** What a layer says of the containers that run it: commands, scripts, the engine, secrets of their own. */
import * as z from 'zod'
import { NAME, oneLine, prose, quoted } from './common.ts'
import { report, type RuleContext } from './report.ts'

const checkAliases = (map: Readonly<Record<string, string | true>>, ctx: RuleContext): void => {
  for (const [key, command] of Object.entries(map)) {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(key))
      report(
        ctx,
        'OV2030',
        `alias name ${quoted(key)} is not valid`,
        [key],
        'use letters, digits, ., _ and -, starting with a letter or digit',
      )
    if (command === '' || (command !== true && /[\n\r\0]/.test(command)))
      report(ctx, 'OV2030', 'the command must be one line, and not empty', [key])
  }
}
const notMap = (issue: { readonly input?: unknown }) =>
  Array.isArray(issue.input) ? 'must be a map of name to command, not a list' : undefined
export const aliases = z
  .record(z.string(), z.string(), { error: notMap })
  .superRefine((map, ctx) => checkAliases(map, ctx))
export const imageAliases = z
  .record(
    z.string(),
    z.union([z.string(), z.literal(true)], { error: 'must be a command, or true for the one of that name' }),
    {
      error: notMap,
    },
  )
  .superRefine((map, ctx) => checkAliases(map, ctx))

const script = prose.regex(/\S/, 'must not be empty')
export const hooks = z.strictObject({ postEnable: script.optional(), preRemove: script.optional() })

export const engine = z.enum(['podman', 'docker'])

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a variable name: letters, digits and _, not starting with a digit')
export const secrets = z
  .record(
    z.string(),
    z.strictObject({
      target: oneLine.regex(/^\/[^,]*[^,/]$/, 'must be the absolute path of a file, without commas').optional(),
      env: z.union([variable, z.array(variable).min(1, 'must not be empty')]).optional(),
    }),
    {
      error: (issue) =>
        Array.isArray(issue.input) ? 'must be a map of name to { target, env }, not a list' : undefined,
    },
  )
  .superRefine((map, ctx) => {
    for (const key of Object.keys(map))
      if (!NAME.test(key))
        report(
          ctx,
          'OV2031',
          `secret name ${quoted(key)} is not valid`,
          [key],
          'use lower case letters and digits, in parts joined by single hyphens',
        )
  })
