import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseUnit, readExecLine, unitValues } from '../../../format/index.ts'
import { tunnelUnit } from '../../../model/deploy-key.ts'
import type { PodPlan } from '../../../plan/pod/index.ts'
import type { PlannedTunnel } from '../../../plan/pod/tunnel.ts'
import { removeFile, writeAtomic } from '../../../state/atomic.ts'
import type { Paths } from '../../../state/paths.ts'
import { renderCloudflared } from '../../../synth/index.ts'
import type { Executor } from '../../executor.ts'
import type { PodTools } from './tools.ts'

type CloudflareTunnel = Extract<PlannedTunnel, { provider: 'cloudflare' }>

/** Something that cloudflared or its account can't do; the deploy runs without it. */
class TunnelProblem extends Error {}

const cloudflaredFile = (name: string, { tunnels }: Paths): string => join(tunnels, `${name}.yml`)

/** What is not as it should be of a tunnel, in words. */
export function tunnelReasons(plan: PodPlan, paths: Paths): string[] {
  if (plan.tunnel?.provider !== 'cloudflare') return []
  const file = cloudflaredFile(plan.tunnel.name, paths)
  const known = existsSync(file) ? credentialsIn(readFileSync(file, 'utf8')) : undefined
  if (!known) return ['its tunnel is not set up']
  return readFileSync(file, 'utf8') === renderCloudflared(plan, plan.tunnel, known).text
    ? []
    : ['the routes of its tunnel changed']
}

/** What ov wrote into cloudflared's file. */
function credentialsIn(text: string): { id: string; file: string } | undefined {
  const value = (key: string) => new RegExp(`^${key}: (.*)$`, 'm').exec(text)?.[1]
  const plain = (text: string) => (text.startsWith('"') ? (JSON.parse(text) as string) : text)
  const [id, file] = [value('tunnel'), value('credentials-file')]
  return id === undefined || file === undefined ? undefined : { id: plain(id), file: plain(file) }
}

/**
 * Has a tunnel made at Cloudflare, and the unit enabled that keeps it open. What can't be done is said, and stops nothing: the deploy answers on
 * its own ports. (POD-76)
 */
export async function setUpTunnel(plan: PodPlan, tools: PodTools): Promise<void> {
  if (plan.tunnel?.provider !== 'cloudflare') return
  try {
    await openTunnel(plan, plan.tunnel, tools)
    await tools.executor.run(['systemctl', '--user', 'enable', tunnelUnit(plan.container)])
  } catch (error) {
    if (!(error instanceof TunnelProblem)) throw error
    tools.say(`Warning: ${plan.name}: its tunnel is not set up: ${error.message}`)
  }
}

async function openTunnel(plan: PodPlan, tunnel: CloudflareTunnel, { executor, paths, say }: PodTools): Promise<void> {
  const { name, routes } = tunnel
  const id = (await tunnelId(name, executor)) ?? (await createTunnel(name, executor))
  const file = join(paths.home, '.cloudflared', `${id}.json`)
  if (!existsSync(file))
    throw new TunnelProblem(`credentials file not found at ${file} (run 'cloudflared tunnel login' first)`)
  writeAtomic(cloudflaredFile(name, paths), renderCloudflared(plan, tunnel, { id, file }).text, { keep: true })
  for (const hostname of new Set(routes.map((route) => route.hostname))) {
    const routed = await executor.run(['cloudflared', 'tunnel', 'route', 'dns', '--overwrite-dns', name, hostname])
    if (routed.exitCode !== 0) say(`Warning: ${plan.name}: ${hostname} has no DNS record: ${lastLine(routed.stderr)}`)
  }
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? ''

async function tunnelId(name: string, executor: Executor): Promise<string | undefined> {
  const listed = await executor.run(['cloudflared', 'tunnel', 'list', '-o', 'json'])
  if (listed.exitCode === 127) throw new TunnelProblem('cloudflared is not installed')
  if (listed.exitCode !== 0) throw new TunnelProblem(`cloudflared tunnel list: ${lastLine(listed.stderr)}`)
  try {
    // An account without tunnels has null.
    const tunnels = JSON.parse(listed.stdout) as { id: string; name: string }[] | null
    return tunnels?.find((one) => one.name === name)?.id
  } catch {
    throw new TunnelProblem('cloudflared tunnel list printed no JSON')
  }
}

async function createTunnel(name: string, executor: Executor): Promise<string> {
  const created = await executor.run(['cloudflared', 'tunnel', 'create', name])
  if (created.exitCode !== 0) throw new TunnelProblem(`cloudflared tunnel create ${name}: ${lastLine(created.stderr)}`)
  const id = await tunnelId(name, executor)
  if (id === undefined) throw new TunnelProblem(`cloudflared created ${name}, and does not list it`)
  return id
}

/**
 * Closes what a deploy is reached by, before it stops answering. Both kinds are known by what ov wrote, so that nothing has to be planned anew;
 * what fails stops nothing. (POD-78)
 */
export async function closeTunnel(
  container: string,
  { executor, paths }: Pick<PodTools, 'executor' | 'paths'>,
): Promise<void> {
  if (existsSync(join(paths.units, tunnelUnit(container))))
    await executor.run(['systemctl', '--user', 'stop', tunnelUnit(container)])
  const quadlet = join(paths.quadlets, `${container}.container`)
  if (!existsSync(quadlet)) return
  for (const line of unitValues(parseUnit(readFileSync(quadlet, 'utf8')), 'Service', 'ExecStopPost')) {
    const { words } = readExecLine(line)
    if (words[0] === 'tailscale') await executor.run(words)
  }
}

/** Removes the unit of a tunnel, and what cloudflared reads. The tunnel stays at Cloudflare, where other machines may use it. */
export async function removeTunnelUnit(
  file: string,
  { executor, paths }: Pick<PodTools, 'executor' | 'paths'>,
): Promise<void> {
  const unit = basename(file)
  const [start] = existsSync(file) ? unitValues(parseUnit(readFileSync(file, 'utf8')), 'Service', 'ExecStart') : []
  const words = start === undefined ? [] : readExecLine(start).words
  const config = words[words.indexOf('--config') + 1]
  await executor.run(['systemctl', '--user', 'disable', '--now', unit])
  if (config?.startsWith(`${paths.tunnels}/`) === true) removeFile(config)
  removeFile(file)
}
