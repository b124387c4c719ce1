import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Docker } from '../apply/docker.ts'
import { Podman } from '../apply/podman.ts'
import { journal, journalCursor, refuse, systemctl, unitState } from '../apply/systemd.ts'
import { bringUp, closeTunnel, podUnitOf } from '../apply/targets/pod/index.ts'
import { openVault } from '../apply/volumes/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { containerName, deployName, tunnelUnit, type DeployName } from '../model/deploy-key.ts'
import { HostStore } from '../state/hosts.ts'
import { isInstalled } from './engine.ts'
import type { Machine } from './machine.ts'
import { refuseOtherPlaces, vaultOf } from './vault-of.ts'

export interface InstanceOption {
  readonly instance?: string
}

/** A deploy that has a unit on this machine. */
export interface ServiceName extends DeployName {
  readonly container: string
  readonly unit: string
  /** What runs it, where it runs without a unit. */
  readonly engine?: Podman
}

/** How each init is asked for services in a container. */
export const SERVICE_TOOLS: Readonly<Record<string, readonly string[]>> = {
  supervisord: ['supervisorctl', '-c', '/etc/supervisord.conf'],
  systemd: ['systemctl', '--user'],
}

/** The unit that an argument means; whether it is there is another matter. */
export function serviceOf(argument: string, { instance }: InstanceOption): ServiceName {
  const name = deployName(argument, instance)
  const container = containerName(name.key)
  return { ...name, container, unit: `${container}.service` }
}

/** The same, of a deploy that has a unit, or a container without one; undefined for any other. */
export async function known(
  argument: string,
  options: InstanceOption,
  machine: Machine,
): Promise<ServiceName | undefined> {
  const service = serviceOf(argument, options)
  if (new HostStore(machine.paths).get(service.key))
    throw new DiagnosticError([
      {
        code: 'OV6007',
        severity: 'error',
        message: `host "${service.key}": lifecycle operation not supported on host target`,
        remedy: `layers on a machine are installed and taken back: ov apply ${service.key}, ov destroy ${service.key}; services of theirs are systemd's`,
      },
    ])
  if ((await unitState(service.unit, machine.executor)).load === 'loaded') return service
  for (const engine of await engines(machine))
    if (await engine.exists('container', service.container)) return { ...service, engine }
  return undefined
}

/** podman and docker, as far as they are here. */
async function engines({ executor }: Machine): Promise<Podman[]> {
  const all = [new Podman(executor), new Docker(executor)]
  const here = await Promise.all(all.map(isInstalled))
  return all.filter((_, index) => here[index])
}

/** The same, of a deploy that is set up: one that is not is an error that says what to do. (POD-125) */
export async function configured(argument: string, options: InstanceOption, machine: Machine): Promise<ServiceName> {
  const found = await known(argument, options, machine)
  if (found) return found
  const service = serviceOf(argument, options)
  const names = [...machine.deploys.entries.keys()]
  const close = names.includes(service.key) ? undefined : suggest(service.key, names)
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

/**
 * Runs a verb of systemctl on a deploy, and on what belongs to it. Its encrypted volumes are mounted first, while somebody is there who can be
 * asked for their passphrase. (ENC-62)
 */
export async function verb(
  name: 'start' | 'stop' | 'restart',
  { key, unit, container, engine }: ServiceName,
  machine: Machine,
): Promise<void> {
  const { executor, paths } = machine
  if (name !== 'stop') {
    const vault = vaultOf(key, machine)
    if (!engine) refuseOtherPlaces(vault, machine)
    await openVault(vault, {}, machine)
  }
  if (engine) await engine.run([name, container])
  else if (name === 'stop') {
    await closeTunnel(container, machine)
    await systemctl(executor, 'stop', unit)
    const pod = podUnitOf(container, machine)
    // The network of a pod outlives its app, and would be left as it was.
    if (pod !== undefined) await systemctl(executor, 'stop', pod)
  } else {
    const since = await journalCursor(executor)
    const started = await bringUp(name, container, machine)
    refuse(started, [name, unit], started.exitCode === 0 ? [] : await journal([unit], since, executor))
    if (existsSync(join(paths.units, tunnelUnit(container))))
      await executor.run(['systemctl', '--user', 'start', tunnelUnit(container)])
  }
  machine.say(`${{ start: 'Started', stop: 'Stopped', restart: 'Restarted' }[name]} ${engine ? container : unit}`)
}

/** What runs the container of a deploy; undefined where nothing does. */
export async function runner({ container }: ServiceName, machine: Machine): Promise<Podman | undefined> {
  for (const engine of await engines(machine)) {
    const { stdout } = await engine.try(['container', 'inspect', '--format', '{{.State.Running}}', container])
    if (stdout.trim() === 'true') return engine
  }
  return undefined
}

/** What runs a container that must be running: its program. (POD-133) */
export async function running(service: ServiceName, machine: Machine): Promise<string> {
  const engine = await runner(service, machine)
  if (engine) return engine.program
  throw new DiagnosticError([
    {
      code: 'OV5006',
      severity: 'error',
      message: `container ${service.container} is not running`,
      remedy: `run 'ov start ${service.image}${service.instance === undefined ? '' : ` -i ${service.instance}`}' first`,
    },
  ])
}
