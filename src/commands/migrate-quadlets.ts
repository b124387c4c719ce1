import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { setUp } from './configure.ts'
import { thisMachine } from './machine.ts'
import { staleQuadlets } from './vault-of.ts'

/** `ov migrate quadlets`: writes anew what would start deploys without their encrypted volumes. (ENC-64) */
export async function run(context: Context): Promise<number> {
  const machine = thisMachine(context)
  const stale = staleQuadlets(machine)
  if (stale.length === 0) {
    context.say('nothing to migrate')
    return 0
  }
  await withLock(
    machine.paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      for (const key of stale)
        await setUp(key, { flags: {}, detect: false, hooks: false, mount: false }, thisMachine(context))
    },
  )
  context.say('Restart affected services to pick up changes')
  return 0
}
