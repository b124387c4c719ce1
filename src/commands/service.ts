import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { Context } from './command.ts'
import { findDeploy } from './local-deploy.ts'
import { thisMachine } from './machine.ts'
import { running, SERVICE_TOOLS, serviceOf, type InstanceOption } from './service-verbs.ts'

const VERBS = ['status', 'start', 'stop', 'restart']

/** `ov service`: asks the init in a container for one of its services, or all. (POD-134) */
export async function run(
  context: Context,
  options: InstanceOption,
  operation: string,
  image: string,
  name?: string,
): Promise<number> {
  const machine = thisMachine(context)
  if (!VERBS.includes(operation)) {
    context.say(`ov service wants ${VERBS.join(', ')}, not ${JSON.stringify(operation)}`)
    return 64
  }
  const service = serviceOf(image, options)
  const { metadata } = (await findDeploy(image, options, machine)).image
  const tool = SERVICE_TOOLS[metadata.init]
  const fail = (message: string, remedy: string) =>
    new DiagnosticError([{ code: 'OV1007', severity: 'error', message, remedy }])
  if (!tool) throw fail(`image "${service.image}" has no init whose services could be asked for`, 'use ov cmd')
  const known = metadata.services.map((one) => one.name)
  if (name !== undefined && !known.includes(name))
    throw fail(`service "${name}" not found in image (available: ${known.join(', ')})`, 'name one of them')
  const engine = await running(service, machine)
  const argv = [engine, 'exec', service.container, ...tool, operation, ...(name === undefined ? [] : [name])]
  return machine.executor.attach(argv)
}
