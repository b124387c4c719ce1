import { entity, type Entity } from './entity.ts'
import type { CustomService, PackagedService } from './service.ts'

/** One step of a RUN: a shell command, or a command with one item per line (packages). */
export type RunStep = string | { readonly command: string; readonly items: readonly string[] }

/** A package section as it was written, checked against the format's `fields`. */
export interface SectionData {
  /** Package names. */
  readonly packages: readonly string[]
  /** Further words for the install command. */
  readonly options?: readonly string[]
  readonly [field: string]: unknown
}

/**
 * What a field of a package section holds: `'words'` is a list of them, `'flag'` true or false, and an object describes the entries of a list,
 * field by field; `'required'` is a text that must be there. (LAY-43)
 */
export type SectionField = 'text' | 'flag' | 'words' | { readonly [field: string]: 'required' | 'text' | 'flag' }

/** What a format knows when it renders a section. */
export interface FormatContext {
  /** The distro's install command. */
  readonly install: string
  /** A word in double quotes for the shell: nothing in it is expanded. */
  readonly quote: (word: string) => string
}

/** Commands of a section by phase. (PLAN-17, IMG-28) */
export interface PackageCommands {
  /** Repositories, keys, modules: before the packages. */
  readonly prepare?: readonly RunStep[]
  /** Installs the packages. */
  readonly install: readonly RunStep[]
  /** Switches what was only needed for the install off again. */
  readonly cleanup?: readonly RunStep[]
}

/** How packages of a format are handled on a machine that stays: nothing is upgraded, and all of it can be taken back. (HOST-09, HOST-10) */
export interface HostPackages {
  /** The commands that install a section, as root. Files of repositories are not written by them, see `files`. Default: those of images. */
  readonly commands?: (section: SectionData, context: Pick<FormatContext, 'quote'>) => PackageCommands
  /** Files of repositories that a section needs: path → text. What was not there is removed with the layer. (HOST-11) */
  readonly files?: (section: SectionData) => Readonly<Record<string, string>>
  /** Paths that the prepare commands create, such as keyrings. What was not there is removed with the layer. */
  readonly creates?: (section: SectionData) => readonly string[]
  /** Parts of the package manager's own files that a section needs: each between two marked lines, which are removed with the layer. (HOST-11) */
  readonly blocks?: (section: SectionData) => readonly {
    /** Absolute path of the file. */
    readonly path: string
    /** Name of the part. */
    readonly name: string
    /** Its text. */
    readonly text: string
  }[]
  /** Prints the names of the packages that are installed, one per line. */
  readonly installed: string
  /** Prints those among them that were installed only because others need them, one per line. */
  readonly automatic: string
  /** Removes the packages appended to it. */
  readonly remove: string
  /** Prints what removing the packages appended to it would remove, one per line. */
  readonly removes: string
  /** Prints the packages that nothing needs any more. */
  readonly unneeded: string
  /** Says of the packages appended to it that they were installed only because others need them. */
  readonly setAutomatic: string
}

/** Fields of {@link definePackageFormat}. */
export interface PackageFormatSpec {
  /** Key of the layer section, `'apk'`. */
  readonly name: string
  /**
   * Fields that a section may have besides `packages` and `options`, and what they hold. Others are errors. (LAY-43)
   * @example fields: { repos: { name: 'required', url: 'text' }, pin: 'flag' }
   */
  readonly fields?: Readonly<Record<string, SectionField>>
  /** Fields that are useless without packages. (LAY-48) */
  readonly needPackages?: readonly string[]
  /** The commands that install a section while an image is built. */
  readonly commands: (section: SectionData, context: FormatContext) => PackageCommands
  /** How its packages are handled on hosts. Without it, layers with such sections can't be installed there. */
  readonly host?: HostPackages
}
/** A package format. */
export interface PackageFormat extends Entity<'packageFormat'>, PackageFormatSpec {
  readonly name: string
}

/**
 * Defines a package format: its name becomes a legal section of layers. (IMG-25)
 * @example
 * export const apk = definePackageFormat({
 *   name: 'apk',
 *   commands: (section) => ({ install: [{ command: 'apk add --no-cache', items: section.packages }] }),
 * })
 */
export function definePackageFormat(spec: PackageFormatSpec): PackageFormat {
  return entity('packageFormat', definePackageFormat, spec) as PackageFormat
}

/** A directory kept between builds. */
export interface CacheDirectory {
  /** Absolute path in the image, or `~/…`. */
  readonly path: string
  /** Owned by the image's user instead of shared by root. Default: false. */
  readonly owned?: boolean
}

/** Fields of {@link defineDistro}. */
export interface DistroSpec {
  /** The distro's tag without release, `'alpine'`. (IMG-26) */
  readonly name: string
  /** A distro to take everything from that is not given here. */
  readonly inherits?: string
  /** Package formats it knows: names, or formats of the project. The first is the default `build`. */
  readonly formats?: readonly (string | PackageFormat)[]
  /** Command that installs the packages appended to it. */
  readonly install?: string
  /** Package caches. */
  readonly caches?: readonly CacheDirectory[]
  /** What an external base gets first. (IMG-59) */
  readonly bootstrap?: {
    readonly packages: readonly string[]
    /** Commands before the install. */
    readonly prepare?: readonly string[]
    /** Commands after it whose failure does not matter. */
    readonly workarounds?: readonly string[]
  }
  /** Account that its base images ship. (IMG-15) */
  readonly baseUser?: { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string }
  /** Whether /bin/sh is bash. Default: false, which is always safe. (LAY-14) */
  readonly shellIsBash?: boolean
}
/** A distro. */
export interface Distro extends Entity<'distro'>, DistroSpec {
  readonly name: string
}

/**
 * Defines a distro, to be used as `image({ distro: [alpine] })`. (IMG-25)
 * @example
 * export const alpine = defineDistro({
 *   name: 'alpine',
 *   formats: [apk],
 *   install: 'apk add --no-cache',
 *   bootstrap: { packages: ['bash', 'curl', 'ca-certificates', 'shadow'] },
 * })
 */
export function defineDistro(spec: DistroSpec): Distro {
  return entity('distro', defineDistro, spec)
}

/** What a builder knows of the layer and the image. */
export interface BuilderContext {
  /** Name of the layer that is built. */
  readonly layer: string
  /** Where the manifest is when it is built in the image itself: `/ctx`, or a folder below it. */
  readonly directory: string
  /** File name of the manifest that triggered it; empty where a package section did. */
  readonly manifest: string
  /** Names beside the manifest, itself included. */
  readonly files: readonly string[]
  /** The section that triggered it, for builders of packages. */
  readonly section?: SectionData
  /** Name that the account with this {@link uid} has in the builder image. */
  readonly user: string
  /** Home of who builds. */
  readonly home: string
  /** Uid of who builds: the image's user; packages of an image that runs as root are built by the builder image's own. */
  readonly uid: number
  /** Gid of who builds. */
  readonly gid: number
}

/** One instruction of a build stage. Nothing in it is expanded by the builder of the image. (IMG-38 to IMG-42) */
export type StageStep =
  | {
      /** Account for what follows: `'root'`, a name or a uid. */
      readonly user: string
    }
  | {
      /** Directory for what follows. */
      readonly workdir: string
    }
  | {
      /** Environment for what follows. */
      readonly env: Readonly<Record<string, string>>
    }
  | {
      /** A file beside the manifest, by its name; it will belong to the image's user. */
      readonly copy: string
      /** Where to: absolute, or relative to the working directory. */
      readonly to: string
    }
  | {
      /** Commands, joined by `&&`: each must succeed. */
      readonly run: readonly RunStep[]
      /** Caches they use. */
      readonly caches?: readonly CacheDirectory[]
      /** Files beside the manifest that they see without a copy: name → absolute path. */
      readonly mounts?: Readonly<Record<string, string>>
    }

/** Fields of {@link defineBuilder}. Either `detect` or `section` says what triggers it, and either `inline` or `stage` how it builds. */
export interface BuilderSpec {
  /** Key of the layer field that names its manifest, of an image's `builder`, and of `builds`: `'cargo'`. */
  readonly name: string
  /**
   * Manifests in a layer's own directory that trigger it, each with what must be beside it; a folder ends with `/`. A layer has at most one of
   * them. (LAY-52, LAY-53)
   * @example detect: [['Cargo.toml', 'src/']]
   */
  readonly detect?: readonly (readonly [manifest: string, ...beside: string[]])[]
  /** Further files beside the manifest that it uses where they are there: lock files, scripts. */
  readonly companions?: readonly string[]
  /** Package format whose section triggers it, on images that have the format: its artefacts go in with the packages. (LAY-50) */
  readonly section?: string | PackageFormat
  /** Commands that build in the image itself, as its user, with the layer's files under `/ctx`. */
  readonly inline?: (context: BuilderContext) => readonly RunStep[]
  /** Caches for these commands. */
  readonly caches?: readonly CacheDirectory[]
  /** A stage of its own before the image, on the builder image that the image selects with `builder`. (IMG-21, IMG-22) */
  readonly stage?: (context: BuilderContext) => readonly StageStep[]
  /** What the stage made: paths that are copied to the same place in the image, for its user. (IMG-43) */
  readonly artifacts?: (context: BuilderContext) => readonly string[]
  /**
   * What it leaves in the home of whoever it builds for, as patterns of paths. On a host, where the same commands run in the builder image with
   * `~/.pixi`, `~/.cargo`, `~/.npm-global` and `~/.cache/ov` of the deploying user, whatever is new there is what taking it back removes. (HOST-24, HOST-49)
   * @example results: ({ home }) => [`${home}/.cargo/bin/*`]
   */
  readonly results?: (context: BuilderContext) => readonly string[]
  /** Programs of the builder image that what it made needs; copied once per image. (IMG-43) */
  readonly binaries?: readonly string[]
  /** Environment of every image with such a layer; what a layer says itself goes before. `~` is the home. (IMG-39) */
  readonly env?: Readonly<Record<string, string>>
  /** Directories for `PATH` of every image with such a layer, after those of the layers. (IMG-39) */
  readonly pathAppend?: readonly string[]
}
/** A builder. */
export interface Builder extends Entity<'builder'>, BuilderSpec {
  readonly name: string
}

/**
 * Defines a builder that turns a manifest among a layer's files into installed programs. (IMG-25)
 * @example
 * export const make = defineBuilder({
 *   name: 'make',
 *   detect: [['Makefile']],
 *   inline: ({ home }) => [`make -C /ctx install PREFIX=${home}/.local`],
 * })
 * @example
 * export const hugo = defineBuilder({
 *   name: 'hugo',
 *   detect: [['hugo.toml', 'content/']],
 *   stage: ({ uid }) => [
 *     { user: String(uid) },
 *     { run: ['hugo --source /src --destination /tmp/site'], mounts: { '.': '/src' } },
 *   ],
 *   artifacts: () => ['/tmp/site'],
 * })
 */
export function defineBuilder(spec: BuilderSpec): Builder {
  return entity('builder', defineBuilder, spec)
}

/** A custom service as an init sees it. */
export interface InitService extends CustomService {
  /** Name of the layer that declares it. */
  readonly layer: string
  /** Stop timeout in seconds. */
  readonly stopSeconds?: number
  /** Start order after `after` and `before` were worked in. (LAY-71) */
  readonly order?: number
}

/** What an init knows of the image. */
export interface InitContext {
  /** Account the container runs as. */
  readonly user: string
  /** Its uid. */
  readonly uid: number
}

/** A packaged service as an init sees it. */
export interface InitPackagedService extends PackagedService {
  /** Name of the layer that declares it. */
  readonly layer: string
  /** Name of the unit, with its suffix. */
  readonly unit: string
}

/** A file that an init wants in the image. */
export interface InitFile {
  /** Absolute path in the image. */
  readonly path: string
  /** Its content. */
  readonly text: string
}

/** Fields of {@link defineInit}. */
export interface InitSpec {
  /** Name, `'supervisord'`. */
  readonly name: string
  /** Layer that must be in the image. (IMG-51) */
  readonly layer?: string
  /** Folder of its files under `.build/<image>/`. */
  readonly fragmentDirectory: string
  /** Fragment for one custom service, for inits with one configuration file. Missing where {@link unit} is given. (IMG-194) */
  readonly fragment?: (service: InitService, context: InitContext) => string
  /** The file that the fragments are joined into, and the text before them. */
  readonly config?: { readonly path: string; readonly header: (context: InitContext) => string }
  /** A file of its own for a custom service. */
  readonly unit?: (service: InitService, context: InitContext) => InitFile
  /** Changes laid over a packaged service; an init without it takes no packaged services. */
  readonly dropIn?: (service: InitPackagedService, context: InitContext) => InitFile | undefined
  /** Commands that enable services while the image is built. */
  readonly enable?: (
    services: readonly { readonly unit: string; readonly scope: 'system' | 'user' }[],
  ) => readonly string[]
  /** Service fields that have no counterpart here: each use is reported. (LAY-65) */
  readonly ignores?: readonly (keyof CustomService)[]
  /** What a deploy runs; without it the container only stays up. (IMG-52) */
  readonly entrypoint?: readonly string[]
}
/** An init. */
export interface Init extends Entity<'init'>, InitSpec {
  readonly name: string
}

/**
 * Defines an init that runs the services of an image from one assembled configuration file. (IMG-25)
 * @example
 * export const tiniRun = defineInit({
 *   name: 'tini-run',
 *   fragmentDirectory: 'tini-run',
 *   fragment: (s) => `${s.name}: ${s.exec}\n`,
 *   config: { path: '/etc/tini-run.conf', header: () => '' },
 *   entrypoint: ['tini-run', '/etc/tini-run.conf'],
 * })
 */
export function defineInit(spec: InitSpec): Init {
  return entity('init', defineInit, spec) as Init
}
