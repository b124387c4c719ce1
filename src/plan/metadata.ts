import type { Security } from '../../dsl/security.ts'
import type { EvalLabel } from './checks.ts'

/** A variable or secret that an image asks for. */
export interface Contract {
  readonly name: string
  readonly description: string
  readonly default?: string
  readonly key?: string
}

/** A service as the label tells it. (IMG-129) */
export interface ServiceLabel {
  readonly name: string
  readonly scope: 'system' | 'user'
  readonly enable?: boolean
  readonly use_packaged?: string
  readonly exec?: string
  readonly env?: Readonly<Record<string, string>>
  readonly restart?: string
  readonly working_directory?: string
  readonly user?: string
  readonly after?: readonly string[]
  readonly before?: readonly string[]
  readonly stdout?: string
  readonly stop_timeout?: string
  readonly kind?: string
  readonly events?: readonly string[]
  readonly auto_start?: boolean
  readonly start_retries?: number
  readonly start_sec?: number
  readonly stop_signal?: string
  readonly exit_code?: readonly number[]
  readonly priority?: number
  readonly overrides?: {
    readonly env?: Readonly<Record<string, string>>
    readonly after?: readonly string[]
    readonly exec?: string
  }
  readonly init?: string
  readonly layer: string
}

/** A secret of the image's own, once for each variable that holds it. (IMG-131) */
export interface SecretLabel {
  readonly name: string
  readonly target: string
  readonly env?: string
}

/** An MCP server that an image offers. (IMG-133) */
export interface McpLabel {
  readonly name: string
  readonly url: string
  readonly transport: 'http' | 'sse'
}

/** A folder of the image that fills a volume. (IMG-141) */
export interface DataLabel {
  readonly volume: string
  readonly staging: string
  readonly layer: string
  readonly dest?: string
}

/** Shell code as a label tells it. */
interface ShellCodeLabel {
  readonly init?: string
  readonly path_append?: readonly string[]
  readonly path?: string
}
/** Code for the shells of people, and who wants it. (IMG-126) */
export interface ShellLabel {
  readonly origin: string
  readonly id: string
  readonly generic?: ShellCodeLabel
  readonly by_shell?: Readonly<Record<string, ShellCodeLabel>>
  readonly priority: number
}

/** What an image says of itself in its labels; deploys need nothing else. (IMG-100 to IMG-142) */
export interface ImageMetadata {
  readonly version: string
  readonly image: string
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly home: string
  readonly registry: string
  /** It boots, as a machine does. */
  readonly bootc: boolean
  /** Labels with names of their own; of an image that is read, all that are not ov's. */
  readonly ociLabels: Readonly<Record<string, string>>
  readonly network: string
  /** The name its services are known by, and whom its certificates are for. */
  readonly fqdn: string
  readonly acmeEmail: string
  /** The engine that its containers need, or empty. */
  readonly engine: string
  readonly distro: readonly string[]
  readonly formats: readonly string[]
  /** Images that bring the tools of builders, by builder. */
  readonly builderUses: Readonly<Record<string, string>>
  /** What it can build for others. */
  readonly builderProvides: readonly string[]
  /** Ports that a deploy publishes unless it says otherwise. */
  readonly ports: readonly string[]
  /** Container ports that speak something else than http. */
  readonly portProtos: Readonly<Record<string, string>>
  readonly volumes: readonly { readonly name: string; readonly path: string }[]
  readonly aliases: readonly { readonly name: string; readonly command: string }[]
  readonly security: Security
  readonly env: readonly string[]
  readonly hooks: { readonly post_enable?: string; readonly pre_remove?: string }
  readonly eval: EvalLabel
  readonly shell: { readonly layer?: readonly ShellLabel[]; readonly image?: readonly ShellLabel[] }
  readonly init: string
  /** Layers with services, by init. */
  readonly initServices: Readonly<Record<string, readonly string[]>>
  readonly services: readonly ServiceLabel[]
  /** Ports of servers on the loopback interface that the image passes on. */
  readonly portRelay: readonly number[]
  readonly secrets: readonly SecretLabel[]
  readonly envProvides: Readonly<Record<string, string>>
  readonly envRequires: readonly Contract[]
  readonly envAccepts: readonly Contract[]
  readonly secretRequires: readonly Contract[]
  readonly secretAccepts: readonly Contract[]
  readonly mcpProvides: readonly McpLabel[]
  readonly mcpRequires: readonly Contract[]
  readonly mcpAccepts: readonly Contract[]
  readonly status: 'working' | 'testing' | 'broken'
  readonly info: string
  readonly routes: readonly { readonly host: string; readonly port: number }[]
  readonly envLayers: Readonly<Record<string, string>>
  readonly pathAppend: readonly string[]
  readonly layerVersions: Readonly<Record<string, string>>
  readonly data: readonly DataLabel[]
  /** It holds data and nothing else. */
  readonly dataImage: boolean
}

/** An image without any label. */
export const EMPTY_METADATA: ImageMetadata = {
  version: '',
  image: '',
  uid: 0,
  gid: 0,
  user: '',
  home: '',
  registry: '',
  bootc: false,
  ociLabels: {},
  network: '',
  fqdn: '',
  acmeEmail: '',
  engine: '',
  distro: [],
  formats: [],
  builderUses: {},
  builderProvides: [],
  ports: [],
  portProtos: {},
  volumes: [],
  aliases: [],
  security: {},
  env: [],
  hooks: {},
  eval: {},
  shell: {},
  init: '',
  initServices: {},
  services: [],
  portRelay: [],
  secrets: [],
  envProvides: {},
  envRequires: [],
  envAccepts: [],
  secretRequires: [],
  secretAccepts: [],
  mcpProvides: [],
  mcpRequires: [],
  mcpAccepts: [],
  status: 'testing',
  info: '',
  routes: [],
  envLayers: {},
  pathAppend: [],
  layerVersions: {},
  data: [],
  dataImage: false,
}
