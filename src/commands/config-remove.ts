import { unitState } from '../apply/systemd.ts'
import { closeTunnel, podUnitOf } from '../apply/targets/pod/index.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import { configured, type InstanceOption } from './service-verbs.ts'

/** `ov config remove`: stops a deploy, and takes back what it offers; what describes it stays. (POD-34) */
export async function run(context: Context, options: InstanceOption, image: string): Promise<number> {
  const machine = thisMachine(context)
  const { executor, say } = machine
  return withLock(
    machine.paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      const { key, unit, container, engine } = await configured(image, options, machine)
      if (engine) await engine.run(['stop', container])
      else {
        await closeTunnel(container, machine)
        const pod = podUnitOf(container, machine)
        for (const one of [unit, ...(pod === undefined ? [] : [pod])])
          if ((await unitState(one, executor)).load === 'loaded')
            // systemd disables nothing that a generator makes: that is enabled by the quadlet, which stays.
            await executor.run(['systemctl', '--user', 'stop', one])
      }
      await machine.forget(key, false)
      say(`Disabled ${engine ? container : unit}`)
      const named = options.instance === undefined ? image : `${image} -i ${options.instance}`
      say(
        engine
          ? `Its container and its entry stay: ov start ${named} brings it back, ov remove ${named} takes them away`
          : `Its quadlet and its entry stay, so that it comes back at the next boot: ov remove ${named} takes them away, ov start ${named} brings it back now`,
      )
      return 0
    },
  )
}
