import { withBlock, withoutBlock } from '../../../format/fence.ts'
import { deployEnvFile, envFileText, sourcingBlocks } from '../../../plan/host/shell-files.ts'
import { readText } from './observe.ts'
import { putText } from './text.ts'
import type { Venue } from './work.ts'

/** Name of the block that reads the variables of all layers. (HOST-30) */
const GLOBAL = ''

/** Makes the deploying user's login shell read the variables of layers, and of the deploy itself. (HOST-32, DEP-58) */
export async function ensureProfile(name: string, env: Readonly<Record<string, string>>, venue: Venue): Promise<void> {
  const { machine, user } = venue
  const file = deployEnvFile(machine.user.home, name)
  if (Object.keys(env).length === 0) await user.run(['rm', '-f', '--', file])
  else await putText(file, envFileText({ layerName: `deploy ${name}`, envVars: env, pathAdd: [] }), venue)
  for (const { path, body } of sourcingBlocks(machine)) {
    const text = (await readText(path, user)) ?? ''
    const wanted = withBlock(text, GLOBAL, body)
    if (wanted !== text) await putText(path, wanted, venue)
  }
}

/** What a deploy itself had set. */
export const forgetDeployEnv = async (name: string, { machine, user }: Venue): Promise<void> =>
  void (await user.run(['rm', '-f', '--', deployEnvFile(machine.user.home, name)]))

/** Files that may have the block: the login shell may have been another one. */
const CANDIDATES = ['.profile', '.bash_profile', '.bash_login', '.zshenv', '.config/fish/conf.d/overthink.fish']

/** Takes the block out again when no layer is left; a file with nothing else in it goes. (HOST-32) */
export async function removeProfile(venue: Venue): Promise<void> {
  const { machine, user } = venue
  for (const name of CANDIDATES) {
    const path = `${machine.user.home}/${name}`
    const text = await readText(path, user)
    if (text === undefined) continue
    const left = withoutBlock(text, GLOBAL)
    if (left === text) continue
    if (left.trim() === '') await user.run(['rm', '-f', '--', path])
    else await putText(path, left, venue)
  }
  await user.run(['rmdir', '--', `${machine.user.home}/.config/overthink/env.d`])
}
