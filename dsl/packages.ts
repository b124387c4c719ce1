interface Packages {
  /** Package names. */
  readonly packages: readonly string[]
  /** Further words for the install command. */
  readonly options?: readonly string[]
}

/** A repository for rpm. One of `url` (a `.repo` file or a base URL) and `rpm` (a release package). (IMG-30) */
export interface RpmRepo {
  /** Name, for messages and comments. */
  readonly name: string
  /** Address of a `.repo` file, or of the repository itself. */
  readonly url?: string
  /** Address of a release package that sets the repository up. */
  readonly rpm?: string
  /** Address of the signing key. */
  readonly gpgkey?: string
  /** Check signatures. Default: true. */
  readonly gpgcheck?: boolean
}
/** Packages for dnf. (LAY-43) */
export interface RpmSection extends Packages {
  /** COPR projects, `'owner/project'`; on for this install only. */
  readonly copr?: readonly string[]
  /** Repositories to add first. */
  readonly repos?: readonly RpmRepo[]
  /** Packages not to install. */
  readonly exclude?: readonly string[]
  /** Module streams, `'nodejs:22'`. */
  readonly modules?: readonly string[]
}

/** A repository for apt. (IMG-31, sources.list(5)) */
export interface DebRepo {
  /** Name: of the sources file and of the keyring. */
  readonly name: string
  /** Address of the archive. */
  readonly url?: string
  /** Suite, or `'/'` for a flat repository. Default: `'stable'`. */
  readonly suite?: string
  /** Components. Default: `'main'`. */
  readonly components?: string
  /** Address of the signing key; fetched into `/etc/apt/keyrings/<name>.gpg`. */
  readonly key?: string
  /** A keyring that is already in the image. */
  readonly signedBy?: string
  /** A Launchpad archive, `'owner/name'` (Ubuntu). */
  readonly ppa?: string
}
/** Packages for apt. (LAY-43) */
export interface DebSection extends Packages {
  /** Repositories to add first. */
  readonly repos?: readonly DebRepo[]
}

/** A repository for pacman. (IMG-32, pacman.conf(5)) */
export interface PacRepo {
  /** Name of its section in pacman.conf. */
  readonly name: string
  /** Address; `$arch` and `$repo` in it are pacman's. */
  readonly server: string
  /** What must be signed. Default: `'Optional TrustAll'`. */
  readonly siglevel?: string
  /** Id of its signing key; it is received and signed locally. */
  readonly key?: string
}
/** Packages for pacman. (LAY-43) */
export interface PacSection extends Packages {
  /** Repositories to add first. */
  readonly repos?: readonly PacRepo[]
  /** Ids of signing keys to receive and sign locally. */
  readonly keys?: readonly string[]
}

/** Packages of the Arch User Repository, built by the image's `aur` builder. (LAY-43, LAY-50) */
export interface AurSection extends Packages {
  /** Installed packages that these take the place of; removed first on hosts, without effect in images. */
  readonly replaces?: readonly string[]
}

/** A package, with a word on what it is for. */
export interface NamedPackage {
  /** Its name. */
  readonly name: string
  /** What it is for. */
  readonly description?: string
}

/**
 * Package sections of a layer, one per package format. A project that defines a format of its own adds its type:
 * `declare module 'ov' { interface PackageSections { apk?: { packages: readonly string[] } } }`.
 */
export interface PackageSections {
  /**
   * Packages that have the same name on every distro, installed with the primary format of the image. A package may say what it is for. (LAY-49)
   * @example packages: ['git', { name: 'jq', description: 'reads JSON in the scripts' }]
   */
  readonly packages?: readonly (string | NamedPackage)[]
  /**
   * What single distros need besides {@link packages}: by family, the distro's own only, or by release, which then stands alone. (LAY-49)
   * @example distros: { debian: { packages: ['fd-find'] }, arch: { packages: ['fd'] }, 'ubuntu-24.04': { packages: ['fd-find'] } }
   */
  readonly distros?: Readonly<Record<string, DistroPackages>>
  /**
   * For images whose formats include rpm (fedora).
   * @example rpm: { packages: ['golang'] }
   */
  readonly rpm?: RpmSection
  /**
   * For images whose formats include deb (debian, ubuntu).
   * @example deb: { packages: ['nginx-light'] }
   */
  readonly deb?: DebSection
  /**
   * For images whose formats include pac (arch, cachyos).
   * @example pac: { packages: ['neovim'] }
   */
  readonly pac?: PacSection
  /**
   * For images whose `build` includes aur; elsewhere it installs nothing, so that a layer for several distros can carry it.
   * @example aur: { packages: ['paru-bin'] }
   */
  readonly aur?: AurSection
}

/** A section for a distro tag: it has the fields of the image's primary format. (LAY-44) */
export type TagSection = Packages &
  Omit<RpmSection, 'packages' | 'repos'> &
  Omit<PacSection, 'packages' | 'repos'> &
  Omit<AurSection, 'packages'> & {
    /** Repositories to add first, with the fields of the primary format. */
    readonly repos?: readonly (RpmRepo & DebRepo & Partial<PacRepo>)[]
  }

/** What one distro needs: the fields of its primary format, and `aur`. (LAY-49) */
export interface DistroPackages extends Omit<TagSection, 'packages'> {
  /** Package names, after those for every distro. */
  readonly packages?: readonly (string | NamedPackage)[]
  /** Packages of the Arch User Repository, for images whose `build` includes aur. */
  readonly aur?: AurSection
}
