import { unitState } from '../apply/systemd.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { deployName } from '../model/deploy-key.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { setUp } from './configure.ts'
import { buildFirst } from './local-deploy.ts'
import { thisMachine } from './machine.ts'
import { known, runner, serviceOf, verb, type InstanceOption } from './service-verbs.ts'

export interface UpdateOptions extends InstanceOption {
  readonly tag?: string
  readonly build?: boolean
  readonly seed?: boolean
  readonly forceSeed?: boolean
  readonly dataFrom?: string
}

/** `ov update`: brings a deploy to the newest build of its image, with its settings and its data. (POD-129) */
export async function run(context: Context, options: UpdateOptions, image: string): Promise<number> {
  const machine = thisMachine(context)
  const { key } = deployName(image, options.instance)
  if (!machine.deploys.entries.has(key))
    throw new DiagnosticError([
      {
        code: 'OV6007',
        severity: 'error',
        message: `no deploy named "${key}" in deploy.yml.`,
        remedy: `To refresh an image artifact only, use 'ov image pull ${image}'`,
      },
    ])
  const built = options.build === true ? await buildFirst(context, image, options, machine) : 0
  if (built !== 0) return built
  const service = (await known(image, options, machine)) ?? serviceOf(image, options)
  return withLock(
    machine.paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      const active = service.engine
        ? (await runner(service, machine)) !== undefined
        : (await unitState(service.unit, machine.executor)).active === 'active'
      await setUp(
        image,
        {
          flags: {},
          detect: false,
          hooks: false,
          transferAgain: true,
          start: active,
          ...(options.instance !== undefined && { instance: options.instance }),
          ...(options.tag !== undefined && { tag: options.tag }),
          ...(options.dataFrom !== undefined && { dataFrom: options.dataFrom }),
          ...(options.seed !== false && { seed: options.forceSeed === true ? ('force' as const) : ('merge' as const) }),
        },
        machine,
      )
      if (!active) context.say(`Service ${service.unit} is not active, skipping restart`)
      // Without a unit, it was run anew from the new image already.
      else if (!service.engine) await verb('restart', service, machine)
      return 0
    },
  )
}
