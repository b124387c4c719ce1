import { localExecutor } from '../apply/executors/local.ts'
import { BusError } from '../credentials/bus-error.ts'
import { connectSessionBus, type Bus } from '../credentials/bus.ts'
import { Credentials, type Stores } from '../credentials/chain.ts'
import { ConfigFileStore } from '../credentials/config-file.ts'
import { KdbxStore } from '../credentials/kdbx.ts'
import { inspectCollections, KeyringStore, onUnlock, type KeyringLook } from '../credentials/keyring.ts'
import { MasterPassword } from '../credentials/master-password.ts'
import { ShadowIndex } from '../credentials/shadow-index.ts'
import { StoreProblem } from '../credentials/store.ts'
import { operatorVariables } from '../state/environment.ts'
import { userPaths } from '../state/paths.ts'
import { setting } from '../state/settings.ts'
import type { Context } from './command.ts'
import { askHidden, hasTerminal } from './confirm.ts'

/** The credentials of this user, as the settings say where they are. Nobody is asked for anything where nobody is, or where `quiet` is wished. (CRED-10) */
export function openCredentials(context: Context, { quiet = !hasTerminal() } = {}): Credentials {
  const { configFile } = userPaths()
  const say = (line: string) => context.say(line)
  const password = (asks: boolean) => masterPassword(context, asks)
  // One for each: what was entered is known for as long as ov runs.
  const passwords = { store: password(!quiet), quiet: password(false) }
  return new Credentials({
    backend: context.kdbx === undefined ? setting('secret_backend', configFile) : 'kdbx',
    env: operatorVariables(),
    say,
    open: (): Stores => {
      const path = context.kdbx ?? setting('secrets.kdbx_path', configFile)
      const keyFile = setting('secrets.kdbx_key_file', configFile) || undefined
      const kdbx = (asks: 'store' | 'quiet') => new KdbxStore({ path, keyFile, password: passwords[asks], say })
      return {
        keyring: new KeyringStore({
          bus: sessionBus,
          say,
          preferredLabel: setting('keyring_collection_label', configFile),
          index: shadowIndex(),
          interactive: !quiet,
        }),
        ...(path !== '' && { kdbx: { store: kdbx('store'), quiet: kdbx('quiet') } }),
        config: new ConfigFileStore(configFile, say),
      }
    },
  })
}

/** (CRED-42) */
function masterPassword({ signal }: Context, asks: boolean): MasterPassword {
  const { configFile } = userPaths()
  const cached = setting('secrets.kdbx_cache', configFile) === 'true'
  return new MasterPassword({
    given: operatorVariables()['OV_KDBX_PASSWORD'],
    ...(asks && {
      ask: (question) =>
        askHidden({ text: question, id: 'ov-kdbx', cache: 'none' }, { executor: localExecutor, signal }).then(
          ([answer]) => answer,
        ),
    }),
    ...(cached && { cacheSeconds: Number(setting('secrets.kdbx_cache_timeout', configFile)) }),
    run: (argv, options) => localExecutor.run(argv, options),
  })
}

const sessionBus = (): Promise<Bus> => {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtimeDir } = process.env
  return connectSessionBus(address, { runtimeDir })
}

/** Names of what the keyring has. */
export const shadowIndex = (): ShadowIndex => new ShadowIndex(userPaths().configFile)

/** Hears of collections that are unlocked. (ENC-54) */
export const subscribeToUnlock = (unlocked: () => void, lost: () => void): Promise<(() => Promise<void>) | undefined> =>
  onUnlock(sessionBus, unlocked, lost)

/** The collections of the keyring; undefined where no bus or no keyring answers. (DOC-06) */
export async function lookAtKeyring(): Promise<KeyringLook | undefined> {
  let bus: Bus | undefined
  try {
    bus = await sessionBus()
    return await inspectCollections(bus)
  } catch (error) {
    if (error instanceof StoreProblem || error instanceof BusError) return undefined
    throw error
  } finally {
    bus?.close()
  }
}
