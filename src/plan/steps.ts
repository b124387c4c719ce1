import type { ServiceScope, Step } from './ir.ts'

/** In the order of the numbers that ledgers write. (PLAN-06) */
const VENUES = ['host-native', 'container-builder', 'skip'] as const

export type Scope = 'system' | 'user' | 'user-profile'
export type VenueClass = (typeof VENUES)[number]
export type Gate = 'allow-repo-changes' | 'allow-root-tasks' | 'with-services'

/** Takes back what a step did. */
export interface ReverseOp {
  readonly kind: string
  readonly format?: string
  readonly targets?: readonly string[]
  readonly scope?: Scope
  readonly extra?: Readonly<Record<string, string>>
}

const SYSTEM_FOLDERS = [
  '/etc/',
  '/usr/',
  '/var/',
  '/opt/',
  '/root/',
  '/boot/',
  '/srv/',
  '/run/',
  '/lib/',
  '/sbin/',
  '/bin/',
]

/** Whether a path belongs to the system rather than to a user. (PLAN-09) */
export const isSystemPath = (path: string): boolean => SYSTEM_FOLDERS.some((folder) => path.startsWith(folder))

/** Whether an account is the system's. (PLAN-09) */
export const isSystemUser = (user: string): boolean => ['', 'root', '0', '0:0'].includes(user)

const scopeOfPath = (path: string): Scope => (isSystemPath(path) ? 'system' : 'user')
const scopeOfService = (scope: ServiceScope): Scope => scope

/** Whose state a step changes. (PLAN-05) */
export function scopeOf(step: Step): Scope {
  switch (step.kind) {
    case 'SystemPackages':
    case 'RepoChange':
    case 'ApkInstall':
      return 'system'
    case 'Builder':
      return step.format === '' ? 'user' : 'system'
    case 'Task':
      return isSystemUser(step.resolvedUser.user) ? 'system' : 'user'
    case 'File':
      return scopeOfPath(step.dest)
    case 'ServicePackaged':
    case 'ServiceCustom':
      return scopeOfService(step.targetScope)
    case 'ShellHook':
      return 'user-profile'
    case 'ShellSnippet':
      return isSystemPath(step.destination) ? 'system' : 'user-profile'
    default:
      return unknownStep(step)
  }
}

/** Where a step runs. (PLAN-06) */
export function venueOf(step: Step): VenueClass {
  switch (step.kind) {
    case 'Builder':
      return 'container-builder'
    case 'SystemPackages':
    case 'Task':
    case 'File':
    case 'ServicePackaged':
    case 'ServiceCustom':
    case 'ShellHook':
    case 'ShellSnippet':
    case 'RepoChange':
    case 'ApkInstall':
      return 'host-native'
    default:
      return unknownStep(step)
  }
}

/** Scopes as ledgers write them. (PLAN-05) */
export const SCOPE_NUMBERS: Readonly<Record<Scope, number>> = { system: 0, user: 1, 'user-profile': 2 }

/** Scope and venue as ledgers write them: numbers, of which 0 is left out. (PLAN-05, PLAN-06) */
export function persisted(step: Step): { readonly kind: string; readonly scope?: number; readonly venue?: number } {
  const [scope, venue] = [SCOPE_NUMBERS[scopeOf(step)], VENUES.indexOf(venueOf(step))]
  return { kind: step.kind, ...(scope !== 0 && { scope }), ...(venue !== 0 && { venue }) }
}

/** The consent a step needs on a machine that is not disposable. Image builds ask for none. (PLAN-08) */
export function gateOf(step: Step): Gate | undefined {
  switch (step.kind) {
    case 'SystemPackages':
      return step.phase === 'prepare' && step.repos.length + step.copr.length + step.modules.length > 0
        ? 'allow-repo-changes'
        : undefined
    case 'Task':
      return step.task.verb === 'cmd' && scopeOf(step) === 'system' ? 'allow-root-tasks' : undefined
    case 'ServicePackaged':
    case 'ServiceCustom':
      return 'with-services'
    case 'RepoChange':
      return 'allow-repo-changes'
    case 'Builder':
    case 'File':
    case 'ShellHook':
    case 'ShellSnippet':
    case 'ApkInstall':
      return undefined
    default:
      return unknownStep(step)
  }
}

/** What undoes a step, computed when it is applied. (PLAN-04, table of PLAN 2.2) */
export function reverseOps(step: Step): ReverseOp[] {
  const scope = scopeOf(step)
  const removeFile = (...targets: string[]): ReverseOp[] =>
    targets.length === 0 ? [] : [{ kind: scope === 'system' ? 'rm-file-system' : 'rm-file-user', targets, scope }]
  switch (step.kind) {
    case 'SystemPackages':
      if (step.phase === 'install')
        return [{ kind: 'package-remove', format: step.format, targets: step.packages, scope }]
      if (step.phase === 'prepare')
        return step.copr.map((project) => ({ kind: 'copr-disable', targets: [project], scope }))
      return []
    case 'Builder':
      switch (step.builder) {
        case 'aur':
          return [{ kind: 'package-remove', format: 'pac', scope }]
        case 'pixi':
          return [{ kind: 'pixi-env-remove', scope, extra: { layer: step.layerName } }]
        case 'cargo':
          return [{ kind: 'cargo-uninstall', scope }]
        case 'npm':
          return [{ kind: 'npm-uninstall-g', scope }]
        default:
          return []
      }
    case 'Task':
      switch (step.task.verb) {
        case 'copy':
        case 'write':
          return removeFile(step.task.to)
        case 'link':
          return removeFile(step.task.path)
        case 'download': {
          const { uninstall, include, to } = step.task
          if (uninstall.length > 0) return removeFile(...uninstall)
          if (to === undefined) return []
          return removeFile(...(include.length > 0 ? include.map((member) => `${to}/${member}`) : [to]))
        }
        case 'mkdir':
        case 'cmd':
        case 'setcap':
        case 'build':
          return []
        default:
          return unknownStep(step.task)
      }
    case 'File':
      return removeFile(step.dest)
    case 'ServicePackaged':
      return [
        ...(step.enable ? [{ kind: 'service-disable', targets: [step.unit], scope }] : []),
        ...(step.priorEnabled ? [{ kind: 'restore-enabled', targets: [step.unit], scope }] : []),
        ...(step.overridesText === '' ? [] : [{ kind: 'remove-dropin', targets: [step.overridesPath], scope }]),
      ]
    case 'ServiceCustom':
      return [
        ...(step.enable ? [{ kind: 'service-disable', targets: [step.name], scope }] : []),
        { kind: 'service-remove', targets: [step.unitPath], scope },
      ]
    case 'ShellHook':
      return step.envFile === ''
        ? []
        : [{ kind: 'remove-envd-file', targets: [step.envFile], scope, extra: { layer: step.layerName } }]
    case 'ShellSnippet':
      return step.useDropin
        ? removeFile(step.destination)
        : [
            {
              kind: 'remove-managed-block',
              targets: [step.destination],
              scope,
              extra: { layer: step.layerName, shell: step.shell, marker: step.marker },
            },
          ]
    case 'RepoChange':
      return [
        {
          kind: 'remove-repo-file',
          targets: [step.file],
          scope,
          extra: { layer: step.layerName, format: step.format },
        },
      ]
    case 'ApkInstall':
      return []
    default:
      return unknownStep(step)
  }
}

/** An unknown step is an error, never passed over. (PLAN-29) */
export function unknownStep(step: never): never {
  throw new Error(`unknown step kind ${JSON.stringify((step as { kind?: unknown }).kind ?? step)}`)
}

/** Steps in runs of equal scope and venue, in order: what can be done in one go. (PLAN-12) */
export function batches(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = []
  let last = ''
  for (const step of steps) {
    const key = `${scopeOf(step)} ${venueOf(step)}`
    if (key === last) runs.at(-1)!.push(step)
    else runs.push([step])
    last = key
  }
  return runs
}
