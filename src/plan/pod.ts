import type { Security } from '../../dsl/security.ts'
import type { Diagnostic, Place } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { byName, placeOf, type PodModel, type Project } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import { deployId } from './deploy-id.ts'
import type { ImageMetadata } from './metadata.ts'
import { overlaySecurity } from './security.ts'

/** A published port, in parts. `host: 'auto'` is a free one, found when the deploy is applied. */
export interface PublishedPort {
  readonly bind: string
  readonly host: number | 'auto'
  readonly container: number
  readonly protocol: 'tcp' | 'udp'
}

/** A mount of the container. */
export type PlannedVolume =
  | { readonly kind: 'named'; readonly name: string; readonly volume: string; readonly path: string }
  | {
      readonly kind: 'bind'
      readonly name: string
      readonly host: string
      readonly auto: boolean
      readonly path: string
    }

/** A deploy to run. */
export interface PodPlan {
  readonly name: string
  /** Its name in ledgers. (PLAN-27) */
  readonly deployId: string
  readonly origin: Place
  /** Places of single fields, for the side map. */
  readonly places: Readonly<Record<'image' | 'ports' | 'volumes' | 'env' | 'security', Place>>
  /** Container and unit name, `ov-<name>`. (POD-01) */
  readonly container: string
  /** The image: of this project, or in local storage. */
  readonly image: { readonly kind: 'project'; readonly name: string } | { readonly kind: 'local'; readonly ref: string }
  /** Short image name, for the unit's description. */
  readonly imageName: string
  readonly status: 'working' | 'testing' | 'broken'
  readonly info: string
  readonly workingDirectory: string
  readonly network: string
  readonly ports: readonly PublishedPort[]
  readonly volumes: readonly PlannedVolume[]
  readonly env: readonly (readonly [name: string, value: string])[]
  /** Absolute path on the operator's machine, or relative to the project. */
  readonly envFile?: string
  readonly security: Security
  /** `uid:gid` that bind mounts are mapped to. */
  readonly keepId?: { readonly uid: number; readonly gid: number }
  readonly exec: readonly string[]
}

/** What a machine adds to a deploy: values that no project can know. */
export interface MachineInput {
  /** Variables the operator gave, by name. */
  readonly operatorEnv: Readonly<Record<string, string>>
}

export interface PodContext {
  readonly project: Project
  /** Metadata of the project's images, for the values that deploys provide to each other. */
  readonly metadata: ReadonlyMap<string, ImageMetadata>
  /** Layers of the project's images, in the order in which they were installed. */
  readonly layers: ReadonlyMap<string, readonly string[]>
  /** Container ports of the project's images, `8080` and `53/udp`. */
  readonly containerPorts: ReadonlyMap<string, readonly string[]>
  readonly entrypoints: ReadonlyMap<string, readonly string[]>
  readonly machine: MachineInput | undefined
}

/** Container and unit name of a deploy. (POD-01) */
const containerName = (deploy: string): string => `ov-${deploy.replaceAll('/', '-')}`

/** Compiles a deploy from what is written and what its image says of itself. (POD-25 to POD-27) */
export function compilePod(
  pod: PodModel,
  image: ImageMetadata,
  context: PodContext,
): { plan: PodPlan; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const say = (
    code: Diagnostic['code'],
    field: string,
    message: string,
    remedy?: string,
    severity: Diagnostic['severity'] = 'error',
  ) =>
    diagnostics.push({
      code,
      severity,
      message,
      entity: `pod "${pod.name}"`,
      field,
      place: placeOf(pod, field),
      ...(remedy !== undefined && { remedy }),
    })
  const { data } = pod
  const ref = refName(data.image)
  checkPorts(pod, context.containerPorts.get(ref), say)
  const volumes = compileVolumes(pod, image, say)
  const security = overlaySecurity(image.security, (data.security ?? {}) as Security)
  const secrets = [...new Set([...image.secretRequires, ...image.secrets].map((secret) => secret.name))]
  if (secrets.length > 0)
    say(
      'OV4007',
      'image',
      `image "${ref}" requires the secrets ${secrets.join(', ')}, which can't be handed to it yet`,
      'take the layer that requires them out',
    )
  const artifacts = (context.layers.get(ref) ?? []).some(
    (name) => context.project.layers.get(name)?.data.artifacts?.length,
  )
  checkRuntime(image, ref, artifacts, say)
  const imageName = image.image === '' ? ref : image.image
  const plan: PodPlan = {
    name: pod.name,
    deployId: deployId({
      target: `pod:${pod.name}`,
      image: imageName,
      layers: context.layers.get(ref) ?? Object.keys(image.layerVersions),
    }),
    origin: pod.origin,
    places: {
      image: placeOf(pod, 'image'),
      ports: placeOf(pod, 'ports'),
      volumes: placeOf(pod, 'volumes'),
      env: placeOf(pod, 'env'),
      security: placeOf(pod, 'security'),
    },
    container: containerName(pod.name),
    image: context.project.images.has(ref) ? { kind: 'project', name: ref } : { kind: 'local', ref },
    imageName,
    status: data.status ?? image.status,
    info: data.info ?? image.info,
    workingDirectory: volumes.find((volume) => volume.name === 'workspace')?.path ?? image.home,
    network: data.network ?? (image.network === '' ? 'ov' : image.network),
    ports: compilePorts(pod, image, say),
    volumes,
    env: compileEnv(pod, image, context, say),
    ...(data.envFile !== undefined && { envFile: data.envFile }),
    security,
    ...(volumes.some((volume) => volume.kind === 'bind') && { keepId: { uid: image.uid, gid: image.gid } }),
    exec: context.entrypoints.get(image.init) ?? ['sleep', 'infinity'],
  }
  return { plan, diagnostics }
}

type Say = (
  code: Diagnostic['code'],
  field: string,
  message: string,
  remedy?: string,
  severity?: Diagnostic['severity'],
) => void

/** What the image asks for, and a deploy can't give or does not do yet. */
function checkRuntime(image: ImageMetadata, ref: string, artifacts: boolean, say: Say): void {
  if (image.dataImage)
    say('OV3022', 'image', `image "${ref}" holds data and nothing to run`, 'run an image that uses the data')
  if (image.engine !== '' && image.engine !== 'podman')
    say(
      'OV3020',
      'image',
      `image "${ref}" requires ${image.engine}; ov runs deploys with podman`,
      'take the layer that requires it out',
    )
  const notYet = [
    ...(image.data.length > 0 && !image.dataImage ? ['fill volumes with its data'] : []),
    ...(Object.keys(image.hooks).length > 0 ? ['run its hooks'] : []),
    ...(artifacts ? ['fetch its artifacts'] : []),
    ...(image.mcpProvides.length + image.mcpRequires.length > 0 ? ['connect its MCP servers'] : []),
  ]
  if (notYet.length > 0)
    say(
      'OV4011',
      'image',
      `image "${ref}": deploys don't ${notYet.join(', nor ')} yet`,
      'do it by hand, with podman exec and podman cp',
      'warning',
    )
}

/** `8080`, `0.0.0.0:80`, `auto` → parts; the address is loopback unless given. (POD-63, POD-64) */
function target(given: NonNullable<PodModel['data']['ports']>[string]): { bind: string; host: number | 'auto' } {
  if (typeof given === 'object') return { bind: given.bind ?? '127.0.0.1', host: given.host }
  const [, bind, host = ''] = /^(?:(.*):)?([^:]*)$/.exec(String(given)) ?? []
  return { bind: bind ?? '127.0.0.1', host: host === 'auto' ? 'auto' : Number(host) }
}

/** What nothing in the image listens on can't be published. Images known by their labels alone may listen on anything. */
function checkPorts(pod: PodModel, known: readonly string[] | undefined, say: Say): void {
  if (known === undefined) return
  for (const key of Object.keys(pod.data.ports ?? {})) {
    const port = key.replace(/\/tcp$/, '')
    if (known.includes(port)) continue
    say(
      'OV4002',
      `ports[${JSON.stringify(key)}]`,
      `ports: nothing in the image listens on ${port}`,
      known.length === 0
        ? 'declare it in the ports of the layer, or of the image'
        : `its ports are ${known.join(', ')}`,
    )
  }
}

function compilePorts(pod: PodModel, image: ImageMetadata, say: Say): PublishedPort[] {
  const given = pod.data.ports
  if (given === undefined)
    return image.ports.map((text) => {
      const [mapping = '', protocol = 'tcp'] = text.split('/')
      const [host = '', container = host] = mapping.split(':')
      return {
        bind: '127.0.0.1',
        host: Number(host),
        container: Number(container),
        protocol: protocol as 'tcp' | 'udp',
      }
    })
  const ports = Object.entries(given).map(([key, value]): PublishedPort => {
    const [container = '', protocol = 'tcp'] = key.split('/')
    return { ...target(value), container: Number(container), protocol: protocol as 'tcp' | 'udp' }
  })
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
  return ports.sort((a, b) => a.container - b.container || byName(a.protocol, b.protocol))
}

function compileVolumes(pod: PodModel, image: ImageMetadata, say: Say): PlannedVolume[] {
  const backings = pod.data.volumes ?? {}
  const known = image.volumes.map((volume) => volume.name)
  for (const [name, backing] of Object.entries(backings)) {
    if (!known.includes(name)) {
      const close = suggest(name, known)
      say(
        'OV4001',
        `volumes.${name}`,
        `volumes: image "${image.image}" has no volume "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
        known.length === 0 ? 'its layers declare none' : `its volumes are ${known.join(', ')}`,
      )
    }
    if (backing.type === 'encrypted')
      say(
        'OV4006',
        `volumes.${name}`,
        `volumes.${name}: encrypted volumes can't be mounted yet; refusing to run it unencrypted`,
        'use bind() or volume() until then',
      )
    if (backing.type === 'bind' && backing.host !== undefined && /[:\n\0]/.test(backing.host))
      say(
        'OV4008',
        `volumes.${name}`,
        `volumes.${name}: the path ${JSON.stringify(backing.host)} contains a colon or line break`,
        'podman takes what follows a colon for mount options; use another path',
      )
  }
  const planned = image.volumes.map(({ name, path }): PlannedVolume => {
    const backing = backings[name]
    if (backing?.type !== 'bind') return { kind: 'named', name, volume: `${containerName(pod.name)}-${name}`, path }
    return { kind: 'bind', name, host: backing.host ?? '', auto: backing.host === undefined, path }
  })
  return planned.sort((a, b) => byName(b.kind, a.kind) || byName(a.name, b.name))
}

function compileEnv(pod: PodModel, image: ImageMetadata, context: PodContext, say: Say): [string, string][] {
  const { data } = pod
  const env = new Map<string, string>()
  for (const entry of image.env) env.set(entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1))
  for (const [name, value] of Object.entries(data.env ?? {})) {
    const field = `env.${name}`
    if (typeof value === 'string') env.set(name, value)
    else if (value.from === 'provided') {
      const found = findProvided(pod, name, value.deploy, context)
      if (typeof found === 'string') env.set(name, found)
      else say('OV4004', field, `${field}: ${found.problem}`, found.remedy)
    } else if (value.from === 'file') {
      env.delete(name)
      if (data.envFile === undefined)
        say('OV4005', field, `${field} comes from a file, but the deploy has no envFile`, "set envFile: 'NAME.env'")
    } else {
      const given = context.machine?.operatorEnv[name]
      if (given !== undefined) env.set(name, given)
      else if (context.machine)
        say(
          'OV4005',
          field,
          `${field} comes from the operator, and has no value on this machine`,
          `run ov apply ${pod.name} -e ${pod.name}.${name}=VALUE`,
        )
    }
  }
  const named = new Set([...env.keys(), ...Object.keys(data.env ?? {})])
  const missing = image.envRequires.filter((contract) => !named.has(contract.name) && contract.default === undefined)
  if (missing.length > 0)
    say(
      'OV4003',
      'env',
      `missing required environment variable(s): ${missing.map((contract) => `${contract.name} — ${contract.description}`).join('; ')}`,
      `add them: env: { ${missing.map((contract) => `${contract.name}: '…'`).join(', ')} }`,
    )
  for (const contract of image.envRequires)
    if (!named.has(contract.name) && contract.default !== undefined) env.set(contract.name, contract.default)
  return [...env]
}

/** What another deploy of the project offers under a name. (POD-80, POD-83) */
function findProvided(
  pod: PodModel,
  name: string,
  from: string | undefined,
  { project, metadata }: PodContext,
): string | { problem: string; remedy: string } {
  const offers = [...project.pods.values()].flatMap((other) => {
    const template = other === pod ? undefined : metadata.get(refName(other.data.image))?.envProvides[name]
    return template !== undefined && (from === undefined || other.name === from) ? [{ other, template }] : []
  })
  const [offer, second] = offers
  if (!offer)
    return from === undefined
      ? {
          problem: `no other deploy of the project provides ${name}`,
          remedy: 'declare a deploy whose layers have it in envProvides, or give the value',
        }
      : {
          problem: `deploy "${from}" does not provide ${name}`,
          remedy: 'name a deploy whose layers have it in envProvides',
        }
  if (second)
    return {
      problem: `${offers.map(({ other }) => other.name).join(' and ')} both provide ${name}`,
      remedy: `choose: provided('${offer.other.name}')`,
    }
  const ports = compilePorts(offer.other, metadata.get(refName(offer.other.data.image))!, () => {})
  return offer.template
    .replaceAll('{{.ContainerName}}', containerName(offer.other.name))
    .replace(/\{\{\.ContainerPort (\d+)\}\}/g, '$1')
    .replace(/\{\{\.HostPort (\d+)\}\}/g, (_, port: string) =>
      String(ports.find((one) => one.container === Number(port))?.host ?? port),
    )
}
