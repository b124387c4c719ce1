import { DiagnosticError, type Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { DeployEntry, EntryVolume } from '../../../model/deploy-entry.ts'
import type { ImageMetadata } from '../../../plan/metadata.ts'
import { fromLabels } from '../../../plan/labels.ts'
import { TAILSCALE } from '../../../plan/pod/sidecars.ts'
import { makeFolder, writeAtomic } from '../../../state/atomic.ts'
import { attempt } from '../../../state/attempt.ts'
import { systemctl } from '../../systemd.ts'
import { openVault } from '../../volumes/index.ts'
import type { PodChange } from './compare.ts'
import { desirePod, type DesiredFile, type DesiredPod } from './desire.ts'
import { ensureNetwork, networkGateway } from './network.ts'
import { quadletComplaints } from './quadlet.ts'
import { provisionSecrets } from './secrets.ts'
import { endSeeding, seedVolumes, type DataSource, type SeedMode } from './seed.ts'
import { vaultOf, type PodTools } from './tools.ts'
import { setUpTunnel } from './tunnel.ts'
import { removeUnit } from './units.ts'

export interface ConfigureOptions {
  /** How volumes are filled; not at all where it is undefined. */
  readonly seed?: SeedMode
  /** Asks for the passphrase of new encrypted volumes, instead of making it up. */
  readonly manual?: boolean
  /** Encrypted volumes that were made before and are not there any more are made anew. */
  readonly remake?: boolean
  /** Encrypted volumes stay as they are when it is false: only units are written. */
  readonly mount?: boolean
  /** Image that the data comes from; default: the deploy's own. */
  readonly source?: DataSource
}

/**
 * Puts on the machine all that a deploy consists of, short of starting it: its entry, folders, network, secrets, units and data. Everything
 * that can be refused has been, so that nothing is half done; what a killed run leaves, the next one finishes. (POD-30, POD-31)
 */
export async function configurePod(
  change: PodChange,
  options: ConfigureOptions,
  tools: PodTools,
): Promise<ImageMetadata> {
  const { executor, podman, say, signal } = tools
  const { desired, before } = change
  const { plan, files, binds, image } = desired
  const complaints = await quadletComplaints(desired, executor)
  if (complaints.length > 0) throw notAccepted(change, complaints)
  const vault = vaultOf(plan, tools)
  if (vault.volumes.length > 0) await tryLauncher(change, tools)
  const metadata = fromLabels((await podman.labels(image)) ?? {})
  await tools.persist(desired)
  for (const { path, auto } of binds) if (auto) attempt(path, () => makeFolder(path))
  await ensureNetwork(plan.network, podman)
  await provisionSecrets(change.secrets, tools, say)
  for (const path of before.keys()) if (!files.some((file) => file.path === path)) await removeUnit(path, tools)
  for (const { path, text, kind } of await withNameServers(desired, tools))
    writeAtomic(path, text, { keep: kind === 'quadlet' })
  await systemctl(executor, 'daemon-reload')
  signal.throwIfAborted()
  noteArguments(change, say)
  await setUpTunnel(plan, tools)
  if (options.mount !== false) await openVault(vault, options, tools)
  await fillVolumes(change, metadata, options, tools)
  return metadata
}

/** tailscale takes its further arguments once, when it joins a network. (POD-116) */
function noteArguments({ desired, before }: PodChange, say: (line: string) => void): void {
  for (const { name, container, env } of desired.plan.sidecars) {
    const [file] = desired.files.filter(({ path }) => path.endsWith(`/${container}.container`))
    const there = file && before.get(file.path)
    if (name !== TAILSCALE || !there || new Map(env).get('TS_AUTH_ONCE') !== 'true') continue
    const argumentsIn = (text: string) => /^Environment=TS_EXTRA_ARGS=.*$/m.exec(text)?.[0]
    if (argumentsIn(there) !== argumentsIn(file.text))
      say(
        `Note: ${desired.plan.name}: tailscale takes TS_EXTRA_ARGS only when it joins a tailnet; for one that has joined: podman exec ${container} tailscale set …`,
      )
  }
}

/** The address of a network that was made just now is known only now. (POD-112) */
async function withNameServers(desired: DesiredPod, tools: PodTools): Promise<readonly DesiredFile[]> {
  const { plan, entry, image, record } = desired
  const gateway = plan.nameServers && (await networkGateway(plan.network, tools.podman))
  if (!plan.nameServers || gateway === undefined || gateway === plan.nameServers[0]) return desired.files
  const nameServers = [gateway, ...plan.nameServers.slice(1)]
  const { typed, project } = record
  return desirePod({ plan: { ...plan, nameServers }, entry, typed, image, project }, tools).files
}

/** Fills the volumes of a deploy, and remembers it. (POD-49) */
export async function fillVolumes(
  { desired }: PodChange,
  metadata: ImageMetadata,
  { seed: mode, source = { image: desired.image, metadata } }: ConfigureOptions,
  tools: PodTools,
): Promise<void> {
  if (mode === undefined || source.metadata.data.length === 0) return
  const { entry, plan } = desired
  const seeded = new Set((entry.volumes ?? []).filter((volume) => volume.dataSeeded).map(({ name }) => name))
  const data =
    mode === 'initial' ? source.metadata.data.filter(({ volume }) => !seeded.has(volume)) : source.metadata.data
  if (data.length === 0) {
    tools.say(`${plan.name}: Data already provisioned (use --force-seed to re-provision)`)
    return
  }
  const own = { image: desired.image, uid: metadata.uid, gid: metadata.gid }
  const filled = await seedVolumes(plan, own, { image: source.image, metadata: { data } }, mode, tools)
  if (filled.length === 0) return
  await tools.persist({ ...desired, entry: withSeeded(entry, filled, source.image) })
  await endSeeding(plan, own, filled, tools)
}

/** Remembers what was put into volumes, and from where. (POD-49) */
function withSeeded(entry: DeployEntry, names: readonly string[], source: string): DeployEntry {
  const state = { dataSeeded: true, dataSource: source.replace(/^.*\//, '') }
  const known = new Set((entry.volumes ?? []).map(({ name }) => name))
  const volumes: EntryVolume[] = [
    ...(entry.volumes ?? []).map((volume) => (names.includes(volume.name) ? { ...volume, ...state } : volume)),
    ...names.filter((name) => !known.has(name)).map((name) => ({ name, type: 'volume' as const, ...state })),
  ]
  return { ...entry, volumes }
}

/** Units start ov without a login's environment: a Node that only a shell's profile knows would keep the container from ever starting. (ENC-61) */
async function tryLauncher({ desired: { plan } }: PodChange, { executor, mounting }: PodTools): Promise<void> {
  const [ov] = mounting.ov
  const { exitCode, stderr } = await executor.run(['env', '-i', ov, 'version'])
  if (exitCode === 0) return
  throw new DiagnosticError([
    {
      code: 'OV5030',
      severity: 'error',
      message: `its unit could not mount its encrypted volumes: ${ov} does not start without the environment of a login`,
      entity: `pod "${plan.name}"`,
      place: plan.origin,
      output: stderr.trim().split('\n'),
      remedy: 'put its Node where units find it: sudo ln -s "$(command -v node)" /usr/local/bin/node',
    },
  ])
}

const notAccepted = ({ desired: { plan } }: PodChange, output: readonly string[]): DiagnosticError => {
  const diagnostic: Diagnostic = {
    code: 'OV5006',
    severity: 'error',
    message: 'the quadlet is not accepted by this podman',
    entity: `pod "${plan.name}"`,
    place: plan.origin,
    output,
    remedy: 'change what the last lines are about, or upgrade podman',
  }
  return new DiagnosticError([diagnostic])
}
