import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { refName } from '../model/schema/refs.ts'
import { placeId } from '../plan/host/place.ts'
import { HostStore } from '../state/hosts.ts'
import { userPaths } from '../state/paths.ts'
import type { Context } from './command.ts'
import { hostPlace, installHost, pendingOn, removeHost } from './host-deploys.ts'
import type { OpenProject } from './open.ts'
import { compileProject, type CompiledProject } from './project.ts'

/** Which of the deploys that are asked for are hosts; `pods` is undefined where there is nothing for podman to do. */
export function chosen(
  { entities }: OpenProject,
  deploys: readonly string[],
): { readonly hosts: readonly string[]; readonly pods: readonly string[] | undefined } {
  const declared = hostsOf(entities)
  const hosts = deploys.length === 0 ? declared : declared.filter((name) => deploys.includes(name))
  const pods = deploys.filter((name) => !hosts.includes(name))
  const none = hosts.length > 0 && pods.length === 0
  return {
    hosts,
    pods: none && (deploys.length > 0 || !entities.some(({ kind }) => kind === 'pod')) ? undefined : pods,
  }
}

const hostsOf = (entities: OpenProject['entities']): string[] =>
  entities.filter(({ kind }) => kind === 'host').map(({ name }) => String(name))

/** Host deploys that this project applied, and no longer declares. */
export function orphanHosts({ entities, location }: OpenProject): string[] {
  const declared = hostsOf(entities)
  return new HostStore(userPaths())
    .all()
    .filter(({ name, project }) => project === location.root && !declared.includes(name))
    .map(({ name }) => name)
}

/** Host deploys that one lives in, the nearest first. */
function outerDeploys(name: string, { project }: Pick<CompiledProject, 'project'>): string[] {
  const { inside } = project.hosts.get(name)?.data ?? {}
  const outer = inside === undefined ? undefined : refName(inside)
  return outer !== undefined && project.hosts.has(outer) ? [outer, ...outerDeploys(outer, { project })] : []
}

/** Machines at a time: each has work of its own, and waits for its own package servers. */
const AT_A_TIME = 16

/**
 * Does something for host deploys, machines side by side; what lives on one machine, or inside of one container, takes turns there: what others live
 * in first. One that fails keeps no other from being done. (DEP-33)
 */
export async function sideBySide<T>(
  context: Context,
  hosts: readonly string[],
  compiled: CompiledProject,
  one: (name: string) => Promise<T>,
): Promise<Map<string, T>> {
  const machines = new Map<string, string[]>()
  const byDepth = hosts.toSorted(
    (a, b) => outerDeploys(a, compiled).length - outerDeploys(b, compiled).length || (a < b ? -1 : 1),
  )
  for (const name of byDepth) {
    const id = placeId(hostPlace(name, compiled))
    machines.set(id, [...(machines.get(id) ?? []), name])
  }
  const several = hosts.length > 1
  const done = new Map<string, T>()
  const failed = new Map<string, DiagnosticError>()
  const waiting = [...machines.values()]
  const worker = async () => {
    for (let names = waiting.shift(); names; names = waiting.shift())
      for (const name of names) {
        if (context.signal.aborted) return
        if (outerDeploys(name, compiled).some((outer) => failed.has(outer))) {
          context.say(`${name}: not tried, because what it lives in failed`)
          continue
        }
        try {
          done.set(name, await one(name))
        } catch (error) {
          // A bug of ov is told as one, whatever else goes on.
          if (!(error instanceof DiagnosticError)) throw error
          failed.set(name, error)
          if (several) context.say(`${name}: failed`)
        }
      }
  }
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, machines.size) }, worker))
  context.signal.throwIfAborted()
  const [first] = failed.values()
  if (first === undefined) return done
  if (!several) throw first
  context.say(
    `${done.size} of ${hosts.length} hosts are done, not ${hosts.filter((name) => !done.has(name)).join(', ')}; the same command does what is left`,
  )
  throw together(failed)
}

/** Applies host deploys. */
export async function applyHosts(
  context: Context,
  { location, bundle, entities, cache }: OpenProject,
  { hosts, orphans }: { readonly hosts: readonly string[]; readonly orphans: readonly string[] },
  options: { readonly dryRun?: boolean; readonly verify?: boolean; readonly confirmWithin?: string },
): Promise<number> {
  const compiled = await compileProject(location, bundle, entities, cache)
  const { confirmWithin } = options
  const dryRun = options.dryRun === true
  const codes = await sideBySide(context, hosts, compiled, async (name): Promise<number> => {
    const say = (line: string) => context.say(line.startsWith(`${name}: `) ? line : `${name}: ${line}`)
    const own = hosts.length > 1 ? { ...context, say } : context
    if (!dryRun)
      return installHost(own, compiled, name, undefined, {
        ...(confirmWithin !== undefined && { confirmWithin }),
        ...(options.verify !== undefined && { verify: options.verify }),
      })
    const { steps } = await pendingOn(context, name, compiled)
    for (const { layer, summary, closed } of steps)
      context.say(
        `${name}: ${closed === undefined ? 'would do' : `would leave out (--${closed})`} ${layer}: ${summary}`,
      )
    if (steps.length === 0) context.say(`${name}: no change`)
    return 0
  })
  for (const name of orphans) {
    if (dryRun) context.say(`${name}: would be taken back, it is no longer declared`)
    else await removeHost(context, { yes: true }, name)
  }
  return Math.max(0, ...codes.values())
}

/** What went wrong, machine by machine. */
function together(failed: ReadonlyMap<string, DiagnosticError>): DiagnosticError {
  return new DiagnosticError(
    [...failed].flatMap(([name, error]) =>
      error.diagnostics.map((one) => ({ ...one, message: `${name}: ${one.message}` })),
    ),
  )
}
