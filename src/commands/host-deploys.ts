import { localExecutor } from '../apply/executors/local.ts'
import {
  applyHost,
  LedgerFiles,
  pending,
  probe,
  survey,
  undoHost,
  undoPlan,
  type HostTools,
  type Keeping,
  type PendingStep,
} from '../apply/targets/host/index.ts'
import { Staging } from '../apply/targets/host/staging.ts'
import { DiagnosticError, throwIfErrors, type Diagnostic } from '../diagnostics/diagnostic.ts'
import type { HostFacts } from '../plan/host/facts.ts'
import { planHost, type HostPlan } from '../plan/host/index.ts'
import type { Gate } from '../plan/steps.ts'
import { withLock } from '../state/lock.ts'
import { BUILT_IN } from '../vocabulary/index.ts'
import type { Context } from './command.ts'
import { confirm, hasTerminal } from './confirm.ts'
import { hostSpec, isThisHost, type HostOptions } from './host-spec.ts'
import type { OpenProject } from './open.ts'
import type { CompiledProject } from './project.ts'

/** What an operator allows, and adds. */
export interface InstallFlags extends HostOptions {
  readonly withServices?: boolean
  readonly allowRepoChanges?: boolean
  readonly allowRootTasks?: boolean
  readonly yes?: boolean
}

/** Which of the deploys that are asked for are hosts; `pods` is undefined where there is nothing for podman to do. */
export function chosen(
  { entities }: OpenProject,
  deploys: readonly string[],
): { readonly hosts: readonly string[]; readonly pods: readonly string[] | undefined } {
  const declared = entities.filter(({ kind }) => kind === 'host').map(({ name }) => String(name))
  const hosts = deploys.length === 0 ? declared : declared.filter((name) => deploys.includes(name))
  const pods = deploys.filter((name) => !hosts.includes(name))
  const none = hosts.length > 0 && pods.length === 0
  return {
    hosts,
    pods: none && (deploys.length > 0 || !entities.some(({ kind }) => kind === 'pod')) ? undefined : pods,
  }
}

/** Compiles a host deploy for the machine that it is for. */
export async function planHere(
  name: string,
  ref: string | undefined,
  options: HostOptions,
  compiled: CompiledProject,
): Promise<ReturnType<typeof planHost> & { readonly machine: HostFacts }> {
  const declared = compiled.project.hosts.get(name)
  const elsewhere = declared?.data.inside ?? (declared?.data.host === 'local' ? undefined : declared?.data.host)
  if (declared && elsewhere !== undefined)
    throw new DiagnosticError([
      {
        code: 'OV5042',
        severity: 'error',
        message: `it is for another machine (${typeof elsewhere === 'string' ? elsewhere : elsewhere.name}), which ov does not reach yet`,
        entity: `host "${name}"`,
        field: declared.data.inside === undefined ? 'host' : 'inside',
        place: declared.origin,
        remedy: 'run ov there, with a deploy that has neither host nor inside',
      },
    ])
  const machine = await probe(localExecutor)
  return { ...planHost(hostSpec(name, ref, options, compiled), machine, compiled), machine }
}

/** Installs a host deploy on this machine; what is there already is left alone. */
export async function installHost(
  context: Context,
  compiled: CompiledProject,
  name: string,
  ref: string | undefined,
  options: InstallFlags,
): Promise<number> {
  const { plan, machine, diagnostics } = await planHere(name, ref, options, compiled)
  throwIfErrors(diagnostics)
  for (const layer of plan.skipped)
    context.say(`[skip] layer ${layer} has no packages for this machine (${machine.tags.join(', ')})`)
  const declared = compiled.project.hosts.get(name)?.data.installOpts ?? {}
  const layers = plan.plans.map((one) => ({ plan: one, files: compiled.stages.get(one.layer) ?? [] }))
  const gates = openGates({ ...declared, ...options })
  const venue = { ...venueOf(machine), formats: compiled.project.vocabulary.formats }
  const ledger = new LedgerFiles(machine.user.home, localExecutor)
  refuseClosedRepositories(plan, gates)
  return locked(context, ledger, async () => {
    const works = await survey(layers, await ledger.read(), gates, venue)
    for (const { drifted } of works)
      for (const path of drifted) context.say(`Warning: ${path} was changed since ov wrote it, and is written anew`)
    await using staging = await Staging.make(layers)
    const tools: HostTools = { ...toolsFor(context, venue, ledger), stage: (layer) => staging.folderOf(layer) }
    if (works.some(({ privilege, done, closed }) => privilege === 'root' && !done && closed === undefined))
      await sudoPreflight(venue.sudo, options.yes ?? declared.yes ?? false)
    await applyHost(plan, works, tools)
    await retire(plan, tools)
    const changed = works.filter(({ done, closed }) => !done && closed === undefined).length
    context.say(`${name}: ${changed === 0 ? 'no change' : changed === 1 ? '1 change' : `${changed} changes`}`)
    return 0
  })
}

/** What applying a host deploy would do. Changes nothing. */
export async function pendingHere(
  name: string,
  compiled: CompiledProject,
): Promise<{ readonly steps: readonly PendingStep[]; readonly isNew: boolean; readonly diagnostics: Diagnostic[] }> {
  const { plan, machine, diagnostics } = await planHere(name, undefined, {}, compiled)
  throwIfErrors(diagnostics)
  const layers = plan.plans.map((one) => ({ plan: one, files: compiled.stages.get(one.layer) ?? [] }))
  const ledger = await new LedgerFiles(machine.user.home, localExecutor).read()
  const venue = { ...venueOf(machine), formats: compiled.project.vocabulary.formats }
  const works = await survey(layers, ledger, openGates(compiled.project.hosts.get(name)?.data.installOpts ?? {}), venue)
  return { steps: await pending(works, venue), isNew: !ledger.deploys.has(plan.deployId), diagnostics }
}

export interface RemovalOptions {
  readonly keepRepoChanges?: boolean
  readonly keepServices?: boolean
  readonly yes?: boolean
  readonly force?: boolean
  readonly dryRun?: boolean
}

/** Name of a deploy in ledgers. (HOST-41) */
const targetOf = (name: string): string => (isThisHost(name) ? 'host' : `host:${name}`)

/** Whether this machine's ledger has a host deploy of that name. */
export async function isInstalled(name: string): Promise<boolean> {
  const machine = await probe(localExecutor)
  const { deploys } = await new LedgerFiles(machine.user.home, localExecutor).read()
  return [...deploys.values()].some(({ target }) => target === targetOf(name))
}

/** Takes back what a host deploy did to this machine; false where there is none. (DEP-05, HOST-50) */
export async function removeHost(context: Context, options: RemovalOptions, name: string): Promise<boolean> {
  const machine = await probe(localExecutor)
  const ledger = new LedgerFiles(machine.user.home, localExecutor)
  const keeping: Keeping = {
    repoChanges: options.keepRepoChanges ?? false,
    services: options.keepServices ?? false,
  }
  const known = await ledger.read()
  const find = ({ deploys }: typeof known) => [...deploys.values()].filter(({ target }) => target === targetOf(name))
  const found = find(known)
  if (found.length === 0) return false
  if (options.dryRun === true) {
    for (const record of found) {
      const { deploy_id: id, image, layer } = record
      context.result(
        [
          `[dry-run] would tear down host deploy ${id} (image=${image}, ${layer.length} layers)`,
          ...undoPlan(record, known, keeping).map(({ op }) => `  - ${op.kind} ${(op.targets ?? []).join(' ')}`),
        ].join('\n'),
      )
    }
    return true
  }
  const sure = options.yes === true || options.force === true || !hasTerminal()
  if (!sure && !(await confirm(`Take back what ${name} did to this machine?`))) {
    context.say('nothing was changed')
    return true
  }
  const tools: HostTools = {
    ...toolsFor(context, { ...venueOf(machine), formats: BUILT_IN.formats }, ledger),
    stage: () => '',
  }
  await locked(context, ledger, async () => {
    for (const record of find(await ledger.read())) {
      await undoHost(record, keeping, tools)
      context.say(`Removed host deploy ${record.deploy_id} (${record.image})`)
    }
  })
  return true
}

const venueOf = (machine: HostFacts) => ({
  executor: localExecutor,
  machine,
  sudo: machine.user.uid === 0 ? [] : ['sudo', '-n', '--'],
})

const toolsFor = (
  context: Context,
  venue: Pick<HostTools, 'executor' | 'machine' | 'sudo' | 'formats'>,
  ledger: LedgerFiles,
): Omit<HostTools, 'stage'> => ({
  ...venue,
  ledger,
  say: (line) => context.say(line),
  now: () => new Date(),
  signal: context.signal,
})

/** (HOST-43) */
const locked = <T>(context: Context, { root }: LedgerFiles, work: () => Promise<T>): Promise<T> =>
  withLock(`${root}/.lock`, () => context.say('waiting for another ov to finish'), work)

const openGates = (options: {
  readonly [Name in keyof InstallFlags]?: InstallFlags[Name] | undefined
}): ReadonlySet<Gate> => {
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

/** Asks for the password once, before anything is changed. (HOST-04) */
async function sudoPreflight(sudo: readonly string[], skip: boolean): Promise<void> {
  if (sudo.length === 0 || skip) return
  const quiet = await localExecutor.run(['sudo', '-n', 'true'])
  if (quiet.exitCode === 0) return
  if ((await localExecutor.attach(['sudo', '-v'])) === 0) return
  throw new DiagnosticError([
    {
      code: 'OV5043',
      severity: 'error',
      message: `sudo preflight: ${quiet.stderr.trim().split('\n').at(-1) ?? 'sudo does not work'}`,
      remedy: 'nothing was changed; let this account use sudo, or run as root',
    },
  ])
}

/** An earlier set of layers of the same deploy: what is not in the new one any more goes. (HOST-40) */
async function retire(plan: HostPlan, tools: HostTools): Promise<void> {
  const { deploys } = await tools.ledger.read()
  for (const record of deploys.values())
    if (record.target === plan.target && record.deploy_id !== plan.deployId)
      await undoHost(record, { repoChanges: false, services: false }, tools)
}
