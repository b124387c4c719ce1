import { runDirect, runHook } from '../apply/targets/pod/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { BadFlag } from '../plan/pod/flags.ts'
import { withLock } from '../state/lock.ts'
import { setting } from '../state/settings.ts'
import type { Context } from './command.ts'
import { flagsOf, type ConfigOptions } from './config.ts'
import { prepare, setUp } from './configure.ts'
import { buildFirst, findDeploy } from './local-deploy.ts'
import { thisMachine, type Machine } from './machine.ts'
import { runMode } from './run-mode.ts'
import { configured, known, serviceOf, verb } from './service-verbs.ts'

export type StartOptions = Pick<
  ConfigOptions,
  'instance' | 'tag' | 'env' | 'envFile' | 'port' | 'volume' | 'bind' | 'autodetect'
> & { readonly build?: boolean }

/** `ov start`: starts a deploy; one that is not set up yet is set up first, or run without a unit where the machine has none. (POD-125) */
export async function run(context: Context, options: StartOptions, image: string): Promise<number> {
  const machine = thisMachine(context)
  const built = options.build === true ? await buildFirst(context, image, options, machine) : 0
  if (built !== 0) return built
  const there = await known(image, options, machine)
  const { env, envFile, port, volume, bind } = options
  const flagged = [env, envFile, port, volume, bind].some((flag) => flag !== undefined)
  if (!there && setting('auto_enable', machine.paths.configFile) === 'false') await configured(image, options, machine)
  const direct = there ? there.engine !== undefined : await runsDirectly(image, options, machine)
  if (flagged && (there !== undefined || !direct)) {
    const named = options.instance === undefined ? image : `${image} -i ${options.instance}`
    context.say(
      `-e, --env-file, -p, -v and --bind are for a container that is not there yet and runs without a unit; what a deploy keeps is said with ov config ${named}`,
    )
    return 64
  }
  try {
    if (!there)
      await withLock(
        machine.paths.lock,
        () => context.say('waiting for another ov to finish'),
        () => (direct ? startOnce(image, options, machine) : configureFirst(image, options, machine)),
      )
  } catch (error) {
    if (!(error instanceof BadFlag)) throw error
    context.say(error.message)
    return 64
  }
  if (there || !direct) await verb('start', there ?? serviceOf(image, options), machine)
  return 0
}

async function runsDirectly(image: string, options: StartOptions, machine: Machine): Promise<boolean> {
  const { entry, image: found } = await findDeploy(image, options, machine)
  return (await runMode(entry, found.metadata, machine)).direct
}

async function configureFirst(image: string, options: StartOptions, machine: Machine): Promise<void> {
  await setUp(image, { ...choice(options), flags: {}, seed: 'initial', detect: options.autodetect !== false }, machine)
}

/** A container that is gone when it stops, with nothing written down. (POD-135) */
async function startOnce(image: string, options: StartOptions, here: Machine): Promise<void> {
  const how = { ...choice(options), flags: flagsOf(options), detect: options.autodetect !== false }
  const { change, machine, metadata } = await prepare(image, { ...how, portsMustBeFree: true }, here)
  const { plan } = change.desired
  if (plan.sidecars.length > 0)
    throw new DiagnosticError([
      {
        code: 'OV5005',
        severity: 'error',
        message: `deploy "${plan.name}" has sidecars, which need a pod, and without units there is none`,
        remedy: `set it up as units: OV_RUN_MODE=quadlet ov config ${plan.base}`,
      },
    ])
  await runDirect(change, { keep: false, start: true }, machine)
  here.say(`Started ${plan.container}`)
  await runHook('post_enable', metadata.hooks.post_enable, plan, machine.podman, here.say)
}

const choice = ({ instance, tag }: StartOptions) => ({
  ...(instance !== undefined && { instance }),
  ...(tag !== undefined && { tag }),
})
