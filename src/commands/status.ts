import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Docker } from '../apply/docker.ts'
import type { Podman, RunningContainer } from '../apply/podman.ts'
import { unitStates, type UnitState } from '../apply/systemd.ts'
import { deviceTokens, lookInto, type Insight } from '../apply/targets/pod/index.ts'
import { vaultStates } from '../apply/volumes/index.ts'
import type { EntryTunnel } from '../model/deploy-entry.ts'
import { containerName, deployName } from '../model/deploy-key.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { byName } from '../model/project.ts'
import { DeployFile } from '../state/deploy-file/index.ts'
import { setting } from '../state/settings.ts'
import { table } from './columns.ts'
import type { Context } from './command.ts'
import { isInstalled } from './engine.ts'
import { thisMachine, type Machine } from './machine.ts'
import { staleQuadlets, vaultOf } from './vault-of.ts'

export interface StatusOptions {
  readonly json?: boolean
  readonly watch?: boolean
  readonly all?: boolean
}

/** A deploy of this machine, as people want to see it. */
interface Row {
  readonly name: string
  readonly status: string
  readonly image: string
  readonly ports: readonly string[]
  /** How it is reached from elsewhere. */
  readonly tunnel?: string
  /** Devices that its unit hands in, in short. */
  readonly devices: readonly string[]
  readonly container: string
  /** Whether systemd runs it, or the engine alone. */
  readonly mode: 'quadlet' | 'direct'
  /** Folder of the project that applied it; empty where none did. */
  readonly project: string
  /** Of deploys that were asked for by name. */
  readonly inside?: Insight
}

/** `ov status`: the deploys of this machine and how they are, whoever set them up. (POD-138 to POD-144) */
export async function run(context: Context, options: StatusOptions, deploys: readonly string[]): Promise<number> {
  let machine = thisMachine(context)
  const wanted = deploys.map((deploy) => deployName(deploy).key)
  try {
    for (const key of staleQuadlets(machine))
      context.say(
        `Warning: ${key}: its quadlet does not mount its encrypted volumes, and would start it on empty directories; run ov migrate quadlets`,
      )
  } catch (error) {
    // People look here when something is wrong: what can be said is said. (ENC-08)
    if (!(error instanceof DiagnosticError)) throw error
    for (const { message, remedy } of error.diagnostics)
      context.say(`Warning: ${message}${remedy === undefined ? '' : `; ${remedy}`}`)
    machine = thisMachine(context, DeployFile.empty(machine.paths.deployFile))
  }
  for (;;) {
    const found = await look(wanted, machine)
    const hosts = await hostsAmong(found.missing, context)
    const missing = found.missing.filter((name) => !hosts.has(name))
    // An entry alone is a deploy that was taken down, or is yet to be set up.
    const rows = found.rows.filter(
      ({ status }) => options.all === true || wanted.length > 0 || status !== 'not configured',
    )
    if (options.watch === true && process.stdout.isTTY === true) context.result(`\x1b[H\x1b[2J${show(rows)}`)
    else if (options.json === true) context.result({ schemaVersion: 1, deploys: rows })
    else if (rows.length > 0 || hosts.size > 0) {
      for (const status of hosts.values()) context.result(status)
      if (rows.length > 0) context.result(wanted.length === 1 ? detail(rows[0]!, machine.clock.now()) : show(rows))
    } else if (missing.length === 0) context.say('no deploys on this machine')
    for (const name of missing) context.say(`no deploy "${name}" on this machine`)
    if (options.watch !== true) return missing.length > 0 ? 1 : 0
    if (context.signal.aborted) return 0
    await Promise.race([
      machine.clock.sleep(1000),
      new Promise((done) => context.signal.addEventListener('abort', done)),
    ])
    if (context.signal.aborted) return 0
  }
}

/** Host deploys that were asked for by name. (HOST-52) */
async function hostsAmong(names: readonly string[], context: Context): Promise<Map<string, string>> {
  if (names.length === 0) return new Map()
  const { hostStatus } = await import('./host-deploys.ts')
  const all = await Promise.all(names.map(async (name) => [name, await hostStatus(context, name)] as const))
  return new Map(all.flatMap(([name, status]) => (status === undefined ? [] : [[name, status] as const])))
}

/** One question to systemd and one to podman, however many deploys there are. */
async function look(wanted: readonly string[], machine: Machine): Promise<{ rows: Row[]; missing: string[] }> {
  const { store, paths, executor, podman } = machine
  const records = new Map(store.all().map((record) => [record.name, record]))
  const entries = [...machine.deploys.entries].filter(([, { target }]) => target === undefined || target === 'pod')
  const known = [...new Set([...records.keys(), ...entries.map(([key]) => key)])].sort(byName)
  const names = wanted.length === 0 ? known : known.filter((name) => wanted.includes(name))
  const unitOf = (name: string) => `${containerName(name)}.service`
  const quadletOf = (name: string) => join(paths.quadlets, `${containerName(name)}.container`)
  // docker is asked only where something may run with it.
  const usual = setting('engine.run', paths.configFile)
  const usesDocker = names.some((name) => {
    const engine = machine.deploys.entries.get(name)?.engine ?? usual
    return engine === 'docker' || (engine === 'auto' && !existsSync(quadletOf(name)))
  })
  const docker = new Docker(executor)
  const [states, ofPodman, ofDocker] = await Promise.all([
    unitStates(names.map(unitOf), executor),
    containersOf(podman),
    usesDocker ? containersOf(docker) : [],
  ])
  const byContainer = new Map([...ofDocker, ...ofPodman].map((one) => [one.name, one]))
  const engineOf = (container: string) => (ofPodman.some(({ name }) => name === container) ? podman : docker)
  const inside = new Map(
    // Looking into each of a hundred takes its time.
    await Promise.all(
      wanted.map(async (name) => {
        const container = containerName(name)
        if (!byContainer.has(container)) return [name, undefined] as const
        return [name, await lookInto(container, engineOf(container), await encryptedPlaces(name, machine))] as const
      }),
    ),
  )
  const rows = names.map((name): Row => {
    const container = containerName(name)
    const quadlet = quadletOf(name)
    const text = existsSync(quadlet) ? readFileSync(quadlet, 'utf8') : ''
    const running = byContainer.get(container)
    const record = records.get(name)
    const tunnel = tunnelInWords(machine.deploys.entries.get(name)?.tunnel)
    const insight = inside.get(name)
    return {
      name,
      status: word(record?.phase, states.get(unitOf(name))!, text !== '', running?.state),
      image:
        /^Image=(.*)$/m.exec(text)?.[1] ??
        running?.image ??
        record?.image ??
        machine.deploys.entries.get(name)?.image ??
        '-',
      ports: [...(running?.ports ?? [])].sort(),
      ...(tunnel !== undefined && { tunnel }),
      devices: deviceTokens([
        ...[...text.matchAll(/^PodmanArgs=--device=(.*)$/gm)].map(([, device]) => device!),
        ...[...text.matchAll(/^AddDevice=(.*)$/gm)].map(([, device]) => device!),
      ]),
      container,
      mode: text === '' && running ? 'direct' : 'quadlet',
      project: record?.project ?? '',
      ...(insight && { inside: insight }),
    }
  })
  return { rows, missing: wanted.filter((name) => !known.includes(name)) }
}

/** Where encrypted volumes of a deploy are mounted, and alive: a path alone says nothing. (ENC-66) */
async function encryptedPlaces(name: string, machine: Machine): Promise<ReadonlySet<string>> {
  const states = await vaultStates(vaultOf(name, machine).volumes)
  const mounted = [...states].flatMap(([{ plain }, state]) => (state === 'mounted' ? [plain] : []))
  return new Set(mounted.map((plain) => realpathSync(plain)))
}

/** All deploys in a table; what none of them has takes no column. */
function show(rows: readonly Row[]): string {
  const columns: readonly (readonly [head: string, cell: (row: Row) => string])[] = [
    ['DEPLOY', (row) => row.name],
    ['STATUS', (row) => row.status],
    ['PORTS', (row) => row.ports.join(', ')],
    ['TUNNEL', (row) => row.tunnel ?? ''],
    ['DEVICES', (row) => row.devices.join(', ')],
    ['IMAGE', (row) => row.image],
  ]
  const shown = columns.filter(
    ([head, cell]) => !['TUNNEL', 'DEVICES'].includes(head) || rows.some((row) => cell(row) !== ''),
  )
  return table(
    shown.map(([head]) => head),
    rows.map((row) => shown.map(([, cell]) => cell(row) || '-')),
  )
}

/** One deploy, line by line; what it has not is left out. (POD-139) */
function detail({ name, status, image, container, mode, ports, tunnel, devices, inside }: Row, now: Date): string {
  const tools = inside?.tools.map(
    ({ name: tool, port, status: is }) => `${tool}${port === undefined ? '' : `:${port}`} (${is})`,
  )
  const [base = name, instance = ''] = name.split('/')
  const lines: readonly (readonly [label: string, value: string])[] = [
    ['Deploy:', base],
    ['Instance:', instance],
    ['Image:', image],
    ['Status:', inside ? `${status} (up ${duration(now.getTime() - inside.startedAt.getTime())})` : status],
    ['Container:', container],
    ['Mode:', mode],
    ['Ports:', ports.join(', ')],
    ['Devices:', devices.join(', ')],
    ['Tools:', tools?.join(', ') ?? ''],
    ...(inside?.volumes.map((volume, at) => [at === 0 ? 'Volumes:' : '', volume] as const) ?? []),
    ['Network:', inside?.network ?? ''],
    ['Tunnel:', tunnel ?? ''],
  ]
  return lines
    .filter(([, value]) => value !== '')
    .map(([label, value]) => `${label.padEnd(11)}${value}`)
    .join('\n')
}

/** `3 minutes`, in the largest unit that fits. */
function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const [unit, size] = (
    [
      ['day', 86400],
      ['hour', 3600],
      ['minute', 60],
    ] as const
  ).find(([, one]) => seconds >= one) ?? ['second', 1]
  const count = Math.floor(seconds / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** `tailscale (ports 443, 3000)` (POD-138) */
function tunnelInWords(tunnel: EntryTunnel | undefined): string | undefined {
  if (!tunnel) return undefined
  const sides = [tunnel.public, tunnel.private]
  if (sides.includes('all')) return `${tunnel.provider} (all ports)`
  const ports = sides.flatMap((side) => {
    if (side === undefined || side === 'all') return []
    return Array.isArray(side) ? side.map(String) : Object.keys(side)
  })
  return `${tunnel.provider} (ports ${ports.join(', ')})`
}

/** Containers of an engine; none where it is not installed. */
async function containersOf(engine: Podman): Promise<RunningContainer[]> {
  return (await isInstalled(engine)) ? engine.containers() : []
}

function word(phase: string | undefined, state: UnitState, configured: boolean, container: string | undefined): string {
  if (phase !== undefined && phase !== 'applied') return `${phase} (unfinished)`
  if (!configured && container !== undefined) return container === 'exited' ? 'stopped' : container
  if (!configured) return 'not configured'
  if (state.load !== 'loaded') return 'not loaded'
  if (state.active === 'active') return 'running'
  return state.active === 'inactive' ? 'stopped' : state.active
}
