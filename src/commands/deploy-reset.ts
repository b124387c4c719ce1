import { existsSync, rmSync } from 'node:fs'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { deployName } from '../model/deploy-key.ts'
import { withoutOverride } from '../plan/pod/three-way.ts'
import { updateDeployFile } from '../state/deploy-file/index.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import type { InstanceOption } from './service-verbs.ts'

/** `ov deploy reset`: forgets deploy.yml, an entry of it, or one value that the operator changed. (POD-148) */
export async function run(
  context: Context,
  options: InstanceOption & { field?: string },
  deploy?: string,
): Promise<number> {
  const machine = thisMachine(context)
  const { paths, store } = machine
  if (deploy === undefined) {
    const there = existsSync(paths.deployFile)
    rmSync(paths.deployFile, { force: true })
    context.say(there ? 'Removed deploy.yml' : 'No deploy.yml to remove')
    return 0
  }
  const { key } = deployName(deploy, options.instance)
  const entry = machine.deploys.entries.get(key)
  if (entry === undefined) {
    context.say(`No overrides for image "${key}"`)
    return 0
  }
  const { field } = options
  if (field === undefined) {
    await updateDeployFile(paths, 'reset', (file) => file.removeEntry(key))
    context.say(`Removed overrides for "${key}"`)
    return 0
  }
  const [applied] = store.typed(key)
  const reset = withoutOverride(entry, applied, field)
  if (reset === undefined)
    throw new DiagnosticError([
      {
        code: 'OV6007',
        severity: 'error',
        message: `deploy "${key}": nothing under ${field} differs from what the project said`,
        remedy: 'ov diff shows the values that were changed on this machine',
      },
    ])
  await updateDeployFile(paths, 'reset', (file) => file.setEntry(key, reset))
  context.say(`Reset ${field} of "${key}"; ov apply makes it so`)
  return 0
}
