import { destroyPod, existingData } from '../apply/targets/pod/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import type { DeployRecord } from '../state/deploys.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { confirm } from './confirm.ts'
import { isInstalled, removeHost } from './host-deploys.ts'
import { thisMachine } from './machine.ts'
import { recordOf } from './record-of.ts'
import { unmountAfterwards, vaultOf } from './vault-of.ts'

export interface DestroyOptions {
  readonly purge?: boolean
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly confirmWithin?: string
}

/** `ov destroy`: stops deploys and removes what apply put on the machine. It needs no project. */
export async function run(context: Context, options: DestroyOptions, names: readonly string[]): Promise<number> {
  const machine = thisMachine(context)
  const hosts: string[] = []
  for (const name of names) if (await isInstalled(name)) hosts.push(name)
  const deploys = names.filter((name) => !hosts.includes(name))
  for (const name of hosts) await removeHost(context, options, name)
  if (deploys.length === 0) return 0
  // Deploys that no project applied have an entry, and no record.
  const applied = machine.store.all()
  const others = [...machine.deploys.entries.keys()].filter((key) => !applied.some(({ name }) => name === key))
  const wanted = await Promise.all(others.filter((key) => deploys.includes(key)).map((key) => recordOf(key, machine)))
  const known = [...applied, ...wanted]
  const unknown = deploys.filter((name) => !known.some((record) => record.name === name))
  if (unknown.length > 0)
    throw new DiagnosticError(
      unknown.map((name) => {
        const names = [...applied.map((record) => record.name), ...others]
        const close = suggest(name, names)
        return {
          code: 'OV1007' as const,
          severity: 'error' as const,
          message: `no deploy "${name}" on this machine${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
          remedy: names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`,
        }
      }),
    )
  const records = known.filter((record) => deploys.includes(record.name))
  const dataOf = async (record: DeployRecord) => {
    const { volumes, folders, secrets } = await existingData(record, machine.podman)
    return [...volumes, ...folders, ...secrets]
  }
  const data = options.purge === true ? (await Promise.all(records.map(dataOf))).flat() : []
  if (options.dryRun === true) {
    for (const record of records) context.say(`would stop ${record.name} and remove ${record.files.join(', ')}`)
    for (const place of data) context.say(`would remove ${place} and the data in it`)
    return 0
  }
  if (data.length > 0 && options.yes !== true) {
    context.say(`this deletes all data in ${data.join(', ')}`)
    if (!(await confirm('delete it?'))) {
      context.say('nothing was removed')
      return 1
    }
  }
  return withLock(
    machine.paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      for (const record of records) {
        const vault = vaultOf(record.name, machine)
        await destroyPod(record, { purge: options.purge === true }, machine)
        await unmountAfterwards(vault, machine)
        const kept = options.purge === true ? [] : await dataOf(record)
        context.say(`${record.name}: removed${kept.length > 0 ? `; its data stays in ${kept.join(', ')}` : ''}`)
        for (const { name, cipher } of vault.volumes)
          context.say(`${record.name}: the encrypted data of ${name} stays in ${cipher}`)
      }
      return 0
    },
  )
}
