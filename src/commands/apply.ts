import { preflight } from '../apply/preflight.ts'
import { applyPod, destroyPod, isThere, sameRecord, snapshot } from '../apply/targets/pod/index.ts'
import { throwIfErrors } from '../diagnostics/diagnostic.ts'
import { withLock } from '../state/lock.ts'
import { buildAll } from './build.ts'
import type { Context } from './command.ts'
import { describe } from './describe.ts'
import { comparePods, intend, thisMachine, type Intent, type Machine } from './machine.ts'
import { applyHosts, chosen, orphanHosts } from './host-apply.ts'
import { withProject, type OpenProject } from './open.ts'
import { pinNew } from './pinned.ts'
import { unmountAfterwards, vaultOf } from './vault-of.ts'

export interface ApplyOptions {
  readonly project?: string
  readonly env?: readonly string[]
  readonly dryRun?: boolean
  readonly prune?: boolean
  readonly tag?: string
  readonly refreshBase?: boolean
  readonly verify?: boolean
  readonly confirmWithin?: string
}

/** `ov apply`: builds what is needed, and changes only what differs. */
export const run = (context: Context, options: ApplyOptions, deploys: readonly string[]): Promise<number> =>
  withProject(options.project, async (open) => {
    const env = operatorEnv(options.env ?? [])
    if (typeof env === 'string') {
      context.say(env)
      return 64
    }
    const { hosts, pods } = chosen(open, deploys)
    const code = pods === undefined ? 0 : await applyPods(context, open, { ...options, env }, pods)
    if (code !== 0) return code
    const orphans = options.prune === true && deploys.length === 0 ? orphanHosts(open) : []
    return hosts.length + orphans.length > 0 ? applyHosts(context, open, { hosts, orphans }, options) : 0
  })

async function applyPods(
  context: Context,
  open: OpenProject,
  { env, ...options }: Omit<ApplyOptions, 'env'> & { readonly env: Map<string, Record<string, string>> },
  deploys: readonly string[],
): Promise<number> {
  const machine = thisMachine(context)
  throwIfErrors(await preflight(machine.executor))
  const work = async () => {
    const intent = await intend(open, machine, {
      deploys,
      env,
      ...(options.tag !== undefined && { tag: options.tag }),
      ...(options.refreshBase !== undefined && { refreshBase: options.refreshBase }),
      ...(options.dryRun !== true && { pin: (compiled, images) => pinNew(open, compiled, images, machine) }),
    })
    await context.warn(intent.warnings, open.location.root)
    const orphans = options.prune === true ? intent.orphans : []
    if (options.dryRun === true) {
      for (const line of describe(intent, options.prune === true)) context.say(line)
      return 0
    }
    return perform(context, machine, intent, orphans, options.refreshBase === true)
  }
  if (options.dryRun === true) return work()
  return withLock(machine.paths.lock, () => context.say('waiting for another ov to finish'), work)
}

async function perform(
  context: Context,
  machine: Machine,
  intent: Intent,
  orphans: Intent['orphans'],
  refresh: boolean,
): Promise<number> {
  const { compiled, images, pods } = intent
  const toBuild = images.filter((decision) => decision.build)
  if (toBuild.length > 0) {
    await buildAll(context, machine, compiled, toBuild, { refresh })
  }
  // What was built decides: the same content may have come out again, or other content under the same tag.
  const now = snapshot(
    pods.map(({ plan }) => plan.container),
    machine,
  )
  const changes = toBuild.length > 0 ? await comparePods(pods, intent.secrets, new Set(), now, machine) : intent.changes
  for (const change of changes) {
    await applyPod(change, machine)
    context.say(
      `${change.desired.plan.name}: ${isThere(change) ? 'running, changed' : 'running'}${where(change.desired.plan.ports)}`,
    )
  }
  const same = pods.filter((pod) => !changes.some((change) => change.desired === pod))
  // A project that was moved, for example: nothing of it concerns what runs.
  if (same.length > 0) await machine.persist(...same)
  for (const pod of same) {
    if (!sameRecord(machine.store.get(pod.plan.name), pod.record)) machine.store.put(pod.record)
    context.say(`${pod.plan.name}: no change${where(pod.plan.ports)}`)
  }
  for (const record of orphans) {
    const vault = vaultOf(record.name, machine)
    await destroyPod(record, { purge: false }, machine)
    await unmountAfterwards(vault, machine)
    context.say(
      `${record.name}: removed, it is no longer declared${record.volumes.length > 0 ? '; its volumes stay' : ''}`,
    )
  }
  const left = intent.orphans.filter((record) => !orphans.includes(record))
  if (left.length > 0)
    context.say(
      `no longer declared, still running: ${left.map((record) => record.name).join(', ')} (ov apply --prune removes them)`,
    )
  if (changes.length + orphans.length + toBuild.length === 0) context.say('nothing to change')
  return 0
}

/** `-e site.NAME=value` → deploy → name → value; a text says what is wrong. */
function operatorEnv(given: readonly string[]): Map<string, Record<string, string>> | string {
  const all = new Map<string, Record<string, string>>()
  for (const text of given) {
    const [, deploy, name, value] = /^([a-z0-9-]+)\.([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? []
    if (deploy === undefined || name === undefined || value === undefined)
      return `-e wants DEPLOY.NAME=VALUE, not ${JSON.stringify(text)}`
    all.set(deploy, { ...all.get(deploy), [name]: value })
  }
  return all
}

function where([first]: Intent['pods'][number]['plan']['ports']): string {
  return first === undefined ? '' : ` on ${first.bind}:${first.host}`
}
