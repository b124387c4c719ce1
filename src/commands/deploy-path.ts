import { userPaths } from '../state/paths.ts'
import type { Context } from './command.ts'

/** `ov deploy path`: where deploy.yml is. (POD-149) */
export function run(context: Context): Promise<number> {
  context.result(userPaths().deployFile)
  return Promise.resolve(0)
}
