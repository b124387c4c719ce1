import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { withoutBlock } from '../../../format/fence.ts'
import { quoteSingle } from '../../../format/index.ts'
import {
  isLike,
  withoutDeploy,
  type DeployRecord,
  type LayerRecord,
  type Ledger,
  type RecordedOp,
} from '../../../state/ledger.ts'
import { readText } from './observe.ts'
import { removeBuilt, removePackages, type HandOver } from './remove.ts'
import { script } from './run.ts'
import type { HostTools } from './tools.ts'
import { forgetDeployEnv, removeProfile } from './profile.ts'
import { inFile, putText } from './text.ts'
import type { Privilege } from './work.ts'

/** What stays when a deploy is taken back. (DEP-05) */
export interface Keeping {
  readonly repoChanges: boolean
  readonly services: boolean
}

/** What belongs to which flag. (table of HOST 4.6) */
const KEPT: Readonly<Record<string, keyof Keeping>> = {
  'service-disable': 'services',
  'service-remove': 'services',
  'remove-dropin': 'services',
  'restore-enabled': 'services',
  'remove-repo-file': 'repoChanges',
  'copr-disable': 'repoChanges',
}

/** One operation of a layer, in the order in which they are done. */
export interface Undo {
  readonly layer: LayerRecord
  readonly op: RecordedOp
}

/** What taking a deploy back does: layers that no other deploy has, the last one first, and in each the last operation first. (HOST-39, HOST-45) */
export function undoPlan({ deploy_id, layer }: DeployRecord, ledger: Ledger, keeping: Keeping): Undo[] {
  return [...layer].reverse().flatMap((name) => {
    const record = ledger.layers.get(name)
    if (!record || !record.deployed_by.includes(deploy_id) || withoutDeploy(record, deploy_id)) return []
    return opsOf(record, keeping).map((op) => ({ layer: record, op }))
  })
}

/** Scripts of a layer: nobody can know what they did, so nothing of it is guessed at. (HOST-51) */
export const opaqueOf = ({ steps = [] }: LayerRecord): string[] =>
  steps.flatMap(({ kind, summary = '' }) => (kind === 'Task' && /^cmd\b/.test(summary) ? [summary] : []))

function opsOf({ reverse_ops = [] }: LayerRecord, keeping: Keeping): RecordedOp[] {
  const ops = [...reverse_ops].reverse().filter(({ kind }) => !(KEPT[kind] && keeping[KEPT[kind]]))
  // What was enabled before is so at the end, in whatever order the two were recorded. (HOST-45)
  const last = ops.filter(({ kind }) => kind === 'restore-enabled')
  return [...ops.filter((op) => !last.includes(op)), ...last]
}

/** Takes a deploy back. What fails stays recorded, and is tried again by the next run. (HOST-46, HOST-47) */
export async function undoHost(deploy: DeployRecord, keeping: Keeping, tools: HostTools): Promise<void> {
  const { ledger, say } = tools
  const layers = new Map((await ledger.read()).layers)
  const problems: DiagnosticError[] = []
  for (const name of [...deploy.layer].reverse()) {
    const record = layers.get(name)
    if (!record?.deployed_by.includes(deploy.deploy_id)) continue
    const left = withoutDeploy(record, deploy.deploy_id)
    if (left) {
      await ledger.writeLayer(left)
      layers.set(name, left)
      continue
    }
    layers.delete(name)
    const failed: RecordedOp[] = []
    for (const op of opsOf(record, keeping)) {
      const others = [...layers.values()].filter(({ deployed_by }) => deployed_by.length > 0)
      const heir = heirOf(op, record, others)
      if (heir) {
        layers.set(heir.record.layer, heir.record)
        await ledger.writeLayer(heir.record)
        // It was a copy of what this layer had put there.
        if (heir.copy !== undefined)
          await script(`rm -rf -- ${quoteSingle(heir.copy)}`, op.scope === 1 ? 'user' : 'root', tools)
        continue
      }
      const cause = await undo(op, others, tools, async (changed) => {
        layers.set(changed.layer, changed)
        await ledger.writeLayer(changed)
      }).catch((error: unknown) => {
        // A block without an end is one thing that is left; all else goes on.
        if (error instanceof DiagnosticError && error.diagnostics[0]?.code === 'OV5048') return error.message
        throw error
      })
      if (cause === undefined) continue
      say(`reverse: ${op.kind} failed: ${cause}`)
      failed.unshift(op)
    }
    if (failed.length > 0) {
      await ledger.writeLayer({ ...record, reverse_ops: failed })
      problems.push(incomplete(name, failed))
      continue
    }
    for (const summary of opaqueOf(record)) say(`not reversible: layer ${name}: ${summary}`)
    await removeFolders(record, tools)
    // A folder that somebody else has things in goes with the last of them.
    for (const heir of layers.values()) {
      const known = heir.directories ?? []
      const places = [
        ...known,
        ...(heir.reverse_ops ?? []).flatMap(({ targets = [], extra = {} }) => [
          ...targets,
          ...(extra['paths'] ?? '').split('\n'),
        ]),
      ]
      const more = (record.directories ?? []).filter(
        (folder) => !known.includes(folder) && places.some((path) => path.startsWith(`${folder}/`)),
      )
      if (more.length === 0) continue
      layers.set(heir.layer, { ...heir, directories: [...known, ...more] })
      await ledger.writeLayer(layers.get(heir.layer)!)
    }
    await ledger.removeLayer(name)
  }
  if (problems.length > 0) throw new DiagnosticError(problems.flatMap(({ diagnostics }) => [...diagnostics]))
  await ledger.removeDeploy(deploy.deploy_id)
  const after = await ledger.read()
  if (![...after.deploys.values()].some(({ target }) => target === deploy.target))
    await forgetDeployEnv(deploy.target.replace(/^host:/, ''), tools)
  if (after.layers.size === 0) await removeProfile(tools)
}

/**
 * A layer that has something of its own at the same place, and came later: it keeps it, and what was there before both is now what it puts back.
 * (HOST-57)
 */
function heirOf(
  op: RecordedOp,
  record: LayerRecord,
  others: readonly LayerRecord[],
): { readonly record: LayerRecord; readonly copy?: string } | undefined {
  if (op.kind === 'restore-enabled') {
    const other = others.find(({ reverse_ops = [] }) =>
      reverse_ops.some((one) => isLike(one, { ...op, kind: 'service-disable' })),
    )
    return other && { record: other }
  }
  for (const other of others) {
    const ops = other.reverse_ops ?? []
    const theirs = ops.find((one) => isLike(one, op))
    if (!theirs) continue
    if (op.kind === 'service-disable') {
      // It was enabled when the other one came, because of this one.
      const wasEnabled = record.reverse_ops?.some((one) => isLike(one, { ...op, kind: 'restore-enabled' })) === true
      const isRestore = (one: RecordedOp) => isLike(one, { ...op, kind: 'restore-enabled' })
      return { record: wasEnabled ? other : { ...other, reverse_ops: ops.filter((one) => !isRestore(one)) } }
    }
    if (theirs.extra?.['of'] !== record.layer) continue
    const { backup: copy, of: _, ...rest } = theirs.extra
    const { extra: __, ...bare } = theirs
    const extra = { ...rest, ...op.extra }
    const taken = Object.keys(extra).length > 0 ? { ...bare, extra } : bare
    return {
      record: { ...other, reverse_ops: ops.map((one) => (one === theirs ? taken : one)) },
      ...(copy !== undefined && { copy }),
    }
  }
  return undefined
}

const incomplete = (layer: string, failed: readonly RecordedOp[]): DiagnosticError =>
  new DiagnosticError([
    {
      code: 'OV5041',
      severity: 'error',
      message: `layer "${layer}" could not be taken back completely: ${failed.map(({ kind, targets = [] }) => `${kind} ${targets.join(' ')}`).join(', ')}`,
      remedy: 'correct what was said above, and run the same command again: it tries only these',
    },
  ])

const SYSTEM = 0

/** Does one operation; why it failed, where it did. What is not there any more counts as done. (HOST-44, HOST-46) */
async function undo(
  op: RecordedOp,
  others: readonly LayerRecord[],
  tools: HostTools,
  handOver: HandOver,
): Promise<string | undefined> {
  const { kind, targets = [], scope = SYSTEM, extra = {} } = op
  const privilege: Privilege = scope === SYSTEM ? 'root' : 'user'
  const run = async (body: string, as: Privilege = privilege) => {
    const { exitCode, stdout, stderr } = await script(body, as, tools)
    if (exitCode === 0) return undefined
    return (stderr || stdout).trim().split('\n').at(-1) ?? `exit code ${exitCode}`
  }
  const paths = targets.map((target) =>
    quoteSingle(target.replace(/^(~|\$HOME)(?=\/|$)/, () => tools.machine.user.home)),
  )
  const systemctl = scope === SYSTEM ? 'systemctl' : 'systemctl --user'
  const isKnown = (unit: string) => `${systemctl} cat -- ${unit} >/dev/null 2>&1`
  switch (kind) {
    case 'package-remove':
      return removePackages(op, others, tools, handOver)
    case 'rm-file-system':
    case 'rm-file-user':
    case 'remove-envd-file':
    case 'remove-repo-file':
      return run(paths.map((path) => takeAway(path, extra)).join('\n'))
    case 'rm-dir-recursive':
      return run(`rm -rf -- ${paths.join(' ')}`)
    case 'service-disable':
      return run(paths.map((unit) => `! ${isKnown(unit)} || ${systemctl} disable --now -- ${unit}`).join('\n'))
    case 'restore-enabled':
      return run(paths.map((unit) => `! ${isKnown(unit)} || ${systemctl} enable --now -- ${unit}`).join('\n'))
    case 'service-remove':
    case 'remove-dropin':
      return run(
        `${paths.map((path) => `${takeAway(path, extra)}\nrmdir -- "$(dirname -- ${path})" 2>/dev/null || :`).join('\n')}\n${systemctl} daemon-reload`,
      )
    case 'remove-managed-block': {
      for (const target of targets) {
        const text = await readText(target, tools[privilege])
        if (text === undefined) continue
        const left = inFile(target, () => withoutBlock(text, extra['marker'] ?? ''))
        if (left.trim() === '') await script(`rm -f -- ${quoteSingle(target)}`, privilege, tools)
        else if (left !== text) await putText(target, left, tools[privilege])
      }
      return undefined
    }
    case 'copr-disable':
      return run(paths.map((project) => `dnf -y copr disable ${project}`).join('\n'))
    case 'pixi-env-remove':
    case 'cargo-uninstall':
    case 'npm-uninstall-g':
      return removeBuilt(op, others, tools, handOver)
    default:
      return `this ov does not know how to take back ${JSON.stringify(kind)}`
  }
}

/** A file goes, or is again what it was. */
const takeAway = (path: string, { backup, of }: Readonly<Record<string, string>>): string =>
  backup !== undefined
    ? `if [ -e ${quoteSingle(backup)} ] || [ -L ${quoteSingle(backup)} ]; then mv -fT -- ${quoteSingle(backup)} ${path}; fi`
    : // What another layer had put there as well is that layer's.
      of === undefined
      ? `rm -f -- ${path}`
      : ':'

/** Folders that a layer made go when nothing is in them, the innermost first; so do those of what was kept. */
async function removeFolders({ directories = [], reverse_ops = [] }: LayerRecord, tools: HostTools): Promise<void> {
  const { home } = tools.machine.user
  const byDepth = [...new Set(directories)].sort((a, b) => b.length - a.length)
  const rmdir = (paths: readonly string[]) =>
    paths.map((path) => `rmdir -- ${quoteSingle(path)} 2>/dev/null || :`).join('\n')
  const inHome = byDepth.filter((path) => path.startsWith(`${home}/`))
  const others = byDepth.filter((path) => !path.startsWith(`${home}/`))
  const kept = (root: string) =>
    `[ ! -d ${quoteSingle(root)} ] || find ${quoteSingle(root)} -depth -type d -empty -delete`
  await script(`${rmdir(inHome)}\n${kept(`${home}/.config/overthink/installed/backups`)}`, 'user', tools)
  if (others.length > 0 || reverse_ops.some(({ scope = SYSTEM }) => scope === SYSTEM))
    await script(
      `${rmdir(others)}\n${kept('/var/lib/overthink/backups')}\nrmdir /var/lib/overthink 2>/dev/null || :`,
      'root',
      tools,
    )
}
