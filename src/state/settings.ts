import { homedir } from 'node:os'
import { isMap } from 'yaml'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readConfigFile, textAt, updateConfigFile } from './config-file.ts'
import { isFromDotEnv, operatorVariables, type Variables } from './environment.ts'

/** One setting of a machine. */
interface Setting<Value extends string = string> {
  /** Variables that set it, the strongest first; each is stronger than `config.yml`. */
  readonly variables: readonly string[]
  /** Where it stands in `config.yml`, when not under its own name. */
  readonly at?: readonly string[]
  readonly fallback: Value
  readonly kind: Kind
  /** All it may be. */
  readonly values?: readonly Value[]
}

/** `switch` is true or false, `path` may begin with `~`, `seconds` and `count` are whole numbers above 0. */
type Kind = 'choice' | 'switch' | 'path' | 'text' | 'seconds' | 'count'

const choice = <const Value extends string>(values: readonly [Value, ...Value[]], ...variables: string[]) =>
  ({ kind: 'choice', values, fallback: values[0], variables }) as const satisfies Setting
const toggle = (...variables: string[]) =>
  ({ kind: 'switch', values: ['true', 'false'], fallback: 'true', variables }) as const satisfies Setting
const other = (kind: Exclude<Kind, 'choice' | 'switch'>, fallback: string, ...variables: string[]): Setting => ({
  kind,
  fallback,
  variables,
})

/**
 * What an operator may set for a whole machine: a key of `config.yml`, or a variable, which is stronger. Getting, setting, resetting and listing all
 * come from this table. (SET-01, SET-02)
 */
const SETTINGS = {
  /** What builds images. (IMG-185) */
  'engine.build': choice(['auto', 'docker', 'podman'], 'OV_BUILD_ENGINE', 'OV_ENGINE_BUILD'),
  /** What runs containers. (POD-37) */
  'engine.run': choice(['auto', 'docker', 'podman'], 'OV_RUN_ENGINE', 'OV_ENGINE_RUN'),
  /** How an engine gets rights that its user has not. */
  'engine.rootful': choice(['auto', 'machine', 'sudo', 'native'], 'OV_ENGINE_ROOTFUL'),
  /** Whether deploys are units of systemd, or containers alone. (POD-36) */
  run_mode: choice(['auto', 'direct', 'quadlet'], 'OV_RUN_MODE'),
  /** Whether `ov start` sets up what is not set up yet. (POD-125) */
  auto_enable: toggle('OV_AUTO_ENABLE'),
  /** Address that ports are published on unless they say one. (POD-64) */
  bind_address: choice(['127.0.0.1', '0.0.0.0'], 'OV_BIND_ADDRESS'),
  /** Where encrypted volumes without a path are. (ENC-10) */
  encrypted_storage_path: other('path', '~/.local/share/ov/encrypted', 'OV_ENCRYPTED_STORAGE_PATH'),
  /** Where bind-backed volumes without a path are. (POD-42) */
  volumes_path: other('path', '~/.local/share/ov/volumes', 'OV_VOLUMES_PATH'),
  /** Where credentials are kept. (CRED-10) */
  secret_backend: choice(['auto', 'keyring', 'kdbx', 'config'], 'OV_SECRET_BACKEND'),
  /** The collection of the desktop keyring that is looked at first, after its default one. (CRED-23) */
  keyring_collection_label: other('text', '', 'OV_KEYRING_COLLECTION_LABEL'),
  /** The KeePass file. (CRED-40) */
  'secrets.kdbx_path': { ...other('path', '', 'OV_KDBX_PATH'), at: ['secrets_kdbx_path'] },
  /** Its key file. (CRED-40) */
  'secrets.kdbx_key_file': { ...other('path', '', 'OV_KDBX_KEY_FILE'), at: ['secrets_kdbx_key_file'] },
  /** Whether the kernel keeps its master password for a while. (CRED-42) */
  'secrets.kdbx_cache': { ...toggle('OV_KDBX_CACHE'), at: ['kdbx_cache'] },
  /** For how long. */
  'secrets.kdbx_cache_timeout': { ...other('seconds', '3600', 'OV_KDBX_CACHE_TIMEOUT'), at: ['kdbx_cache_timeout'] },
  forward_gpg_agent: toggle('OV_FORWARD_GPG_AGENT'),
  forward_ssh_agent: toggle('OV_FORWARD_SSH_AGENT'),
  'vm.backend': choice(['auto', 'libvirt', 'qemu'], 'OV_VM_BACKEND'),
  /** These only fill what a VM leaves unset. (SET-15) */
  'vm.disk_size': other('text', '', 'OV_VM_DISK_SIZE'),
  'vm.root_size': other('text', '', 'OV_VM_ROOT_SIZE'),
  'vm.ram': other('text', '4G', 'OV_VM_RAM'),
  'vm.cpus': other('count', '2', 'OV_VM_CPUS'),
  'vm.rootfs': choice(['ext4', 'xfs', 'btrfs'], 'OV_VM_ROOTFS'),
  'vm.transport': {
    ...choice(['registry', 'containers-storage', 'oci', 'oci-archive'], 'OV_VM_TRANSPORT'),
    fallback: '',
  },
} as const satisfies Readonly<Record<string, Setting>>

type Settings = typeof SETTINGS
export type SettingKey = keyof Settings
type Value<K extends SettingKey> = Settings[K] extends { readonly values: readonly (infer V)[] } ? V : string

/** Settings whose names go on: `hosts.nas`. (SET-01) */
const FAMILIES: Readonly<Record<string, readonly string[]>> = { hosts: ['host_aliases'] }

/** What a setting is, and where that comes from: `env (OV_RUN_MODE)`, `env (.env)`, `config` or `default`. (SET-01) */
export interface Found {
  readonly value: string
  readonly source: string
}

const table: Readonly<Record<string, Setting>> = SETTINGS

/** The value of a setting: its variable, else `config.yml`, else its default. A value that it can't have is an error. (SET-03) */
export const setting = <K extends SettingKey>(key: K, configFile: string, env?: Variables): Value<K> =>
  findSetting(key, configFile, env).value as Value<K>

/** The same, with where it comes from. */
export function findSetting(key: string, configFile: string, env: Variables = operatorVariables()): Found {
  const family = familyOf(key)
  if (family) {
    const value = textAt(readConfigFile(configFile), family)
    return { value: value ?? '', source: value === undefined ? 'default' : 'config' }
  }
  const one = known(key)
  const variable = one.variables.find((name) => env[name])
  if (variable !== undefined) {
    const given = env[variable] ?? ''
    const value = one.kind === 'switch' ? String(given === 'true' || given === '1') : given
    check(key, one, value, variable)
    return { value: filled(one, value), source: isFromDotEnv(variable) ? 'env (.env)' : `env (${variable})` }
  }
  const value = textAt(readConfigFile(configFile), one.at ?? key.split('.'))
  if (value === undefined || (value === '' && one.kind !== 'text'))
    return { value: filled(one, one.fallback), source: 'default' }
  check(key, one, value, `${configFile}: ${key}`)
  return { value: filled(one, value), source: 'config' }
}

/** All that is set, or has a default, by key. (SET-01) */
export const listSettings = (configFile: string): readonly (readonly [key: string, found: Found])[] => [
  ...Object.keys(SETTINGS).map((key) => [key, findSetting(key, configFile)] as const),
  ...Object.entries(FAMILIES).flatMap(([family, at]) =>
    namesAt(configFile, at).map((name) => [`${family}.${name}`, findSetting(`${family}.${name}`, configFile)] as const),
  ),
]

/** Keeps a setting in `config.yml`. */
export async function setSetting(key: string, value: string, configFile: string): Promise<void> {
  const family = familyOf(key)
  if (!family) check(key, known(key), value, key)
  await updateConfigFile(configFile, (document) =>
    document.setIn(family ?? known(key).at ?? key.split('.'), plainValue(key, value)),
  )
}

/** Forgets a setting; all of them without a key. Credentials are data, and stay. (SET-05) */
export async function resetSettings(configFile: string, key?: string): Promise<void> {
  const places =
    key === undefined
      ? [
          ...Object.entries(table).map(([name, { at }]) => at ?? name.split('.')),
          ...Object.values(FAMILIES),
          ['engine'],
          ['vm'],
        ]
      : [familyOf(key) ?? known(key).at ?? key.split('.')]
  await updateConfigFile(configFile, (document) => {
    for (const place of places) if (document.hasIn(place)) document.deleteIn(place)
    if (key === undefined) return
    // A map that holds nothing more goes, too.
    const [above] = places[0] ?? []
    const rest = above === undefined ? undefined : document.get(above, true)
    if (above !== undefined && isMap(rest) && rest.items.length === 0) document.delete(above)
  })
}

/** Keys that can be asked for. */
export const settingKeys = (): readonly string[] => [
  ...Object.keys(SETTINGS),
  ...Object.keys(FAMILIES).map((family) => `${family}.<name>`),
]

const familyOf = (key: string): readonly string[] | undefined => {
  const [, family = '', name] = /^([a-z]+)\.(.+)$/.exec(key) ?? []
  const at = FAMILIES[family]
  return at && name !== undefined ? [...at, name] : undefined
}

function known(key: string): Setting {
  const found = Object.hasOwn(table, key) ? table[key] : undefined
  if (found) return found
  throw bad(`there is no setting ${JSON.stringify(key)}`, `the settings are ${settingKeys().join(', ')}`)
}

function check(key: string, { kind, values }: Setting, value: string, place: string): void {
  const accepted = values
    ? `one of ${values.join(', ')}`
    : kind === 'seconds' || kind === 'count'
      ? 'a whole number above 0'
      : kind === 'path'
        ? 'an absolute path, or one that begins with ~'
        : undefined
  const fits = values
    ? values.includes(value)
    : kind === 'path'
      ? /^(?:\/|~(?:\/|$)|\$HOME(?:\/|$)|\$\{HOME\}(?:\/|$))/.test(value)
      : accepted === undefined || /^[1-9]\d{0,8}$/.test(value)
  if (!fits)
    throw bad(
      `${place} is ${JSON.stringify(value)}, and has to be ${accepted}`,
      place === key ? 'give it another value' : 'correct it, or leave it out',
    )
}

const filled = ({ kind }: Setting, value: string): string =>
  kind === 'path' ? value.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, () => process.env['HOME'] || homedir()) : value

/** As the older tool writes it: YAML's own booleans and numbers. */
function plainValue(key: string, value: string): string | number | boolean {
  const kind = Object.hasOwn(table, key) ? table[key]?.kind : undefined
  if (kind === 'switch') return value === 'true'
  return kind === 'seconds' || kind === 'count' ? Number(value) : value
}

function namesAt(configFile: string, at: readonly string[]): string[] {
  const map = readConfigFile(configFile).getIn(at, true)
  return isMap(map) ? map.items.map(({ key }) => String(key)).sort() : []
}

const bad = (message: string, remedy: string) =>
  new DiagnosticError([{ code: 'OV6009', severity: 'error', message, remedy }])
