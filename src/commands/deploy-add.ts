import { localExecutor } from '../apply/executors/local.ts'
import { applyHost, LedgerFiles, probe, survey, undoHost, type HostTools } from '../apply/targets/host/index.ts'
import { Staging } from '../apply/targets/host/staging.ts'
import { DiagnosticError, throwIfErrors } from '../diagnostics/diagnostic.ts'
import { planHost, type HostPlan } from '../plan/host/index.ts'
import { planToJson } from '../plan/json.ts'
import type { Gate } from '../plan/steps.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { hostSpec, type HostOptions } from './host-spec.ts'
import { withProject } from './open.ts'
import { compileProject } from './project.ts'

export interface AddOptions extends HostOptions {
  readonly project?: string
  readonly dryRun?: boolean
  readonly format?: string
  readonly withServices?: boolean
  readonly allowRepoChanges?: boolean
  readonly allowRootTasks?: boolean
  readonly yes?: boolean
}

/** `ov deploy add`: installs layers on a machine. (DEP-01 to DEP-03) */
export const add = (context: Context, options: AddOptions, name: string, ref?: string): Promise<number> => {
  const { format = 'table' } = options
  if (!['table', 'json'].includes(format)) {
    context.say(`--format is table or json, not ${JSON.stringify(format)}`)
    return Promise.resolve(64)
  }
  return withProject(options.project, async ({ location, bundle, entities, cache }) => {
    const compiled = await compileProject(location, bundle, entities, cache)
    const declared = compiled.project.hosts.get(name)?.data.installOpts ?? {}
    const machine = await probe(localExecutor)
    const { plan, diagnostics } = planHost(hostSpec(name, ref, options, compiled), machine, compiled)
    await context.warn(
      [...compiled.diagnostics, ...diagnostics].filter(({ severity }) => severity !== 'error'),
      location.root,
    )
    throwIfErrors(diagnostics)
    for (const layer of plan.skipped)
      context.say(`[skip] layer ${layer} has no packages for this machine (${machine.tags.join(', ')})`)
    if (options.dryRun === true) {
      context.result(format === 'json' ? plan.plans.map(planToJson) : plan.plans.map(tableOf).join('\n'))
      return 0
    }
    const layers = plan.plans.map((one) => ({ plan: one, files: compiled.stages.get(one.layer) ?? [] }))
    const gates = openGates({ ...declared, ...options })
    const sudo = machine.user.uid === 0 ? [] : ['sudo', '-n', '--']
    const ledger = new LedgerFiles(machine.user.home, localExecutor)
    const venue = { executor: localExecutor, machine, sudo, formats: compiled.project.vocabulary.formats }
    refuseClosedRepositories(plan, gates)
    return withLock(
      `${ledger.root}/.lock`,
      () => context.say('waiting for another ov to finish'),
      async () => {
        const works = await survey(layers, await ledger.read(), gates, venue)
        for (const { drifted } of works)
          for (const path of drifted) context.say(`Warning: ${path} was changed since ov wrote it, and is written anew`)
        await using staging = await Staging.make(layers)
        const tools: HostTools = {
          ...venue,
          ledger,
          say: (line) => context.say(line),
          now: () => new Date(),
          signal: context.signal,
          stage: (layer) => staging.folderOf(layer),
        }
        if (works.some(({ privilege, done, closed }) => privilege === 'root' && !done && closed === undefined))
          await sudoPreflight(sudo, options.yes ?? declared.yes ?? false)
        await applyHost(plan, works, tools)
        await retire(plan, tools)
        const changed = works.filter(({ done, closed }) => !done && closed === undefined).length
        context.say(`${name}: ${changed === 0 ? 'no change' : `${changed} changes`}`)
        return 0
      },
    )
  })
}

/** (PLAN-31) */
function tableOf({ layer, image, distro, steps }: HostPlan['plans'][number]): string {
  const counts = new Map<string, number>()
  for (const { kind } of steps) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const lines = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `  ${kind}: ${count}`)
  return [`Plan: layer=${layer} image=${image} distro=${distro} steps=${steps.length}`, ...lines, ''].join('\n')
}

const openGates = (options: {
  readonly [Name in keyof AddOptions]?: AddOptions[Name] | undefined
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
