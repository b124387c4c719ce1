import type { Security } from '../../../dsl/security.ts'
import { suggest } from '../../diagnostics/suggest.ts'
import type { DeployEntry, EntrySidecar, EntryTunnel, EntryVolume } from '../../model/deploy-entry.ts'
import type { PodModel } from '../../model/project.ts'
import type { SidecarData, TunnelData } from '../../model/schema/pod.ts'
import type { ImageMetadata } from '../metadata.ts'
import { mappedPort } from './three-way.ts'
import type { Say } from './say.ts'

/** What a project knows of an image that its deploys run. */
export interface KnownImage {
  /** How the deploy names it. */
  readonly ref: string
  readonly metadata: ImageMetadata
  /** Container ports, `8080` and `53/udp`; undefined for images known by their labels alone: they may listen on anything. */
  readonly ports: readonly string[] | undefined
}

/** Values that other deploys offer: finds one by its name, and by the deploy where that was named. */
export type FindProvided = (name: string, deploy: string | undefined) => string | { problem: string; remedy: string }

/** A typed deploy as an entry; what types can't tell is checked here. (POD-12) */
export function typedEntry(pod: PodModel, image: KnownImage, provided: FindProvided, say: Say): DeployEntry {
  const { data } = pod
  checkPorts(pod, image.ports, say)
  checkVolumes(pod, image.metadata, say)
  const env = typedEnv(pod, provided, say)
  const volumes = typedVolumes(pod, new Set(image.metadata.volumes.map(({ name }) => name)))
  const secrets = Object.entries(data.secrets ?? {})
  const sidecars = Object.entries(data.sidecars ?? {})
  const entry: { -readonly [Field in keyof DeployEntry]: DeployEntry[Field] | undefined } = {
    version: data.version,
    target: 'pod',
    image: image.ref,
    status: data.status,
    info: data.info,
    tunnel: data.tunnel && typedTunnel(data.tunnel),
    dns: data.dns,
    acmeEmail: data.acmeEmail,
    volumes: volumes.length > 0 ? volumes : undefined,
    ports: data.ports && typedPorts(data.ports),
    env: env.length > 0 ? env : undefined,
    envFile: data.envFile,
    security: data.security as Security | undefined,
    network: data.network,
    engine: data.engine,
    secrets: secrets.length > 0 ? secrets.map(([name, source]) => ({ name, source })) : undefined,
    sidecars:
      sidecars.length > 0
        ? Object.fromEntries(sidecars.map(([name, sidecar]) => [name, typedSidecar(sidecar)]))
        : undefined,
  }
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
}

/** `tailscale` stands for all ports to the tailnet, `cloudflare` for all to the world. (POD-72) */
function typedTunnel(tunnel: TunnelData): EntryTunnel {
  if (tunnel === 'tailscale') return { provider: 'tailscale', private: 'all' }
  if (tunnel === 'cloudflare') return { provider: 'cloudflare', public: 'all' }
  return tunnel as EntryTunnel
}

function typedSidecar({ secrets, volumes, ...rest }: SidecarData): EntrySidecar {
  return {
    ...(rest as EntrySidecar),
    ...(secrets && {
      secret: Object.entries(secrets).map(([name, { env, envFrom, description }]) => ({
        name,
        env,
        ...(envFrom !== undefined && { envFrom }),
        ...(description !== undefined && { description }),
      })),
    }),
    ...(volumes && { volume: Object.entries(volumes).map(([name, path]) => ({ name, path })) }),
  }
}

/** Container port → host, as mappings: `127.0.0.1:80:8080`, `auto:8080`. (POD-63) */
const typedPorts = (ports: NonNullable<PodModel['data']['ports']>): string[] =>
  Object.entries(ports)
    .map(([container, given]) => {
      const key = container.replace(/\/tcp$/, '')
      if (typeof given !== 'object') return `${given}:${key}`
      return `${given.bind === undefined ? '' : `${given.bind}:`}${given.host}:${key}`
    })
    .sort((a, b) => Number.parseInt(mappedPort(a), 10) - Number.parseInt(mappedPort(b), 10))

/** What nothing in the image listens on can't be published. */
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

function checkVolumes({ data }: PodModel, image: ImageMetadata, say: Say): void {
  const known = image.volumes.map((volume) => volume.name)
  for (const name of Object.keys(data.volumes ?? {})) {
    if (known.includes(name)) continue
    const close = suggest(name, known)
    say(
      'OV4001',
      `volumes.${name}`,
      `volumes: image "${image.image}" has no volume "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
      known.length === 0 ? 'its layers declare none' : `its volumes are ${known.join(', ')}`,
    )
  }
  for (const name of Object.keys(data.extraVolumes ?? {}))
    if (known.includes(name) || data.volumes?.[name])
      say(
        'OV4001',
        `extraVolumes.${name}`,
        `extraVolumes: the image has a volume "${name}" already`,
        'say under volumes where its data lives, or choose another name',
      )
}

function typedVolumes({ data }: PodModel, known: ReadonlySet<string>): EntryVolume[] {
  // What is not known has been reported.
  const own = Object.entries(data.volumes ?? {}).flatMap(([name, backing]) =>
    known.has(name) ? [{ name, ...backing }] : [],
  )
  const extra = Object.entries(data.extraVolumes ?? {}).map(([name, { path, backing }]) => ({
    name,
    ...(backing ?? { type: 'volume' as const }),
    path,
  }))
  return [...own, ...extra] as EntryVolume[]
}

/** Values that stand in the program, or follow from another deploy; others come from a file or from the operator, and are on the machine. */
function typedEnv({ data }: PodModel, provided: FindProvided, say: Say): string[] {
  return Object.entries(data.env ?? {}).flatMap(([name, value]) => {
    if (typeof value === 'string') return [`${name}=${value}`]
    if (value.from !== 'provided') {
      if (value.from === 'file' && data.envFile === undefined)
        say(
          'OV4005',
          `env.${name}`,
          `env.${name} comes from a file, but the deploy has no envFile`,
          "set envFile: 'NAME.env'",
        )
      return []
    }
    const found = provided(name, value.deploy)
    if (typeof found === 'string') return [`${name}=${found}`]
    say('OV4004', `env.${name}`, `env.${name}: ${found.problem}`, found.remedy)
    return []
  })
}
