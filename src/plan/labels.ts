import type { Security } from '../../dsl/security.ts'
import { byName } from '../model/project.ts'
import type { ImagePlan } from './ir.ts'
import { EMPTY_METADATA, type ImageMetadata } from './metadata.ts'

/** All labels begin with this; other programs read them. */
export const LABEL_PREFIX = 'org.overthinkos.'

/** A label: plain text, or JSON. */
export interface Label {
  readonly name: string
  readonly value: string
  readonly json: boolean
}

/** How a security label spells its fields, in its order. (IMG-121) */
export const SECURITY_KEYS = {
  privileged: 'privileged',
  cgroupns: 'cgroupns',
  capAdd: 'cap_add',
  devices: 'devices',
  securityOpt: 'security_opt',
  ipcMode: 'ipc_mode',
  shmSize: 'shm_size',
  groupAdd: 'group_add',
  mounts: 'mounts',
  memoryMax: 'memory_max',
  memoryHigh: 'memory_high',
  memorySwapMax: 'memory_swap_max',
  cpus: 'cpus',
} as const satisfies Record<keyof Security, string>

interface Codec {
  readonly key: string
  /** Text of the label; empty means that there is none. */
  readonly write: (metadata: ImageMetadata) => string
  readonly read: (value: string) => Partial<ImageMetadata>
  readonly json: boolean
  /** Its name in images from before, read where the label is absent. */
  readonly older?: string
}

/** Fields of the metadata that hold a certain kind of value. */
type FieldOf<Value> = { [K in keyof ImageMetadata]: ImageMetadata[K] extends Value ? K : never }[keyof ImageMetadata]

const text = (key: string, field: FieldOf<string>): Codec => ({
  key,
  write: (metadata) => metadata[field],
  read: (value) => ({ [field]: value }),
  json: false,
})
const number = (key: string, field: FieldOf<number>): Codec => ({
  key,
  write: (metadata) => String(metadata[field]),
  read: (value) => ({ [field]: Number(value) }),
  json: false,
})
const flag = (key: string, field: FieldOf<boolean>): Codec => ({
  key,
  write: (metadata) => (metadata[field] ? 'true' : ''),
  read: (value) => ({ [field]: value === 'true' }),
  json: false,
})
const json = (
  key: string,
  field: Exclude<FieldOf<object>, 'security' | 'eval' | 'initServices' | 'ociLabels'>,
): Codec => ({
  key,
  write: (metadata) => encode(metadata[field]),
  read: (value) => ({ [field]: JSON.parse(value) as never }),
  json: true,
})
const security: Codec = {
  key: 'security',
  write: ({ security: given }) => {
    const fields = Object.entries(SECURITY_KEYS).flatMap(([field, key]) => {
      const value = given[field as keyof Security]
      const empty =
        value === undefined || value === false || value === '' || (Array.isArray(value) && value.length === 0)
      return empty ? [] : [[key, field === 'cpus' ? String(value) : value] as const]
    })
    return fields.length === 0 ? '' : JSON.stringify(Object.fromEntries(fields))
  },
  read: (value) => {
    const given = JSON.parse(value) as Readonly<Record<string, unknown>>
    return {
      security: Object.fromEntries(
        Object.entries(SECURITY_KEYS).flatMap(([field, key]) =>
          key in given && given[key] !== false ? [[field, given[key]]] : [],
        ),
      ),
    }
  },
  json: true,
}

/** The sections of checks have an order. (EVAL-04) */
const checks: Codec = {
  key: 'eval',
  older: 'tests',
  write: ({ eval: sections }) => (Object.keys(sections).length === 0 ? '' : JSON.stringify(sections)),
  read: (value) => ({ eval: JSON.parse(value) as ImageMetadata['eval'] }),
  json: true,
}

/** JSON with sorted keys in maps (objects with a fixed order are built in it); empty values have no label. (IMG-145) */
function encode(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '' : JSON.stringify(value)
  const entries = Object.entries(value as object).sort(([a], [b]) => byName(a, b))
  return entries.length === 0 ? '' : JSON.stringify(Object.fromEntries(entries))
}

/** Every label, in the order in which they are written. (IMG-100 to IMG-142) */
const CODECS: readonly Codec[] = [
  text('version', 'version'),
  text('image', 'image'),
  number('uid', 'uid'),
  number('gid', 'gid'),
  text('user', 'user'),
  text('home', 'home'),
  text('registry', 'registry'),
  flag('bootc', 'bootc'),
]
/** Labels with names of their own come here. (IMG-108) */
const AFTER_OWN: readonly Codec[] = [
  text('network', 'network'),
  text('fqdn', 'fqdn'),
  text('acme_email', 'acmeEmail'),
  text('engine', 'engine'),
  json('platform.distro', 'distro'),
  json('platform.formats', 'formats'),
  json('builder.uses', 'builderUses'),
  json('builder.provides', 'builderProvides'),
  json('ports', 'ports'),
  json('port_protos', 'portProtos'),
  json('volumes', 'volumes'),
  json('aliases', 'aliases'),
  security,
  json('env', 'env'),
  json('hooks', 'hooks'),
  checks,
  json('shell', 'shell'),
  text('init', 'init'),
]
const AFTER_INIT: readonly Codec[] = [
  json('services', 'services'),
  json('port_relay', 'portRelay'),
  json('secrets', 'secrets'),
  json('env_provides', 'envProvides'),
  json('env_requires', 'envRequires'),
  json('env_accepts', 'envAccepts'),
  json('secret_requires', 'secretRequires'),
  json('secret_accepts', 'secretAccepts'),
  json('mcp_requires', 'mcpRequires'),
  json('mcp_accepts', 'mcpAccepts'),
  json('mcp_provides', 'mcpProvides'),
  text('status', 'status'),
  text('info', 'info'),
  json('routes', 'routes'),
  json('env_layers', 'envLayers'),
  json('path_append', 'pathAppend'),
  json('layer_versions', 'layerVersions'),
  json('data', 'data'),
  flag('data_image', 'dataImage'),
]
const INIT_SERVICES = 'services.'
const IMAGE_LABEL = `${LABEL_PREFIX}image`
/** What an image has to say of itself in which nothing runs. (IMG-67) */
const DATA_IMAGE = new Set(['version', 'image', 'registry', 'volumes', 'layer_versions', 'data', 'data_image'])

/**
 * The labels of an image. Where an internal base has a label that this image has not, it is written empty: an engine would hand the base's value
 * down otherwise, and readers take empty as absent. (IMG-144 to IMG-147)
 */
export function toLabels(metadata: ImageMetadata, ancestors: readonly ImageMetadata[]): Label[] {
  const labels: Label[] = []
  const put = (key: string, write: (from: ImageMetadata) => string, json: boolean) => {
    if (metadata.dataImage && !DATA_IMAGE.has(key)) return
    const value = write(metadata)
    if (value !== '') labels.push({ name: LABEL_PREFIX + key, value, json })
    else if (ancestors.some((ancestor) => write(ancestor) !== ''))
      labels.push({ name: LABEL_PREFIX + key, value: '', json: false })
  }
  for (const codec of CODECS) put(codec.key, codec.write, codec.json)
  const own = new Set([metadata, ...ancestors].flatMap((one) => Object.keys(one.ociLabels)))
  if (!metadata.dataImage)
    for (const name of [...own].sort(byName)) labels.push({ name, value: metadata.ociLabels[name] ?? '', json: false })
  for (const codec of AFTER_OWN) put(codec.key, codec.write, codec.json)
  const inits = new Set([metadata, ...ancestors].flatMap((one) => Object.keys(one.initServices)))
  for (const init of [...inits].sort(byName))
    put(INIT_SERVICES + init, (from) => encode(from.initServices[init] ?? []), true)
  for (const codec of AFTER_INIT) put(codec.key, codec.write, codec.json)
  return labels
}

/**
 * The labels of an image of the project. One that ov put in between only has its name: whatever else it said would decide whether the steps of
 * the images on it run again. (IMG-161)
 */
export const labelsOf = ({ auto, metadata, ancestors }: Pick<ImagePlan, 'auto' | 'metadata' | 'ancestors'>): Label[] =>
  auto ? [{ name: IMAGE_LABEL, value: metadata.image, json: false }] : toLabels(metadata, ancestors)

/** Reads an image's labels back; foreign labels are passed over. A label that is not the JSON it should be is an error that names it. */
export function fromLabels(labels: Readonly<Record<string, string>>): ImageMetadata {
  let metadata: ImageMetadata = EMPTY_METADATA
  const initServices: Record<string, readonly string[]> = {}
  const read = <T>(name: string, parse: () => T): T => {
    try {
      return parse()
    } catch (cause) {
      throw new Error(`label ${name} is not valid JSON`, { cause })
    }
  }
  for (const codec of [...CODECS, ...AFTER_OWN, ...AFTER_INIT]) {
    const older = codec.older !== undefined && labels[LABEL_PREFIX + codec.key] === undefined
    const name = LABEL_PREFIX + (older ? codec.older : codec.key)
    const value = labels[name]
    if (value) metadata = { ...metadata, ...read(name, () => codec.read(value)) }
  }
  for (const [name, value] of Object.entries(labels))
    if (name.startsWith(LABEL_PREFIX + INIT_SERVICES) && value)
      initServices[name.slice((LABEL_PREFIX + INIT_SERVICES).length)] = read(
        name,
        () => JSON.parse(value) as readonly string[],
      )
  const ociLabels = Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith(LABEL_PREFIX)))
  return { ...metadata, initServices, ociLabels }
}
