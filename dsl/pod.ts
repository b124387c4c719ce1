import { entity, type Entity } from './entity.ts'
import type { AnyImage } from './image.ts'
import type { PortKey } from './names.ts'
import type { Security } from './security.ts'

/** A deploy that runs an image as a supervised user service. */
export interface Pod extends Entity<'pod'> {}

/** Where a volume's data lives. (POD-40) */
export type Backing = BindBacking | EncryptedBacking | NamedBacking

/** A directory of the host. */
export interface BindBacking {
  /** {@link bind} makes this object. */
  readonly type: 'bind'
  /** The directory. Default: one that ov makes under its data directory. */
  readonly host?: string
}
/** A gocryptfs vault. */
export interface EncryptedBacking {
  /** {@link encrypted} makes this object. */
  readonly type: 'encrypted'
  /** Directory of the vault. Default: one that ov makes under its data directory. */
  readonly host?: string
}
/** A podman volume. */
export interface NamedBacking {
  /** {@link volume} makes this object. */
  readonly type: 'volume'
}

/**
 * Backs a volume with a directory of the host; `~` and `$HOME` are the operator's home. Without a path ov makes one under its data directory.
 * @example volumes: { library: bind('/srv/library') }
 */
export function bind(host?: string): BindBacking {
  return host === undefined ? { type: 'bind' } : { type: 'bind', host }
}

/**
 * Backs a volume with an encrypted directory (gocryptfs). Without a path ov keeps it under its data directory.
 * @example volumes: { mail: encrypted() }
 */
export function encrypted(host?: string): EncryptedBacking {
  return host === undefined ? { type: 'encrypted' } : { type: 'encrypted', host }
}

/**
 * Backs a volume with a podman volume, `ov-<deploy>-<volume>`. This is what a volume gets when nothing is said.
 * @example volumes: { cache: volume() }
 */
export function volume(): NamedBacking {
  return { type: 'volume' }
}

/** A variable whose value comes from elsewhere, see {@link provided}, {@link fromFile}, {@link fromOperator}. */
export interface EnvSource {
  /** Another deploy's `envProvides`, the `envFile`, or the operator. */
  readonly from: 'provided' | 'file' | 'operator'
  /** The deploy that provides it, when there are several. */
  readonly deploy?: string
}

/** Value of a deploy's variable: text, or where it comes from. */
export type EnvValue = string | EnvSource

/**
 * The value that another deploy offers under this name (`envProvides` of its layers). With several providers, name the deploy.
 * @example env: { OLLAMA_HOST: provided() }
 * @example env: { DATABASE_URL: provided('postgres') }
 */
export function provided(from?: Pod | string): EnvSource {
  if (from === undefined) return { from: 'provided' }
  return { from: 'provided', deploy: typeof from === 'string' ? from : from.name }
}

/**
 * The value stands in the deploy's `envFile`.
 * @example envFile: 'site.env', env: { SMTP_RELAY: fromFile() }
 */
export function fromFile(): EnvSource {
  return { from: 'file' }
}

/**
 * The operator gives the value on the machine: `ov apply <deploy> -e NAME=value`. It is remembered there.
 * @example env: { PUBLIC_URL: fromOperator() }
 */
export function fromOperator(): EnvSource {
  return { from: 'operator' }
}

/**
 * Where a container port is published: a host port, `'ip:port'`, a free one (`'auto'`), or both parts. An address that is not given is
 * `127.0.0.1`. (POD-64)
 */
export type PortTarget =
  | number
  | `${string}:${number}`
  | 'auto'
  | {
      /** Port of the host. */
      readonly host: number | 'auto'
      /** Address of the host. Default: `127.0.0.1`. */
      readonly bind?: string
    }

/** Host ports that a tunnel makes reachable: all that the deploy publishes, or some of them. */
export type TunnelPorts = 'all' | readonly number[]

/** A deploy on a tailnet. `tailscale serve` keeps a port inside it, `tailscale funnel` opens it to the internet. (POD-72) */
export interface TailscaleTunnel {
  /** Always `'tailscale'`. */
  readonly provider: 'tailscale'
  /** Host ports for the internet; funnel allows 443, 8443 and 10000. Default: none. */
  readonly public?: TunnelPorts
  /** Host ports for the tailnet. `'all'` means those that are not public. Default: none. */
  readonly private?: TunnelPorts
}

/** A deploy behind Cloudflare. (POD-72) */
export interface CloudflareTunnel {
  /** Always `'cloudflare'`. */
  readonly provider: 'cloudflare'
  /** Host ports that get the host name `dns`, or host port → a name of its own. Default: none. */
  readonly public?: TunnelPorts | { readonly [port: number]: string }
  /** Name of the tunnel at Cloudflare. Default: that of the container, `ov-<name>`. */
  readonly tunnel?: string
}

/**
 * How a deploy is reached from elsewhere. `'tailscale'` puts all its ports on the tailnet, `'cloudflare'` all of them behind its `dns` name. (POD-72)
 */
export type Tunnel = 'tailscale' | 'cloudflare' | TailscaleTunnel | CloudflareTunnel

/** Where the value of a secret comes from: the credential store, a variable of the operator's, or a file of the machine. (POD-92) */
export type SecretSource = 'keyring' | `env:${string}` | `file:${string}`

/** A secret that a sidecar gets as a variable. */
export interface SidecarSecret {
  /** Variable of the sidecar. */
  readonly env: string
  /** Variable of the operator that may hold it. Default: `env`. */
  readonly envFrom?: string
  /** What it is, for people who have to find it. */
  readonly description?: string
}

/**
 * A container that shares the network of the app: `tailscale` has a template whose fields need not be repeated, others need an image.
 * (POD-104, POD-105)
 */
export interface Sidecar {
  /** One sentence on what it is for. */
  readonly description?: string
  /** Image reference. Default: that of the template. */
  readonly image?: string
  /**
   * Its variables, over those of the template.
   * @example env: { TS_HOSTNAME: 'web' }
   */
  readonly env?: Readonly<Record<string, string>>
  /** What the template asks for, such as the `tailnet` of tailscale. */
  readonly parameter?: Readonly<Record<string, string>>
  /** Its secrets: name → variable. Values come from the operator's variables or the credential store. */
  readonly secrets?: Readonly<Record<string, SidecarSecret>>
  /** Its volumes: name → container path. */
  readonly volumes?: Readonly<Record<string, string>>
  /** Its permissions and limits. */
  readonly security?: Security
}

/** A volume that the image does not have. (POD-43) */
export interface ExtraVolume {
  /** Where it is mounted. */
  readonly path: string
  /** Where its data lives. Default: a podman volume. */
  readonly backing?: Backing
}

/** Names are known for an image value; for the name of an image that lives elsewhere, or for just any image, any will do. */
type VolumesOf<I> = I extends AnyImage ? I['$volume'] : string
type PortsOf<I> = I extends AnyImage ? I['$port'] : PortKey
type RequiredEnvOf<I> = I extends AnyImage ? I['$required'] : never
type OptionalEnvOf<I> = I extends AnyImage ? I['$optional'] : never

declare const NONE: unique symbol
/** What `volumes` takes when the image has none. (A property, because anything fits an empty object type.) */
export interface NoVolumes {
  readonly [NONE]?: never
}
/** What `ports` takes when the image has none. */
export interface NoPorts {
  readonly [NONE]?: never
}

/** Variables of a deploy: those its image demands must be there, those it accepts complete, others are allowed. */
export type DeployEnv<Required extends string, Optional extends string> = {
  readonly [Name in Required]: EnvValue
} & { readonly [Name in Optional]?: EnvValue } & Readonly<Record<string, EnvValue>>

/** For an image that demands no variable. */
export interface MaySetEnv<Optional extends string> {
  /**
   * Environment of the container, over that of the image. (POD-27)
   * @example env: { LOG_LEVEL: 'debug' }
   */
  readonly env?: DeployEnv<never, Optional>
}
/** For an image that demands variables. */
export interface MustSetEnv<Required extends string, Optional extends string> {
  /**
   * Environment of the container, over that of the image. The variables that the image requires must be here. (POD-27, POD-87)
   * @example env: { DATABASE_URL: provided('postgres') }
   */
  readonly env: DeployEnv<Required, Optional>
}
type EnvField<Required extends string, Optional extends string> = string extends Required
  ? MaySetEnv<Optional>
  : [Required] extends [never]
    ? MaySetEnv<Optional>
    : MustSetEnv<Required, Optional>

/** Fields of {@link pod}. */
export interface PodFields<I = AnyImage | string, Volume extends string = string, Port extends PortKey = PortKey> {
  /**
   * Name of the deploy: the container and its unit are `ov-<name>`. Several instances of one deploy are `name/instance`. (POD-01, POD-101, POD-151)
   * @example name: 'site'
   * @example name: 'site/staging'
   */
  readonly name: string
  /**
   * The image to run: an image of the project, or the name or reference of one that is in local storage.
   * @example image: web
   * @example image: 'ghcr.io/acme/web:2026.144.1443'
   */
  readonly image: I
  /** One sentence on what it is for. */
  readonly description?: string
  /**
   * Published ports: container port → host. The key is the port, or `'53/udp'` when it is not tcp. Default: the image's `ports`. (POD-64, POD-69)
   * @example ports: { 8080: 80, 9000: '0.0.0.0:9000', '53/udp': 5353 }
   */
  readonly ports?: [Port] extends [never] ? NoPorts : { readonly [Key in Port]?: PortTarget }
  /**
   * Backing of the image's volumes: name → backing. One that is not named is a podman volume. (POD-40, POD-42)
   * @example volumes: { library: bind('/srv/library') }
   */
  readonly volumes?: [Volume] extends [never] ? NoVolumes : { readonly [Name in Volume]?: Backing }
  /**
   * Volumes that the image does not have: name → container path and backing. (POD-43)
   * @example extraVolumes: { import: { path: '/import', backing: bind('/mnt/nas') } }
   */
  readonly extraVolumes?: Readonly<Record<string, ExtraVolume>>
  /**
   * File of further variables, `NAME=value` per line, relative to the declaring file. (POD-89)
   * @example envFile: 'site.env'
   */
  readonly envFile?: string
  /**
   * Podman network. Default: the image's, else the shared network `ov`, which is made when needed. (POD-38)
   * @example network: 'backend'
   */
  readonly network?: string
  /**
   * Permissions and limits, over those of the image. (POD-59)
   * @example security: { memoryMax: '2g', cpus: '1.5' }
   */
  readonly security?: Security
  /**
   * Version of the image, as a CalVer tag: that one runs, and is not built. Default: the newest of the image. (POD-12)
   * @example version: '2026.144.1443'
   */
  readonly version?: string
  /**
   * How the deploy is reached from elsewhere. (POD-72)
   * @example tunnel: 'tailscale'
   * @example tunnel: { provider: 'tailscale', public: [443], private: 'all' }
   */
  readonly tunnel?: Tunnel
  /**
   * Host name of the deploy, for Cloudflare tunnels and certificates. Default: the image's `fqdn`.
   * @example dns: 'app.example.org'
   */
  readonly dns?: string
  /** Who is told about certificates of that name. Default: the image's. */
  readonly acmeEmail?: string
  /**
   * Where secrets of the image come from: name → source. Default: the credential store; a value that nobody has is generated. (POD-92)
   * @example secrets: { 'db-password': 'file:/run/keys/db' }
   */
  readonly secrets?: Readonly<Record<string, SecretSource>>
  /**
   * Containers beside the app, in one pod and one network with it. (POD-104)
   * @example sidecars: { tailscale: { env: { TS_HOSTNAME: 'web' } } }
   */
  readonly sidecars?: Readonly<Record<string, Sidecar>>
  /** Engine that runs the deploy. Default: the image's, else podman. (POD-37) */
  readonly engine?: 'podman' | 'docker'
  /** How far it can be trusted. Default: the image's. */
  readonly status?: 'working' | 'testing' | 'broken'
  /** What to know about it when it is not `working`. */
  readonly info?: string
}

/**
 * Declares a deploy: the image, run as a supervised service of the user's systemd through a podman quadlet.
 * @example
 * export const site = pod({
 *   name: 'site',
 *   image: web,
 *   ports: { 8080: 80 },
 *   volumes: { certs: bind('/srv/certs') },
 * })
 */
export function pod<const I extends AnyImage | string>(
  spec: PodFields<I, VolumesOf<NoInfer<I>>, PortsOf<NoInfer<I>>> &
    EnvField<RequiredEnvOf<NoInfer<I>>, OptionalEnvOf<NoInfer<I>>>,
): Pod {
  return entity('pod', pod, spec)
}
