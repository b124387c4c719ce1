import type { Security } from '../../dsl/security.ts'

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

/** What an image says of itself in its labels; deploys need nothing else. (IMG-100 to IMG-142) */
export interface ImageMetadata {
  readonly version: string
  readonly image: string
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly home: string
  readonly registry: string
  readonly network: string
  readonly distro: readonly string[]
  readonly formats: readonly string[]
  /** Ports that a deploy publishes unless it says otherwise. */
  readonly ports: readonly string[]
  /** Container ports that speak something else than http. */
  readonly portProtos: Readonly<Record<string, string>>
  readonly volumes: readonly { readonly name: string; readonly path: string }[]
  readonly security: Security
  readonly env: readonly string[]
  readonly init: string
  /** Layers with services, by init. */
  readonly initServices: Readonly<Record<string, readonly string[]>>
  readonly services: readonly ServiceLabel[]
  readonly envProvides: Readonly<Record<string, string>>
  readonly envRequires: readonly Contract[]
  readonly envAccepts: readonly Contract[]
  readonly secretRequires: readonly Contract[]
  readonly secretAccepts: readonly Contract[]
  readonly status: 'working' | 'testing' | 'broken'
  readonly info: string
  readonly envLayers: Readonly<Record<string, string>>
  readonly pathAppend: readonly string[]
  readonly layerVersions: Readonly<Record<string, string>>
}
