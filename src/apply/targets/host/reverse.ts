import type { Wanted } from '../../../plan/host/wanted.ts'
import { scopeOf, SCOPE_NUMBERS } from '../../../plan/steps.ts'
import type { RecordedOp } from '../../../state/ledger.ts'
import type { Seen } from './observe.ts'
import type { Pending, Recorder } from './recorder.ts'
import type { HostTools } from './tools.ts'
import { bareName, packagesOf, unitOf, unitsNow, type Venue, type Work } from './work.ts'

/** As it was before ov: below a folder that only the owner of these files reads. */
export const backupFolder = ({ privilege, layer }: Work, { machine }: Venue): string =>
  privilege === 'root'
    ? `/var/lib/overthink/backups/${layer.plan.layer}`
    : `${machine.user.home}/.config/overthink/installed/backups/${layer.plan.layer}`

/** How what a step puts somewhere is taken back. */
export function undoOf(
  { step, wanted }: Work,
  seen: readonly Seen[],
  backups: string,
  recorder: Recorder,
): { ops: RecordedOp[]; directories: string[]; keeps: { path: string; backup: string; op: RecordedOp }[] } {
  const scope = SCOPE_NUMBERS[scopeOf(step)]
  const withScope = scope === 0 ? {} : { scope }
  const layer = 'layerName' in step ? step.layerName : ''
  const ops: RecordedOp[] = []
  const directories: string[] = []
  const keeps: { path: string; backup: string; op: RecordedOp }[] = []
  for (const [index, one] of wanted.entries()) {
    const there = seen[index]!
    directories.push(...there.missing)
    if (one.kind === 'directory') {
      if (there.type === 'missing') directories.push(one.path)
      continue
    }
    const kind = opKind(step, one, scope)
    const extra: Record<string, string> = {}
    if (one.kind === 'block') Object.assign(extra, { layer: recorder.layer, marker: one.marker })
    else if (step.kind === 'ShellHook') extra['layer'] = layer
    else if (kind === 'remove-repo-file') Object.assign(extra, { layer: recorder.layer, format: formatOf(step) })
    const op = { kind, targets: [one.path], ...withScope }
    const of = one.kind === 'block' ? undefined : recorder.otherWith(op)
    if (of !== undefined) extra['of'] = of
    if (one.kind !== 'block' && there.type !== 'missing' && there.type !== 'directory') {
      const backup = `${backups}${one.path}`
      extra['backup'] = backup
      keeps.push({ path: one.path, backup, op })
    }
    ops.push({ ...op, ...(Object.keys(extra).length > 0 && { extra }) })
  }
  return { ops, directories, keeps }
}

/** A unit that was enabled before any deploy enabled it is so again at the end. (HOST-18, HOST-45) */
export async function serviceOps(
  step: Extract<Work['step'], { kind: 'ServicePackaged' | 'ServiceCustom' }>,
  recorder: Recorder,
  tools: HostTools,
): Promise<RecordedOp[]> {
  const about = unitOp(step)
  const disable = { kind: 'service-disable', ...about }
  if (recorder.has(disable)) return []
  const now = (await unitsNow(step.targetScope, about.targets, tools)).get(unitOf(step))
  return now?.enabled === true ? [disable, { kind: 'restore-enabled', ...about }] : [disable]
}

const formatOf = (step: Work['step']): string => ('format' in step ? step.format : '')

/** The unit of a service, as operations name it. */
export function unitOp(step: Extract<Work['step'], { kind: 'ServicePackaged' | 'ServiceCustom' }>) {
  const scope = SCOPE_NUMBERS[scopeOf(step)]
  return { targets: [unitOf(step)], ...(scope !== 0 && { scope }) }
}

function opKind(step: Work['step'], { kind }: Wanted, scope: number): string {
  if (kind === 'block') return 'remove-managed-block'
  switch (step.kind) {
    case 'ShellHook':
      return 'remove-envd-file'
    case 'RepoChange':
    case 'SystemPackages':
      return 'remove-repo-file'
    case 'ServicePackaged':
      return 'remove-dropin'
    case 'ServiceCustom':
      return 'service-remove'
    default:
      return scope === 0 ? 'rm-file-system' : 'rm-file-user'
  }
}

export async function packagesBefore(
  { format, packages }: Extract<Work['step'], { kind: 'SystemPackages' }>,
  venue: Venue,
): Promise<Pending> {
  const wanted = packages.map(bareName)
  const automatic = await packagesOf(format, 'automatic', venue)
  return {
    key: format,
    before: await packagesOf(format, 'installed', venue),
    ops: (before) => brought(format, wanted, automatic, before, venue),
  }
}

/** What came with a step: nothing that was there before is ever removed. (HOST-58) */
async function brought(
  format: string,
  wanted: readonly string[],
  automatic: ReadonlySet<string>,
  known: ReadonlySet<string>,
  venue: Venue,
): Promise<RecordedOp[]> {
  const added = [...(await packagesOf(format, 'installed', venue))].filter((name) => !known.has(name)).sort()
  const targets = added.filter((name) => wanted.includes(name))
  const extra = {
    // They go when nothing needs them any more.
    dependencies: added.filter((name) => !wanted.includes(name)).join(' '),
    // Asked for now, and there before because others need them.
    automatic: wanted.filter((name) => known.has(name) && automatic.has(name)).join(' '),
  }
  const given = Object.fromEntries(Object.entries(extra).filter(([, names]) => names !== ''))
  if (targets.length === 0 && Object.keys(given).length === 0) return []
  return [{ kind: 'package-remove', format, targets, ...(Object.keys(given).length > 0 && { extra: given }) }]
}
