import type { Context } from './command.ts'
import { variables } from './cmd.ts'
import { findDeploy } from './local-deploy.ts'
import { thisMachine } from './machine.ts'
import { running, serviceOf, type InstanceOption } from './service-verbs.ts'

export interface ShellOptions extends InstanceOption {
  readonly command?: string
  readonly env?: readonly string[]
}

/** `ov shell`: a shell in the container of a deploy, as its user; the exit code is the shell's. (POD-132) */
export async function run(context: Context, options: ShellOptions, image: string): Promise<number> {
  const machine = thisMachine(context)
  const service = serviceOf(image, options)
  await running(service, machine)
  const { metadata } = (await findDeploy(image, options, machine)).image
  const { flags, values } = variables(options.env ?? [])
  const terminal = process.stdout.isTTY === true ? '-it' : '-i'
  return machine.executor.attach(
    [
      ...['podman', 'exec', terminal, '--user', `${metadata.uid}:${metadata.gid}`, ...flags],
      ...[service.container, 'bash', ...(options.command === undefined ? [] : ['-c', options.command])],
    ],
    values,
  )
}
