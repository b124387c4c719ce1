import type { DeployEntry, EntrySidecar, EntryVolume } from '../../model/deploy-entry.ts'
import { byName } from '../../model/project.ts'

/** Something that the operator changed on the machine: it stays, whatever the project says. */
export interface LocalOverride {
  /** Path into the entry: `env.LOG_LEVEL`, `volumes.data`, `security.memoryMax`. */
  readonly path: string
  /** What the machine has; undefined where the operator took it away. */
  readonly local: unknown
  /** What the project says; undefined where it says nothing. */
  readonly project: unknown
}

/** An entry as single values that can be compared, by path. */
type Parts = ReadonlyMap<string, unknown>

/**
 * What a deploy is to be: the values of the project, except where the operator has changed them since the project was applied last. A value
 * counts as changed when it differs from the one that was applied; where an apply was cut short, from that of the one before, too.
 */
export function threeWay(
  applied: readonly DeployEntry[],
  local: DeployEntry | undefined,
  project: DeployEntry,
): { readonly entry: DeployEntry; readonly overrides: readonly LocalOverride[] } {
  const bases = (applied.length === 0 ? [{}] : applied).map(split)
  const [mine, theirs] = [split(local ?? {}), split(project)]
  const merged = new Map<string, unknown>()
  const overrides: LocalOverride[] = []
  // The project's order comes first, so that variables and ports are where people wrote them.
  for (const path of new Set([...theirs.keys(), ...mine.keys()])) {
    const [is, wanted] = [mine.get(path), theirs.get(path)]
    const kept = bases.every((base) => !same(is, base.get(path)))
    const value = kept ? is : wanted
    if (value !== undefined) merged.set(path, value)
    if (kept && !same(is, wanted)) overrides.push({ path, local: is, project: wanted })
  }
  return {
    entry: join(merged, local),
    overrides: overrides.sort((a, b) => byName(a.path, b.path)),
  }
}

/** An entry in which one value is the project's again, or nobody's; undefined where nothing differs under that path. */
export function withoutOverride(
  entry: DeployEntry,
  applied: DeployEntry | undefined,
  path: string,
): DeployEntry | undefined {
  const [parts, base] = [new Map(split(entry)), split(applied ?? {})]
  const paths = [...new Set([...parts.keys(), ...base.keys()])].filter(
    (one) => one === path || one.startsWith(`${path}.`),
  )
  const changed = paths.filter((one) => !same(parts.get(one), base.get(one)))
  for (const one of changed) {
    const value = base.get(one)
    if (value === undefined) parts.delete(one)
    else parts.set(one, value)
  }
  return changed.length === 0 ? undefined : join(parts, entry)
}

const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([x], [y]) => byName(x, y)))
      : one,
  ) ?? ''

/** Fields whose parts change one by one. */
const LISTS = ['env', 'volumes', 'ports', 'secrets'] as const
const MAPS = ['security', 'sidecars'] as const
/** What ov itself found out: nobody writes it, so that nobody changes it. */
const STATE = ['resolvedPort'] as const

/** Container port of a mapping, with its protocol unless that is tcp: `8080`, `53/udp`, `auto`. */
export const mappedPort = (mapping: string): string => mapping.replace(/^.*:/s, '').replace(/\/tcp$/, '')

const variableName = (assignment: string) => assignment.replace(/=.*$/s, '')

function split(entry: DeployEntry): Parts {
  const parts = new Map<string, unknown>()
  for (const [field, value] of Object.entries(entry))
    if (value !== undefined && ![...LISTS, ...MAPS, ...STATE].includes(field as never)) parts.set(field, value)
  for (const assignment of entry.env ?? []) parts.set(`env.${variableName(assignment)}`, assignment)
  for (const { dataSeeded: _, dataSource: __, ...volume } of entry.volumes ?? [])
    if (!isDefault(volume)) parts.set(`volumes.${volume.name}`, volume)
  for (const mapping of entry.ports ?? []) {
    // One container port may be published several times.
    const path = `ports.${mappedPort(mapping)}`
    parts.set(path, [...((parts.get(path) as string[] | undefined) ?? []), mapping])
  }
  for (const secret of entry.secrets ?? []) parts.set(`secrets.${secret.name}`, secret)
  for (const [field, value] of Object.entries(entry.security ?? {})) parts.set(`security.${field}`, value)
  for (const [name, sidecar] of Object.entries(entry.sidecars ?? {})) {
    parts.set(`sidecars.${name}`, true)
    for (const [field, value] of Object.entries(sidecar))
      if (field === 'env' || field === 'parameter')
        for (const [key, one] of Object.entries(value as Record<string, string>))
          parts.set(`sidecars.${name}.${field}.${key}`, one)
      else parts.set(`sidecars.${name}.${field}`, value)
  }
  return parts
}

/** What a volume is when nobody says anything about it. */
const isDefault = ({ type, host, path }: EntryVolume) => type === 'volume' && host === undefined && path === undefined

function join(parts: Parts, local: DeployEntry | undefined): DeployEntry {
  const entry: Record<string, unknown> = {}
  const list = (field: string): unknown[] => (entry[field] ??= []) as unknown[]
  const map = (field: string): Record<string, unknown> => (entry[field] ??= {}) as Record<string, unknown>
  for (const [path, value] of parts) {
    const [field = '', key = ''] = /^([^.]*)\.(.*)$/s.exec(path)?.slice(1) ?? [path]
    if (field === 'ports') list(field).push(...(value as string[]))
    else if (field === 'volumes') list(field).push(seeded(value as EntryVolume, local))
    else if (field === 'env' || field === 'secrets') list(field).push(value)
    else if (field === 'security') map(field)[key] = value
    else if (field === 'sidecars') putSidecar(map(field) as Record<string, EntrySidecar>, key, value)
    else entry[field] = value
  }
  const named = new Set(((entry['volumes'] ?? []) as EntryVolume[]).map(({ name }) => name))
  for (const volume of local?.volumes ?? [])
    if (volume.dataSeeded !== undefined && !named.has(volume.name))
      list('volumes').push(seeded({ name: volume.name, type: 'volume' }, local))
  return entry
}

/** What was put into a volume stays known, whatever becomes of its backing. */
function seeded(volume: EntryVolume, local: DeployEntry | undefined): EntryVolume {
  const { dataSeeded, dataSource } = local?.volumes?.find((one) => one.name === volume.name) ?? {}
  return {
    ...volume,
    ...(dataSeeded !== undefined && { dataSeeded }),
    ...(dataSource !== undefined && { dataSource }),
  }
}

/** `tailscale`, `tailscale.image`, `tailscale.env.TS_HOSTNAME`; what hangs below a sidecar that is gone goes with it. */
function putSidecar(sidecars: Record<string, EntrySidecar>, path: string, value: unknown): void {
  const [, name = path, field, key] = /^([^.]+)(?:\.(env|parameter)\.(.*)|\.([^.]+))?$/s.exec(path) ?? []
  const single = /^[^.]+\.([^.]+)$/s.exec(path)?.[1]
  if (path === name) sidecars[name] ??= {}
  const sidecar = sidecars[name] as Record<string, unknown> | undefined
  if (!sidecar) return
  if (field !== undefined && key !== undefined)
    sidecar[field] = { ...(sidecar[field] as Record<string, string> | undefined), [key]: value }
  else if (single !== undefined) sidecar[single] = value
}
