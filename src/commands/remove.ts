import { existsSync } from 'node:fs'
import { destroyPod, isKept, removeDirect } from '../apply/targets/pod/index.ts'
import { deployName } from '../model/deploy-key.ts'
import { withLock } from '../state/lock.ts'
import { variables } from './cmd.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import { recordOf } from './record-of.ts'
import { known, type InstanceOption } from './service-verbs.ts'
import { unmountAfterwards, vaultOf } from './vault-of.ts'

export interface RemoveOptions extends InstanceOption {
  readonly purge?: boolean
  readonly keepDeploy?: boolean
  readonly env?: readonly string[]
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
      const removal = { purge: options.purge === true, hookEnv: variables(options.env ?? []).values }
      const vault = vaultOf(key, machine)
      const engine = record.files.length > 0 ? undefined : (await known(image, options, machine))?.engine
      if (engine || isKept(record.container, machine.paths)) {
        await removeDirect(record, removal, { ...machine, podman: engine ?? machine.podman })
        context.say(`Removed ${record.container}`)
      } else await destroyPod(record, removal, machine)
      for (const file of record.files) if (!existsSync(file)) context.say(`Removed ${file}`)
      await unmountAfterwards(vault, machine)
      for (const { name, cipher } of vault.volumes) context.say(`The encrypted data of ${name} stays in ${cipher}`)
      if (options.keepDeploy === true) return 0
      await machine.forget(key, true)
      machine.store.remove(key, true)
      context.say(`Cleaned deploy.yml entry for ${key}`)
      return 0
    },
  )
}
