/**
 * A deploy as `deploy.yml` holds it: the truth of one machine, whoever wrote it, an operator's `ov config` or a project's `pod({ … })`.
 * (POD-10 to POD-12)
 */
import type { Security } from '../../dsl/security.ts'

export type VolumeType = 'volume' | 'bind' | 'encrypted'

/** Backing of one volume. (POD-40 to POD-43, POD-49) */
export interface EntryVolume {
  readonly name: string
  readonly type: VolumeType
  /** Path on this machine, as it was written: `~` and `$HOME` are not filled in. */
  readonly host?: string
  /** Container path; only of volumes that the image does not have. */
  readonly path?: string
  readonly dataSeeded?: boolean
  readonly dataSource?: string
}

/** Where the value of a secret of the image comes from: `keyring`, `env:VAR` or `file:/path`. (POD-92) */
export interface EntrySecret {
  readonly name: string
  readonly source?: string
}

/** Ports that a tunnel makes reachable: all, some, or some under host names of their own. (POD-72) */
export type TunnelPorts = 'all' | readonly number[] | Readonly<Record<string, string>>

/** How a deploy is reached from elsewhere. Ports are those of the host. (POD-72) */
export interface EntryTunnel {
  readonly provider: string
  readonly public?: TunnelPorts
  readonly private?: TunnelPorts
  /** Name of the Cloudflare tunnel. Default: the container's. */
  readonly tunnel?: string
}

/** A container beside the app, in one pod with it; over the built-in template of its name. (POD-105) */
export interface EntrySidecar {
  readonly description?: string
  readonly image?: string
  readonly env?: Readonly<Record<string, string>>
  readonly parameter?: Readonly<Record<string, string>>
  readonly secret?: readonly {
    readonly name: string
    readonly env: string
    readonly envFrom?: string
    readonly description?: string
  }[]
  readonly volume?: readonly { readonly name: string; readonly path: string }[]
  readonly security?: Security
}

/** The fields of an entry that ov knows; the file may hold others. */
export interface DeployEntry {
  /** CalVer tag that the image is pinned to. */
  readonly version?: string
  /** `pod`, or what the deploy is instead: `host`, `vm`, `k8s`, … */
  readonly target?: string
  /** Short name (then the newest local build runs) or full reference (then exactly that). */
  readonly image?: string
  readonly status?: string
  readonly info?: string
  readonly tunnel?: EntryTunnel
  readonly dns?: string
  readonly acmeEmail?: string
  readonly volumes?: readonly EntryVolume[]
  /** Mappings as people write them, see POD-63; `auto` may be among them. */
  readonly ports?: readonly string[]
  /** What `auto` became. */
  readonly resolvedPort?: readonly string[]
  /** `NAME=value`. */
  readonly env?: readonly string[]
  readonly envFile?: string
  readonly security?: Security
  readonly network?: string
  readonly engine?: string
  readonly secrets?: readonly EntrySecret[]
  readonly sidecars?: Readonly<Record<string, EntrySidecar>>
  readonly addLayers?: readonly string[]
}

/** What a deploy offers to others under a name. (POD-79) */
export interface ProvidedVariable {
  readonly name: string
  readonly value: string
  /** Key of the deploy. */
  readonly source: string
}

/** An MCP server that a deploy offers. (POD-79) */
export interface ProvidedServer {
  readonly name: string
  readonly url: string
  readonly transport: string
  readonly source: string
}

/** What the deploys of a machine offer to each other. (POD-79) */
export interface Provides {
  readonly env: readonly ProvidedVariable[]
  readonly mcp: readonly ProvidedServer[]
}
