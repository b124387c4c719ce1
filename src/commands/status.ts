import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unitStates, type UnitState } from '../apply/systemd.ts'
import { containerName, deployName } from '../model/deploy-key.ts'
import { byName } from '../model/project.ts'
import { table } from './columns.ts'
import type { Context } from './command.ts'
import { thisMachine, type Machine } from './machine.ts'

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
  readonly container: string
  /** Folder of the project that applied it; empty where none did. */
  readonly project: string
}

/** `ov status`: the deploys of this machine and how they are, whoever set them up. (POD-138 to POD-144) */
export async function run(context: Context, options: StatusOptions, deploys: readonly string[]): Promise<number> {
  const machine = thisMachine(context)
  const wanted = deploys.map((deploy) => deployName(deploy).key)
  for (;;) {
    const found = await look(wanted, machine)
    const { missing } = found
    // An entry alone is a deploy that was taken down, or is yet to be set up.
    const rows = found.rows.filter(
      ({ status }) => options.all === true || wanted.length > 0 || status !== 'not configured',
    )
    if (options.watch === true && process.stdout.isTTY === true) context.result(`\x1b[H\x1b[2J${show(rows)}`)
    else if (options.json === true) context.result({ schemaVersion: 1, deploys: rows })
    else if (rows.length > 0) context.result(show(rows))
    else if (missing.length === 0) context.say('no deploys on this machine')
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

/** One question to systemd and one to podman, however many deploys there are. */
async function look(wanted: readonly string[], machine: Machine): Promise<{ rows: Row[]; missing: string[] }> {
  const { store, paths, executor, podman } = machine
  const records = new Map(store.all().map((record) => [record.name, record]))
  const entries = [...machine.deploys.entries].filter(([, { target }]) => target === undefined || target === 'pod')
  const known = [...new Set([...records.keys(), ...entries.map(([key]) => key)])].sort(byName)
  const names = wanted.length === 0 ? known : known.filter((name) => wanted.includes(name))
  const unitOf = (name: string) => `${containerName(name)}.service`
  const [states, containers] = await Promise.all([unitStates(names.map(unitOf), executor), podman.containers()])
  const byContainer = new Map(containers.map((one) => [one.name, one]))
  const rows = names.map((name): Row => {
    const container = containerName(name)
    const quadlet = join(paths.quadlets, `${container}.container`)
    const text = existsSync(quadlet) ? readFileSync(quadlet, 'utf8') : ''
    const record = records.get(name)
    return {
      name,
      status: word(record?.phase, states.get(unitOf(name))!, text !== ''),
      image: /^Image=(.*)$/m.exec(text)?.[1] ?? record?.image ?? machine.deploys.entries.get(name)?.image ?? '-',
      ports: [...(byContainer.get(container)?.ports ?? [])].sort(),
      container,
      project: record?.project ?? '',
    }
  })
  return { rows, missing: wanted.filter((name) => !known.includes(name)) }
}

const show = (rows: readonly Row[]): string =>
  table(
    ['DEPLOY', 'STATUS', 'PORTS', 'IMAGE'],
    rows.map((row) => [row.name, row.status, row.ports.join(', ') || '-', row.image]),
  )

function word(phase: string | undefined, state: UnitState, configured: boolean): string {
  if (phase !== undefined && phase !== 'applied') return `${phase} (unfinished)`
  if (!configured) return 'not configured'
  if (state.load !== 'loaded') return 'not loaded'
  if (state.active === 'active') return 'running'
  return state.active === 'inactive' ? 'stopped' : state.active
}
