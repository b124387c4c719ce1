import { unitState } from '../apply/systemd.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { setUp } from './configure.ts'
import { thisMachine } from './machine.ts'
import { serviceOf, verb, type InstanceOption } from './service-verbs.ts'

/** `ov start`: starts a deploy; one that is not set up yet is set up first. (POD-125) */
export async function run(
  context: Context,
  options: InstanceOption & { tag?: string },
  image: string,
): Promise<number> {
  const machine = thisMachine(context)
  const service = serviceOf(image, options)
  if ((await unitState(service.unit, machine.executor)).load !== 'loaded')
    await withLock(
      machine.paths.lock,
      () => context.say('waiting for another ov to finish'),
      () => setUp(image, { ...options, flags: {}, seed: 'initial', detect: true }, machine),
    )
  await verb('start', service, machine)
  return 0
}
