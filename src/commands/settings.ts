import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { deployName } from '../model/deploy-key.ts'
import { updateConfigFile } from '../state/config-file.ts'
import { findSetting, listSettings, resetSettings, setSetting } from '../state/settings.ts'
import { userPaths } from '../state/paths.ts'
import type { Context } from './command.ts'
import { confirm } from './confirm.ts'
import { openCredentials } from './credentials.ts'
import { engineNamed } from './engine.ts'
import { localExecutor } from '../apply/executors/local.ts'

/** A password of a VNC server is a credential, and goes where those are. (CRED-85) */
const VNC = /^vnc\.password\.(.+)$/

/** `ov settings get`: the value that is in force. What is chosen at run time is shown as it was chosen. (SET-01, SET-04) */
export async function get(context: Context, _: object, key: string): Promise<number> {
  const { configFile } = userPaths()
  const [, image] = VNC.exec(key) ?? []
  if (image !== undefined) {
    const { value = '', source } = await openCredentials(context).resolve('ov/vnc', vncKey(image))
    context.result(source === 'locked' ? '<LOCKED>' : value)
    return 0
  }
  const { value } = findSetting(key, configFile)
  if (key === 'engine.build' || key === 'engine.run') context.result((await engineNamed(value, localExecutor)).program)
  else if (key === 'secret_backend') context.result((await openCredentials(context).active()).name)
  else context.result(value)
  return 0
}

/** `ov settings set` (SET-01) */
export async function set(context: Context, _: object, key: string, value: string): Promise<number> {
  const [, image] = VNC.exec(key) ?? []
  if (image !== undefined) {
    const store = await openCredentials(context).set('ov/vnc', vncKey(image), value)
    context.say(`Stored ov/vnc/${vncKey(image)} in ${store}`)
    return 0
  }
  const { configFile } = userPaths()
  await setSetting(key, value, configFile)
  const { value: now, source } = findSetting(key, configFile)
  context.say(`${key} is ${JSON.stringify(value)} now`)
  if (source.startsWith('env')) context.say(`Note: ${source} goes before it, and says ${JSON.stringify(now)}`)
  return 0
}

/** `ov settings list`: keys, values and where they come from; of credentials only that there is one. (SET-01, SET-04) */
export async function list(context: Context): Promise<number> {
  const lines = listSettings(userPaths().configFile).map(
    ([key, { value, source }]) => `${key} ${value === '' ? '-' : value} (${source})`,
  )
  const vnc = await openCredentials(context)
    .list()
    .then(({ found }) => found.filter(({ service }) => service === 'ov/vnc'))
    .catch((error: unknown) => {
      if (!(error instanceof DiagnosticError)) throw error
      // The settings are what one looks at to find out why.
      for (const { message } of error.diagnostics) context.say(`Note: ${message}`)
      return []
    })
  context.result([...lines, ...vnc.map(({ key }) => `vnc.password.${key} <set> (credential store)`)].join('\n'))
  return 0
}

export interface ResetOptions {
  readonly all?: boolean
  readonly yes?: boolean
}

/** `ov settings reset`: settings only; credentials and the index of the keyring are data, and stay unless all is meant. (SET-05) */
export async function reset(context: Context, { all, yes }: ResetOptions, key?: string): Promise<number> {
  const { configFile } = userPaths()
  const [, image] = VNC.exec(key ?? '') ?? []
  if (image !== undefined) {
    await openCredentials(context).delete('ov/vnc', vncKey(image))
    context.say(`Removed ov/vnc/${vncKey(image)}`)
    return 0
  }
  if (all === true) {
    if (key !== undefined) {
      context.say('--all resets everything: leave the key out')
      return 64
    }
    const question = `Remove all settings, and the credentials that ${configFile} holds?`
    if (yes !== true && !(await confirm(question))) {
      context.say('nothing was changed')
      return 1
    }
  }
  await resetSettings(configFile, key)
  if (all === true)
    await updateConfigFile(configFile, (document) => {
      document.delete('vnc_passwords')
      document.delete('keyring_keys')
    })
  context.say(key === undefined ? 'All settings are back to their defaults' : `${key} is back to its default`)
  return 0
}

/** `ov settings path` */
export function path(context: Context): Promise<number> {
  context.result(userPaths().configFile)
  return Promise.resolve(0)
}

/** `web/eu` is one key in the store. (CRED-01) */
const vncKey = (image: string): string => {
  const { image: name, instance } = deployName(image)
  return instance === undefined ? name : `${name}-${instance}`
}
