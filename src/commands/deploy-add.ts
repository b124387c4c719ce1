import { throwIfErrors } from '../diagnostics/diagnostic.ts'
import type { HostPlan } from '../plan/host/index.ts'
import { planToJson } from '../plan/json.ts'
import type { Context } from './command.ts'
import {
  hostPlace,
  installHost,
  intendHost,
  removeHost,
  type InstallFlags,
  type RemovalOptions,
} from './host-deploys.ts'
import { withProject } from './open.ts'
import { compileProject } from './project.ts'
import { openVenue } from './venue.ts'

export interface AddOptions extends InstallFlags {
  readonly project?: string
  readonly dryRun?: boolean
  readonly format?: string
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
    if (options.dryRun !== true) {
      await context.warn(compiled.diagnostics, location.root)
      return installHost(context, compiled, name, ref, options)
    }
    await using venue = await openVenue(hostPlace(name, compiled), context)
    const { plan, diagnostics } = intendHost(name, ref, options, compiled, venue)
    await context.warn(
      [...compiled.diagnostics, ...diagnostics].filter(({ severity }) => severity !== 'error'),
      location.root,
    )
    throwIfErrors(diagnostics)
    context.result(format === 'json' ? plan.plans.map(planToJson) : plan.plans.map(tableOf).join('\n'))
    return 0
  })
}

/** (PLAN-31) */
function tableOf({ layer, image, distro, steps }: HostPlan['plans'][number]): string {
  const counts = new Map<string, number>()
  for (const { kind } of steps) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const lines = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `  ${kind}: ${count}`)
  return [`Plan: layer=${layer} image=${image} distro=${distro} steps=${steps.length}`, ...lines, ''].join('\n')
}

/** `ov deploy del`: takes back what a deploy did to a machine. (DEP-01, DEP-05, HOST-50) */
export async function del(context: Context, options: RemovalOptions, name: string): Promise<number> {
  if (await removeHost(context, options, name)) return 0
  context.say('No deployments recorded.')
  return 0
}
