import { existsSync, readFileSync } from 'node:fs'
import { deployName } from '../model/deploy-key.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import type { InstanceOption } from './service-verbs.ts'

/** `ov deploy show`: deploy.yml, or one entry of it. (POD-145) */
export function run(context: Context, options: InstanceOption, deploy?: string): Promise<number> {
  const { deploys, paths } = thisMachine(context)
  if (deploy === undefined)
    context.result(
      existsSync(paths.deployFile) ? readFileSync(paths.deployFile, 'utf8').trimEnd() : 'No deploy.yml configured',
    )
  else {
    const { key } = deployName(deploy, options.instance)
    context.result(
      deploys
        .select([key])
        ?.replace(/^version: .*\n/, '')
        .trimEnd() ?? `No overrides for image "${key}"`,
    )
  }
  return Promise.resolve(0)
}
