import * as z from 'zod'
import type { SectionField } from '../../../dsl/vocabulary.ts'
import { oneLine, prose, words } from './common.ts'
import { report, type RuleContext } from './report.ts'

/** A package word reaches a root shell: only what package managers accept may pass. */
const packageWord = z
  .string()
  .regex(/^[A-Za-z0-9@*_./:+~=<>^()-]+( [<>=]+ [A-Za-z0-9_.:~^+-]+)?$/, 'is not a package name')
/** Names of entries become file and section names. */
const ENTRY_NAME: [RegExp, string] = [/^[A-Za-z0-9][A-Za-z0-9_.:-]*$/, 'must be letters, digits, ., _, : and -']

const ONE_LINE: [RegExp, string] = [/^[^\n\r\0]*$/, 'must be one line']

/** Fields of a section, by name, and what they hold. */
export type SectionFields = Readonly<Record<string, SectionField>>

/** What validation needs to know of a package format. */
export interface FormatRules {
  readonly name: string
  readonly fields: SectionFields
  readonly needPackages: readonly string[]
  /** Its packages are built, so that it stands beside a distro's primary format. */
  readonly built?: boolean
}

function fieldSchema(field: string, holds: SectionField): z.ZodType {
  if (holds === 'words') return words
  if (holds === 'text') return oneLine
  if (holds === 'flag') return z.boolean()
  const entry: Record<string, z.ZodType> = {}
  for (const [name, kind] of Object.entries(holds)) {
    const text = z
      .string({ error: (issue) => (issue.input === undefined ? `${field} entry requires ${name}` : undefined) })
      .regex(...(name === 'name' ? ENTRY_NAME : ONE_LINE))
    entry[name] = kind === 'flag' ? z.boolean().optional() : kind === 'required' ? text : text.optional()
  }
  return z.array(z.strictObject(entry))
}

/** Fields that some of several formats have; entries of lists may have what any of them knows, and need what all of them need. (LAY-44) */
export function allFields(formats: readonly FormatRules[]): SectionFields {
  const all: Record<string, SectionField> = {}
  for (const { fields } of formats)
    for (const [name, holds] of Object.entries(fields)) {
      const before = all[name]
      all[name] = typeof holds === 'object' && typeof before === 'object' ? mergeEntries(before, holds) : holds
    }
  return all
}

type Entry = Extract<SectionField, object>
function mergeEntries(one: Entry, other: Entry): Entry {
  const kinds = Object.entries({ ...one, ...other }).map(([field, kind]) => {
    const needed = one[field] === 'required' && other[field] === 'required'
    return [field, kind === 'flag' ? kind : needed ? 'required' : 'text'] as const
  })
  return Object.fromEntries(kinds)
}

/** A package section by the rules of its format, or of all formats for tag sections. */
export function section(label: string, fields: SectionFields, needPackages: readonly string[]) {
  const shape: Record<string, z.ZodType> = { packages: z.array(packageWord), options: z.array(oneLine).optional() }
  for (const [field, holds] of Object.entries(fields)) shape[field] = fieldSchema(field, holds).optional()
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

type PackageEntry = z.infer<typeof packageEntry>
const packageEntry = z.union([packageWord, z.strictObject({ name: packageWord, description: prose.optional() })], {
  error: 'must be the name of a package, or { name, description }',
})
/** Packages for every distro. (LAY-49) */
export const commonPackages = z.array(packageEntry)

/** What distros need besides: fields of any format, and sections of formats that are built. (LAY-49) */
export function distroPackages(formats: readonly FormatRules[]) {
  const shape: Record<string, z.ZodType> = { packages: commonPackages.optional(), options: z.array(oneLine).optional() }
  for (const [field, holds] of Object.entries(allFields(formats))) shape[field] = fieldSchema(field, holds).optional()
  for (const { name, fields, needPackages, built } of formats)
    if (built === true) shape[name] = section(name, fields, needPackages).optional()
  const entry: z.ZodType<{ packages?: PackageEntry[] | undefined }> = z.strictObject(shape)
  return z.record(
    z.string().regex(/^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/, "must be a distro, or one of its releases: 'ubuntu-24.04'"),
    entry,
  )
}

/** Set-up for packages that nobody lists would be lost. (LAY-48) */
export function checkDistroPackages(
  { packages, distros }: { readonly packages?: readonly unknown[] | undefined; readonly distros?: object | undefined },
  needed: readonly string[],
  ctx: RuleContext,
): void {
  if (packages?.length) return
  for (const [distro, entry] of Object.entries(distros ?? {}) as [string, Readonly<Record<string, unknown>>][]) {
    const isGiven = (field: string) => Array.isArray(entry[field]) && entry[field].length > 0
    const alone = isGiven('packages') ? undefined : needed.find(isGiven)
    if (alone !== undefined)
      report(
        ctx,
        'OV2014',
        `distros[${JSON.stringify(distro)}].${alone} requires packages`,
        ['distros', distro, alone],
        'without packages this set-up would be lost',
      )
  }
}
