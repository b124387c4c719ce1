import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { fillVolumes } from '../apply/targets/pod/index.ts'
import { deployName } from '../model/deploy-key.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { prepare } from './configure.ts'
import { thisMachine } from './machine.ts'
import type { InstanceOption } from './service-verbs.ts'

export interface SeedOptions extends InstanceOption {
  readonly forceSeed?: boolean
  readonly dataFrom?: string
}

/** `ov seed`: fills the volumes of a deploy with the data of an image, and does nothing else. (POD-49) */
export async function run(context: Context, options: SeedOptions, image: string): Promise<number> {
  const here = thisMachine(context)
  const { key } = deployName(image, options.instance)
  if (!here.deploys.entries.has(key))
    throw new DiagnosticError([
      {
        code: 'OV6007',
        severity: 'error',
        message: `no deploy named "${key}" in deploy.yml.`,
        remedy: `set it up first, which fills its volumes: ov config ${image}`,
      },
    ])
  return withLock(
    here.paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      const choice = {
        ...(options.instance !== undefined && { instance: options.instance }),
        ...(options.dataFrom !== undefined && { dataFrom: options.dataFrom }),
      }
      const { change, source, metadata, machine } = await prepare(image, { ...choice, flags: {}, detect: false }, here)
      if ((source?.metadata ?? metadata).data.length === 0)
        context.say(`${key}: the image ${source?.image ?? change.desired.image} has no data for volumes`)
      await fillVolumes(
        change,
        metadata,
        { seed: options.forceSeed === true ? 'force' : 'initial', ...(source && { source }) },
        machine,
      )
      return 0
    },
  )
}
