import { existsSync, readFileSync } from 'node:fs'
import { systemClock } from '../apply/executors/local.ts'
import { writeAtomic } from '../state/atomic.ts'
import { migrated } from '../state/deploy-file/migrate.ts'
import { withLock } from '../state/lock.ts'
import { userPaths } from '../state/paths.ts'
import type { Context } from './command.ts'

/** `ov migrate local-deploy`: brings an old deploy.yml to today's form, and keeps a copy of it. (POD-15) */
export async function run(context: Context): Promise<number> {
  const { deployFile: path } = userPaths()
  return withLock(
    `${path}.lock`,
    () => context.say('waiting for another ov to finish'),
    () => {
      const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
      const after = migrated(before, path)
      if (after === undefined) context.say('nothing to migrate')
      else {
        const backup = `${path}.bak.${Math.floor(systemClock.now().getTime() / 1000)}`
        writeAtomic(backup, before, { keep: true })
        writeAtomic(path, after, { keep: true })
        context.say(`Migrated ${path}; the old one is ${backup}`)
      }
      return Promise.resolve(0)
    },
  )
}
