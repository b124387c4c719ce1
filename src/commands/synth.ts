import { join } from 'node:path'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { fingerprintFile, hashFile } from '../load/cache.ts'
import { listFolder } from '../load/listing.ts'
import type { Context } from './command.ts'
import { withProject } from './open.ts'

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
export const run = (context: Context, options: SynthOptions, path?: string): Promise<number> =>
  withProject(path, async (open) => {
    const { location, cache, key } = open
    if (options.json !== true) {
      const record = cache.read<SynthRecord>('synth')
      if (record?.key === key && holds(record, location.root)) {
        await context.warn(record.warnings, location.root)
        context.say(`${record.outputs.length} files in .build are up to date`)
        return 0
      }
    }
    const { synthesiseProject } = await import('./synthesise.ts')
    return synthesiseProject(context, open, options)
  })

function holds(record: SynthRecord, root: string): boolean {
  return (
    record.files.every(([path, print]) => (fingerprintFile(path) ?? null) === print) &&
    record.listings.every(([path, names]) => (listFolder(path)?.join('\0') ?? null) === names) &&
    record.outputs.every(([path, hash]) => hashFile(join(root, path)) === hash)
  )
}
