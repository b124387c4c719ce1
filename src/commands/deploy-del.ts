import { localExecutor } from '../apply/executors/local.ts'
import { LedgerFiles, probe, undoHost, undoPlan, type HostTools, type Keeping } from '../apply/targets/host/index.ts'
import { withLock } from '../state/lock.ts'
import { BUILT_IN } from '../vocabulary/index.ts'
import type { Context } from './command.ts'
import { confirm, hasTerminal } from './confirm.ts'
import { isThisHost } from './host-spec.ts'

export interface DelOptions {
  readonly keepRepoChanges?: boolean
  readonly keepServices?: boolean
  readonly yes?: boolean
  readonly force?: boolean
  readonly dryRun?: boolean
}

/** `ov deploy del`: takes back what a deploy did to a machine. (DEP-01, DEP-05, HOST-50) */
export async function del(context: Context, options: DelOptions, name: string): Promise<number> {
  const machine = await probe(localExecutor)
  const ledger = new LedgerFiles(machine.user.home, localExecutor)
  const target = isThisHost(name) ? 'host' : `host:${name}`
  const keeping: Keeping = {
    repoChanges: options.keepRepoChanges ?? false,
    services: options.keepServices ?? false,
  }
  const find = async () => [...(await ledger.read()).deploys.values()].filter((record) => record.target === target)
  const found = await find()
  if (found.length === 0) {
    context.say('No deployments recorded.')
    return 0
  }
  const known = await ledger.read()
  for (const record of found) {
    const { deploy_id: id, image, layer } = record
    if (options.dryRun !== true) continue
    context.result(
      [
        `[dry-run] would tear down host deploy ${id} (image=${image}, ${layer.length} layers)`,
        ...undoPlan(record, known, keeping).map(({ op }) => `  - ${op.kind} ${(op.targets ?? []).join(' ')}`),
      ].join('\n'),
    )
  }
  if (options.dryRun === true) return 0
  const sure = options.yes === true || options.force === true || !hasTerminal()
  if (!sure && !(await confirm(`Take back ${found.length === 1 ? 'the deploy' : `${found.length} deploys`} ${name}?`)))
    return 1
  const tools: HostTools = {
    executor: localExecutor,
    machine,
    sudo: machine.user.uid === 0 ? [] : ['sudo', '-n', '--'],
    formats: BUILT_IN.formats,
    ledger,
    say: (line) => context.say(line),
    now: () => new Date(),
    signal: context.signal,
    stage: () => '',
  }
  await withLock(
    `${ledger.root}/.lock`,
    () => context.say('waiting for another ov to finish'),
    async () => {
      for (const record of await find()) {
        await undoHost(record, keeping, tools)
        context.say(`Removed host deploy ${record.deploy_id} (${record.image})`)
      }
    },
  )
  return 0
}
