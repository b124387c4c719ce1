import {
  AccessGuard,
  applyHost,
  hiddenUnits,
  opaqueOf,
  pending,
  profileEdits,
  stageFiles,
  survey,
  undoHost,
  undoPlan,
  type HostTools,
  type Keeping,
  type ChangedText,
  type PendingStep,
  type StagedLayer,
  type Venue,
  type Work,
} from '../apply/targets/host/index.ts'
import { localExecutor } from '../apply/executors/local.ts'
import { readText } from '../apply/images.ts'
import { DiagnosticError, throwIfErrors, type Diagnostic } from '../diagnostics/diagnostic.ts'
import { touchesAccess, undoTouchesAccess } from '../plan/host/access.ts'
import { planHost, type HostPlan } from '../plan/host/index.ts'
import { HERE, placeId, placeOfHost, type HostPlace } from '../plan/host/place.ts'
import type { Gate } from '../plan/steps.ts'
import { DeployFile } from '../state/deploy-file/index.ts'
import { HostStore, type HostRecord } from '../state/hosts.ts'
import type { DeployRecord } from '../state/ledger.ts'
import { userPaths } from '../state/paths.ts'
import { BUILT_IN } from '../vocabulary/index.ts'
import { builderImage } from './builder-image.ts'
import type { Context } from './command.ts'
import { confirm, hasTerminal } from './confirm.ts'
import { hostSpec, isThisHost, type HostOptions } from './host-spec.ts'
import { verifyHost } from './host-verify.ts'
import type { CompiledProject } from './project.ts'
import { openVenue, type OpenVenue } from './venue.ts'

/** What an operator allows, and adds. */
export interface InstallFlags extends HostOptions {
  readonly withServices?: boolean
  readonly allowRepoChanges?: boolean
  readonly allowRootTasks?: boolean
  readonly yes?: boolean
  /** Run the checks of the layers afterwards. (DEP-08) */
  readonly verify?: boolean
  /** Seconds after which a machine puts its access back. */
  readonly confirmWithin?: string
}

/** A host deploy, compiled for the machine that it is for. */
export interface HostIntent {
  readonly plan: HostPlan
  readonly layers: readonly StagedLayer[]
  readonly gates: ReadonlySet<Gate>
  /** What the command line says, over what the deploy does. */
  readonly options: InstallFlags
  readonly diagnostics: readonly Diagnostic[]
}

/** Where a host deploy goes. */
export function hostPlace(name: string, { project }: CompiledProject): HostPlace {
  const declared = project.hosts.get(name)
  if (!declared) return HERE
  const known = new Set(DeployFile.read(userPaths().deployFile).entries.keys())
  const place = placeOfHost(declared, project, known)
  if ('kind' in place) return place
  throw new DiagnosticError([place])
}

/** Compiles a host deploy for a machine. */
export function intendHost(
  name: string,
  ref: string | undefined,
  options: InstallFlags,
  compiled: CompiledProject,
  { machine, place }: Pick<OpenVenue, 'machine' | 'place'>,
): HostIntent {
  const spec = hostSpec(name, ref, options, compiled)
  const { plan, diagnostics } = planHost({ ...spec, remote: place.kind !== 'local' }, machine, compiled)
  const { builderImage: _, ...declared } = compiled.project.hosts.get(name)?.data.installOpts ?? {}
  const given = Object.entries({ ...declared, ...options }).filter(([, value]) => value !== undefined)
  const all = Object.fromEntries(given) as InstallFlags
  return {
    plan,
    diagnostics,
    layers: plan.plans.map((one) => ({ plan: one, files: compiled.stages.get(one.layer) ?? [] })),
    gates: openGates(all),
    options: all,
  }
}

/** Installs a host deploy on its machine; what is there already is left alone. */
export async function installHost(
  context: Context,
  compiled: CompiledProject,
  name: string,
  ref: string | undefined,
  flags: InstallFlags,
): Promise<number> {
  const place = hostPlace(name, compiled)
  await using open = await openVenue(place, context)
  const venue = { ...open, formats: compiled.project.vocabulary.formats }
  const { plan, layers, gates, options, diagnostics } = intendHost(name, ref, flags, compiled, venue)
  throwIfErrors(diagnostics)
  for (const layer of plan.skipped)
    context.say(`[skip] layer ${layer} has no packages for this machine (${venue.machine.tags.join(', ')})`)
  refuseClosedRepositories(plan, gates)
  if (gates.has('with-services'))
    throwIfErrors(
      (await hiddenUnits(layers, venue)).map(({ step, path }) => ({
        code: 'OV5042',
        severity: 'error',
        message: `unit ${step.name} of layer "${step.layerName}" would hide ${path}, which a package brought`,
        entity: `layer "${step.layerName}"`,
        place: step.origin,
        remedy: `use that one: usePackaged: '${step.name}'; or give the service another name`,
      })),
    )
  const guard = new AccessGuard(venue, confirmSeconds(options), (line) => context.say(line))
  const store = new HostStore(userPaths())
  refuseOtherPlace(store.get(name), place)
  return await locked(context, venue, async (stage) => {
    let works = await survey(layers, await venue.ledger.read(), gates, venue)
    const todo = (work: Work) => !work.done && work.closed === undefined
    if (works.some((work) => work.privilege === 'root' && todo(work))) {
      const asked = await sudoPreflight(venue, options.yes ?? false)
      // Without sudo some of it could not be seen.
      if (asked) works = await survey(layers, await venue.ledger.read(), gates, venue)
    }
    for (const { drifted } of works)
      for (const path of drifted) context.say(`Warning: ${path} was changed since ov wrote it, and is written anew`)
    store.put({ schemaVersion: 1, name, project: compiled.root, place })
    const tools: HostTools = {
      ...toolsFor(context, venue),
      stage,
      builderImage: (step) => builderImage(step, context, compiled),
      before: async ({ step, wanted }) => {
        if (place.kind === 'ssh' && touchesAccess(step, wanted)) await guard.arm()
      },
    }
    const work = async () => {
      if (works.some(todo)) await stageFiles(layers, stage, venue.user)
      await applyHost(plan, works, tools)
      await retire(plan, tools, guard, place)
    }
    await guard.during(work, () => openVenue(place, context))
    const changed = works.filter(todo).length
    context.say(`${name}: ${changed === 0 ? 'no change' : changed === 1 ? '1 change' : `${changed} changes`}`)
    return options.verify !== true || (await verifyHost(context, plan, venue)) ? 0 : 2
  })
}

/** What applying a host deploy would do. Changes nothing. */
export async function pendingOn(
  context: Context,
  name: string,
  compiled: CompiledProject,
): Promise<{
  readonly steps: readonly PendingStep[]
  /** Files of the deploying user's shell that would read the variables of layers. */
  readonly profile: readonly ChangedText[]
  readonly isNew: boolean
  readonly diagnostics: readonly Diagnostic[]
}> {
  await using open = await openVenue(hostPlace(name, compiled), context)
  const venue = { ...open, formats: compiled.project.vocabulary.formats }
  const { plan, layers, gates, diagnostics } = intendHost(name, undefined, {}, compiled, venue)
  throwIfErrors(diagnostics)
  const ledger = await venue.ledger.read()
  const works = await survey(layers, ledger, gates, venue)
  const sourceOf = (layer: string, source: string) => {
    const file = layers.find((one) => one.plan.layer === layer)?.files.find(({ to }) => to === source)
    return file && readText(file.from)
  }
  const profile = await profileEdits(plan.name, plan.env, venue)
  return {
    steps: await pending(works, venue, sourceOf),
    profile: profile.map(({ path, before, after }) => [path, before, after]),
    isNew: !ledger.deploys.has(plan.deployId),
    diagnostics,
  }
}

export interface RemovalOptions {
  readonly keepRepoChanges?: boolean
  readonly keepServices?: boolean
  readonly yes?: boolean
  readonly force?: boolean
  readonly dryRun?: boolean
  readonly confirmWithin?: string
}

/** Name of a deploy in ledgers. (HOST-41) */
const targetOf = (name: string): string => (isThisHost(name) ? 'host' : `host:${name}`)

/** Whether a host deploy of that name is known here: as one that was applied from here, or in this machine's own ledger. */
export async function isInstalled(name: string): Promise<boolean> {
  if (new HostStore(userPaths()).get(name)) return true
  await using venue = await openVenue(HERE, SILENT)
  const { deploys } = await venue.ledger.read()
  return [...deploys.values()].some(({ target }) => target === targetOf(name))
}

const SILENT = { say: () => {} }

/** How a host deploy is: `running` as long as its machine's ledger has a record of it. (HOST-52) */
export async function hostStatus(context: Context, name: string): Promise<string | undefined> {
  const record = new HostStore(userPaths()).get(name)
  if (!record) return undefined
  await using venue = await openVenue(record.place, context)
  const { deploys } = await venue.ledger.read()
  const found = [...deploys.values()].filter(({ target }) => target === targetOf(name))
  const layers = new Set(found.flatMap(({ layer }) => layer))
  const images = new Set(found.map(({ image }) => image))
  return `${name}  ${found.length > 0 ? 'running' : 'not installed'}  ${venue.id}  ${found.length} deploys, ${layers.size} layers, ${images.size} images`
}

/** Takes back what a host deploy did to its machine; false where there is none. (DEP-05, HOST-50) */
export async function removeHost(context: Context, options: RemovalOptions, name: string): Promise<boolean> {
  const store = new HostStore(userPaths())
  const { place } = store.get(name) ?? { place: HERE }
  await using open = await openVenue(place, context).catch((error: unknown) => {
    if (error instanceof DiagnosticError && store.get(name))
      context.say(`when that machine is gone for good, nothing is left to take back: rm ${store.fileOf(name)}`)
    throw error
  })
  const venue = { ...open, formats: BUILT_IN.formats }
  const keeping: Keeping = {
    repoChanges: options.keepRepoChanges ?? false,
    services: options.keepServices ?? false,
  }
  const known = await venue.ledger.read()
  const find = ({ deploys }: typeof known) => [...deploys.values()].filter(({ target }) => target === targetOf(name))
  const found = find(known)
  if (found.length === 0) {
    if (options.dryRun !== true) store.remove(name)
    return false
  }
  if (options.dryRun === true) {
    for (const record of found) {
      const { deploy_id: id, image, layer } = record
      context.result(
        [
          `[dry-run] would tear down host deploy ${id} (image=${image}, ${layer.length} layers)`,
          ...undoPlan(record, known, keeping).map(({ op }) => `  - ${op.kind} ${(op.targets ?? []).join(' ')}`),
          ...[...layer].reverse().flatMap((one) => {
            const of = known.layers.get(one)
            const goes = of?.deployed_by.length === 1 && of.deployed_by[0] === id
            return goes ? opaqueOf(of).map((summary) => `  - not reversible: layer ${one}: ${summary}`) : []
          }),
        ].join('\n'),
      )
    }
    return true
  }
  const sure = options.yes === true || options.force === true || !hasTerminal()
  if (
    !sure &&
    !(await confirm(`Take back what ${name} did to ${place.kind === 'local' ? 'this machine' : venue.id}?`))
  ) {
    context.say('nothing was changed')
    return true
  }
  const guard = new AccessGuard(venue, confirmSeconds(options), (line) => context.say(line))
  await locked(context, venue, async (stage) => {
    const tools: HostTools = {
      ...toolsFor(context, venue),
      stage,
      before: () => Promise.resolve(),
      // Nothing is built to take something back.
      builderImage: () => Promise.reject(new Error('no builder is needed')),
    }
    const work = async () => {
      for (const record of find(await venue.ledger.read())) {
        await undoGuarded(record, keeping, tools, guard, place)
        context.say(`Removed host deploy ${record.deploy_id} (${record.image})`)
      }
    }
    await guard.during(work, () => openVenue(place, context))
    store.remove(name)
  })
  return true
}

const toolsFor = (
  context: Context,
  venue: OpenVenue & Venue,
): Omit<HostTools, 'stage' | 'before' | 'builderImage'> => ({
  ...venue,
  say: (line) => context.say(line),
  now: () => new Date(),
  signal: context.signal,
})

/** (HOST-07, HOST-43) */
async function locked<T>(
  context: Context,
  { ledger, sudo }: OpenVenue,
  work: (stage: string) => Promise<T>,
): Promise<T> {
  const { stage, release } = await ledger.hold(() => context.say('waiting for another ov to finish'), sudo)
  try {
    return await work(stage)
  } finally {
    // A connection that is gone has been reported already, and the machine lets go by itself.
    await release().catch(() => {})
  }
}

const CONFIRM_SECONDS = 120

const confirmSeconds = ({ confirmWithin }: { readonly confirmWithin?: string }): number => {
  if (confirmWithin === undefined) return CONFIRM_SECONDS
  const seconds = Number(confirmWithin)
  if (Number.isInteger(seconds) && seconds >= 5 && seconds <= 3600) return seconds
  throw new DiagnosticError([
    {
      code: 'OV6007',
      severity: 'error',
      message: `--confirm-within is a number of seconds from 5 to 3600, not ${JSON.stringify(confirmWithin)}`,
      remedy: `leave it out for ${CONFIRM_SECONDS}`,
    },
  ])
}

const openGates = (
  options: Readonly<
    Partial<Record<'withServices' | 'allowRepoChanges' | 'allowRootTasks' | 'yes', boolean | undefined>>
  >,
): ReadonlySet<Gate> => {
  const all = options.yes === true
  const gates: [Gate, boolean | undefined][] = [
    ['with-services', options.withServices],
    ['allow-repo-changes', options.allowRepoChanges],
    ['allow-root-tasks', options.allowRootTasks],
  ]
  return new Set(gates.flatMap(([gate, open]) => (all || open === true ? [gate] : [])))
}

/** Without its repository a package can't come. (HOST-05) */
function refuseClosedRepositories({ plans }: HostPlan, gates: ReadonlySet<Gate>): void {
  if (gates.has('allow-repo-changes')) return
  throwIfErrors(
    plans.flatMap(({ layer, steps }) =>
      steps.flatMap((step) =>
        step.kind === 'RepoChange'
          ? [
              {
                code: 'OV5042' as const,
                severity: 'error' as const,
                message: `repo change in plan ${layer} requires --allow-repo-changes (${step.file})`,
                entity: `layer "${layer}"`,
                place: step.origin,
                remedy: 'give it when the repository is trusted; nothing was changed',
              },
            ]
          : [],
      ),
    ),
  )
}

/** Sees that root's steps can run, before anything is changed; on this machine it may ask for the password, once. Whether it did. (HOST-04, DEP-46) */
async function sudoPreflight({ sudo, root, place, machine }: OpenVenue, skip: boolean): Promise<boolean> {
  if (sudo.length === 0 || skip) return false
  const quiet = await root.run(['true'])
  if (quiet.exitCode === 0) return false
  if (place.kind === 'local' && (await localExecutor.attach(['sudo', '-v'])) === 0) return true
  const who = `${machine.user.name} on ${place.kind === 'local' ? 'this machine' : 'that machine'}`
  throw new DiagnosticError([
    {
      code: 'OV5043',
      severity: 'error',
      message: `sudo preflight: ${quiet.stderr.trim().split('\n').at(-1) ?? 'sudo does not work'}`,
      remedy:
        place.kind === 'local'
          ? 'nothing was changed; let this account use sudo, or run as root'
          : `nothing was changed; over SSH ${who} needs sudo without a password (sudoers: ${machine.user.name} ALL=(ALL) NOPASSWD: ALL), or log in as root`,
    },
  ])
}

/** An earlier set of layers of the same deploy: what is not in the new one any more goes. (HOST-40) */
async function retire(plan: HostPlan, tools: HostTools, guard: AccessGuard, place: HostPlace): Promise<void> {
  const { deploys } = await tools.ledger.read()
  for (const record of deploys.values())
    if (record.target === plan.target && record.deploy_id !== plan.deployId)
      await undoGuarded(record, { repoChanges: false, services: false }, tools, guard, place)
}

/** Takes a deploy back; what concerns access to another machine only after that is safe. */
async function undoGuarded(
  record: DeployRecord,
  keeping: Keeping,
  tools: HostTools,
  guard: AccessGuard,
  place: HostPlace,
): Promise<void> {
  const ops = undoPlan(record, await tools.ledger.read(), keeping)
  if (place.kind === 'ssh' && ops.some(({ op }) => undoTouchesAccess(op))) await guard.arm()
  await undoHost(record, keeping, tools)
}

/** A deploy that moves would leave all it did where it was. */
function refuseOtherPlace(before: HostRecord | undefined, place: HostPlace): void {
  if (!before || placeId(before.place) === placeId(place)) return
  throw new DiagnosticError([
    {
      code: 'OV5042',
      severity: 'error',
      message: `${before.name} is installed on ${placeId(before.place)}, and would go to ${placeId(place)} now`,
      remedy: `take it back there first: ov destroy ${before.name}; or give this one another name. If that machine is gone: ov destroy says which file remembers it`,
    },
  ])
}
