import type { Security } from '../../../dsl/security.ts'
import type { Diagnostic, Place } from '../../diagnostics/diagnostic.ts'
import type { DeployEntry, Provides } from '../../model/deploy-entry.ts'
import { containerName } from '../../model/deploy-key.ts'
import { deployId } from '../deploy-id.ts'
import type { ImageMetadata } from '../metadata.ts'
import { parseMapping } from '../ports.ts'
import { overlaySecurity } from '../security.ts'
import { NO_ENV_SOURCES, resolveEnv, type EnvSources } from './env.ts'
import { providesOf, type Provider } from './provides.ts'
import { sayTo, type Author, type Say } from './say.ts'
import { planSecrets, secretLines, type PlannedSecret, type PlannedSecrets } from './secrets.ts'
import { planSidecars, TAILSCALE, type PlannedSidecar } from './sidecars.ts'
import { mappedPort } from './three-way.ts'
import { bindPorts, planTunnel, type PlannedTunnel } from './tunnel.ts'
import { planVolumes, type PlannedVolume } from './volumes.ts'

/** A published port, in parts. `host: 'auto'` is a free one, found when the deploy is applied. */
export interface PublishedPort {
  readonly bind: string
  readonly host: number | 'auto'
  readonly container: number
  readonly protocol: 'tcp' | 'udp'
}

/** A deploy to run. */
export interface PodPlan {
  /** Its key: a name, or `name/instance`. */
  readonly name: string
  /** The name without the instance. */
  readonly base: string
  readonly instance?: string
  /** Its name in ledgers. (PLAN-27) */
  readonly deployId: string
  readonly origin: Place
  /** Places of single fields, for the side map. */
  readonly places: Readonly<Record<'image' | 'ports' | 'volumes' | 'env' | 'security' | 'tunnel' | 'sidecars', Place>>
  /** Container and unit name, `ov-<name>`. (POD-01) */
  readonly container: string
  /** The image: of this project, or in local storage. */
  readonly image: { readonly kind: 'project'; readonly name: string } | { readonly kind: 'local'; readonly ref: string }
  /** Tag that the image is pinned to. */
  readonly version?: string
  readonly status: 'working' | 'testing' | 'broken'
  readonly info: string
  readonly workingDirectory: string
  readonly network: string
  readonly ports: readonly PublishedPort[]
  readonly volumes: readonly PlannedVolume[]
  readonly secrets: PlannedSecrets
  /** Secrets that the unit hands in. */
  readonly secretLines: readonly PlannedSecret[]
  readonly env: readonly (readonly [name: string, value: string])[]
  /** Absolute path on the operator's machine, or relative to the project. */
  readonly envFile?: string
  readonly security: Security
  /** `uid:gid` that bind mounts are mapped to. */
  readonly keepId?: { readonly uid: number; readonly gid: number }
  readonly exec: readonly string[]
  readonly tunnel?: PlannedTunnel
  /** Containers beside it; with any of them, all are in one pod. (POD-104) */
  readonly sidecars: readonly PlannedSidecar[]
  /** Name servers of the pod, where those of a tailnet are wanted, too. (POD-112) */
  readonly nameServers?: readonly string[]
  /** What it offers to other deploys. */
  readonly provides: Provides
}

/** What a deploy depends on besides its entry and its image; plain synth takes what any machine has by default. */
export interface Surroundings {
  /** Address that ports are published on unless they say one. */
  readonly bindAddress: string
  /** What runs containers here. (POD-37) */
  readonly engine: 'podman' | 'docker'
  readonly env: EnvSources
  /** Devices that were found, for containers that are not privileged. */
  readonly devices: readonly string[]
  readonly groups: readonly string[]
  /** Which secrets are there, or about to be: an optional one that is not has no line. */
  readonly hasSecret: (podman: string) => boolean
  /** Address of the gateway of a network, which knows the names of its containers; undefined for one that is not there yet. */
  readonly gateway: (network: string) => string | undefined
}

export const ANYWHERE: Surroundings = {
  bindAddress: '127.0.0.1',
  engine: 'podman',
  env: NO_ENV_SOURCES,
  devices: [],
  groups: [],
  hasSecret: () => true,
  gateway: () => undefined,
}

/** Gateway of podman's first network, and the name server of every tailnet. (POD-112) */
const FIRST_GATEWAY = '10.89.0.1'
const TAILNET_RESOLVER = '100.100.100.100'

/** An image as a deploy sees it. */
export interface DeployImage {
  readonly source: PodPlan['image']
  readonly metadata: ImageMetadata
  /** Layers in the order in which they were installed. */
  readonly layers: readonly string[]
  /** How its init is started; undefined where it has none. */
  readonly entrypoint: readonly string[] | undefined
}

/** The ports of a deploy: what was found for `auto`, else its own list, else that of the image. (POD-27, POD-69) */
export function planPorts(
  entry: DeployEntry,
  image: ImageMetadata,
  bindAddress: string,
  say: Say = () => {},
): PublishedPort[] {
  const listed = entry.resolvedPort ?? withAutomatic(entry.ports, image.ports) ?? image.ports
  return listed.flatMap((text): PublishedPort[] => {
    const [, given, automatic] = /^((?:[^:]+:)?)auto:(.*)$/s.exec(text) ?? []
    const mapping = parseMapping(automatic === undefined ? text : `${given}1:${automatic}`)
    if (!mapping) {
      say(
        'OV4013',
        'ports',
        `ignoring unparseable port mapping ${JSON.stringify(text)} (expected forms: "P", "H:C", "IP:H:C")`,
        'correct it; the other ports are published',
        'warning',
      )
      return []
    }
    const { bind = bindAddress, host, container, protocol } = mapping
    return [{ bind, host: automatic === undefined ? host : 'auto', container, protocol }]
  })
}

/** `auto` in a list stands for a free port for each of the image's that the list does not name. (POD-68) */
function withAutomatic(ports: readonly string[] | undefined, image: readonly string[]): readonly string[] | undefined {
  if (!ports?.includes('auto')) return ports
  const named = new Set(ports.map(mappedPort))
  const free = image.map(mappedPort).filter((port) => !named.has(port))
  return [...ports.filter((port) => port !== 'auto'), ...free.map((port) => `auto:${port}`)]
}

/** Plans a deploy from its entry and from what its image says of itself, merged before anything looks at either. (POD-25 to POD-27) */
export function planPod(
  key: string,
  entry: DeployEntry,
  author: Author,
  image: DeployImage,
  around: Surroundings,
): { plan: PodPlan; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const say = sayTo(diagnostics, author)
  const { metadata } = image
  const container = containerName(key)
  const [base = key, instance] = splitKey(key)
  checkRuntime(metadata, entry, base, around.engine, say)
  checkBuilt(entry, say)
  const listed = planPorts(entry, metadata, '', say)
  const tunnel = planTunnel(container, entry, metadata, listed, say)
  const ports = bindPorts(listed, tunnel, around.bindAddress, say)
  checkPorts(ports, say)
  const provider: Provider = { key, container, ports }
  const volumes = planVolumes(container, entry, metadata, say)
  const security = withDevices(overlaySecurity(metadata.security, entry.security ?? {}), around)
  const secrets = planSecrets(container, entry, metadata)
  const sidecars = planSidecars(container, entry, say, around.hasSecret)
  const network = networkOf(entry, metadata)
  const env = resolveEnv(provider, entry, metadata, around.env)
  if (env.missing.length > 0)
    say(
      'OV4003',
      'env',
      `missing required environment variable(s) for ${base}: ${env.missing.map(({ name, description }) => `${name} — ${description}`).join('; ')}`,
      author.giveVariables(env.missing.map(({ name }) => name)),
    )
  const envFile = around.env.unitFile?.path ?? entry.envFile
  const plan: PodPlan = {
    name: key,
    base,
    ...(instance !== undefined && { instance }),
    deployId: deployId({ target: `pod:${key}`, image: metadata.image || entry.image || base, layers: image.layers }),
    origin: author.origin,
    places: {
      image: author.place('image'),
      ports: author.place('ports'),
      volumes: author.place('volumes'),
      env: author.place('env'),
      security: author.place('security'),
      tunnel: author.place('tunnel'),
      sidecars: author.place('sidecars'),
    },
    container,
    image: image.source,
    ...(entry.version !== undefined && { version: entry.version }),
    status: (entry.status as PodPlan['status'] | undefined) ?? metadata.status,
    info: entry.info ?? metadata.info,
    workingDirectory: volumes.find((volume) => volume.name === 'workspace')?.path ?? metadata.home,
    network,
    ports,
    volumes,
    secrets,
    secretLines: secretLines(secrets, metadata, ({ podman }) => around.hasSecret(podman)),
    env: env.inline,
    ...(envFile !== undefined && { envFile }),
    security,
    ...(volumes.some((volume) => volume.kind !== 'named') && { keepId: { uid: metadata.uid, gid: metadata.gid } }),
    exec: image.entrypoint ?? ['sleep', 'infinity'],
    ...(tunnel && { tunnel }),
    sidecars,
    ...(sidecars.some(({ name }) => name === TAILSCALE) && {
      nameServers: [around.gateway(network) ?? FIRST_GATEWAY, TAILNET_RESOLVER],
    }),
    provides: providesOf(provider, metadata, say),
  }
  return { plan, diagnostics }
}

/** The network of a deploy: its own, that of its image, or the one that all share. (POD-38) */
export const networkOf = (entry: DeployEntry, image: ImageMetadata): string =>
  entry.network ?? (image.network === '' ? 'ov' : image.network)

/** `web/eu` → `web`, `eu`. */
const splitKey = (key: string): [base: string, instance?: string] => {
  const at = key.indexOf('/')
  return at === -1 ? [key] : [key.slice(0, at), key.slice(at + 1)]
}

/** Devices of the machine that the deploy does not name itself; privileged containers have all of them. (POD-39) */
function withDevices(security: Security, { devices, groups }: Surroundings): Security {
  if (security.privileged === true || (devices.length === 0 && groups.length === 0)) return security
  const united = (own: readonly string[] | undefined, more: readonly string[]) => [
    ...new Set([...(own ?? []), ...more]),
  ]
  return {
    ...security,
    ...(devices.length > 0 && { devices: united(security.devices, devices) }),
    ...(groups.length > 0 && { groupAdd: united(security.groupAdd, groups) }),
  }
}

/** What the image asks for, and a deploy can't give. */
function checkRuntime(image: ImageMetadata, entry: DeployEntry, name: string, here: string, say: Say): void {
  const engine = entry.engine ?? (image.engine || here)
  if (engine !== here)
    say(
      'OV3020',
      entry.engine === undefined ? 'image' : 'engine',
      `image "${image.image || name}" requires ${engine}; ov runs deploys with ${here}`,
      entry.engine === undefined ? 'take the layer that requires it out' : `leave the engine out, or choose ${here}`,
    )
  if (image.dataImage)
    say(
      'OV3022',
      'image',
      `image "${image.image || name}" holds data and nothing to run`,
      'run an image that uses the data',
    )
}

/** What may be written down, and this version of ov does not do: it must not vanish without a word. */
function checkBuilt(entry: DeployEntry, say: Say): void {
  const missing = [['addLayers', entry.addLayers, 'add layers to images']] as const
  for (const [field, value, what] of missing)
    if (value !== undefined)
      say('OV4011', field, `${field}: deploys don't ${what} yet`, 'the deploy runs without; do it by hand', 'warning')
}

/** Two mappings of one deploy on one host port. */
function checkPorts(ports: readonly PublishedPort[], say: Say): void {
  const seen = new Map<string, PublishedPort>()
  for (const port of ports) {
    const key = `${port.bind} ${port.host} ${port.protocol}`
    const other = seen.get(key)
    if (other && port.host !== 'auto')
      say(
        'OV4010',
        'ports',
        `ports: ${other.container} and ${port.container} are both published on ${port.bind}:${port.host}`,
        'give one of them another host port',
      )
    seen.set(key, port)
  }
}
