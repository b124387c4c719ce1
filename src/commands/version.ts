import { VERSION } from '../version.ts'
import type { Context } from './command.ts'

/** `ov version`. */
export function run(context: Context): Promise<number> {
  context.result(VERSION)
  return Promise.resolve(0)
}
