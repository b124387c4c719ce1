import { resolve } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { deployName } from '../model/deploy-key.ts'
import { writeAtomic } from '../state/atomic.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'

/** `ov deploy export`: entries of deploy.yml as a file of their own. (POD-146) */
export function run(context: Context, options: { output?: string }, deploys: readonly string[]): Promise<number> {
  const machine = thisMachine(context)
  const keys = deploys.map((deploy) => deployName(deploy).key)
  const unknown = keys.filter((key) => !machine.deploys.entries.has(key))
  if (unknown.length > 0)
    throw new DiagnosticError(
      unknown.map((key) => ({
        code: 'OV6007' as const,
        severity: 'error' as const,
        message: `no deploy named "${key}" in deploy.yml`,
        remedy: 'ov deploy status lists them',
      })),
    )
  const text = machine.deploys.select(keys.length > 0 ? keys : [...machine.deploys.entries.keys()])
  if (text === undefined) context.say('No deploy.yml overrides to export')
  else if (options.output === undefined) context.result(text.trimEnd())
  else {
    writeAtomic(resolve(options.output), text, { show: options.output })
    context.say(`Wrote ${options.output}`)
  }
  return Promise.resolve(0)
}
