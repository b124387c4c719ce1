import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { fingerprintFile, hashFile, stillSo, type Seen } from '../load/cache.ts'
import { printListing } from '../load/listing.ts'
import type { Context } from './command.ts'
import { locate, type LocatedProject } from './locate.ts'
import type { OpenProject } from './open.ts'

export interface SynthOptions {
  readonly json?: boolean
  readonly tag?: string
}

/** What output follows from, besides files: all that the program declared, and the tag. */
export const wishOf = ({ declared }: OpenProject, { tag }: SynthOptions): string =>
  JSON.stringify([tag ?? '']) + declared

/** What the last run read and wrote; kept with what it declared. While all of it still holds, there is nothing to do. */
export interface SynthRecord {
  readonly files: readonly Seen[]
  readonly listings: readonly Seen[]
  readonly outputs: readonly Seen[]
  readonly warnings: readonly Diagnostic[]
}

/** `ov synth`: writes everything below `.build/`. */
export async function run(context: Context, options: SynthOptions, path?: string): Promise<number> {
  const project = locate(path)
  const last = options.json === true ? undefined : project.cache.readWithText<SynthRecord>('synth')
  const { withLocated } = await import('./open.ts')
  return withLocated(project, async (open) => {
    if (last?.text === wishOf(open, options) && holds(last, project)) {
      await upToDate(context, last.record, project)
      open.keepCode()
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
function holds({ record, text }: { record: SynthRecord; text: string }, { cache }: LocatedProject): boolean {
  let restamped = false
  const restamp = () => (restamped = true)
  const same =
    stillSo(record.files, fingerprintFile, restamp) &&
    stillSo(record.listings, printListing, restamp) &&
    stillSo(record.outputs, hashFile, restamp)
  if (same && restamped) cache.write('synth', record, text)
  return same
}
