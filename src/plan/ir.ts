/**
 * The plan: what has to happen, in order, as plain data. It is the only thing that realisers (image builds, pods, hosts, VMs) read.
 * Every step knows the place in the user's program that asked for it.
 */
import type { CacheDirectory, RunStep, StageStep } from '../../dsl/vocabulary.ts'
import type { Place } from '../diagnostics/diagnostic.ts'
import type { Sha256 } from '../model/pins.ts'
import type { Account, ResolvedBase } from '../resolve/image.ts'
import type { StagedData } from './data.ts'
import type { ImageMetadata } from './metadata.ts'
import type { PlannedRoute } from './routes.ts'

/** Version of the JSON that `ov synth --json` prints. */
export const PLAN_SCHEMA_VERSION = 1

export type Phase = 'prepare' | 'install' | 'cleanup'

interface Authored {
  readonly origin: Place
}

/** A repository as it was written. */
export interface Repository {
  readonly raw: Readonly<Record<string, unknown>>
}

export interface SystemPackagesStep extends Authored {
  readonly kind: 'SystemPackages'
  readonly format: string
  readonly phase: Phase
  readonly packages: readonly string[]
  readonly repos: readonly Repository[]
  readonly options: readonly string[]
  readonly copr: readonly string[]
  readonly modules: readonly string[]
  readonly exclude: readonly string[]
  readonly keys: readonly string[]
  readonly caches: readonly CacheDirectory[]
  /** Paths that the commands create, on hosts. */
  readonly creates?: readonly string[]
  /** Parts of files of the package manager's own, on a host. */
  readonly blocks?: readonly { readonly path: string; readonly name: string; readonly text: string }[]
  /** The commands of this phase for the realiser the plan was compiled for. */
  readonly commands: readonly RunStep[]
}

export interface Artifact {
  readonly containerPath: string
  readonly hostPath: string
  readonly chown: string
}

export interface BuilderStep extends Authored {
  readonly kind: 'Builder'
  readonly builder: string
  /** Image of the project that brings the tools; empty where it builds in the image itself. */
  readonly builderImage: string
  readonly layerName: string
  readonly layerDir: string
  readonly phase: Phase
  /** `uid:gid` of who builds; empty for root. */
  readonly owner: string
  /** Package format whose section it builds; these artefacts go in with the packages, others before all layers. */
  readonly format: string
  /** Stage that builds it, paths below the layer's files; without one the commands do. */
  readonly stage?: readonly StageStep[]
  readonly artifacts: readonly Artifact[]
  /** On a host, patterns of what it leaves in the home. */
  readonly results?: readonly string[]
  /** Programs of the builder image that an image gets once. */
  readonly binaries: readonly string[]
  readonly caches: readonly CacheDirectory[]
  readonly commands: readonly RunStep[]
}

/** Who a task runs as, in the three forms that the targets need. (LAY-36) */
export interface TaskUser {
  /** As authored; equal texts may share a directive. */
  readonly authored: string
  /** Value of a USER directive: `0`, `1000`, `1010:1010`, `immich`. */
  readonly user: string
  /** `uid:gid` for new files; undefined for root. */
  readonly owner?: string
}

/** A task with the generation-time names filled in; `${ARCH}` and the layer's vars are still live. */
export type ResolvedTask =
  | {
      readonly verb: 'cmd'
      readonly script: string
      readonly caches: readonly string[]
      readonly env: Readonly<Record<string, string>>
    }
  | { readonly verb: 'mkdir'; readonly path: string; readonly mode?: string }
  | {
      readonly verb: 'copy'
      readonly source: string
      readonly to: string
      readonly mode: string
    }
  | { readonly verb: 'write'; readonly to: string; readonly content: string; readonly mode: string }
  | { readonly verb: 'link'; readonly path: string; readonly target: string }
  | {
      readonly verb: 'download'
      readonly url: string
      readonly to?: string
      readonly extract: 'none' | 'tar.gz' | 'tar.xz' | 'tar.zst' | 'zip' | 'sh'
      readonly include: readonly string[]
      readonly stripComponents?: number
      readonly mode?: string
      readonly env: Readonly<Record<string, string>>
      readonly caches: readonly string[]
      readonly uninstall: readonly string[]
      readonly checksum?: Checksum
    }
  | { readonly verb: 'setcap'; readonly path: string; readonly caps: string }
  | { readonly verb: 'build' }

/** What a download must be. */
export interface Checksum {
  readonly source: 'the task' | 'ov.lock'
  /** Undefined as long as `ov.lock` does not know it. */
  readonly sha256: Sha256 | undefined
}

export interface TaskStep extends Authored {
  readonly kind: 'Task'
  readonly task: ResolvedTask
  readonly comment?: string
  readonly layerName: string
  /** The layer's directory in the build context, relative to the project root. */
  readonly layerDir: string
  readonly ctxPath: '/ctx'
  readonly resolvedUser: TaskUser
  readonly layerVars: Readonly<Record<string, string>>
}

export interface FileStep extends Authored {
  readonly kind: 'File'
  readonly source: string
  readonly dest: string
  readonly mode: string
  readonly owner: string
  readonly layerName: string
}

export type ServiceScope = 'system' | 'user'

export interface ServicePackagedStep extends Authored {
  readonly kind: 'ServicePackaged'
  readonly name: string
  readonly unit: string
  readonly targetScope: ServiceScope
  readonly enable: boolean
  readonly overridesText: string
  readonly overridesPath: string
  readonly layerName: string
  readonly priorEnabled: boolean
}

export interface ServiceCustomStep extends Authored {
  readonly kind: 'ServiceCustom'
  readonly name: string
  readonly unitText: string
  /** Where the text goes as a file of its own; empty where it becomes part of the init's configuration. */
  readonly unitPath: string
  readonly targetScope: ServiceScope
  readonly enable: boolean
  readonly layerName: string
  /** The port it relays; absent for services that a layer describes. */
  readonly relay?: number
}

export interface ShellHookStep extends Authored {
  readonly kind: 'ShellHook'
  readonly layerName: string
  readonly envVars: Readonly<Record<string, string>>
  readonly pathAdd: readonly string[]
  /** Set when a host has written it. */
  readonly envFile: string
}

export interface ShellSnippetStep extends Authored {
  readonly kind: 'ShellSnippet'
  readonly layerName: string
  readonly source: string
  readonly shell: 'bash' | 'zsh' | 'fish' | 'sh'
  readonly snippet: string
  readonly pathAppend: readonly string[]
  readonly destination: string
  readonly marker: string
  readonly useDropin: boolean
  readonly priority: number
}

export interface RepoChangeStep extends Authored {
  readonly kind: 'RepoChange'
  readonly format: string
  readonly file: string
  readonly content: string
  /** SHA-256 of the content. */
  readonly checksum: string
  readonly layerName: string
}

export interface ApkInstallStep extends Authored {
  readonly kind: 'ApkInstall'
  readonly packages: readonly string[]
  readonly layerName: string
  readonly layerDir: string
}

export type Step =
  | SystemPackagesStep
  | BuilderStep
  | TaskStep
  | FileStep
  | ServicePackagedStep
  | ServiceCustomStep
  | ShellHookStep
  | ShellSnippetStep
  | RepoChangeStep
  | ApkInstallStep

/** The ordered steps of one layer on one target. (PLAN-02) */
export interface LayerPlan {
  readonly deployId: string
  readonly image: string
  readonly version: string
  readonly distro: string
  readonly layer: string
  readonly steps: readonly Step[]
  readonly layersIncluded: readonly string[]
  readonly addLayers: readonly string[]
  readonly builderImage: string
  readonly meta: Readonly<Record<string, string>>
}

/** A layer within an image: its steps, and its files. */
export interface ImageLayer {
  readonly plan: LayerPlan
  readonly origin: Place
  /** The layer's directory in the build context, relative to the project root. */
  readonly directory: string
  /** Install-time variables. */
  readonly vars: Readonly<Record<string, string>>
  /** What it gives to volumes. */
  readonly data: readonly StagedData[]
  /** What it takes out of other images. */
  readonly extract: readonly {
    readonly source: string
    /** The source with its digest, where `ov.lock` has one. */
    readonly pinned: string
    readonly path: string
    readonly dest: string
  }[]
}

/** How the init of an image is put together. */
export interface InitPlan {
  readonly name: string
  readonly fragmentDirectory: string
  /** Fragments joined into one file: those of the whole chain. Empty when this image adds none. */
  readonly fragments: readonly {
    readonly file: string
    readonly text: string
    readonly origin: Place
    /** Who wrote each line. */
    readonly lines: readonly Place[]
  }[]
  readonly config?: { readonly path: string; readonly header: string }
  /** Files of their own, relative paths below the fragment directory. */
  readonly files: readonly {
    readonly file: string
    readonly to: string
    readonly text: string
    readonly origin: Place
  }[]
  readonly enable: readonly string[]
}

/** An image to build. */
export interface ImagePlan {
  readonly name: string
  /** Made by ov, because several images begin with what it holds. */
  readonly auto: boolean
  readonly origin: Place
  readonly base: ResolvedBase
  readonly registry?: string
  /** Fixed tag. */
  readonly tag?: string
  readonly user: Account
  /** The base does not run as this account, and may not have it. */
  readonly newAccount: boolean
  /** For images on bases that ov did not build. */
  readonly bootstrap?: { readonly caches: readonly CacheDirectory[]; readonly steps: readonly RunStep[] }
  readonly shellIsBash: boolean
  /** Caches of the primary package format. */
  readonly caches: readonly CacheDirectory[]
  readonly ports: readonly string[]
  /** What the builders of its own layers set, where no layer says otherwise. (IMG-39) */
  readonly builderHooks?: readonly ShellHookStep[]
  readonly layers: readonly ImageLayer[]
  readonly init?: InitPlan
  /** Shell code of the image itself. */
  readonly shell: readonly ShellSnippetStep[]
  /** Routes to write for the proxy. */
  readonly routes: readonly PlannedRoute[]
  /** It boots, as a machine does: checked by bootc at the end of the build. */
  readonly bootc: boolean
  /** Its containers start as root, and become others themselves. (IMG-69) */
  readonly keepsRoot: boolean
  readonly metadata: ImageMetadata
  /** Metadata of the internal bases, nearest first: what they say must be taken back where this image says nothing. */
  readonly ancestors: readonly ImageMetadata[]
}
