/** What has to be done on a machine so that it is as a deploy wants it. */
import { createHash } from 'node:crypto'
import type { PackageFormat } from '../../../../dsl/vocabulary.ts'
import type { ServiceCustomStep, Step } from '../../../plan/ir.ts'
import type { HostFacts } from '../../../plan/host/facts.ts'
import { wantedBy, type HostLayer, type Wanted } from '../../../plan/host/wanted.ts'
import { gateOf, isSystemUser, scopeOf, type Gate } from '../../../plan/steps.ts'
import { blockIn } from '../../../format/fence.ts'
import type { LayerRecord, Ledger } from '../../../state/ledger.ts'
import type { Executor } from '../../executor.ts'
import { isAsWanted, look, readText, type Seen } from './observe.ts'
import { inFile } from './text.ts'

/** A machine, and how ov works on it. */
export interface Venue {
  /** Runs programs as the deploying user. */
  readonly user: Executor
  /** Runs them as root. */
  readonly root: Executor
  readonly machine: HostFacts
  readonly formats: ReadonlyMap<string, PackageFormat>
}

export type Privilege = 'root' | 'user'

/** A step, and how far it is from being done. */
export interface Work {
  readonly layer: HostLayer
  readonly step: Step
  readonly privilege: Privilege
  /** Hash of all that the step depends on: one that was done so before need not be done again. */
  readonly digest: string
  readonly wanted: readonly Wanted[]
  readonly seen: readonly Seen[]
  /** Closed, so that the step is left out. */
  readonly closed: Gate | undefined
  /** All of it is there already. */
  readonly done: boolean
  /** Paths that ov wrote, and somebody has changed since. */
  readonly drifted: readonly string[]
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Hash of a step as it would be done on this machine. */
function digestOf({ origin: _, ...step }: Step, { files }: HostLayer): string {
  const uses = step.kind === 'Task' && step.task.verb === 'cmd' ? files.map(({ to, hash }) => [to, hash]) : []
  return sha256(JSON.stringify([step, uses])).slice(0, 16)
}

/** Who a step runs as. Accounts other than the deploying user are root's to become. (HOST-16) */
function privilegeOf(step: Step, { user }: HostFacts): Privilege {
  if (scopeOf(step) === 'system') return 'root'
  if (step.kind !== 'Task') return 'user'
  const given = step.resolvedUser.user
  const own = [String(user.uid), user.name, `${user.uid}:${user.gid}`]
  return isSystemUser(given) || !own.includes(given) ? 'root' : 'user'
}

/** Looks at all that layers want. (one question for each privilege, however many steps there are) */
export async function survey(
  layers: readonly HostLayer[],
  ledger: Ledger,
  open: ReadonlySet<Gate>,
  venue: Venue,
): Promise<Work[]> {
  const all = layers.flatMap((layer) =>
    layer.plan.steps.map((step) => ({
      layer,
      step,
      privilege: privilegeOf(step, venue.machine),
      digest: digestOf(step, layer),
      wanted: wantedBy(step, layer.files, venue.machine),
    })),
  )
  const seen = new Map<string, Seen>()
  for (const privilege of ['root', 'user'] as const) {
    const paths = [
      ...new Set(
        all.filter((one) => one.privilege === privilege).flatMap(({ wanted }) => wanted.map(({ path }) => path)),
      ),
    ]
    // Without sudo, what anybody may see is better than nothing: before the first change it is looked at again.
    const found = await look(paths, venue[privilege]).catch(() => look(paths, venue.user))
    paths.forEach((path, index) => seen.set(path, found[index]!))
  }
  const installed = await installedPackages(layers, venue)
  const services = new Map<string, UnitNow>()
  for (const scope of ['system', 'user'] as const)
    for (const [unit, state] of await unitsNow(
      scope,
      all.flatMap(({ step }) => (isService(step) && step.targetScope === scope ? [unitOf(step)] : [])),
      venue,
    ))
      services.set(`${scope} ${unit}`, state)
  const works: Work[] = []
  for (const one of all) {
    const record = ledger.layers.get(one.layer.plan.layer)
    const looked = one.wanted.map(({ path }) => seen.get(path)!)
    const gate = gateOf(one.step)
    works.push({
      ...one,
      seen: looked,
      closed: gate !== undefined && !open.has(gate) ? gate : undefined,
      done: await isDone({ ...one, seen: looked }, record, { installed, services }, venue),
      drifted: one.wanted.flatMap(({ path, kind }, index) => {
        const written = record?.written?.[path]
        const { type, hash } = looked[index]!
        return kind !== 'block' && written !== undefined && type === 'file' && hash !== written ? [path] : []
      }),
    })
  }
  return works
}

/** Units of the machine's own packages that services of layers would hide. (HOST-17) */
export async function hiddenUnits(
  layers: readonly HostLayer[],
  { user }: Pick<Venue, 'user'>,
): Promise<{ readonly step: ServiceCustomStep; readonly path: string }[]> {
  const wanted = layers.flatMap(({ plan }) =>
    plan.steps.flatMap((step) =>
      step.kind === 'ServiceCustom' && step.targetScope === 'system'
        ? ['/usr/lib/systemd/system', '/lib/systemd/system'].map((folder) => ({ step, path: `${folder}/${step.name}` }))
        : [],
    ),
  )
  const seen = await look(
    wanted.map(({ path }) => path),
    user,
  )
  const found = wanted.filter((_, index) => seen[index]!.type !== 'missing')
  // Where both folders are the same, once is enough.
  return found.filter(({ step }, index) => found.findIndex((one) => one.step === step) === index)
}

type ServiceStep = Extract<Step, { kind: 'ServicePackaged' | 'ServiceCustom' }>
export const isService = (step: Step): step is ServiceStep =>
  step.kind === 'ServicePackaged' || step.kind === 'ServiceCustom'
export const unitOf = (step: ServiceStep): string => (step.kind === 'ServiceCustom' ? step.name : step.unit)

/** How a unit is. */
interface UnitNow {
  readonly enabled: boolean
  readonly active: boolean
}

/** How units are, in one question. */
export async function unitsNow(
  scope: ServiceStep['targetScope'],
  units: readonly string[],
  { user }: Pick<Venue, 'user'>,
): Promise<ReadonlyMap<string, UnitNow>> {
  if (units.length === 0) return new Map()
  const manager = scope === 'user' ? ['systemctl', '--user'] : ['systemctl']
  const { stdout } = await user.run([...manager, 'show', '-p', 'UnitFileState,ActiveState', '--', ...units])
  const blocks = stdout.split(/\n\n+/)
  return new Map(
    units.map((unit, index) => [
      unit,
      {
        enabled: /^UnitFileState=enabled/m.test(blocks[index] ?? ''),
        active: /^ActiveState=(?:active|activating|reloading)$/m.test(blocks[index] ?? ''),
      },
    ]),
  )
}

/** Names of the packages that are there, by format. */
async function installedPackages(
  layers: readonly HostLayer[],
  venue: Venue,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const formats = new Set(
    layers.flatMap(({ plan }) => plan.steps.flatMap((step) => (step.kind === 'SystemPackages' ? [step.format] : []))),
  )
  const found = new Map<string, ReadonlySet<string>>()
  for (const format of formats) found.set(format, await packagesOf(format, 'installed', venue))
  return found
}

/** What a package manager lists. */
export async function packagesOf(
  format: string,
  question: 'installed' | 'automatic' | 'unneeded',
  { formats, user }: Pick<Venue, 'formats' | 'user'>,
): Promise<Set<string>> {
  const command = formats.get(format)?.host?.[question]
  if (command === undefined) return new Set()
  const { stdout } = await user.run(['sh', '-c', command])
  return new Set(stdout.split('\n').filter((line) => line !== ''))
}

/** A package as the package manager lists it, without what it was asked for with: `jq=1.7`, `jq/sid`, `libc6:i386`. */
export const bareName = (name: string): string => name.replace(/[=/:].*$/s, '')

async function isDone(
  { step, wanted, seen, digest }: Pick<Work, 'step' | 'wanted' | 'seen' | 'digest'>,
  record: LayerRecord | undefined,
  {
    installed,
    services,
  }: { installed: ReadonlyMap<string, ReadonlySet<string>>; services: ReadonlyMap<string, UnitNow> },
  venue: Venue,
): Promise<boolean> {
  for (const [index, one] of wanted.entries()) {
    if (one.kind === 'block') {
      const text = await readText(one.path, venue.user)
      if (inFile(one.path, () => blockIn(text ?? '', one.marker))?.trimEnd() !== one.text.trimEnd()) return false
    } else if (!isAsWanted(one, seen[index]!, sha256)) return false
  }
  const known = record?.steps?.some(({ extra }) => extra?.['digest'] === digest) === true
  switch (step.kind) {
    case 'SystemPackages': {
      if (step.phase !== 'install') return known
      const there = installed.get(step.format) ?? new Set()
      const absent =
        record?.steps?.find(({ extra }) => extra?.['digest'] === digest)?.extra?.['absent']?.split(' ') ?? []
      return step.packages.map(bareName).every((name) => there.has(name) || absent.includes(name))
    }
    case 'Task':
      return known || !['cmd', 'download', 'setcap'].includes(step.task.verb)
    case 'Builder':
      return known
    case 'ServicePackaged':
    case 'ServiceCustom': {
      const now = services.get(`${step.targetScope} ${unitOf(step)}`)
      return known && (!step.enable || (now?.enabled === true && now.active))
    }
    case 'File':
    case 'ShellHook':
    case 'ShellSnippet':
    case 'RepoChange':
    case 'ApkInstall':
      return true
  }
}
