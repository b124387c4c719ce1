import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import { configured, verb, type InstanceOption } from './service-verbs.ts'
import { unmountAfterwards, vaultOf } from './vault-of.ts'

export interface StopOptions extends InstanceOption {
  readonly unmount?: boolean
}

/** `ov stop`: what systemd does for the deploy's unit, in one step. Its encrypted volumes stay mounted unless told otherwise. (ENC-22) */
export async function run(context: Context, options: StopOptions, image: string): Promise<number> {
  const machine = thisMachine(context)
  const service = await configured(image, options, machine)
  await verb('stop', service, machine)
  if (options.unmount === true) await unmountAfterwards(vaultOf(service.key, machine), machine)
  return 0
}
