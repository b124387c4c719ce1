import { Credentials } from '../credentials/chain.ts'
import { ConfigFileStore } from '../credentials/config-file.ts'
import { ShadowIndex } from '../credentials/shadow-index.ts'
import type { WaitTools } from '../credentials/waiting.ts'
import { operatorVariables } from '../state/environment.ts'
import { userPaths } from '../state/paths.ts'
import { setting } from '../state/settings.ts'
import type { Context } from './command.ts'
import type { KeyringLook } from '../doctor/secrets.ts'

/** The credentials of this user, as the settings say where they are. (CRED-10, CRED-40) */
export function openCredentials(context: Context, _: { interactive?: boolean } = {}): Credentials {
  const { configFile } = userPaths()
  const env = operatorVariables()
  const config = new ConfigFileStore(configFile, (line) => context.say(line))
  return new Credentials({
    backend: context.kdbx === undefined ? setting('secret_backend', configFile) : 'kdbx',
    env,
    say: (line) => context.say(line),
    open: () => ({
      config,
      keyring: {
        name: 'keyring',
        probe: () => Promise.resolve(false),
        get: () => Promise.resolve(undefined),
        set: () => Promise.resolve(),
        delete: () => Promise.resolve(),
        list: () => Promise.resolve([]),
      },
    }),
  })
}
export const shadowIndex = () => new ShadowIndex(userPaths().configFile)
export const lookAtKeyring = (): Promise<KeyringLook | undefined> => Promise.resolve(undefined)
export const subscribeToUnlock: WaitTools['subscribe'] = () => Promise.resolve(undefined)
