import { randomBytes } from 'node:crypto'
import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { withBlock } from '../../../format/fence.ts'
import { quoteSingle } from '../../../format/index.ts'
import type { BuilderStep, TaskStep } from '../../../plan/ir.ts'
import type { HostPlan } from '../../../plan/host/index.ts'
import type { Wanted } from '../../../plan/host/wanted.ts'
import { persisted, scopeOf, SCOPE_NUMBERS } from '../../../plan/steps.ts'
import {
  isLike,
  mergeOps,
  mergeSteps,
  type LayerRecord,
  type RecordedOp,
  type RecordedStep,
} from '../../../state/ledger.ts'
import { actionScript, fetchScript, placeScript, PRELUDE, runFetched } from '../../../synth/host/script.ts'
import type { RunOptions } from '../../executor.ts'
import { look, readText, type Seen } from './observe.ts'
import type { LedgerFiles } from './records.ts'
import { openBuilder } from './builders.ts'
import { describe } from './describe.ts'
import { ensureProfile, profileEdits } from './profile.ts'
import { inFile, putText } from './text.ts'
import {
  bareName,
  isService,
  packagesOf,
  sha256,
  unitOf,
  unitsNow,
  type Privilege,
  type Venue,
  type Work,
} from './work.ts'

export interface HostTools extends Venue {
  readonly ledger: LedgerFiles
  readonly say: (line: string) => void
  readonly now: () => Date
  readonly signal: AbortSignal
  /** Reference of the image that a builder runs in, which is there. */
  readonly builderImage: (step: BuilderStep) => Promise<string>
  /** Called before a step is done. */
  readonly before: (work: Work) => Promise<void>
  /** Folder on the machine for the files of layers; it is there as long as this ov holds the ledger. */
  readonly stage: string
}

/** Brings a machine to what its deploy wants, layer after layer; what a step will change is recorded before it does. (HOST-37, HOST-38) */
export async function applyHost(plan: HostPlan, works: readonly Work[], tools: HostTools): Promise<void> {
  const { ledger, now } = tools
  const { layers, deploys } = await ledger.read()
  // What can't be added to in the end stops everything before the first change.
  await profileEdits(plan.name, plan.env, tools)
  const records = new Map(layers)
  const closed = (work: Work) => work.closed !== undefined
  const idle = works.every((work) => work.done || closed(work))
  const complete = plan.plans.every(({ layer }) => records.get(layer)?.deployed_by.includes(plan.deployId) === true)
  if (!idle || !complete || !deploys.has(plan.deployId))
    await ledger.writeDeploy({
      deploy_id: plan.deployId,
      image: plan.image,
      ...(plan.tag !== undefined && { tag: plan.tag }),
      target: plan.target,
      layer: plan.plans.map(({ layer }) => layer),
      add_layer: plan.addLayers,
      deployed_at: timeOf(now()),
    })
  for (const { layer, version } of plan.plans) {
    const before = records.get(layer)
    const own = works.filter((one) => one.layer.plan.layer === layer)
    if (before?.deployed_by.includes(plan.deployId) === true && own.every((work) => work.done || closed(work))) {
      for (const work of own.filter(closed)) skip(work, tools)
      continue
    }
    const recorder = new Recorder(
      {
        ...before,
        layer,
        version,
        deployed_by: [...new Set([...(before?.deployed_by ?? []), plan.deployId])],
        deployed_at: timeOf(now()),
      },
      records,
      tools,
    )
    await recorder.save()
    for (const batch of batchesOf(own))
      try {
        await perform(batch, recorder, tools)
      } catch (error) {
        const lacksRepository = batch[0].step.kind === 'SystemPackages' && own.some(isClosedRepository)
        throw lacksRepository && error instanceof DiagnosticError ? withoutRepository(error) : error
      }
  }
  await ensureProfile(plan.name, plan.env, tools)
}

type Batch = readonly [Work, ...Work[]]

/** Steps of a layer that one shell does: those in a row, with the same rights, that need no answer in between. (HOST-08) */
function batchesOf(works: readonly Work[]): Batch[] {
  const batches: [Work, ...Work[]][] = []
  for (const work of works) {
    const last = batches.at(-1)
    if (last && isBatched(work) && isBatched(last[0]) && last[0].privilege === work.privilege) last.push(work)
    else batches.push([work])
  }
  return batches
}

function isBatched({ step, closed, done, wanted }: Work): boolean {
  if (closed !== undefined || done || wanted.some(({ kind }) => kind === 'block')) return false
  if (step.kind === 'Task') return step.task.verb !== 'download'
  return ['File', 'RepoChange', 'ShellHook', 'ServiceCustom', 'ServicePackaged'].includes(step.kind)
}

const isClosedRepository = ({ step, closed }: Work): boolean =>
  step.kind === 'SystemPackages' && closed === 'allow-repo-changes'

/** (HOST-05) */
const withoutRepository = ({ diagnostics }: DiagnosticError): DiagnosticError =>
  new DiagnosticError(
    diagnostics.map((one) => ({
      ...one,
      remedy: 'its repositories were left out: --allow-repo-changes adds them, when they are trusted',
    })),
  )

const timeOf = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z')

/** Something that a step changes, and that can be told only by what was there before. */
interface Pending {
  /** Name in the record. */
  readonly key: string
  readonly before: Iterable<string>
  /** How what was not there then is taken back. */
  readonly ops: (before: ReadonlySet<string>) => Promise<readonly RecordedOp[]> | readonly RecordedOp[]
}

/** The record of a layer while its steps are done. */
class Recorder {
  #record: LayerRecord
  readonly #records: Map<string, LayerRecord>
  readonly #tools: HostTools

  /** `records` are those of all layers on the machine; they are kept as they are now. */
  constructor(record: LayerRecord, records: Map<string, LayerRecord>, tools: HostTools) {
    this.#record = record
    this.#records = records
    this.#tools = tools
  }

  /** What a step is about to change; of what is only known afterwards, what was there before. */
  async before(ops: readonly RecordedOp[], directories: readonly string[], pending?: Pending): Promise<void> {
    const { reverse_ops = [], directories: known = [], before = {} } = this.#record
    this.#record = {
      ...this.#record,
      reverse_ops: mergeOps(reverse_ops, ops),
      directories: [...new Set([...known, ...directories])],
      // What an earlier run has not finished began with less.
      ...(pending && { before: { [pending.key]: [...pending.before], ...before } }),
    }
    await this.save()
  }

  /** A step that was done. */
  async after(step: RecordedStep, written: Readonly<Record<string, string>>, pending?: Pending): Promise<void> {
    const { steps = [], reverse_ops = [], written: known = {}, before = {} } = this.#record
    const { [pending?.key ?? '']: had = [], ...others } = before
    const ops = pending ? await pending.ops(new Set(had)) : []
    this.#record = {
      ...this.#record,
      before: others,
      steps: mergeSteps(steps, [step]),
      reverse_ops: mergeOps(reverse_ops, ops),
      written: { ...known, ...written },
    }
    await this.save()
  }

  has(op: RecordedOp): boolean {
    const { reverse_ops = [] } = this.#record
    return mergeOps(reverse_ops, [op]).length === reverse_ops.length
  }

  /**
   * How what is at a path is kept before a step replaces it. An earlier run may have recorded that, and have ended before it did it: then it is
   * still to be done. Where that run found nothing there, what is there now is ov's own.
   */
  keeping(path: string, backup: string, op: RecordedOp): { path: string; backup: string }[] {
    const known = this.#record.reverse_ops?.find((one) => mergeOps([one], [op]).length === 1)
    if (!known) return [{ path, backup }]
    const recorded = known.extra?.['backup']
    return recorded === undefined ? [] : [{ path, backup: recorded }]
  }

  get layer(): string {
    return this.#record.layer
  }

  /** Whether a step was done by an earlier run. */
  knows(digest: string): boolean {
    return this.#record.steps?.some(({ extra }) => extra?.['digest'] === digest) === true
  }

  /** The other layer that has an operation like this one; of several, the one that came last. (HOST-57) */
  otherWith(op: RecordedOp): string | undefined {
    const { layer } = this.#record
    const theirs = [...this.#records.values()].flatMap((record) =>
      record.layer !== layer && record.deployed_by.length > 0
        ? (record.reverse_ops ?? []).filter((one) => isLike(one, op)).map((one) => ({ layer: record.layer, one }))
        : [],
    )
    return theirs.find(({ layer: name }) => !theirs.some(({ one }) => one.extra?.['of'] === name))?.layer
  }

  save(): Promise<void> {
    this.#records.set(this.#record.layer, this.#record)
    return this.#tools.ledger.writeLayer(this.#record)
  }
}

/** (HOST-05) */
const skip = ({ step, closed }: Work, { say }: HostTools): void =>
  say(`[skip] ${step.kind} scope=${scopeOf(step)} requires --${closed}`)

async function perform(batch: Batch, recorder: Recorder, tools: HostTools): Promise<void> {
  const [work] = batch
  const { step, closed, done } = work
  if (closed !== undefined) {
    skip(work, tools)
    return
  }
  if (done) {
    await adopt(work, recorder, tools)
    return
  }
  tools.signal.throwIfAborted()
  for (const one of batch) await tools.before(one)
  if (step.kind === 'Task' && step.task.verb === 'download') {
    tell(work, tools)
    await performDownload(work, step, recorder, tools)
    return
  }
  if (step.kind === 'Builder') {
    tell(work, tools)
    const builder = await openBuilder(step, tools)
    let ops: (before: ReadonlySet<string>) => readonly RecordedOp[] = () => []
    const pending = {
      key: `builder ${step.builder}`,
      before: builder.before,
      ops: (before: ReadonlySet<string>) => ops(before),
    }
    await recorder.before([], builder.folders, pending)
    const built = await builder.build()
    ops = built.ops
    await recorder.after(recordOf(work, built.uses, tools), {}, pending)
    return
  }
  const ops: RecordedOp[] = []
  const directories: string[] = []
  const prepared: Prepared[] = []
  const seen = await look(
    batch.flatMap(({ wanted }) => wanted.map(({ path }) => path)),
    tools[work.privilege],
  )
  for (const one of batch) {
    const undo = undoOf(one, seen.splice(0, one.wanted.length), backupFolder(one, tools), recorder)
    ops.push(...undo.ops)
    directories.push(...undo.directories)
    if (isService(one.step) && one.step.enable) ops.push(...(await serviceOps(one.step, recorder, tools)))
    if (one.step.kind === 'SystemPackages' && one.step.phase === 'prepare')
      ops.push(...one.step.copr.map((project) => ({ kind: 'copr-disable', targets: [project] })))
    prepared.push({
      work: one,
      keeps: undo.keeps.flatMap(({ path, backup, op }) => recorder.keeping(path, backup, op)),
    })
  }
  const packages =
    step.kind === 'SystemPackages' && step.phase === 'install' ? await packagesBefore(step, tools) : undefined
  await recorder.before(ops, directories, packages)
  await run(prepared, tools, async (one) => {
    const written = Object.fromEntries(
      one.wanted.flatMap((wanted) =>
        wanted.kind === 'text'
          ? [[wanted.path, sha256(wanted.text)]]
          : wanted.kind === 'copy'
            ? [[wanted.path, wanted.hash]]
            : [],
      ),
    )
    await recorder.after(recordOf(one, await usesOf(one.step, tools), tools), written, packages)
  })
}

const tell = ({ step, layer }: Work, { say }: HostTools): void => say(`${layer.plan.layer}: ${describe(step)}`)

/** A step that was done; `uses` are names that it shares with other layers, by the operation that takes them back. */
const recordOf = (
  { step, digest }: Work,
  uses: Readonly<Record<string, string>>,
  { now }: Pick<HostTools, 'now'>,
): RecordedStep => ({
  ...persisted(step),
  summary: describe(step),
  completed_at: timeOf(now()),
  extra: { digest, ...uses },
})

/** What a layer lists, whoever brought it: none of it goes as long as the layer is there. (HOST-57) */
async function usesOf(step: Work['step'], venue: Venue): Promise<Record<string, string>> {
  if (step.kind !== 'SystemPackages' || step.phase !== 'install') return {}
  const uses = step.packages.map(bareName)
  // One that others provide is never listed by its name.
  const there = await packagesOf(step.format, 'installed', venue)
  const absent = uses.filter((name) => !there.has(name)).join(' ')
  return { uses: uses.join(' '), undo: `package-remove ${step.format}`, ...(absent !== '' && { absent }) }
}

/** What is as it should be already: where another layer made it so, it stays until this one goes, too. (HOST-57, HOST-58) */
async function adopt(work: Work, recorder: Recorder, tools: HostTools): Promise<void> {
  const { step, digest } = work
  if (recorder.knows(digest)) return
  const ops = undoOf(work, work.seen, '', recorder).ops.filter(({ extra }) => extra?.['of'] !== undefined)
  if (isService(step) && step.enable) {
    const about = unitOp(step)
    if (recorder.otherWith({ kind: 'service-disable', ...about }) !== undefined)
      ops.push({ kind: 'service-disable', ...about }, { kind: 'restore-enabled', ...about })
  }
  await recorder.before(
    ops.map(({ extra: { backup: _, ...extra } = {}, ...op }) => ({ ...op, extra })),
    [],
  )
  await recorder.after(recordOf(work, await usesOf(step, tools), tools), {})
}

/** Fetches first, and changes the machine only when all of it is there. What came whole goes whole; what was there comes back. (HOST-14, HOST-15) */
async function performDownload(work: Work, step: TaskStep, recorder: Recorder, tools: HostTools): Promise<void> {
  const { privilege, layer } = work
  const folder = `${tools.stage}/${layer.plan.layer}.download`
  const fetched = await script(fetchScript(step, tools.machine, folder), privilege, tools)
  if (fetched.exitCode !== 0) throw failed(work, fetched.exitCode, fetched.stderr)
  const parts = fetched.stdout.split('\0')
  const entries = Array.from({ length: Math.floor(parts.length / 3) }, (_, index) => {
    const [state = '', from = '', path = ''] = parts.slice(index * 3, index * 3 + 3)
    return { state, from, path }
  })
  const scope = privilege === 'root' ? {} : { scope: 1 }
  const kind = privilege === 'root' ? 'rm-file-system' : 'rm-file-user'
  const backups = backupFolder(work, tools)
  const ops = entries.map(({ state, path }): RecordedOp => {
    if (state === 'folder') return { kind: 'rm-dir-recursive', targets: [path], ...scope }
    return { kind, targets: [path], ...scope, ...(state === 'old' && { extra: { backup: `${backups}${path}` } }) }
  })
  const removals = (step.task as Extract<typeof step.task, { verb: 'download' }>).uninstall
  if (removals.length > 0) ops.push({ kind, targets: removals, ...scope })
  const parents = await look(
    entries.map(({ path }) => path),
    tools[privilege],
  )
  const keeps = new Map(
    entries.map((entry) => [
      entry,
      entry.state === 'old'
        ? recorder.keeping(entry.path, `${backups}${entry.path}`, { kind, targets: [entry.path], ...scope })
        : [],
    ]),
  )
  await recorder.before(ops, [...new Set(parents.flatMap(({ missing }) => missing))])
  const lines = [
    ...entries.flatMap((entry) => {
      const { from, path } = entry
      return [
        ...keeps.get(entry)!.map((one) => `keep ${quoteSingle(one.path)} ${quoteSingle(one.backup)}`),
        `place ${quoteSingle(from)} ${quoteSingle(path)}`,
      ]
    }),
    runFetched(step, tools.machine, folder),
    `rm -rf -- ${quoteSingle(folder)}`,
  ]
  const { exitCode, stdout, stderr } = await script(lines.join('\n'), privilege, tools)
  if (exitCode !== 0) throw failed(work, exitCode, `${stdout}${stderr}`)
  await recorder.after(recordOf(work, {}, tools), {})
}

/** As it was before ov: below a folder that only the owner of these files reads. */
const backupFolder = ({ privilege, layer }: Work, { machine }: Venue): string =>
  privilege === 'root'
    ? `/var/lib/overthink/backups/${layer.plan.layer}`
    : `${machine.user.home}/.config/overthink/installed/backups/${layer.plan.layer}`

/** How what a step puts somewhere is taken back. */
function undoOf(
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
async function serviceOps(
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
function unitOp(step: Extract<Work['step'], { kind: 'ServicePackaged' | 'ServiceCustom' }>) {
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

async function packagesBefore(
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

/** A step, and what it replaces. */
interface Prepared {
  readonly work: Work
  readonly keeps: readonly { path: string; backup: string }[]
}

/**
 * Does steps in one shell, which says when each is done, so that it is recorded at once; what the programs of a step print is told where it fails.
 * (HOST-08, HOST-38)
 */
async function run(steps: readonly Prepared[], tools: HostTools, record: (work: Work) => Promise<void>): Promise<void> {
  const { privilege } = steps[0]!.work
  const mark = `ov ${randomBytes(12).toString('hex')}`
  // What was printed last need not have ended its line.
  const say = `printf '\\n%s\\n' '${mark}'; printf '\\n%s\\n' '${mark}' >&2`
  const scripts: string[] = []
  for (const { work, keeps } of steps) {
    const { step, wanted, layer } = work
    const context = { machine: tools.machine, stage: `${tools.stage}/${layer.plan.layer}` }
    for (const one of wanted) if (one.kind === 'block') await writeBlock(one, privilege, tools)
    const lines = [
      ...keeps.map(({ path, backup }) => `keep ${quoteSingle(path)} ${quoteSingle(backup)}`),
      ...wanted.flatMap((one) => (one.kind === 'block' ? [] : [placeScript(one, context)])),
      actionScript(step, context),
    ].filter((line) => line !== '')
    // What a step sets in its shell is not for the next one.
    scripts.push(`(\n${lines.length > 0 ? lines.join('\n') : ':'}\n)\n${say}`)
  }
  let done = 0
  let recorded = Promise.resolve()
  const output = { stdout: [] as string[], stderr: [] as string[] }
  tell(steps[0]!.work, tools)
  const { exitCode } = await script(scripts.join('\n'), privilege, tools, (line, stream) => {
    if (line !== mark) {
      output[stream].push(line)
      return
    }
    output[stream] = []
    if (stream === 'stderr') return
    const { work } = steps[done++]!
    recorded = recorded.then(() => record(work))
    recorded.catch(() => {})
    const next = steps[done]
    if (next) tell(next.work, tools)
  })
  await recorded
  if (exitCode !== 0) throw failed(steps[done]!.work, exitCode, [...output.stdout, ...output.stderr].join('\n'))
}

/**
 * Runs a script with rights. All of it is read before any of it runs, and no other step runs meanwhile: one that outlived its ov, or its connection,
 * is waited for.
 */
export const script = (
  body: string,
  privilege: Privilege,
  { ledger, stage, ...venue }: Pick<HostTools, Privilege | 'ledger' | 'stage'>,
  onLine?: RunOptions['onLine'],
) =>
  venue[privilege].run(['flock', '--close', ledger.root, 'bash', '-s'], {
    // One that comes to its turn only after its ov is gone would get between the steps of the next.
    stdin: `${PRELUDE}\n[ -d ${quoteSingle(stage)} ] || exit 75\nwork() {\n${body}\n}\nwork\n`,
    ...(onLine && { onLine }),
  })

async function writeBlock(
  wanted: Extract<Wanted, { kind: 'block' }>,
  privilege: Privilege,
  tools: HostTools,
): Promise<void> {
  const text = (await readText(wanted.path, tools[privilege])) ?? ''
  const after = inFile(wanted.path, () => withBlock(text, wanted.marker, wanted.text))
  await putText(wanted.path, after, tools[privilege])
}

function failed({ step, layer }: Work, exitCode: number, output: string): DiagnosticError {
  return new DiagnosticError([
    {
      code: 'OV5040',
      severity: 'error',
      message: `plan ${layer.plan.layer}: ${describe(step)} failed (exit code ${exitCode})`,
      entity: `layer "${layer.plan.layer}"`,
      place: step.origin,
      output: output.trim().split('\n').slice(-20),
      remedy:
        'what was done before it stays, and is recorded: correct it and run the same command again, or take it back with ov deploy del',
    },
  ])
}
