import type { DeployEntry, EntrySidecar, EntryTunnel, EntryVolume, TunnelPorts } from '../../model/deploy-entry.ts'
import { SECURITY_KEYS } from '../../plan/labels.ts'

/** A map of the file. */
export type Raw = Readonly<Record<string, unknown>>

/** What is wrong with a value; `field` is a path below the entry, in the file's spelling. */
export class BadValue extends Error {
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

/** How a field of an entry is read from the file and written to it. */
export interface Field {
  readonly name: keyof DeployEntry
  /** Spellings of its key, the one that is written first. */
  readonly keys: readonly [string, ...string[]]
  readonly read: (value: unknown, key: string) => unknown
  readonly write: (value: never) => unknown
  /** What tells the items of a list apart. */
  readonly identity?: (item: unknown) => string
}

export const isMap = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const same = (value: unknown) => value

function text(value: unknown, key: string): string {
  // A version such as 2026.144 is a number for YAML.
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new BadValue(key, 'is not a text')
}

function list<Item>(value: unknown, key: string, item: (value: unknown, key: string) => Item): Item[] {
  if (!Array.isArray(value)) throw new BadValue(key, 'is not a list')
  return value.map((one, index) => item(one, `${key}[${index}]`))
}

function map(value: unknown, key: string): Raw {
  if (!isMap(value)) throw new BadValue(key, 'is not a map')
  return value
}

/** Reads some fields of a map, as texts. */
function texts(raw: Raw, key: string, fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([spelling, name]) =>
      raw[spelling] === undefined || raw[spelling] === null ? [] : [[name, text(raw[spelling], `${key}.${spelling}`)]],
    ),
  )
}

const textMap = (value: unknown, key: string): Record<string, string> =>
  Object.fromEntries(Object.entries(map(value, key)).map(([name, one]) => [name, text(one, `${key}.${name}`)]))

/** A list of `NAME=value`, or a map. */
const readEnv = (value: unknown, key: string): string[] =>
  isMap(value)
    ? Object.entries(textMap(value, key)).map(([name, one]) => `${name}=${one}`)
    : list(value, key, (one, at) => {
        const assignment = text(one, at)
        if (!/^[^=]+=/.test(assignment)) throw new BadValue(at, 'is not NAME=value')
        return assignment
      })

function readVolume(value: unknown, key: string): EntryVolume {
  const raw = map(value, key)
  const name = text(raw['name'], `${key}.name`)
  const given = raw['type'] === undefined ? 'volume' : text(raw['type'], `${key}.type`)
  const type = given === 'encrypt' ? 'encrypted' : given
  if (type !== 'volume' && type !== 'bind' && type !== 'encrypted')
    throw new BadValue(`${key}.type`, `${JSON.stringify(given)} is not a kind of volume: volume, bind or encrypted`)
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw new BadValue(`${key}.name`, `${JSON.stringify(name)} is not a volume name`)
  const seeded = raw['data_seeded']
  if (seeded !== undefined && typeof seeded !== 'boolean')
    throw new BadValue(`${key}.data_seeded`, 'is not true or false')
  return {
    name,
    type,
    ...texts(raw, key, { host: 'host', path: 'path', data_source: 'dataSource' }),
    ...(seeded !== undefined && { dataSeeded: seeded }),
  }
}

const writeVolume = ({ name, type, host, path, dataSeeded, dataSource }: EntryVolume): Raw => ({
  name,
  type,
  ...(host !== undefined && { host }),
  ...(path !== undefined && { path }),
  ...(dataSeeded !== undefined && { data_seeded: dataSeeded }),
  ...(dataSource !== undefined && { data_source: dataSource }),
})

const LISTS_OF_SECURITY = new Set(['capAdd', 'devices', 'securityOpt', 'groupAdd', 'mounts'])

const readSecurity = (value: unknown, key: string): DeployEntry['security'] => {
  const raw = map(value, key)
  return Object.fromEntries(
    Object.entries(SECURITY_KEYS).flatMap(([name, spelling]): [string, unknown][] => {
      const one = raw[spelling]
      const at = `${key}.${spelling}`
      if (one === undefined || one === null) return []
      if (name === 'privileged') {
        if (typeof one !== 'boolean') throw new BadValue(at, 'is not true or false')
        return [[name, one]]
      }
      return [[name, LISTS_OF_SECURITY.has(name) ? list(one, at, text) : text(one, at)]]
    }),
  )
}

const writeSecurity = (security: NonNullable<DeployEntry['security']>): Raw =>
  Object.fromEntries(
    Object.entries(SECURITY_KEYS).flatMap(([name, spelling]) => {
      const value = (security as Raw)[name]
      return value === undefined ? [] : [[spelling, typeof value === 'number' ? String(value) : value]]
    }),
  )

function readTunnelPorts(value: unknown, key: string): TunnelPorts {
  if (value === 'all') return 'all'
  if (typeof value === 'number') return [value]
  if (Array.isArray(value))
    return value.map((one, index) => {
      if (typeof one !== 'number') throw new BadValue(`${key}[${index}]`, 'is not a port')
      return one
    })
  if (isMap(value)) return textMap(value, key)
  throw new BadValue(key, "is neither 'all' nor a list of ports")
}

/** `tailscale`, `cloudflare`, or a map; a side that is not named is the provider's own. (POD-72) */
function readTunnel(value: unknown, key: string): EntryTunnel {
  const raw: Raw = typeof value === 'string' ? { provider: value, ports: 'all' } : map(value, key)
  const provider = text(raw['provider'], `${key}.provider`)
  const side = provider === 'cloudflare' ? 'public' : 'private'
  const tunnel: { -readonly [Name in keyof EntryTunnel]: EntryTunnel[Name] } = { provider }
  for (const [spelling, name] of [
    ['ports', side],
    ['port', side],
    ['public', 'public'],
    ['private', 'private'],
  ] as const)
    if (raw[spelling] !== undefined) tunnel[name] = readTunnelPorts(raw[spelling], `${key}.${spelling}`)
  if (raw['tunnel'] !== undefined) tunnel.tunnel = text(raw['tunnel'], `${key}.tunnel`)
  return tunnel
}

function readSidecar(value: unknown, key: string): EntrySidecar {
  const raw = value === null ? {} : map(value, key)
  return {
    ...texts(raw, key, { description: 'description', image: 'image' }),
    ...(raw['env'] !== undefined && { env: textMap(raw['env'], `${key}.env`) }),
    ...(raw['parameter'] !== undefined && { parameter: textMap(raw['parameter'], `${key}.parameter`) }),
    ...(raw['secret'] !== undefined && {
      secret: list(raw['secret'], `${key}.secret`, (one, at) => {
        const secret = map(one, at)
        return {
          name: text(secret['name'], `${at}.name`),
          env: text(secret['env'], `${at}.env`),
          ...texts(secret, at, { env_from: 'envFrom', description: 'description' }),
        }
      }),
    }),
    ...(raw['volume'] !== undefined && {
      volume: list(raw['volume'], `${key}.volume`, (one, at) => {
        const volume = map(one, at)
        return { name: text(volume['name'], `${at}.name`), path: text(volume['path'], `${at}.path`) }
      }),
    }),
    ...(raw['security'] !== undefined && { security: readSecurity(raw['security'], `${key}.security`) ?? {} }),
  }
}

const writeSidecar = ({ secret, security, ...rest }: EntrySidecar): Raw => ({
  ...rest,
  ...(secret && {
    secret: secret.map(({ envFrom, ...one }) => ({ ...one, ...(envFrom !== undefined && { env_from: envFrom }) })),
  }),
  ...(security && { security: writeSecurity(security) }),
})

const plain = (name: keyof DeployEntry, ...keys: [string, ...string[]]): Field => ({
  name,
  keys,
  read: text,
  write: same,
})
const nameOf = (item: unknown) => (isMap(item) ? String(item['name']) : String(item))
const strings = (value: unknown, key: string) => list(value, key, text)

/** The fields that ov knows, in the order in which they are written. (POD-12) */
export const FIELDS: readonly Field[] = [
  plain('version', 'version'),
  plain('target', 'target'),
  plain('image', 'image'),
  plain('status', 'status'),
  plain('info', 'info'),
  { name: 'tunnel', keys: ['tunnel'], read: readTunnel, write: same },
  plain('dns', 'dns', 'fqdn'),
  plain('acmeEmail', 'acme_email'),
  {
    name: 'volumes',
    keys: ['volumes', 'volume'],
    read: (value, key) => list(value, key, readVolume),
    write: (volumes: readonly EntryVolume[]) => volumes.map(writeVolume),
    identity: nameOf,
  },
  { name: 'ports', keys: ['ports', 'port'], read: strings, write: same, identity: String },
  { name: 'resolvedPort', keys: ['resolved_port'], read: strings, write: same, identity: String },
  { name: 'env', keys: ['env'], read: readEnv, write: same, identity: (item) => String(item).replace(/=.*$/s, '') },
  plain('envFile', 'env_file'),
  { name: 'security', keys: ['security'], read: readSecurity, write: writeSecurity },
  plain('network', 'network'),
  plain('engine', 'engine'),
  {
    name: 'secrets',
    keys: ['secrets', 'secret'],
    read: (value, key) =>
      list(value, key, (one, at) => {
        const secret = map(one, at)
        return { name: text(secret['name'], `${at}.name`), ...texts(secret, at, { source: 'source' }) }
      }),
    write: same,
    identity: nameOf,
  },
  {
    name: 'sidecars',
    keys: ['sidecars', 'sidecar'],
    read: (value, key) =>
      Object.fromEntries(
        Object.entries(map(value, key)).map(([name, one]) => [name, readSidecar(one, `${key}.${name}`)]),
      ),
    write: (sidecars: Readonly<Record<string, EntrySidecar>>) =>
      Object.fromEntries(Object.entries(sidecars).map(([name, one]) => [name, writeSidecar(one)])),
  },
  {
    name: 'addLayers',
    keys: ['add_layers', 'add_layer'],
    read: strings,
    write: same,
    identity: String,
  },
]

/** Keys of entries that other parts of ov, or the older program, have a use for: they stay as they are. */
const KEPT = new Set(
  'install_opts eval nested inside disposable lifecycle ephemeral forward_gpg_agent forward_ssh_agent shell vm_state workspace'.split(
    ' ',
  ),
)
const KNOWN = new Set([...KEPT, ...FIELDS.flatMap(({ keys }) => keys)])

/** Keys of an entry that nobody knows. */
export const unknownKeys = (raw: Raw): string[] => Object.keys(raw).filter((key) => !KNOWN.has(key))

/** Reads an entry; throws {@link BadValue}. */
export function readEntry(raw: Raw): DeployEntry {
  const entry: Record<string, unknown> = {}
  for (const { name, keys, read } of FIELDS) {
    const given = keys.filter((key) => raw[key] !== undefined && raw[key] !== null)
    const [key, other] = given
    if (key === undefined) continue
    const value = read(raw[key], key)
    if (other !== undefined && (name !== 'dns' || value !== read(raw[other], other)))
      throw new BadValue(other, `says the same as ${key}; keep one of them`)
    entry[name] = value
  }
  if (entry['target'] === 'container' || entry['target'] === '') entry['target'] = 'pod'
  const workspace = raw['workspace']
  if (typeof workspace === 'string' && workspace !== '')
    entry['volumes'] = [
      ...((entry['volumes'] as EntryVolume[] | undefined) ?? []).filter(({ name }) => name !== 'workspace'),
      { name: 'workspace', type: 'bind', host: workspace, path: '/workspace' },
    ]
  return entry
}
