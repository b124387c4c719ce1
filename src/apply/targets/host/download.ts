import { quoteSingle } from '../../../format/index.ts'
import type { TaskStep } from '../../../plan/ir.ts'
import type { RecordedOp } from '../../../state/ledger.ts'
import { fetchScript, runFetched } from '../../../synth/host/script.ts'
import { look } from './observe.ts'
import { recordOf, type Recorder } from './recorder.ts'
import { backupFolder } from './reverse.ts'
import { failed, script, withCode } from './run.ts'
import type { HostTools } from './tools.ts'
import type { Work } from './work.ts'

/** Fetches first, and changes the machine only when all of it is there. What came whole goes whole; what was there comes back. (HOST-14, HOST-15) */
export async function performDownload(work: Work, step: TaskStep, recorder: Recorder, tools: HostTools): Promise<void> {
  const { privilege, layer } = work
  const folder = `${tools.stage}/${layer.plan.layer}.download`
  const fetched = await script(fetchScript(step, tools.machine, folder), privilege, tools)
  if (fetched.exitCode !== 0) throw failed(layer.plan.layer, step, withCode(fetched.exitCode), [fetched.stderr])
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
  if (exitCode !== 0) throw failed(layer.plan.layer, step, withCode(exitCode), [stdout, stderr])
  await recorder.after(recordOf(work, {}, tools), {})
}
