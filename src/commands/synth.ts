import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { fingerprintFile, hashFile, stillSo, type Seen } from '../load/cache.ts'
import { declaredText } from '../load/collect.ts'
import { printListing } from '../load/listing.ts'
import { VERSION } from '../version.ts'
import type { Context } from './command.ts'
import { locate, type LocatedProject } from './locate.ts'
import type { OpenProject } from './open.ts'

export interface SynthOptions {
  readonly json?: boolean
  readonly tag?: string
}

/** What the last run read and wrote. While all of it still holds, there is nothing to do. */
export interface SynthRecord {
  /** What output follows from, besides files and what is declared. */
  readonly recipe: string
  readonly files: readonly Seen[]
  readonly listings: readonly Seen[]
  readonly outputs: readonly Seen[]
  readonly warnings: readonly Diagnostic[]
}

/** A record, and what was declared then. */
type LastRun = NonNullable<ReturnType<typeof readLast>>
const readLast = ({ cache }: LocatedProject) => cache.readWith<SynthRecord>('synth')

export const recipeOf = ({ bundle }: OpenProject, { tag }: SynthOptions): string =>
  JSON.stringify([VERSION, bundle.key, tag ?? ''])

/** What is declared. Call sites are left out: the same program that declares the same things does so in the same places. */
export const declared = (open: OpenProject): Uint8Array =>
  Buffer.from(
    declaredText(open.program) ??
      JSON.stringify(open.entities.map(({ kind, name, data, bad }) => [kind, name, data, bad])),
  )

/** `ov synth`: writes everything below `.build/`. */
export async function run(context: Context, options: SynthOptions, path?: string): Promise<number> {
  const project = locate(path)
  const last = options.json === true ? undefined : readLast(project)
  const { withLocated } = await import('./open.ts')
  return withLocated(project, async (open) => {
    if (
      last?.record.recipe === recipeOf(open, options) &&
      Buffer.compare(last.part, declared(open)) === 0 &&
      holds(last, project)
    ) {
      await upToDate(context, last.record, project)
      open.program.keepCode()
      return 0
    }
    const { synthesiseProject } = await import('./synthesise.ts')
    return synthesiseProject(context, open, options)
  })
}

async function upToDate(context: Context, record: SynthRecord, { location }: LocatedProject): Promise<void> {
  await context.warn(record.warnings, location.root)
  context.say(`${record.outputs.length} files in .build are up to date`)
}

/** Whether everything that was read and written is as it was. */
function holds({ record, part }: LastRun, { cache }: LocatedProject): boolean {
  let restamped = false
  const restamp = () => (restamped = true)
  const same =
    stillSo(record.files, fingerprintFile, restamp) &&
    stillSo(record.listings, printListing, restamp) &&
    stillSo(record.outputs, hashFile, restamp)
  if (same && restamped) cache.write('synth', record, part)
  return same
}
