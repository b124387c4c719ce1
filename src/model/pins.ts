/** What `ov.lock` says of what comes from outside the project. It is committed, and read like the project's own text. */
export interface Pins {
  /** Images of registries, by the reference that the project writes. */
  readonly images: Readonly<Record<string, PinnedImage>>
  /** Downloads that ask for it, by their URL with the layer's vars filled in; `${ARCH}` stays. */
  readonly downloads: Readonly<Record<string, PinnedDownload>>
}

/** An image of a registry. */
export interface PinnedImage {
  /** `sha256:…` */
  readonly digest: string
  /** Accounts that were looked for in it, by uid; null where there is none. (IMG-18) */
  readonly users?: Readonly<Record<string, FoundAccount | null>>
}

/** An account of a base image, as its `/etc/passwd` has it. */
export interface FoundAccount {
  readonly name: string
  readonly gid: number
  readonly home: string
}

/** A download. */
export interface PinnedDownload {
  /** Hex digits; by architecture (`amd64`) where the URL depends on it. */
  readonly sha256: Sha256
}

/** One checksum, or one per architecture. */
export type Sha256 = string | Readonly<Record<string, string>>

export const NO_PINS: Pins = { images: {}, downloads: {} }

/** A reference with the digest that it is pinned to; one that names its digest itself stays as it is. */
export function pinnedReference(ref: string, { images }: Pins): string {
  const digest = images[ref]?.digest
  return digest === undefined || ref.includes('@') ? ref : `${ref}@${digest}`
}

/** Whether a URL is another one on each architecture. */
export const dependsOnArchitecture = (url: string): boolean => /\$\{(?:BUILD_)?ARCH\}/.test(url)
