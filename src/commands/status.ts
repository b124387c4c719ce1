import { unitState } from '../apply/systemd.ts'
import type { DeployRecord } from '../state/deploys.ts'
import { table } from './columns.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'

/** `ov status`: the deploys of this machine and how they are. */
export async function run(context: Context, options: { json?: boolean }, deploys: readonly string[]): Promise<number> {
  const machine = thisMachine(context)
  const known = machine.store.all()
  const missing = deploys.filter((name) => !known.some((record) => record.name === name))
  const wanted = deploys.length === 0 ? known : known.filter((record) => deploys.includes(record.name))
  const rows = await Promise.all(
    wanted.map(async (record) => ({
      name: record.name,
      status: word(record, await unitState(`${record.container}.service`, machine.executor)),
      image: record.image,
      ports: (await machine.podman.published(record.container)).map((port) => port.text).sort(),
      container: record.container,
      project: record.project,
    })),
  )
  if (options.json === true) context.result({ schemaVersion: 1, deploys: rows })
  else if (rows.length > 0)
    context.result(
      table(
        ['DEPLOY', 'STATUS', 'PORTS', 'IMAGE'],
        rows.map((row) => [row.name, row.status, row.ports.join(', ') || '-', row.image]),
      ),
    )
  else if (missing.length === 0) context.say('no deploys on this machine')
  for (const name of missing) context.say(`no deploy "${name}" on this machine`)
  return missing.length > 0 ? 1 : 0
}

function word(record: DeployRecord, state: { load: string; active: string; sub: string }): string {
  if (record.phase !== 'applied') return `${record.phase} (unfinished)`
  if (state.load !== 'loaded') return 'not loaded'
  if (state.active === 'active') return 'running'
  return state.active === 'inactive' ? 'stopped' : state.active
}
