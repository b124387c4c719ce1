import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { fingerprintFile, hashFile } from '../load/cache.ts'
import { listFolder } from '../load/listing.ts'
import type { Context } from './command.ts'
import { locate, type LocatedProject } from './locate.ts'

export interface SynthOptions {
  readonly json?: boolean
}

/** What the last run read and wrote. While all of it still holds, there is nothing to do. */
export interface SynthRecord {
  readonly key: string
  readonly files: readonly (readonly [path: string, print: string | null])[]
  readonly listings: readonly (readonly [path: string, names: string | null])[]
  readonly outputs: readonly (readonly [path: string, hash: string])[]
  readonly warnings: readonly Diagnostic[]
}

/** `ov synth`: writes everything below `.build/`. */
export async function run(context: Context, options: SynthOptions, path?: string): Promise<number> {
  const project = locate(path)
  const record = options.json === true ? undefined : project.cache.read<SynthRecord>('synth')
  const { withLocated } = await import('./open.ts')
  return withLocated(project, async (open) => {
    if (record?.key === open.key && holds(record, project)) return upToDate(context, record, project)
    const { synthesiseProject } = await import('./synthesise.ts')
    return synthesiseProject(context, open, options)
  })
}

async function upToDate(context: Context, record: SynthRecord, { location }: LocatedProject): Promise<number> {
  await context.warn(record.warnings, location.root)
  context.say(`${record.outputs.length} files in .build are up to date`)
  return 0
}

function holds(record: SynthRecord, { location: { root } }: LocatedProject): boolean {
  return (
    record.files.every(([path, print]) => (fingerprintFile(path) ?? null) === print) &&
    record.listings.every(([path, names]) => (listFolder(path)?.join('\0') ?? null) === names) &&
    record.outputs.every(([path, hash]) => hashFile(`${root}/${path}`) === hash)
  )
}
