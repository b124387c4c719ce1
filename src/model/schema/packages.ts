import * as z from 'zod'
import { oneLine, words } from './common.ts'
import { report } from './report.ts'

/** A package word reaches a root shell: only what package managers accept may pass. */
const packageWord = z
  .string()
  .regex(/^[A-Za-z0-9@*_./:+~=<>^()-]+( [<>=]+ [A-Za-z0-9_.:~^+-]+)?$/, 'is not a package name')
const repo = z.strictObject({
  name: z
    .string({ error: (issue) => (issue.input === undefined ? 'repos entry requires name' : undefined) })
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]*$/, 'must be letters, digits, ., _, : and -'),
  url: oneLine.optional(),
  rpm: oneLine.optional(),
  gpgkey: oneLine.optional(),
  gpgcheck: z.boolean().optional(),
  suite: oneLine.optional(),
  components: oneLine.optional(),
  key: oneLine.optional(),
  signedBy: oneLine.optional(),
  ppa: oneLine.optional(),
})
/** Fields that package sections may have, by name; a format says which of them it takes. */
const SECTION_FIELDS: Readonly<Record<string, z.ZodType>> = {
  copr: words,
  repos: z.array(repo),
  exclude: words,
  modules: words,
  keys: words,
}

/** What validation needs to know of a package format. */
export interface FormatRules {
  readonly name: string
  readonly fields: readonly string[]
  readonly needPackages: readonly string[]
}

/** A package section by the rules of its format, or of all formats for tag sections. */
export function section(label: string, fields: readonly string[], needPackages: readonly string[]) {
  const shape: Record<string, z.ZodType> = { packages: z.array(packageWord), options: z.array(oneLine).optional() }
  for (const field of fields) shape[field] = (SECTION_FIELDS[field] ?? z.json()).optional()
  return z
    .strictObject(shape)
    .partial({ packages: true })
    .superRefine((value, ctx) => {
      const { packages } = value as { packages?: readonly string[] }
      if (packages?.length) return
      const alone = needPackages.find((field) => {
        const given = (value as Record<string, unknown>)[field]
        return Array.isArray(given) && given.length > 0
      })
      if (alone !== undefined)
        report(
          ctx,
          'OV2014',
          `${label}.${alone} requires ${label.startsWith('tags') ? 'packages' : `${label}.packages`}`,
          [alone],
          'without packages this set-up would be lost',
        )
      else if (packages === undefined) report(ctx, 'OV2002', 'packages is missing', ['packages'])
    })
}
