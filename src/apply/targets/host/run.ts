import { randomBytes } from 'node:crypto'
import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { withBlock } from '../../../format/fence.ts'
import { quoteSingle } from '../../../format/index.ts'
import type { Wanted } from '../../../plan/host/wanted.ts'
import type { Step } from '../../../plan/ir.ts'
import { actionScript, placeScript, PRELUDE } from '../../../synth/host/script.ts'
import type { RunOptions } from '../../executor.ts'
import { describe } from './describe.ts'
import { readText } from './observe.ts'
import { inFile, putText } from './text.ts'
import type { HostTools } from './tools.ts'
import type { Privilege, Work } from './work.ts'

export const tell = ({ step, layer }: Work, { say }: HostTools): void => say(`${layer.plan.layer}: ${describe(step)}`)

/** A step, and what it replaces. */
export interface Prepared {
  readonly work: Work
  readonly keeps: readonly { path: string; backup: string }[]
}

/**
 * Does steps in one shell, which says when each is done, so that it is recorded at once; what the programs of a step print is told where it fails.
 * (HOST-08, HOST-38)
 */
export async function run(
  steps: readonly Prepared[],
  tools: HostTools,
  record: (work: Work) => Promise<void>,
): Promise<void> {
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
  if (exitCode === 0) return
  const { layer, step } = steps[Math.min(done, steps.length - 1)]!.work
  throw failed(layer.plan.layer, step, withCode(exitCode), [...output.stdout, ...output.stderr])
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

/** A step that ended badly, with what its programs printed last. (HOST-38) */
export const failed = (layer: string, step: Step, how: string, output: readonly string[]): DiagnosticError =>
  new DiagnosticError([
    {
      code: 'OV5040',
      severity: 'error',
      message: `plan ${layer}: ${describe(step)} ${how}`,
      entity: `layer "${layer}"`,
      place: step.origin,
      output: output.join('\n').trim().split('\n').slice(-20),
      remedy:
        'what was done before it stays, and is recorded: correct it and run the same command again, or take it back with ov deploy del',
    },
  ])

/** How a program ended. */
export const withCode = (exitCode: number): string => `failed (exit code ${exitCode})`
