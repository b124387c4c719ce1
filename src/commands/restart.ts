import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import { configured, verb, type InstanceOption } from './service-verbs.ts'

/** `ov restart`: what systemd does for the deploy's unit, in one step. */
export async function run(context: Context, options: InstanceOption, image: string): Promise<number> {
  const machine = thisMachine(context)
  await verb('restart', await configured(image, options, machine), machine)
  return 0
}
