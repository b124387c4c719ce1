import { statSync } from 'node:fs'
import type { Credentials } from '../credentials/chain.ts'
import type { KeyringLook } from '../credentials/keyring.ts'
import { credentialName, splitCredential, StoreProblem } from '../credentials/store.ts'
import type { Check, Group } from './report.ts'

export interface SecretTools {
  readonly credentials: Credentials
  /** Undefined where no bus or no provider answers. */
  readonly keyring: KeyringLook | undefined
  /** Names in the index of the keyring. */
  readonly index: readonly string[]
  readonly configFile: string
  readonly kdbxPath: string
}

/** Where credentials are, and what is wrong there. (DOC-05 to DOC-07) */
export async function secretStorage(tools: SecretTools): Promise<Group> {
  return {
    name: 'Secret Storage',
    required: false,
    checks: [
      backend(tools),
      permissions(tools.configFile),
      await plainText(tools.credentials),
      ...collections(tools.keyring),
      ...(await consistency(tools)),
    ],
  }
}

function backend({ credentials, keyring, kdbxPath }: SecretTools): Check {
  const name = 'Secret backend'
  const ok = (version: string): Check => ({ name, status: 'ok', version })
  // What is in the session's collection is gone after it: nothing is kept there.
  const lasting = keyring?.healthy.filter(({ path }) => !path.endsWith('/collection/session')) ?? []
  const kdbx: Check =
    statSync(kdbxPath || '/nonexistent', { throwIfNoEntry: false }) === undefined
      ? {
          name,
          status: 'warning',
          detail: `kdbx (${kdbxPath || 'no path'}), which does not exist`,
          hint: 'ov secrets init',
        }
      : ok(`kdbx (${kdbxPath})`)
  switch (credentials.backend) {
    case 'config':
      return ok('config file (explicit)')
    case 'kdbx':
      return kdbx
    case 'keyring':
    case 'auto':
      if (lasting.length > 0)
        return lasting.every(({ locked }) => locked)
          ? { name, status: 'warning', detail: 'system keyring (LOCKED)', hint: 'log in to the desktop, or unlock it' }
          : ok('system keyring')
      if (credentials.backend === 'keyring')
        return {
          name,
          status: 'warning',
          detail: 'system keyring, which does not answer',
          hint: 'start one, or: ov settings set secret_backend config',
        }
      return kdbxPath !== '' && kdbx.status === 'ok'
        ? kdbx
        : {
            name,
            status: 'warning',
            detail: 'config file (no keyring available)',
            hint: 'ov settings set secret_backend config says that this is meant',
          }
  }
}

function permissions(file: string): Check {
  const name = 'Config permissions'
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) return { name, status: 'info', detail: `${file} does not exist` }
  const mode = `0${(found.mode & 0o777).toString(8)}`
  return (found.mode & 0o077) === 0
    ? { name, status: 'ok', version: mode }
    : { name, status: 'warning', detail: mode, hint: `chmod 600 ${file}` }
}

async function plainText(credentials: Credentials): Promise<Check> {
  const name = 'Plaintext credentials'
  const found = (await credentials.store('config')?.list()) ?? []
  if (found.length === 0) return { name, status: 'ok', version: '0' }
  return {
    name,
    status: credentials.backend === 'config' ? 'info' : 'warning',
    detail: `${found.length} in config.yml`,
    hint: 'ov settings migrate-secrets --dry-run',
  }
}

/** (DOC-06) */
function collections(keyring: KeyringLook | undefined): Check[] {
  const name = 'Secret Service collections'
  if (keyring === undefined || keyring.healthy.length + keyring.broken.length === 0) return []
  const { healthy, broken } = keyring
  if (broken.length === 0) return [{ name, status: 'ok', version: `${healthy.length} healthy collection(s)` }]
  const named = healthy.map(({ label, path }) => (label === '' ? path : JSON.stringify(label))).join(', ')
  return [
    {
      name,
      status: 'warning',
      detail: `${healthy.length} healthy + ${broken.length} broken. Broken: ${broken.map(({ path }) => path).join(', ')}. Healthy: ${named}`,
      hint: 'see which databases the provider exposes: in KeePassXC under Settings, Secret Service Integration, Exposed database groups',
    },
  ]
}

/** Only what was searched for and is not there counts as missing. (DOC-07) */
async function consistency({ credentials, keyring, index }: SecretTools): Promise<Check[]> {
  const name = 'Keyring index consistency'
  const store = credentials.store('keyring')
  if (index.length === 0 || keyring === undefined || !store) return []
  const missing: string[] = []
  let found = 0
  for (const entry of index) {
    const credential = splitCredential(entry)
    if (!credential) {
      missing.push(entry)
      continue
    }
    try {
      if ((await store.get(credential.service, credential.key)) === undefined) missing.push(credentialName(credential))
      else found++
    } catch (error) {
      if (!(error instanceof StoreProblem)) throw error
      const why = error.kind === 'locked' ? 'keyring locked' : error.message
      return [{ name, status: 'warning', detail: `not checked: ${why}` }]
    }
  }
  if (missing.length === 0) return [{ name, status: 'ok', version: `${found}/${index.length}` }]
  return [
    {
      name,
      status: 'warning',
      detail: `${index.length} indexed, ${missing.length} missing: ${missing.join(', ')}`,
      hint: 'ov secrets set <service> <key> or ov secrets prune',
    },
  ]
}
