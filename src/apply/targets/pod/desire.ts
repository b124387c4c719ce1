import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { throwIfErrors, type Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { DeployEntry } from '../../../model/deploy-entry.ts'
import type { PodPlan, PublishedPort } from '../../../plan/pod/index.ts'
import type { DeployRecord } from '../../../state/deploys.ts'
import { contentHash } from '../../../synth/references.ts'
import { renderPod } from '../../../synth/index.ts'
import { tryPort } from '../../ports.ts'
import { companionFiles, hostPath } from './paths.ts'
import type { Snapshot } from './snapshot.ts'
import type { PodTools } from './tools.ts'

/** A file that a deploy has on this machine. */
export interface DesiredFile {
  readonly path: string
  readonly text: string
  /** A unit is written for systemd, a quadlet for podman's generator. */
  readonly kind: 'quadlet' | 'unit'
}

/** A deploy as this machine should have it. */
export interface DesiredPod {
  readonly plan: PodPlan
  /** What `deploy.yml` is to say of it. */
  readonly entry: DeployEntry
  /** Full reference of the image. */
  readonly image: string
  /** Quadlets first, the container's before all. */
  readonly files: readonly DesiredFile[]
  /** Files that an earlier shape of the deploy may have left. */
  readonly stale: readonly string[]
  readonly binds: readonly { readonly path: string; readonly auto: boolean }[]
  readonly record: DeployRecord
}

export interface DesireInput {
  readonly plan: PodPlan
  readonly entry: DeployEntry
  /** What the project says of it; nothing for deploys that no project declares. */
  readonly typed: DeployEntry
  readonly image: string
  /** Folder of the project, or empty. */
  readonly project: string
}

/** Works out a deploy for this machine: absolute paths, the texts of its files, and the record that is kept of it. Changes nothing. */
export function desirePod({ plan, entry, typed, image, project }: DesireInput, tools: PodTools): DesiredPod {
  const { paths, store } = tools
  const known = store.get(plan.name)
  const { files: rendered, diagnostics } = renderPod(plan, {
    image,
    ...(plan.version !== undefined && { version: plan.version }),
    hostPath: (volume) => hostPath(plan, volume, paths),
    mounting: tools.mounting,
    ...(plan.envFile !== undefined && { envFile: plan.envFile }),
    tunnelFile: (tunnel) => join(paths.tunnels, `${tunnel}.yml`),
  })
  throwIfErrors(diagnostics)
  const files = rendered.flatMap(({ name, kind, printed: { text } }): DesiredFile[] =>
    // cloudflared's own file needs what only the account knows: it is written when the tunnel is set up.
    kind === 'cloudflared' ? [] : [{ path: join(kind === 'unit' ? paths.units : paths.quadlets, name), text, kind }],
  )
  const companions = companionFiles(plan.container, paths)
  const binds = plan.volumes.flatMap((volume) =>
    volume.kind !== 'bind' ? [] : [{ path: hostPath(plan, volume, paths), auto: volume.auto }],
  )
  const { envFile } = plan
  const envText = envFile !== undefined && existsSync(envFile) ? readFileSync(envFile, 'utf8') : undefined
  // What an earlier shape had stays known: it holds data until somebody purges it.
  const united = (before: readonly string[] | undefined, now: readonly string[]) =>
    [...new Set([...(before ?? []), ...now])].sort()
  return {
    plan,
    entry,
    image,
    files,
    stale: companions.filter((path) => !files.some((file) => file.path === path)),
    binds,
    record: {
      schemaVersion: 1,
      name: plan.name,
      project,
      phase: 'applied',
      container: plan.container,
      image,
      files: files.map(({ path }) => path),
      volumes: united(known?.volumes, [
        ...plan.volumes.flatMap((volume) => (volume.kind === 'named' ? [volume.volume] : [])),
        ...besideVolumes(plan),
      ]),
      folders: united(
        known?.folders,
        binds.flatMap(({ path, auto }) => (auto ? [path] : [])),
      ),
      secrets: united(
        known?.secrets,
        [plan, ...plan.sidecars].flatMap(({ secretLines }) => secretLines.map(({ podman }) => podman)),
      ),
      network: plan.network,
      typed,
      ...(envText !== undefined && { envFileHash: contentHash(envText) }),
    },
  }
}

const besideVolumes = ({ sidecars }: PodPlan) => sidecars.flatMap(({ volumes }) => volumes.map(({ volume }) => volume))

/** Refuses to take over what is not ours; reports what the machine lacks. Changes nothing. */
export async function checkPod(desired: DesiredPod, now: Snapshot, tools: PodTools): Promise<Diagnostic[]> {
  const { plan, record, files, binds } = desired
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
  if (known && known.project !== record.project && known.project !== '' && existsSync(known.project))
    problem(
      'OV5008',
      'name',
      `a deploy of this name was applied from ${known.project}`,
      `rename it, or remove the other one first: ov destroy ${plan.name}`,
    )
  for (const { path } of files)
    if (!known && existsSync(path) && !/^# \S+ \(generated by ov/.test(readFileSync(path, 'utf8')))
      problem('OV5008', 'name', `${path} exists, and ov did not write it`, 'rename the deploy, or move the file away')
  for (const { path, auto } of binds)
    if (!auto && !existsSync(path))
      problem(
        'OV1008',
        'volumes',
        `volumes: the directory ${path} does not exist`,
        'make it, or use bind() without a path',
      )
  if (plan.envFile !== undefined && record.envFileHash === undefined)
    problem(
      'OV1008',
      'env',
      `envFile: ${plan.envFile} does not exist`,
      'make it, or correct the path; it is relative to the declaring file',
    )
  for (const { port, reason, holder } of await takenPorts(desired, now)) {
    const stop = holder?.startsWith('ov-') === true ? `ov stop ${holder.slice('ov-'.length)}` : `podman stop ${holder}`
    problem(
      'OV5011',
      'ports',
      `ports: the host port ${port.host}/${port.protocol} ${holder === undefined ? reason : `is in use by container "${holder}"`}`,
      `${holder === undefined ? 'ss -ltnup shows who listens' : `fix: ${stop}`}; or take another one: ${Number(port.host) + 1}:${port.container}, or auto:${port.container}`,
    )
  }
  return problems
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EACCES: 'is reserved for root on this machine (net.ipv4.ip_unprivileged_port_start)',
  EADDRNOTAVAIL: 'is on an address that this machine does not have',
}

/** A port, why it can't be had, and the container that has it. */
interface TakenPort {
  readonly port: PublishedPort
  readonly reason: string
  readonly holder?: string
}

/** Fixed ports that somebody else listens on. What the deploy's own container publishes is its own. */
async function takenPorts({ plan }: DesiredPod, now: Snapshot): Promise<TakenPort[]> {
  const taken: TakenPort[] = []
  for (const port of plan.ports) {
    if (port.host === 'auto') continue
    const tried = await tryPort({ ...port, host: port.host })
    if (!('error' in tried)) continue
    const mapping = new RegExp(`:${port.host} -> \\d+/${port.protocol}$`)
    const holders = (await now.containers()).flatMap(({ name, ports }) =>
      ports.some((text) => mapping.test(text)) ? [name] : [],
    )
    if (holders.includes(plan.container)) continue
    const [holder] = holders
    taken.push({
      port,
      reason: REASONS[tried.error] ?? `can't be used: ${tried.error}`,
      ...(holder !== undefined && { holder }),
    })
  }
  return taken
}
