/** How a secret that the image owns reaches its container. (LAY-87) */
export interface OwnedSecret {
  /** File in the container that holds it. Default: `/run/secrets/<name>`. */
  readonly target?: string
  /** Variables that hold it too, for programs that can't read a file. Default: none. */
  readonly env?: string | readonly string[]
}
