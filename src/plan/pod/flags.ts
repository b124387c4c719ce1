import type { Security } from '../../../dsl/security.ts'
import type { DeployEntry, EntryVolume, VolumeType } from '../../model/deploy-entry.ts'
import { NAME } from '../../model/name.ts'
import type { ImageMetadata } from '../metadata.ts'
import { parseMapping, printMapping, type Mapping } from '../ports.ts'

/** What an operator says of a deploy on the command line. */
export interface DeployFlags {
  /** `-e NAME=value` */
  readonly env?: readonly string[]
  /** `-c`: forget the variables of the entry first. */
  readonly clean?: boolean
  /** Absolute path. */
  readonly envFile?: string
  /** `-p HOST:CONTAINER` */
  readonly ports?: readonly string[]
  /** `-v NAME:TYPE[:PATH]` */
  readonly volumes?: readonly string[]
  /** `--bind NAME[=PATH]` */
  readonly binds?: readonly string[]
  /** `--encrypt NAME` */
  readonly encrypt?: readonly string[]
  readonly limits?: Pick<Security, 'memoryMax' | 'memoryHigh' | 'memorySwapMax' | 'cpus'>
  /** `--sidecar NAME` */
  readonly sidecars?: readonly string[]
  /** Variables of sidecars, by sidecar. */
  readonly sidecarEnv?: ReadonlyMap<string, readonly (readonly [name: string, value: string])[]>
}

/** A flag that can't be used: what is wrong with it. */
export class BadFlag extends Error {}

const TYPES: Readonly<Record<string, VolumeType>> = {
  volume: 'volume',
  bind: 'bind',
  encrypted: 'encrypted',
  encrypt: 'encrypted',
}

/** The entry of a deploy with what the flags say; what they don't mention stays. Throws {@link BadFlag}. (POD-18, POD-19, POD-41, POD-67) */
export function withFlags(
  entry: DeployEntry,
  flags: DeployFlags,
  image: ImageMetadata,
  /** `OV_VOLUMES_<IMAGE>`, stronger than the entry and weaker than flags. */
  volumesVariable: string | undefined,
): DeployEntry {
  const env = withEnv(flags.clean === true ? [] : (entry.env ?? []), flags.env ?? [])
  const volumes = withVolumes(entry.volumes ?? [], [
    ...flagVolumes(flags),
    ...(volumesVariable ?? '')
      .split(',')
      .filter((text) => text !== '')
      .map((text) => parseVolume(text, 'OV_VOLUMES_…')),
  ])
  const limits = Object.entries(flags.limits ?? {}).filter(([, value]) => value !== undefined)
  const sidecars = { ...entry.sidecars }
  for (const name of flags.sidecars ?? []) {
    if (!NAME.test(name)) throw new BadFlag(`--sidecar: ${JSON.stringify(name)} is not the name of a sidecar`)
    sidecars[name] ??= {}
  }
  for (const [name, variables] of flags.sidecarEnv ?? [])
    sidecars[name] = { ...sidecars[name], env: { ...sidecars[name]?.env, ...Object.fromEntries(variables) } }
  const { env: _, volumes: __, ...rest } = entry
  return {
    ...rest,
    ...(volumes.length > 0 && { volumes }),
    ...(flags.ports && flags.ports.length > 0 && { ports: withPorts(entry.ports ?? image.ports, flags.ports) }),
    ...(env.length > 0 && { env }),
    ...(flags.envFile !== undefined && { envFile: flags.envFile }),
    ...(limits.length > 0 && { security: { ...entry.security, ...Object.fromEntries(limits) } }),
    ...(Object.keys(sidecars).length > 0 && { sidecars }),
  }
}

/** Variables by name; each keeps its place. */
function withEnv(before: readonly string[], given: readonly string[]): string[] {
  const all = new Map(before.map((text) => [text.replace(/=.*$/s, ''), text]))
  for (const text of given) {
    const name = text.replace(/=.*$/s, '')
    if (!text.includes('=') || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new BadFlag(`-e wants NAME=VALUE, not ${JSON.stringify(text.includes('=') ? name : text)}`)
    all.set(name, text)
  }
  return [...all.values()]
}

/** A mapping whose container port is given gets another host port; one that is not there is added. (POD-67) */
function withPorts(before: readonly string[], given: readonly string[]): string[] {
  const ports = [...before]
  for (const text of given) {
    const wanted = /^\d+:\d+(\/(tcp|udp))?$/.test(text) ? parseMapping(text) : undefined
    if (!wanted)
      throw new BadFlag(`invalid port override ${JSON.stringify(text)}: expected host:container (e.g., 5901:5900)`)
    const at = ports.findIndex((one) => {
      const known = parseMapping(one)
      return known?.container === wanted.container && (!text.includes('/') || known.protocol === wanted.protocol)
    })
    const known = at === -1 ? undefined : parseMapping(ports[at]!)
    const mapping: Mapping = { ...(known ?? wanted), host: wanted.host }
    if (at === -1) ports.push(printMapping(mapping))
    else ports[at] = printMapping(mapping)
  }
  return ports
}

/** The first that names a volume decides: `--volume`, then `--bind`, then `--encrypt`. */
const flagVolumes = ({ volumes = [], binds = [], encrypt = [] }: DeployFlags): EntryVolume[] => [
  ...volumes.map((text) => parseVolume(text, '-v')),
  ...binds.map((text) => {
    const [, name = text, host] = /^([^=]*)=(.*)$/s.exec(text) ?? []
    return {
      name: volumeName(name, '--bind'),
      type: 'bind' as const,
      ...(host !== undefined && host !== '' && { host }),
    }
  }),
  ...encrypt.map((name) => ({ name: volumeName(name, '--encrypt'), type: 'encrypted' as const })),
]

function parseVolume(text: string, flag: string): EntryVolume {
  const [name = '', type, ...path] = text.split(':')
  volumeName(name, flag)
  // A bare name must never turn an encrypted volume into a plain one.
  if (type === undefined || type === '')
    throw new BadFlag(
      `${flag} ${name}: say how the volume is kept: ${name}:volume, ${name}:bind[:PATH] or ${name}:encrypted[:PATH]`,
    )
  const known = TYPES[type]
  if (known === undefined)
    throw new BadFlag(
      `${flag} ${name}: there is no kind of volume ${JSON.stringify(type)}; it is volume, bind or encrypted`,
    )
  const host = path.join(':')
  return { name, type: known, ...(host !== '' && { host }) }
}

function volumeName(name: string, flag: string): string {
  if (!NAME.test(name)) throw new BadFlag(`${flag}: ${JSON.stringify(name)} is not a volume name`)
  return name
}

function withVolumes(before: readonly EntryVolume[], given: readonly EntryVolume[]): EntryVolume[] {
  const all = new Map(before.map((volume) => [volume.name, volume]))
  const named = new Set<string>()
  for (const volume of given) {
    if (named.has(volume.name)) continue
    named.add(volume.name)
    const known = all.get(volume.name)
    all.set(volume.name, {
      ...volume,
      ...(known?.path !== undefined && { path: known.path }),
      // Another place is empty until it is filled.
      ...(known?.type === volume.type &&
        known.host === volume.host && {
          ...(known.dataSeeded !== undefined && { dataSeeded: known.dataSeeded }),
          ...(known.dataSource !== undefined && { dataSource: known.dataSource }),
        }),
    })
  }
  return [...all.values()]
}
