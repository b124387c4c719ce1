import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import type { HostPlan } from '../../../plan/host/index.ts'
import { scopeOf } from '../../../plan/steps.ts'
import type { RecordedOp } from '../../../state/ledger.ts'
import { openBuilder } from './builders.ts'
import { performDownload } from './download.ts'
import { look } from './observe.ts'
import { ensureProfile, profileEdits } from './profile.ts'
import { Recorder, recordOf, timeOf } from './recorder.ts'
import { backupFolder, packagesBefore, serviceOps, undoOf, unitOp } from './reverse.ts'
import { run, tell, type Prepared } from './run.ts'
import type { HostTools } from './tools.ts'
import { bareName, isService, packagesOf, sha256, type Venue, type Work } from './work.ts'

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
