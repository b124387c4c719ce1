import { entity, type Entity } from './entity.ts'
import type { AnyImage } from './image.ts'
import type { AnyLayer, LayerRef } from './layer.ts'
import type { Pod } from './pod.ts'

/** A deploy that installs layers on a Linux machine: this one, one that is reached over SSH, or one inside another deploy. */
export interface Host extends Entity<'host'> {}

/** What a deploy may do to a machine that stays. What is not allowed is left out, and said. (DEP-20, HOST-05) */
export interface InstallOptions {
  /** Install, enable and start the services of layers. Default: false. */
  readonly withServices?: boolean
  /** Add package repositories. Default: false. */
  readonly allowRepoChanges?: boolean
  /** Run `cmd` tasks of layers as root. Default: false. */
  readonly allowRootTasks?: boolean
  /** Leave out layers that have no packages for this distro, instead of failing. Default: false. (HOST-02) */
  readonly skipIncompatible?: boolean
  /** Run the checks of the layers afterwards. Default: false. (DEP-08) */
  readonly verify?: boolean
  /** All three permissions, and no test whether sudo works before anything is changed. Default: false. (DEP-03) */
  readonly yes?: boolean
  /** Image that brings the tools of builders. Default: the project's. (HOST-20) */
  readonly builderImage?: AnyImage | string
}

type OptionalOf<Ref> = Extract<Ref, AnyLayer | AnyImage>

/** Fields of {@link host}. */
export interface HostFields<I = AnyImage | string, Layers = readonly LayerRef[]> {
  /**
   * Name of the deploy. `'host'` is the one of this machine itself. (DEP-01)
   * @example name: 'workstation'
   */
  readonly name: string
  /** One sentence on what it is for. */
  readonly description?: string
  /**
   * An image whose layers are installed; what only containers have (ports, volumes, security) is left out. (DEP-18)
   * @example image: web
   */
  readonly image?: I
  /**
   * Layers to install, with all that they depend on. (DEP-22)
   * @example layers: [nginx, files]
   */
  readonly layers?: Layers
  /**
   * The machine: `[user@]host[:port]`, or a name of `~/.ssh/config`. Default: this machine. (DEP-43)
   * @example host: 'ops@db1.example.org'
   */
  readonly host?: string
  /** Account there, where {@link host} names none. Default: that of `~/.ssh/config`, else yours. (DEP-44) */
  readonly user?: string
  /**
   * Further options for the connection, as for `ssh`: `-p`, `-i`, `-J`, `-l` and `-o NAME=value`. (DEP-43)
   * @example sshArgs: ['-J', 'bastion']
   */
  readonly sshArgs?: readonly string[]
  /**
   * The deploy that it lives in: everything lands there, nothing on this machine. (DEP-31)
   * @example inside: 'workspace'
   */
  readonly inside?: Pod | Host | string
  /**
   * Variables of the deploying user's login shells, over those of the layers. (DEP-58)
   * @example env: { EDITOR: 'nvim' }
   */
  readonly env?: { readonly [Name in OptionalOf<I | ItemOf<Layers>>['$required' | '$optional']]?: string } & Readonly<
    Record<string, string>
  >
  /**
   * What it may do to the machine. (DEP-20)
   * @example installOpts: { withServices: true, allowRootTasks: true }
   */
  readonly installOpts?: InstallOptions
  /** It may be taken down and made anew by `ov update`. Default: false. (DEP-49) */
  readonly disposable?: boolean
  /** A tag for people, such as `'staging'`; nothing follows from it. (DEP-04) */
  readonly lifecycle?: string
}

type ItemOf<Layers> = Layers extends readonly (infer Item)[] ? Item : never

/**
 * Declares a deploy of layers on a Linux machine. What it changes is recorded there, and `ov destroy` takes it back.
 * @example
 * export const workstation = host({ name: 'workstation', layers: [nginx, files] })
 * @example
 * export const db = host({ name: 'db', host: 'ops@db1.example.org', image: web, installOpts: { withServices: true } })
 */
export function host<const I extends AnyImage | string = never, const Layers extends readonly LayerRef[] = readonly []>(
  spec: HostFields<I, Layers>,
): Host {
  return entity('host', host, spec)
}
