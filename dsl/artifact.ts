/** A file that a deploy makes and its operator wants, such as a generated key or a kubeconfig. (LAY-102) */
export interface Artifact {
  /** What it is called in messages, unique in the layer. */
  readonly name: string
  /** File in the container, absolute. */
  readonly path: string
  /** Where it goes on the operator's machine: absolute, or `~/…`. */
  readonly retrieveTo: string
  /** Octal mode of the copy, as text. Default: `'0644'`. */
  readonly mode?: string
  /** Texts to replace in the copy, one after the other: an address that only holds inside the container. Default: none. */
  readonly rewrite?: readonly { readonly find: string; readonly replace: string }[]
  /** A file that is not there is no failure. Default: false. */
  readonly optional?: boolean
  /** How many seconds to wait for the file. Default: 0. */
  readonly waitSeconds?: number
}
