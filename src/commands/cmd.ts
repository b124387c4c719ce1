import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import { running, serviceOf, type InstanceOption } from './service-verbs.ts'

export interface CmdOptions extends InstanceOption {
  readonly env?: readonly string[]
}

/** `ov cmd`: a shell line in a running container; the exit code is the line's. (POD-133) */
export async function run(context: Context, options: CmdOptions, image: string, line: string): Promise<number> {
  const machine = thisMachine(context)
  const service = serviceOf(image, options)
  const engine = await running(service, machine)
  const env = variables(options.env ?? [])
  return machine.executor.attach([engine, 'exec', ...env.flags, service.container, 'sh', '-c', line], env.values)
}

/** Variables for a program in a container: their values travel in podman's environment, not in its arguments. */
export function variables(given: readonly string[]): { flags: string[]; values: Record<string, string> } {
  const pairs = given.map((text) => [text.replace(/=.*$/s, ''), text.slice(text.indexOf('=') + 1)] as const)
  return { flags: pairs.flatMap(([name]) => ['-e', name]), values: Object.fromEntries(pairs) }
}
