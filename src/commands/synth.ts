import { join } from 'node:path'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { languageSettings } from '../load/ambient.ts'
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
  /** Key of the bundle, and the language settings, when it comes to the same every time it runs: then it need not run to know the rest. */
  readonly repeats?: string
  readonly files: readonly (readonly [path: string, print: string | null])[]
  readonly listings: readonly (readonly [path: string, names: string | null])[]
  readonly outputs: readonly (readonly [path: string, hash: string])[]
  readonly warnings: readonly Diagnostic[]
}

/** What a program that asks for nothing else depends on. */
export const repeats = (bundleKey: string): string => `${bundleKey} ${languageSettings()}`

/** `ov synth`: writes everything below `.build/`. */
export async function run(context: Context, options: SynthOptions, path?: string): Promise<number> {
  const project = locate(path)
  const record = options.json === true ? undefined : project.cache.read<SynthRecord>('synth')
  const repeated = project.bundle && record?.repeats === repeats(project.bundle.key)
  if (record && repeated && holds(record, project)) return upToDate(context, record, project)
  const { withLocated } = await import('./open.ts')
  return withLocated(project, async (open) => {
    if (record?.key === open.key && !repeated && holds(record, project)) return upToDate(context, record, project)
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
    record.outputs.every(([path, hash]) => hashFile(join(root, path)) === hash)
  )
}
