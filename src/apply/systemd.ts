import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { Executor, RunResult } from './executor.ts'

/** How a unit is. */
export interface UnitState {
  readonly load: string
  readonly active: string
  readonly sub: string
  readonly restarts: number
}

/** What systemd says of a unit of the user. */
export const unitState = async (unit: string, executor: Executor): Promise<UnitState> =>
  (await unitStates([unit], executor)).get(unit)!

/** The same of many, in one question. */
export async function unitStates(
  units: readonly string[],
  executor: Executor,
): Promise<ReadonlyMap<string, UnitState>> {
  if (units.length === 0) return new Map()
  const { stdout } = await executor.run(
    ['systemctl', '--user', 'show', ...units, '-p'].concat('Id,LoadState,ActiveState,SubState,NRestarts'),
  )
  const blocks = stdout.split(/\n\n+/).map((block) => {
    const lines = block.split('\n').filter((line) => line.includes('='))
    return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  })
  return new Map(
    units.map((unit, index) => {
      // Answers come in the order of the questions; a unit may be known by another name.
      const fields = blocks.find((one) => one.get('Id') === unit) ?? blocks[index]
      return [
        unit,
        {
          load: fields?.get('LoadState') ?? '',
          active: fields?.get('ActiveState') ?? '',
          sub: fields?.get('SubState') ?? '',
          restarts: Number(fields?.get('NRestarts') ?? 0),
        },
      ]
    }),
  )
}

/** Tells the user's manager something; its refusal is reported with what it said. */
export async function systemctl(executor: Executor, ...args: string[]): Promise<void> {
  refuse(await executor.run(['systemctl', '--user', ...args]), args)
}

/** Reports what the user's manager could not do, and what the units logged. */
export function refuse(result: RunResult, args: readonly string[], logged: readonly string[] = []): void {
  if (result.exitCode !== 0)
    throw new DiagnosticError([
      {
        code: 'OV5007',
        severity: 'error',
        message: `systemctl --user ${args.join(' ')} failed`,
        output: [...result.stderr.trim().split('\n'), ...logged],
        remedy: 'check the user manager: systemctl --user status',
      },
    ])
}

/** A place in the journal, to see only what comes after it. */
export async function journalCursor(executor: Executor): Promise<string | undefined> {
  const { stdout } = await executor.run(['journalctl', '--user', '-n', '0', '--show-cursor', '--no-pager'])
  return /^-- cursor: (.*)$/m.exec(stdout)?.[1]
}

/** The last lines that units logged since a place in the journal. */
export async function journal(
  units: readonly string[],
  since: string | undefined,
  executor: Executor,
): Promise<string[]> {
  const { stdout } = await executor.run([
    ...['journalctl', '--user', ...units.flatMap((unit) => ['-u', unit]), '-n', '25', '--no-pager', '-o', 'cat'],
    ...(since === undefined ? [] : [`--after-cursor=${since}`]),
  ])
  return stdout.split('\n').filter((line) => line.trim() !== '')
}
