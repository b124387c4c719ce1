import { withBlock, withoutBlock } from '../../../format/fence.ts'
import { deployEnvFile, envFileText, sourcingBlocks } from '../../../plan/host/shell-files.ts'
import { readText } from './observe.ts'
import { inFile, putText } from './text.ts'
import type { Venue } from './work.ts'

/** Name of the block that reads the variables of all layers. (HOST-30) */
const GLOBAL = ''

/** A file that reads, or sets, variables of layers, as it is and as it has to be. */
interface ProfileEdit {
  readonly path: string
  readonly before: string | undefined
  readonly after: string
}

/** What is to be changed so that the deploying user's login shell reads the variables of layers, and of the deploy itself. (HOST-32, DEP-58) */
export async function profileEdits(
  name: string,
  env: Readonly<Record<string, string>>,
  { machine, user }: Pick<Venue, 'machine' | 'user'>,
): Promise<ProfileEdit[]> {
  const edits: ProfileEdit[] = []
  if (Object.keys(env).length > 0) {
    const path = deployEnvFile(machine.user.home, name)
    const after = envFileText({ layerName: `deploy ${name}`, envVars: env, pathAdd: [] })
    edits.push({ path, before: await readText(path, user), after })
  }
  for (const { path, body } of sourcingBlocks(machine)) {
    const before = await readText(path, user)
    edits.push({ path, before, after: inFile(path, () => withBlock(before ?? '', GLOBAL, body)) })
  }
  return edits.filter(({ before, after }) => before !== after)
}

/** Makes the deploying user's login shell read the variables of layers, and of the deploy itself. (HOST-32, DEP-58) */
export async function ensureProfile(name: string, env: Readonly<Record<string, string>>, venue: Venue): Promise<void> {
  if (Object.keys(env).length === 0) await forgetDeployEnv(name, venue)
  for (const { path, after } of await profileEdits(name, env, venue)) await putText(path, after, venue.user)
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
    const left = inFile(path, () => withoutBlock(text, GLOBAL))
    if (left === text) continue
    if (left.trim() === '') await user.run(['rm', '-f', '--', path])
    else await putText(path, left, user)
  }
  await user.run(['rmdir', '--', `${machine.user.home}/.config/overthink/env.d`])
}
