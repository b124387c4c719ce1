import { existsSync } from 'node:fs'
import { destroyPod } from '../apply/targets/pod/index.ts'
import { deployName } from '../model/deploy-key.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import { recordOf } from './record-of.ts'
import type { InstanceOption } from './service-verbs.ts'

export interface RemoveOptions extends InstanceOption {
  readonly purge?: boolean
  readonly keepDeploy?: boolean
  readonly yes?: boolean
}

/** `ov remove`: stops a deploy and takes its units and its entry away; its data stays unless it is purged. (POD-130) */
export async function run(context: Context, options: RemoveOptions, image: string): Promise<number> {
  const machine = thisMachine(context)
  const { key } = deployName(image, options.instance)
  return withLock(
    machine.paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      const record = machine.store.get(key) ?? (await recordOf(key, machine))
      await destroyPod(record, options.purge === true, machine)
      for (const file of record.files) if (!existsSync(file)) context.say(`Removed ${file}`)
      if (options.keepDeploy === true) return 0
      await machine.forget(key, true)
      machine.store.remove(key, true)
      context.say(`Cleaned deploy.yml entry for ${key}`)
      return 0
    },
  )
}
