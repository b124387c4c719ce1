import type { Check } from './check.ts'
import { entity, type Entity } from './entity.ts'
import type { LayerRef } from './layer.ts'
import type { Carried, KeyOfImagePort, Names, PortKey } from './names.ts'
import type { Security } from './security.ts'
import type { Shell } from './shell.ts'
import type { Builder, Distro } from './vocabulary.ts'

/** An image, with the names that its deploys may or must use. */
export interface Image<
  Volume extends string,
  Port extends PortKey,
  Required extends string,
  Optional extends string,
  Secret extends string,
>
  extends Entity<'image'>, Names<Volume, Port, Required, Optional, Secret> {}

/** Any image. */
export type AnyImage = Image<string, PortKey, string, string, string>

/** A base image that ov makes itself, see {@link debootstrap}. */
export interface BootstrapBase extends Entity<'base'> {}

/** An image, the name of one that lives elsewhere, a registry reference, or a bootstrapped base. */
export type BaseRef = AnyImage | BootstrapBase | string

/** A bare name may be an image of the project, so its names are not known; a registry reference has none. */
type BaseNames<Base> = Base extends `${string}/${string}` | `${string}:${string}`
  ? never
  : Base extends string
    ? Names<string, PortKey, never, string, string>
    : Base

/** Builder images by what they build. A project that defines a builder of its own adds its key, as with `BuilderManifests`. */
export interface BuilderImages {
  /** Builds environments with pixi; it must bring `pixi` in `/usr/local/bin`. (IMG-38, IMG-192) */
  readonly pixi?: AnyImage | string
  /** Installs npm packages; it must bring node and npm. (IMG-40, IMG-192) */
  readonly npm?: AnyImage | string
  /** Builds Rust programs for hosts; in images, cargo builds in the image itself. (IMG-41) */
  readonly cargo?: AnyImage | string
  /** Builds packages of the Arch User Repository; it must bring yay and sudo. (IMG-42, IMG-192) */
  readonly aur?: AnyImage | string
}

/** Fields of {@link image}. */
export interface ImageSpec<Base = BaseRef, Layers = readonly LayerRef[], Ports = readonly (number | string)[]> {
  /**
   * Name, unique among the project's images: lower case letters, digits and hyphens.
   * @example name: 'web'
   */
  readonly name: string
  /**
   * What it is built on: another image of the project, {@link debootstrap}, or a registry reference. (IMG-06)
   * @example base: debootstrap({ suite: 'trixie' })
   * @example base: 'docker.io/library/debian:13'
   */
  readonly base: Base
  /** An image with a base is no data image, see {@link DataImageSpec}. */
  readonly dataImage?: false
  /**
   * Layers to install on top of the base. Their dependencies come along. (IMG-01)
   * @example layers: [supervisord, nginx]
   */
  readonly layers?: Layers
  /** Version as `YYYY.DDD.HHMM`. Default: the highest of its layers, else its base's. (IMG-153) */
  readonly version?: string
  /** One sentence on what the image is for. */
  readonly description?: string
  /** Leave it out of synth, build and list when false. Default: true. (IMG-05) */
  readonly enabled?: boolean
  /** How far it can be trusted. Default: `'testing'`; the worst of image and layers counts. (IMG-134) */
  readonly status?: 'working' | 'testing' | 'broken'
  /** What to know about it when it is not `working`. */
  readonly info?: string
  /**
   * Distro tags, most specific first, or a distro of your own. Default: the base's. They select package sections. (IMG-01, LAY-45)
   * @example distro: ['debian:13', 'debian']
   */
  readonly distro?: string | Distro | readonly (string | Distro)[]
  /**
   * Package formats in order; the first is the primary one. Default: the base's. (IMG-02)
   * @example build: ['deb']
   */
  readonly build?: string | readonly string[]
  /**
   * Builder images for layers whose manifests are built in a stage of their own, or that have an `aur` section. Default: those of its base, then
   * those of the first image that names the same distro tag and has any. They are built first. (IMG-21, IMG-22)
   * @example builder: { pixi: debian, npm: debian }
   */
  readonly builder?: BuilderImages
  /**
   * What it can build for other images, when it is a builder image. (IMG-20)
   * @example builds: ['pixi', 'npm']
   */
  readonly builds?: readonly (keyof BuilderImages | Builder)[]
  /** Account the container runs as. Default: the base's, else `user`. (IMG-16) */
  readonly user?: string
  /** Its uid. Default: 1000. */
  readonly uid?: number
  /** Its gid. Default: 1000, and 0 for root. */
  readonly gid?: number
  /** Take over the account that the base ships (`'adopt'`), make one (`'create'`), or decide by the distro (`'auto'`, default). (IMG-16) */
  readonly userPolicy?: 'auto' | 'adopt' | 'create'
  /**
   * What it is meant to run on: files that tasks copy by `${ARCH}` must be there for each. A build is for the machine it runs on. Default: amd64
   * and arm64. (IMG-01, LAY-16)
   * @example platforms: ['linux/amd64']
   */
  readonly platforms?: readonly `linux/${'amd64' | 'arm64' | 'ppc64le' | 's390x'}`[]
  /** Fixed tag. Default: decided when it is built. (IMG-152) */
  readonly tag?: string
  /** Registry and path in front of the name: `'ghcr.io/acme'`. Default: none, the image stays local. */
  readonly registry?: string
  /**
   * Ports a deploy publishes unless it says otherwise: `port` or `'host:container'`. They are also how ov knows what a base that it did not build
   * listens on. (IMG-03)
   * @example ports: ['8080:80']
   */
  readonly ports?: Ports
  /** Podman network of its containers. Default: the shared network `ov`. */
  readonly network?: string
  /**
   * Name under which its services are known, for routes and certificates.
   * @example fqdn: 'www.example.org'
   */
  readonly fqdn?: string
  /** Address that certificate authorities write to. */
  readonly acmeEmail?: string
  /** Run-time environment, lowest in the order of precedence. (IMG-03) */
  readonly env?: Readonly<Record<string, string>>
  /**
   * File of further variables, `NAME=value` per line, relative to the declaring file; it is read when the project is synthesised, and `env` goes
   * before it. A line without `=` is an error. (IMG-01)
   * @example envFile: 'web.env'
   */
  readonly envFile?: string
  /** Run-time permissions and limits, laid over those of the layers. (LAY-84) */
  readonly security?: Security
  /**
   * Commands to call from outside: name → command line in the container, or `true` for the command of that name. They replace those of the
   * layers. (LAY-94)
   * @example aliases: { code: true, psql: 'psql -U app' }
   */
  readonly aliases?: Readonly<Record<string, string | true>>
  /**
   * The image boots: its base is a bootc base, its containers and machines start as root, systemd runs its services, and bootc checks it at the
   * end of the build. Default: false. (IMG-69, IMG-70)
   */
  readonly bootc?: boolean
  /** Code and directories for the shells of people who work in the container, besides that of its layers. (LAY-98) */
  readonly shell?: Shell
  /**
   * What must be true of the image, besides the checks of its layers. (EVAL-01, EVAL-03)
   * @example eval: [{ command: 'nginx -t' }]
   */
  readonly eval?: readonly Check[]
  /**
   * What must be true of every deploy of the image. (EVAL-01, EVAL-02)
   * @example deployEval: [{ id: 'up', http: 'http://127.0.0.1:${HOST_PORT:80}/', status: 200, eventually: '30s' }]
   */
  readonly deployEval?: readonly Check[]
  /** Which init runs the services: `'supervisord'`, `'systemd'`, or one defined with {@link defineInit}. Default: by the layers. (IMG-50) */
  readonly init?: string
}

/**
 * Fields of {@link image} for an image of data alone: it has neither base nor programs, only the `data` of its layers, for deploys of other images
 * to fill their volumes from. (IMG-67)
 */
export interface DataImageSpec<Layers = readonly LayerRef[]> extends Pick<
  ImageSpec<undefined, Layers>,
  'name' | 'version' | 'description' | 'enabled' | 'user' | 'uid' | 'gid' | 'tag' | 'registry'
> {
  /** Makes it one. */
  readonly dataImage: true
  /** A data image has no base. */
  readonly base?: undefined
  /** Layers with `data`; nothing else of them is in the image. */
  readonly layers: Layers
}

/**
 * Declares an image: a base and the layers on it. (IMG-01)
 * @example
 * export const web = image({ name: 'web', base: debian, layers: [supervisord, nginx] })
 * @example
 * export const samples = image({ name: 'samples', dataImage: true, layers: [files] })
 */
export function image<
  const Base extends BaseRef,
  const Layers extends readonly LayerRef[] = readonly [],
  const Ports extends readonly (number | string)[] = readonly [],
>(
  spec: ImageSpec<Base, Layers, Ports> | DataImageSpec<Layers>,
): Image<
  Carried<Layers[number] | BaseNames<Base>>['$volume'],
  Carried<Layers[number] | BaseNames<Base>>['$port'] | KeyOfImagePort<Ports[number]>,
  Carried<Layers[number] | BaseNames<Base>>['$required'],
  Carried<Layers[number] | BaseNames<Base>>['$optional'],
  Carried<Layers[number] | BaseNames<Base>>['$secret']
> {
  return entity('image', image, spec) as never
}

/** Fields of {@link debootstrap}. */
export interface DebootstrapSpec {
  /**
   * Release to install.
   * @example suite: 'trixie'
   */
  readonly suite: string
  /** Which family it is; decides tags and package names. Default: `'debian'`. */
  readonly distro?: 'debian' | 'ubuntu'
  /** Release number for the distro tag, e.g. `'13'`. Default: known for the releases of Debian and Ubuntu in support. */
  readonly release?: string
  /** mmdebstrap's package selection. Default: `'minbase'`. (mmdebstrap(1)) */
  readonly variant?: 'essential' | 'apt' | 'minbase'
  /** Archive components. Default: `['main']`. */
  readonly components?: readonly string[]
  /** Packages to add to the base. `ca-certificates` is not among them by default. */
  readonly include?: readonly string[]
  /** Archive to install from. Default: the one this machine uses itself. */
  readonly mirror?: string
  /** A date such as `'20260901T000000Z'`: a name for the state of `mirror` (a snapshot archive) that goes into the base's key. */
  readonly snapshot?: string
}

/**
 * A base image made on this machine with mmdebstrap, from the Debian archive the machine itself is set up for; no registry is involved. It is
 * made once and kept under `localhost/ov-base/<distro>:<suite>-<hash of these fields>`.
 * @example base: debootstrap({ suite: 'trixie' })
 * @example base: debootstrap({ suite: 'trixie', include: ['ca-certificates', 'locales'] })
 */
export function debootstrap(spec: DebootstrapSpec): BootstrapBase {
  return entity('base', debootstrap, { ...spec, name: spec.suite })
}
