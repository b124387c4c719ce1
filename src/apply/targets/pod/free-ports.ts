import type { DeployEntry } from '../../../model/deploy-entry.ts'
import type { PodPlan, PublishedPort } from '../../../plan/pod/index.ts'
import { parseMapping, printMapping } from '../../../plan/ports.ts'
import { freePort, tryPort } from '../../ports.ts'
import { unitState } from '../../systemd.ts'
import { unitOf, type PodTools } from './tools.ts'

const same = (a: PublishedPort, b: { readonly container: number; readonly protocol: string }) =>
  a.container === b.container && a.protocol === b.protocol

/**
 * Finds host ports for those that may have any: the ones that the deploy has already, unless somebody else took them while it was down. The
 * mappings of the whole deploy come back. (POD-68)
 */
export async function findPorts(
  plan: PodPlan,
  before: DeployEntry | undefined,
  /** Ports that other deploys have. */
  taken: ReadonlySet<number>,
  { executor }: PodTools,
): Promise<readonly string[]> {
  const known = (before?.resolvedPort ?? []).flatMap((text) => parseMapping(text) ?? [])
  const running = (await unitState(unitOf(plan.container), executor)).active === 'active'
  const used = new Set([...taken, ...plan.ports.flatMap(({ host }) => (host === 'auto' ? [] : [host]))])
  const found: string[] = []
  for (const port of plan.ports) {
    const { bind, container, protocol } = port
    const host = port.host === 'auto' ? await choose(port) : port.host
    used.add(host)
    found.push(printMapping({ bind, host, container, protocol }))
  }
  return found

  async function choose(port: PublishedPort): Promise<number> {
    const old = known.find((one) => same(port, one))?.host
    if (old !== undefined && !used.has(old) && (running || 'port' in (await tryPort({ ...port, host: old }))))
      return old
    return freePort(port.bind, port.protocol, [...used])
  }
}
