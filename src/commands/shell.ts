import { containerArguments, makePlaces, vaultOf } from '../apply/targets/pod/index.ts'
import { guardVault } from '../apply/volumes/index.ts'
import { quoteSingle } from '../format/index.ts'
import { BadFlag } from '../plan/pod/flags.ts'
import type { Context } from './command.ts'
import { variables } from './cmd.ts'
import { flagsOf } from './config.ts'
import { prepare } from './configure.ts'
import { buildFirst, findDeploy } from './local-deploy.ts'
import { thisMachine, type Machine } from './machine.ts'
import { runner, serviceOf } from './service-verbs.ts'
import type { StartOptions } from './start.ts'

export type ShellOptions = Omit<StartOptions, 'port'> & {
  readonly command?: string
  readonly tty?: boolean
}

/**
 * `ov shell`: a shell in the container of a deploy, as its user, or in one that is made for it and thrown away; the exit code is the shell's.
 * (POD-132)
 */
export async function run(context: Context, options: ShellOptions, image: string): Promise<number> {
  const machine = thisMachine(context)
  const built = options.build === true ? await buildFirst(context, image, options, machine) : 0
  if (built !== 0) return built
  const service = serviceOf(image, options)
  const engine = await runner(service, machine)
  const command = options.command === undefined ? [] : ['-c', options.command]
  try {
    if (!engine) return await throwAway(image, options, command, machine)
  } catch (error) {
    if (!(error instanceof BadFlag)) throw error
    context.say(error.message)
    return 64
  }
  if ([options.volume, options.bind, options.envFile].some((flag) => flag !== undefined)) {
    context.say('-v, --bind and --env-file are for a container that is not there yet: this one runs')
    return 64
  }
  const { metadata } = (await findDeploy(image, options, machine)).image
  const { flags, values } = variables(options.env ?? [])
  return attach(
    [
      ...[engine.program, 'exec', interactive(options), '--user', `${metadata.uid}:${metadata.gid}`, ...flags],
      ...[service.container, 'bash', ...command],
    ],
    values,
    options,
    machine,
  )
}

/** The same volumes, permissions and variables as the deploy's own container has, under no name. */
async function throwAway(
  image: string,
  options: ShellOptions,
  command: readonly string[],
  here: Machine,
): Promise<number> {
  const { env, ...rest } = options
  const { flags, values } = variables(env ?? [])
  const choice = {
    ...(options.instance !== undefined && { instance: options.instance }),
    ...(options.tag !== undefined && { tag: options.tag }),
  }
  const { change, metadata, machine } = await prepare(
    image,
    { ...choice, flags: flagsOf(rest), detect: options.autodetect !== false },
    { ...here, say: () => {} },
  )
  const { desired, secrets } = change
  await makePlaces(desired, machine)
  await guardVault(vaultOf(desired.plan, machine))
  const has = desired.plan.secretLines.filter(({ podman }) => secrets.kept.includes(podman))
  return attach(
    [
      ...[machine.podman.program, 'run', '--rm', '--pull', 'never', interactive(options)],
      ...['--user', `${metadata.uid}:${metadata.gid}`],
      ...containerArguments({ ...desired, plan: { ...desired.plan, ports: [] } }, has, [], machine),
      ...[...flags, '--entrypoint', 'bash', desired.image, ...command],
    ],
    values,
    options,
    machine,
  )
}

const interactive = ({ tty }: ShellOptions) => (process.stdout.isTTY === true || tty === true ? '-it' : '-i')

/** With `--tty` and no terminal, `script` makes one. */
const attach = (
  argv: readonly string[],
  values: Readonly<Record<string, string>>,
  { tty }: ShellOptions,
  { executor }: Machine,
): Promise<number> =>
  tty === true && process.stdout.isTTY !== true
    ? executor.attach(['script', '-qefc', argv.map(quoteSingle).join(' '), '/dev/null'], values)
    : executor.attach(argv, values)
