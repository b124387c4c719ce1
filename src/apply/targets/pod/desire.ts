import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { DiagnosticError, type Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { PodPlan, PublishedPort } from '../../../plan/pod.ts'
import type { DeployRecord } from '../../../state/deploys.ts'
import { contentHash } from '../../../synth/references.ts'
import { renderPod } from '../../../synth/index.ts'
import { portKey } from '../../../synth/quadlet/index.ts'
import { freePort, tryPort } from '../../ports.ts'
import { unitState } from '../../systemd.ts'
import { unitOf, type PodTools } from './tools.ts'

/** A deploy as this machine should have it. */
export interface DesiredPod {
  readonly plan: PodPlan
  /** Full reference of the image. */
  readonly image: string
  readonly file: string
  readonly text: string
  readonly binds: readonly { readonly path: string; readonly auto: boolean }[]
  /** Absolute path of the env file. */
  readonly envFile?: string
  readonly record: DeployRecord
}

/** Works out a deploy for this machine: absolute paths, free ports, and the record that is kept of it. Changes nothing. */
export async function desirePod(
  plan: PodPlan,
  image: string,
  project: string,
  operatorEnv: Readonly<Record<string, string>>,
  tools: PodTools,
): Promise<DesiredPod> {
  const { paths, store } = tools
  const known = store.get(plan.name)
  const autoPorts = await findPorts(plan, known, tools)
  const home = (path: string) => path.replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, () => paths.home)
  const hostPath = (volume: { name: string; host: string; auto: boolean }) =>
    volume.auto ? join(paths.volumes, plan.name, volume.name) : absolute(home(volume.host), project)
  const envFile =
    plan.envFile === undefined ? undefined : absolute(home(plan.envFile), join(project, dirname(plan.origin.file)))
  const envText = envFile !== undefined && existsSync(envFile) ? readFileSync(envFile, 'utf8') : undefined
  const rendered = renderPod(plan, {
    image,
    bindPath: hostPath,
    ...(envFile !== undefined && { envFile }),
    autoPorts,
  })
  if ('diagnostics' in rendered) throw new DiagnosticError(rendered.diagnostics)
  const { text } = rendered
  const file = join(paths.quadlets, `${plan.container}.container`)
  const binds = plan.volumes.flatMap((volume) =>
    volume.kind === 'bind' ? [{ path: hostPath(volume), auto: volume.auto }] : [],
  )
  // What an earlier shape had stays known: it holds data until somebody purges it.
  const united = (before: readonly string[] | undefined, now: readonly string[]) =>
    [...new Set([...(before ?? []), ...now])].sort()
  return {
    plan,
    image,
    file,
    text,
    binds,
    ...(envFile !== undefined && { envFile }),
    record: {
      schemaVersion: 1,
      name: plan.name,
      project,
      phase: 'applied',
      container: plan.container,
      image,
      files: [file],
      volumes: united(
        known?.volumes,
        plan.volumes.flatMap((volume) => (volume.kind === 'named' ? [volume.volume] : [])),
      ),
      folders: united(
        known?.folders,
        binds.flatMap(({ path, auto }) => (auto ? [path] : [])),
      ),
      network: plan.network,
      autoPorts,
      operatorEnv,
      ...(envText !== undefined && { envFileHash: contentHash(envText) }),
    },
  }
}

const absolute = (path: string, folder: string) => (isAbsolute(path) ? path : resolve(folder, path))

/** Free host ports for `'auto'`: those that the deploy has already, unless somebody else took them while it was down. */
async function findPorts(
  plan: PodPlan,
  known: DeployRecord | undefined,
  { executor }: PodTools,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  const auto = plan.ports.filter((port) => port.host === 'auto')
  const running = auto.length > 0 && (await unitState(unitOf(plan.container), executor)).active === 'active'
  for (const port of auto) {
    const before = known?.autoPorts[portKey(port)]
    const free = before !== undefined && (running || 'port' in (await tryPort({ ...port, host: before })))
    found[portKey(port)] = free ? before : await freePort(port.bind, port.protocol, Object.values(found))
  }
  return found
}

/** Refuses to take over what is not ours; reports what the machine lacks. Changes nothing. */
export async function checkPod(desired: DesiredPod, tools: PodTools): Promise<Diagnostic[]> {
  const { plan, record, file, binds, envFile } = desired
  const problems: Diagnostic[] = []
  const problem = (
    code: Diagnostic['code'],
    field: keyof PodPlan['places'] | 'name',
    message: string,
    remedy: string,
  ) =>
    problems.push({
      code,
      severity: 'error',
      message,
      entity: `pod "${plan.name}"`,
      field,
      place: field === 'name' ? plan.origin : plan.places[field],
      remedy,
    })
  const known = tools.store.get(plan.name)
  if (known && known.project !== record.project && existsSync(known.project))
    problem(
      'OV5008',
      'name',
      `a deploy of this name was applied from ${known.project}`,
      `rename it, or remove the other one first: ov destroy ${plan.name}`,
    )
  if (!known && existsSync(file) && !/^# \S+ \(generated by ov/.test(readFileSync(file, 'utf8')))
    problem('OV5008', 'name', `${file} exists, and ov did not write it`, 'rename the deploy, or move the file away')
  for (const { path, auto } of binds)
    if (!auto && !existsSync(path))
      problem(
        'OV1008',
        'volumes',
        `volumes: the directory ${path} does not exist`,
        'make it, or use bind() without a path',
      )
  if (envFile !== undefined && record.envFileHash === undefined)
    problem(
      'OV1008',
      'env',
      `envFile: ${envFile} does not exist`,
      'make it, or correct the path; it is relative to the declaring file',
    )
  for (const { port, reason } of await takenPorts(desired, tools))
    problem(
      'OV5011',
      'ports',
      `ports: the host port ${port.host}/${port.protocol} ${reason}`,
      `choose another one, or 'auto'; ss -ltnup shows who listens`,
    )
  return problems
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'is reserved for root on this machine (net.ipv4.ip_unprivileged_port_start)',
  EADDRNOTAVAIL: 'is on an address that this machine does not have',
}

/** Fixed ports that somebody else listens on. What the deploy's own container publishes is its own. */
async function takenPorts(
  { plan }: DesiredPod,
  { podman }: PodTools,
): Promise<{ port: PublishedPort; reason: string }[]> {
  if (!plan.ports.some((port) => port.host !== 'auto')) return []
  const own = new Set((await podman.published(plan.container)).map((port) => `${port.host}/${port.protocol}`))
  const taken: { port: PublishedPort; reason: string }[] = []
  for (const port of plan.ports) {
    if (port.host === 'auto' || own.has(`${port.host}/${port.protocol}`)) continue
    const tried = await tryPort({ ...port, host: port.host })
    if ('error' in tried) taken.push({ port, reason: REASONS[tried.error] ?? `can't be used: ${tried.error}` })
  }
  return taken
}
