import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { refuse, systemctl, unitState } from '../apply/systemd.ts'
import { bringUp, closeTunnel, podUnitOf } from '../apply/targets/pod/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { containerName, deployName, tunnelUnit, type DeployName } from '../model/deploy-key.ts'
import type { Machine } from './machine.ts'

export interface InstanceOption {
  readonly instance?: string
}

/** A deploy that has a unit on this machine. */
export interface ServiceName extends DeployName {
  readonly container: string
  readonly unit: string
}

/** The unit that an argument means; whether it is there is another matter. */
export function serviceOf(argument: string, { instance }: InstanceOption): ServiceName {
  const name = deployName(argument, instance)
  const container = containerName(name.key)
  return { ...name, container, unit: `${container}.service` }
}

/** The same, of a deploy that is set up: one that is not is an error that says what to do. (POD-125) */
export async function configured(argument: string, options: InstanceOption, machine: Machine): Promise<ServiceName> {
  const service = serviceOf(argument, options)
  if ((await unitState(service.unit, machine.executor)).load === 'loaded') return service
  const known = [...machine.deploys.entries.keys()]
  const close = known.includes(service.key) ? undefined : suggest(service.key, known)
  const named = service.instance === undefined ? service.image : `${service.image} -i ${service.instance}`
  throw new DiagnosticError([
    {
      code: 'OV6007',
      severity: 'error',
      message: `${service.key} is not configured${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
      remedy: `run 'ov config ${named}' first`,
    },
  ])
}

/** Runs a verb of systemctl on a deploy, and on what belongs to it. */
export async function verb(
  name: 'start' | 'stop' | 'restart',
  { unit, container }: ServiceName,
  machine: Machine,
): Promise<void> {
  const { executor, paths } = machine
  if (name === 'stop') {
    await closeTunnel(container, machine)
    await systemctl(executor, 'stop', unit)
    const pod = podUnitOf(container, machine)
    // The network of a pod outlives its app, and would be left as it was.
    if (pod !== undefined) await systemctl(executor, 'stop', pod)
  } else {
    refuse(await bringUp(name, container, machine), [name, unit])
    if (existsSync(join(paths.units, tunnelUnit(container))))
      await executor.run(['systemctl', '--user', 'start', tunnelUnit(container)])
  }
  machine.say(`${{ start: 'Started', stop: 'Stopped', restart: 'Restarted' }[name]} ${unit}`)
}

/** A container that must be running. (POD-133) */
export async function running(service: ServiceName, { podman }: Machine): Promise<void> {
  const { stdout } = await podman.try(['container', 'inspect', '--format', '{{.State.Running}}', service.container])
  if (stdout.trim() === 'true') return
  throw new DiagnosticError([
    {
      code: 'OV5006',
      severity: 'error',
      message: `container ${service.container} is not running`,
      remedy: `run 'ov start ${service.image}${service.instance === undefined ? '' : ` -i ${service.instance}`}' first`,
    },
  ])
}
