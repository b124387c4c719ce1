import type { Artifact } from './artifact.ts'
import type { Capabilities } from './capabilities.ts'
import type { Check } from './check.ts'
import type { DataEntry } from './data.ts'
import type { BuilderManifests } from './builders.ts'
import { entity, type Entity } from './entity.ts'
import type { ExtractedFiles } from './extracted.ts'
import type { Hooks } from './hooks.ts'
import type { McpContract, McpServer } from './mcp.ts'
import type {
  Carried,
  Contracts,
  Defaulted,
  Demanded,
  EnvContract,
  KeyOfPort,
  LayerPort,
  Names,
  PortKey,
  SecretContract,
} from './names.ts'
import type { PackageSections, TagSection } from './packages.ts'
import type { Route } from './route.ts'
import type { OwnedSecret } from './secret.ts'
import type { Security } from './security.ts'
import type { Service } from './service.ts'
import type { Shell } from './shell.ts'
import type { Task } from './tasks.ts'

/** A layer, with the names that its images and their deploys inherit from it. */
export interface Layer<
  Volume extends string,
  Port extends PortKey,
  Required extends string,
  Optional extends string,
  Secret extends string,
>
  extends Entity<'layer'>, Names<Volume, Port, Required, Optional, Secret> {}

/** Any layer. */
export type AnyLayer = Layer<string, PortKey, string, string, string>

/** A layer, or the name of one that lives elsewhere in the project. */
export type LayerRef = AnyLayer | string

/** A map of text to text. */
export type TextMap = Readonly<Record<string, string>>

/** Fields of {@link layer}. */
export interface LayerSpec<
  Volumes = TextMap,
  Ports = readonly LayerPort[],
  EnvRequires = Readonly<Record<string, EnvContract>>,
  EnvAccepts = Readonly<Record<string, EnvContract>>,
  SecretRequires = Readonly<Record<string, SecretContract>>,
  SecretAccepts = Readonly<Record<string, SecretContract>>,
  Env = TextMap,
  Depends = readonly LayerRef[],
  Layers = readonly LayerRef[],
>
  extends PackageSections, BuilderManifests {
  /**
   * Name, unique among the project's layers: lower case letters, digits and hyphens. It names build stages, files and units. (LAY-03)
   * @example name: 'traefik'
   */
  readonly name: string
  /**
   * Version as `YYYY.DDD.HHMM` (year, day of the year, UTC time), set by hand when the content changes. Images derive their identity from it. (LAY-07)
   * @example version: '2026.144.1443'
   */
  readonly version: string
  /** One sentence on what the layer installs. */
  readonly description?: string
  /** How far it can be trusted. Default: `'testing'`. The worst of an image's layers becomes the image's. (LAY-09) */
  readonly status?: 'working' | 'testing' | 'broken'
  /** What to know about a layer that is not `working`. (LAY-09) */
  readonly info?: string
  /**
   * The layer's own directory: copied sources are relative to it, and builder manifests in it take effect. Relative to the declaring file.
   * Default: `layers/<name>/` where that exists, beside the declaring file or in the project; otherwise the layer has none and paths are
   * relative to the declaring file. (LAY-04, LAY-05)
   * @example directory: import.meta.dirname
   */
  readonly directory?: string
  /**
   * Further files that `cmd` scripts want under `/ctx`, for a layer without a directory of its own. Relative paths, files or directories.
   * @example files: ['patches/']
   */
  readonly files?: readonly string[]
  /**
   * Layers that must be installed before this one; they come along by themselves. (LAY-55)
   * @example depends: [supervisord]
   */
  readonly depends?: Depends
  /**
   * Layers that this one is composed of, spliced in at its place. (LAY-55)
   * @example layers: [ripgrep, fd, jq]
   */
  readonly layers?: Layers
  /**
   * Package sections for single distros or releases. The first tag of the image's `distro` list whose section has packages wins and replaces
   * the format sections. A key may name several tags, separated by commas. (LAY-44 to LAY-47)
   * @example tags: { 'debian:13': { packages: ['php8.4'] }, 'debian,ubuntu': { packages: ['php'] } }
   */
  readonly tags?: Readonly<Record<string, TagSection>>
  /**
   * Install-time variables, usable as `${NAME}` in the tasks' paths and URLs. (LAY-28)
   * @example vars: { TRAEFIK_VERSION: 'v3.4.0' }
   */
  readonly vars?: TextMap
  /**
   * Install steps, run in exactly this order. Verb functions or plain objects with one verb each. (LAY-11, LAY-34)
   * @example tasks: [mkdir('/etc/demo'), copy('demo.yml', { to: '/etc/demo/demo.yml' })]
   */
  readonly tasks?: readonly Task[]
  /**
   * Environment of the running container. `~` and `$HOME` become the image's home; every other `$` stays for run time. Not `PATH`: use
   * {@link pathAppend}. (LAY-60 to LAY-63)
   * @example env: { EDITOR: 'nvim', DATA: '~/data' }
   */
  readonly env?: Env
  /**
   * Directories for `PATH`. They go before what the image inherits, so that a wrapper can shadow a system program. (LAY-64)
   * @example pathAppend: ['~/.local/bin']
   */
  readonly pathAppend?: readonly string[]
  /**
   * Processes to keep running, under the image's init or on a host. (LAY-65)
   * @example services: [service({ name: 'web', exec: '/usr/local/bin/web', restart: 'always' })]
   */
  readonly services?: readonly Service[]
  /**
   * Container ports it listens on; a number is http. The deploy decides where they are published. (LAY-80)
   * @example ports: [8080, 'tcp:5432', 'udp:53']
   */
  readonly ports?: Ports
  /**
   * Directories that outlive the container: name → path in the container, `~` allowed. (LAY-78)
   * @example volumes: { data: '~/.local/share/demo' }
   */
  readonly volumes?: Volumes
  /**
   * Variables a deploy must set: name → description. One with a default is filled in. (LAY-89)
   * @example envRequires: { DATABASE_URL: 'where the database is', LOG: { description: 'log level', default: 'info' } }
   */
  readonly envRequires?: Contracts<EnvRequires, EnvContract>
  /**
   * Variables a deploy may set. (LAY-89)
   * @example envAccepts: { OLLAMA_HOST: 'address of an ollama server' }
   */
  readonly envAccepts?: Contracts<EnvAccepts, EnvContract>
  /**
   * Variables offered to other deploys that require or accept them. `{{.ContainerName}}` is this deploy's container. (LAY-88)
   * @example envProvides: { OLLAMA_HOST: 'http://{{.ContainerName}}:11434' }
   */
  readonly envProvides?: TextMap
  /**
   * Secrets that must be in the credential store. They reach the container as podman secrets and are never written in a deploy's `env`. (LAY-89)
   * @example secretRequires: { OPENAI_API_KEY: 'key of the API account' }
   */
  readonly secretRequires?: Contracts<SecretRequires, SecretContract>
  /**
   * Secrets that are used when they are in the credential store. (LAY-89)
   * @example secretAccepts: { SMTP_PASSWORD: { description: 'mail relay', key: 'ov/smtp/password' } }
   */
  readonly secretAccepts?: Contracts<SecretAccepts, SecretContract>
  /**
   * What the container must be allowed to do. (LAY-83)
   * @example security: { capAdd: ['NET_ADMIN'], devices: ['/dev/net/tun'] }
   */
  readonly security?: Security
  /**
   * Secrets that belong to the image, such as the password of its own database: name → where it goes. Each deploy has its own value, kept as the
   * podman secret `ov-<image>-<name>`; only this description is in the image. (LAY-87)
   * @example secrets: { 'db-password': { env: ['POSTGRES_PASSWORD', 'PGPASSWORD'] }, cert: { target: '/etc/tls/cert.pem' } }
   */
  readonly secrets?: Readonly<Record<string, OwnedSecret>>
  /**
   * MCP servers offered to other deploys, under the name by which these ask for them. (LAY-92)
   * @example mcpProvides: { jupyter: 'http://{{.ContainerName}}:8888/mcp' }
   */
  readonly mcpProvides?: Readonly<Record<string, McpServer>>
  /**
   * MCP servers that are needed: name → what for. A missing one is warned about. What is found is in `OV_MCP_SERVERS`. (LAY-89)
   * @example mcpRequires: { jupyter: 'runs the notebooks' }
   */
  readonly mcpRequires?: Readonly<Record<string, McpContract>>
  /**
   * MCP servers that are used when they are there. (LAY-89)
   * @example mcpAccepts: { chrome: 'looks at web pages' }
   */
  readonly mcpAccepts?: Readonly<Record<string, McpContract>>
  /**
   * Commands of the image that its user wants to call from outside: name → command line in the container. The first layer of an image that has a
   * name keeps it. (LAY-94)
   * @example aliases: { psql: 'psql -U app' }
   */
  readonly aliases?: TextMap
  /**
   * Scripts for the begin and the end of a deploy. Those of all layers run, in the order of the layers. (LAY-95)
   * @example hooks: { postEnable: 'initialise-database', preRemove: 'dump-database' }
   */
  readonly hooks?: Hooks
  /**
   * Elements for the domain XML of virtual machines that the layer is part of; containers have no use for them. Each text is well-formed XML with at
   * least one element; the prefix `qemu:` needs no declaration. (LAY-96; libvirt's "Domain XML format")
   * @example libvirt: ['<devices><watchdog model="itco" action="reset"/></devices>']
   */
  readonly libvirt?: readonly string[]
  /**
   * The name under which the image's Traefik offers the layer's web server. Without layer `traefik` in the image it is only told in a label.
   * (LAY-86)
   * @example route: { host: 'svc.localhost', port: 9090 }
   */
  readonly route?: Route
  /**
   * Ports of servers that listen on 127.0.0.1 only: each gets a service `relay-<port>` that passes raw TCP on from the container's interface. It
   * rewrites no `Host` header. Layer `socat` comes along; the ports are in {@link ports}, too. (LAY-82, LAY-124)
   * @example ports: ['tcp:9222'], portRelay: [9222]
   */
  readonly portRelay?: readonly number[]
  /** The engine that containers of the layer need. Default: either. (LAY-97) */
  readonly engine?: 'podman' | 'docker'
  /**
   * Folders of the layer that fill its volumes when a deploy is set up. (LAY-79)
   * @example data: [{ src: 'notebooks', volume: 'workspace', dest: 'examples' }]
   */
  readonly data?: readonly DataEntry[]
  /**
   * Files that other images have. They are copied before the layers are installed. (LAY-100)
   * @example extract: [{ source: 'docker.io/library/busybox:1.37', path: '/bin/busybox', dest: '/usr/local/bin/busybox' }]
   */
  readonly extract?: readonly ExtractedFiles[]
  /**
   * Code and directories for the shells of people who work in the container. (LAY-98)
   * @example shell: { init: 'eval "$(starship init ${SHELL_NAME})"', fish: { init: 'starship init fish | source' } }
   */
  readonly shell?: Shell
  /**
   * Files that a deploy makes and that are fetched from it afterwards. (LAY-102)
   * @example artifacts: [{ name: 'kubeconfig', path: '/etc/rancher/k3s/k3s.yaml', retrieveTo: '~/.kube/config', mode: '0600', waitSeconds: 60 }]
   */
  readonly artifacts?: readonly Artifact[]
  /**
   * What must be true of every image that has the layer; `ov eval image` looks. Those of scope deploy are for what runs. (LAY-103)
   * @example eval: [{ file: '/usr/bin/rg', mode: '0755' }, { command: 'rg --version', stdout: { contains: 'ripgrep' } }]
   */
  readonly eval?: readonly Check[]
  /**
   * What the layer makes of its image. (LAY-101)
   * @example capabilities: { preserveUser: true, ociLabels: { 'org.opencontainers.image.licenses': 'MIT' } }
   */
  readonly capabilities?: Capabilities
  /**
   * What some layer of the image must make of it, for this one to work. (LAY-101)
   * @example requiresCapabilities: ['preserveUser']
   */
  readonly requiresCapabilities?: readonly Exclude<keyof Capabilities, 'ociLabels'>[]
}

/**
 * Declares a layer: one concern, installed the same way in an image, on a host or in a VM. (LAY-01)
 * @example
 * export const motd = layer({
 *   name: 'motd',
 *   version: '2026.144.1443',
 *   tasks: [write('/etc/motd', { content: 'welcome\n' })],
 * })
 */
export function layer<
  const Volumes extends TextMap = {},
  const Ports extends readonly LayerPort[] = readonly [],
  const EnvRequires extends Readonly<Record<string, EnvContract>> = {},
  const EnvAccepts extends Readonly<Record<string, EnvContract>> = {},
  const SecretRequires extends Readonly<Record<string, SecretContract>> = {},
  const SecretAccepts extends Readonly<Record<string, SecretContract>> = {},
  const Env extends TextMap = {},
  const Depends extends readonly LayerRef[] = readonly [],
  const Layers extends readonly LayerRef[] = readonly [],
>(
  spec: LayerSpec<Volumes, Ports, EnvRequires, EnvAccepts, SecretRequires, SecretAccepts, Env, Depends, Layers>,
): Layer<
  (keyof Volumes & string) | Carried<Depends[number] | Layers[number]>['$volume'],
  KeyOfPort<Ports[number]> | Carried<Depends[number] | Layers[number]>['$port'],
  Demanded<EnvRequires> | Carried<Depends[number] | Layers[number]>['$required'],
  | Defaulted<EnvRequires>
  | (keyof EnvAccepts & string)
  | (keyof Env & string)
  | Carried<Depends[number] | Layers[number]>['$optional'],
  | (keyof SecretRequires & string)
  | (keyof SecretAccepts & string)
  | Carried<Depends[number] | Layers[number]>['$secret']
> {
  return entity('layer', layer, spec) as never
}
