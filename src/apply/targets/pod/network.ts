import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LABEL_PREFIX } from '../../../plan/labels.ts'
import type { PodTools } from './tools.ts'
import type { DeployRecord } from '../../../state/deploys.ts'
import type { Podman } from '../../podman.ts'

/** Says that ov made a network, and may take it away again. */
const MADE_BY_OV = `${LABEL_PREFIX}made`

/** Networks that are modes of podman, not things. */
const isMode = (network: string) =>
  /^(host|none|bridge|slirp4netns|pasta|private|container|ns)(:|$)/.test(network) || network.endsWith('.network')

/** Makes a network, unless it is there. */
export async function ensureNetwork(network: string, podman: Podman): Promise<void> {
  if (isMode(network) || (await podman.exists('network', network))) return
  const create = ['network', 'create', '--label', `${MADE_BY_OV}=true`, network]
  const made = await podman.try(create)
  // Somebody else may have made it in the meantime.
  if (made.exitCode !== 0 && !(await podman.exists('network', network))) await podman.run(create)
}

/** Address of the gateway of a network, which answers for the names of its containers; undefined where there is no such network. */
export async function networkGateway(network: string, podman: Podman): Promise<string | undefined> {
  if (isMode(network)) return undefined
  const { exitCode, stdout } = await podman.try(['network', 'inspect', network])
  if (exitCode !== 0) return undefined
  const [found] = JSON.parse(stdout) as { subnets?: { gateway?: string }[] }[]
  return found?.subnets?.find(({ gateway }) => gateway !== undefined)?.gateway
}

/** Removes a network that ov made when no deploy is left on it; podman keeps it while something else runs on it, and units name it when nothing runs. */
export async function releaseNetwork(
  network: string,
  others: readonly DeployRecord[],
  { podman, paths }: Pick<PodTools, 'podman' | 'paths'>,
): Promise<void> {
  if (isMode(network) || others.some((other) => other.network === network) || isNamed(network, paths.quadlets)) return
  const { stdout } = await podman.try(['network', 'ls', '--filter', `label=${MADE_BY_OV}`, '--format', '{{.Name}}'])
  if (stdout.split('\n').includes(network)) await podman.try(['network', 'rm', network])
}

/** Whether a quadlet of this user is on a network. */
function isNamed(network: string, folder: string): boolean {
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names
    .filter((name) => /\.(?:container|pod)$/.test(name))
    .some((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .some((line) => line === `Network=${network}` || line.startsWith(`Network=${network}:`)),
    )
}
