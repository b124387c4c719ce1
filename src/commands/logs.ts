import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import { configured, type InstanceOption } from './service-verbs.ts'

export interface LogsOptions extends InstanceOption {
  readonly follow?: boolean
  readonly lines?: string
}

/** `ov logs`: the journal of a deploy's unit, or what the engine has of its container; the exit code is theirs. (POD-128) */
export async function run(context: Context, options: LogsOptions, image: string): Promise<number> {
  const machine = thisMachine(context)
  if (options.lines !== undefined && !/^\d+$/.test(options.lines)) {
    context.say(`-n wants a number of lines, not ${JSON.stringify(options.lines)}`)
    return 64
  }
  const { unit, container, engine } = await configured(image, options, machine)
  if (engine)
    return machine.executor.attach([
      ...[engine.program, 'logs'],
      ...(options.follow === true ? ['-f'] : []),
      ...(options.lines === undefined ? [] : ['--tail', options.lines]),
      container,
    ])
  return machine.executor.attach([
    ...['journalctl', '--user', '-u', unit],
    ...(options.follow === true ? ['-f'] : ['--no-pager']),
    ...(options.lines === undefined ? [] : ['-n', options.lines]),
  ])
}
