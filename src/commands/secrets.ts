import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { stringify } from 'yaml'
import { badPassphrase, vaultStates } from '../apply/volumes/index.ts'
import { createKdbx } from '../credentials/kdbx.ts'
import {
  credentialName,
  splitCredential,
  StoreProblem,
  type Credential,
  type CredentialStore,
} from '../credentials/store.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { writeAtomic } from '../state/atomic.ts'
import { deployName } from '../model/deploy-key.ts'
import { setting, setSetting } from '../state/settings.ts'
import { userPaths } from '../state/paths.ts'
import type { Context } from './command.ts'
import { askSecret } from './confirm.ts'
import { openCredentials, shadowIndex } from './credentials.ts'
import { thisMachine, type Machine } from './machine.ts'
import { vaultOf } from './vault-of.ts'

/** `ov secrets list` (CRED-60, CRED-62) */
export async function list(context: Context, _: object, prefix = ''): Promise<number> {
  const { found, complete } = await openCredentials(context).list()
  const names = found.map(credentialName).filter((name) => name.startsWith(prefix))
  if (names.length > 0) context.result(names.join('\n'))
  else context.say(complete ? 'No entries found.' : 'No entries found where ov could look.')
  return complete ? 0 : 1
}

/** `ov secrets get` (CRED-60) */
export async function get(context: Context, _: object, service: string, key: string): Promise<number> {
  checkName(service, key)
  const { value, source, problem } = await openCredentials(context).resolve(service, key)
  if (value === undefined)
    throw failure(
      source === 'default'
        ? `there is no credential ${service}/${key}`
        : `${service}/${key} can't be read: the credential store is ${source}${problem ? ` (${problem.message})` : ''}`,
      source === 'default'
        ? `ov secrets list shows what there is; store it: ov secrets set ${service} ${key}`
        : (problem?.remedy ?? 'ov doctor looks at it more closely'),
    )
  context.result(value)
  return 0
}

export interface SetOptions {
  readonly generate?: boolean
}

/** `ov secrets set`: the value is given, made up, piped in, or asked for. (CRED-60, CRED-61) */
export async function set(
  context: Context,
  { generate }: SetOptions,
  service: string,
  key: string,
  given?: string,
): Promise<number> {
  checkName(service, key)
  if (generate === true && given !== undefined) {
    context.say('--generate makes the value up: leave the value out')
    return 64
  }
  const value =
    generate === true
      ? randomBytes(16).toString('hex')
      : (given ?? (await piped()) ?? (await askSecret(`${service}/${key}`)))
  if (value === '')
    throw failure(
      `the value of ${service}/${key} is empty`,
      'an empty value is not kept; ov secrets delete removes one',
    )
  const problem = service === 'ov/enc' ? badPassphrase(value) : undefined
  if (problem !== undefined)
    throw failure(`that can't be the passphrase of ${key}: ${problem}`, 'a passphrase is one line; nothing was kept')
  const store = await openCredentials(context).set(service, key, value)
  context.say(`Stored ${service}/${key} in ${store}`)
  if (generate === true) context.result(value)
  return 0
}

/** What is piped in, up to one line break at its end; undefined on a terminal. (CRED-61) */
export async function piped(): Promise<string | undefined> {
  if (process.stdin.isTTY) return undefined
  const bytes = await buffer(process.stdin)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    throw failure('what is piped in is not text in UTF-8', 'encode it first, for example with base64; nothing was kept')
  }
}

/** `ov secrets delete` (CRED-33, CRED-60) */
export async function remove(context: Context, { force }: Force, service: string, key: string): Promise<number> {
  checkName(service, key)
  const credentials = openCredentials(context)
  if ((await credentials.resolve(service, key)).source === 'default') {
    context.say(`There was no ${service}/${key}`)
    return 0
  }
  if (service === 'ov/enc' && force !== true) await refuseNeeded(key, thisMachine(context))
  await credentials.delete(service, key)
  context.say(`Deleted ${service}/${key}`)
  return 0
}

/** A passphrase that a vault needs is most likely nowhere else. */
async function refuseNeeded(image: string, machine: Machine): Promise<void> {
  const volumes = [...machine.deploys.entries.keys()]
    .filter((key) => deployName(key).image === image)
    .flatMap((key) => vaultOf(key, machine).volumes)
  const made = [...(await vaultStates(volumes))].filter(([, state]) => state !== 'not initialized')
  if (made.length === 0) return
  throw failure(
    `ov/enc/${image} is the only key to ${made.map(([{ cipher }]) => cipher).join(', ')}`,
    'keep it, or copy the data out first; --force deletes it all the same',
  )
}

interface Force {
  readonly force?: boolean
}

interface CopyOptions extends Force {
  readonly dryRun?: boolean
}

/** `ov secrets import`: copies what the other stores have into the one that is written to; they keep it. (CRED-63) */
export async function importAll(context: Context, { dryRun, force }: CopyOptions): Promise<number> {
  const credentials = openCredentials(context)
  const to = await credentials.active()
  let failed = 0
  let found = 0
  for (const from of ['config', 'keyring', 'kdbx'] as const) {
    const store = credentials.store(from)
    if (from === to.name || !store || !(await store.probe())) continue
    for (const one of await store.list()) {
      found++
      const { outcome, why } = await copy(one, store, to, { dryRun, force })
      if (outcome === 'not copied') failed++
      const said = { copied: dryRun === true ? 'would be copied' : 'copied', same: 'is the same', 'not copied': '' }
      context.say(
        `${credentialName(one)}: ${why ?? `${said[outcome]}${outcome === 'same' ? ` in ${from} and ${to.name}` : ` from ${from} to ${to.name}`}`}`,
      )
    }
  }
  if (found === 0) context.say(`The other stores have nothing for ${to.name}`)
  return failed === 0 ? 0 : 1
}

/** `ov settings migrate-secrets`: moves what `config.yml` has into the keyring. Only what is read back from there leaves the file. (CRED-63) */
export async function migrate(context: Context, { dryRun, force }: CopyOptions): Promise<number> {
  const credentials = openCredentials(context)
  const { configFile } = userPaths()
  const [from, to] = [credentials.store('config'), credentials.store('keyring')]
  const all = (await from?.list()) ?? []
  if (!from || !to || all.length === 0) {
    context.say(`${configFile} holds no credentials`)
    return 0
  }
  if (!(await to.probe()))
    throw failure('no desktop keyring answers here', 'unlock or start one; ov doctor looks at it')
  if (dryRun !== true) backUp(configFile)
  let failed = 0
  for (const one of all) {
    const { outcome, why } = await copy(one, from, to, { dryRun, force })
    if (outcome !== 'not copied' && dryRun !== true) await from.delete(one.service, one.key)
    if (outcome === 'not copied') failed++
    context.say(`${credentialName(one)}: ${why ?? (dryRun === true ? 'would be moved' : 'moved to the keyring')}`)
  }
  if (dryRun !== true)
    context.say(`The file as it was: ${configFile}.bak (remove it when all works: it holds the values)`)
  return failed === 0 ? 0 : 1
}

function backUp(file: string): void {
  const text = readFileSync(file, 'utf8')
  const backup = `${file}.bak`
  // What an earlier run has kept may be needed yet.
  if (existsSync(backup)) renameSync(backup, `${backup}.${Math.floor(statSync(backup).mtimeMs / 1000)}`)
  writeAtomic(backup, text, { keep: true })
}

/** Copies one value, and reads it back. Another value that is there may be the newer one: it is never replaced unasked. (CRED-63) */
async function copy(
  { service, key }: Credential,
  from: CredentialStore,
  to: CredentialStore,
  { dryRun, force }: { readonly dryRun: boolean | undefined; readonly force: boolean | undefined },
): Promise<{ readonly outcome: 'copied' | 'same' | 'not copied'; readonly why?: string }> {
  const not = (why: string) => ({ outcome: 'not copied', why }) as const
  try {
    const value = await from.get(service, key)
    if (value === undefined) return not(`not found in ${from.name}`)
    const there = await to.get(service, key)
    if (there === value) return { outcome: 'same' }
    if (there !== undefined && there !== '' && force !== true)
      return not(`${to.name} has another value, which stays (--force replaces it by that of ${from.name})`)
    if (dryRun === true) return { outcome: 'copied' }
    await to.set(service, key, value)
    return (await to.get(service, key)) === value
      ? { outcome: 'copied' }
      : not(`${to.name} does not give back what it was given`)
  } catch (error) {
    if (!(error instanceof StoreProblem)) throw error
    return not(`failed: ${error.message}`)
  }
}

export interface ExportOptions {
  readonly format?: string
}

/** `ov secrets export`: all values, as plain text. (CRED-62) */
export async function exportAll(context: Context, { format = 'yaml' }: ExportOptions): Promise<number> {
  if (format !== 'yaml' && format !== 'json') {
    context.say(`--format is yaml or json, not ${JSON.stringify(format)}`)
    return 64
  }
  context.say('Warning: what follows are the values of all credentials, as plain text')
  const credentials = openCredentials(context)
  const all: Record<string, Record<string, string>> = {}
  const { found, complete } = await credentials.list()
  for (const { service, key } of found) {
    const { value, source } = await credentials.resolve(service, key)
    if (value === undefined) context.say(`${service}/${key}: left out (${source === 'default' ? 'not found' : source})`)
    else (all[service] ??= {})[key] = value
  }
  context.result(format === 'json' ? all : stringify(all, { lineWidth: 0 }).trimEnd())
  return complete ? 0 : 1
}

export interface InitOptions {
  readonly force?: boolean
}

/** `ov secrets init`: makes a KeePass file, and names it in the settings. (CRED-64) */
export async function init(context: Context, { force }: InitOptions, given?: string): Promise<number> {
  const { configFile } = userPaths()
  const path = given === undefined ? kdbxPath() : resolve(given)
  if (existsSync(path) && force !== true)
    throw failure(`${path} exists`, 'name another file, or replace it with --force: what it holds is lost then')
  const password = await askSecret('KeePass database password')
  if ((await askSecret('the same once more')) !== password) throw failure('the two passwords differ', 'run it again')
  const keyFile = setting('secrets.kdbx_key_file', configFile)
  await createKdbx(path, password, { ...(keyFile !== '' && { keyFile }), force: force === true })
  await setSetting('secrets.kdbx_path', path, configFile)
  context.say(`Made ${path}, and secrets.kdbx_path names it`)
  context.say('To keep new credentials there: ov settings set secret_backend kdbx')
  return 0
}

/** `ov secrets path` (CRED-64) */
export function path(context: Context): Promise<number> {
  const file = kdbxPath()
  const named = setting('secrets.kdbx_path', userPaths().configFile) !== ''
  context.result(named || existsSync(file) ? file : `${file} (default, not yet created)`)
  return Promise.resolve(0)
}

const kdbxPath = (): string => {
  const { configFile, config } = userPaths()
  return setting('secrets.kdbx_path', configFile) || join(config, 'secrets.kdbx')
}

/** `ov secrets prune`: takes names out of the index that the keyring has not, after it has been searched. (CRED-32, CRED-60) */
export async function prune(context: Context, { dryRun }: CopyOptions): Promise<number> {
  const index = shadowIndex()
  const keyring = openCredentials(context).store('keyring')
  if (!keyring || !(await keyring.probe()))
    throw failure('no desktop keyring answers here', 'nothing can be said about what it has')
  const missing: string[] = []
  for (const name of index.names()) {
    const credential = splitCredential(name)
    try {
      // A name that is none was never one of a credential.
      if (!credential || (await keyring.get(credential.service, credential.key)) === undefined) missing.push(name)
    } catch (error) {
      if (!(error instanceof StoreProblem)) throw error
      throw failure(
        `the keyring is ${error.kind}, and can't be searched: ${error.message}`,
        error.remedy ?? 'unlock it first',
      )
    }
  }
  if (missing.length > 0 && dryRun !== true) await index.remove(...missing)
  for (const name of missing) context.say(`${name}: ${dryRun === true ? 'would be taken' : 'taken'} out of the index`)
  if (missing.length === 0) context.say('Everything in the index is in the keyring')
  return 0
}

/** (CRED-01) */
function checkName(service: string, key: string): void {
  if (!/^ov\/[a-z0-9][a-z0-9-]*$/.test(service))
    throw failure(
      `${JSON.stringify(service)} is not a service of credentials`,
      'it is ov/ and a word: ov/enc, ov/vnc, ov/secret, ov/api-key',
    )
  if (key === '' || /[/\p{Cc}]/u.test(key))
    throw failure(
      `${JSON.stringify(key)} is not the key of a credential`,
      'write a name without slashes: ov secrets set ov/enc immich',
    )
}

const failure = (message: string, remedy: string): DiagnosticError =>
  new DiagnosticError([{ code: 'OV6010', severity: 'error', message, remedy }])
