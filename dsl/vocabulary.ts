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

/** Fields of {@link definePackageFormat}. */
export interface PackageFormatSpec {
  /** Key of the layer section, `'apk'`. */
  readonly name: string
  /** Fields that a section may have besides `packages` and `options`. */
  readonly fields?: readonly string[]
  /** Fields that are useless without packages. (LAY-48) */
  readonly needPackages?: readonly string[]
  /** The commands that install a section while an image is built. */
  readonly commands: (section: SectionData, context: FormatContext) => PackageCommands
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

/** What an inline builder knows. */
export interface BuilderContext {
  /** Name of the layer that is built. */
  readonly layer: string
  /** Where the manifest is: `/ctx`, or a folder below it. */
  readonly directory: string
  /** Home of the image's user. */
  readonly home: string
  /** Uid of the image's user. */
  readonly uid: number
  /** Gid of the image's user. */
  readonly gid: number
}

/** Fields of {@link defineBuilder}. */
export interface BuilderSpec {
  /** Key of the layer field that names its manifest, `'cargo'`. */
  readonly name: string
  /** Files in a layer's own directory that trigger it; all of a group must be there. (LAY-52) */
  readonly detect: readonly (readonly string[])[]
  /** Commands that build in the image itself, as its user, with the layer's files under `/ctx`. */
  readonly inline: (context: BuilderContext) => readonly RunStep[]
  /** Caches for these commands. */
  readonly caches?: readonly CacheDirectory[]
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
 */
export function defineBuilder(spec: BuilderSpec): Builder {
  return entity('builder', defineBuilder, spec) as Builder
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
