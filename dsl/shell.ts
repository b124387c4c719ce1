/** What interactive shells run and where they look for programs. */
export interface ShellCode {
  /** Code that the shell runs when it starts. */
  readonly init?: string
  /** Directories at the end of its `PATH`: absolute, or `~/…`. */
  readonly pathAppend?: readonly string[]
  /** File to write instead of the usual one: absolute, or `~/…`. It becomes this text and nothing else. */
  readonly path?: string
}

/**
 * Code for the shells of people, for all of them or for single ones. What a shell has of its own goes before what is said for all, field by
 * field. (LAY-98)
 */
export interface Shell extends ShellCode {
  /** Code for all shells; `${SHELL_NAME}` is the name of each. */
  readonly init?: string
  /** Where several layers say something: lower comes first, in files that they share. Default: 50. */
  readonly priority?: number
  /** Code for bash alone. */
  readonly bash?: ShellCode
  /** Code for zsh alone. */
  readonly zsh?: ShellCode
  /** Code for fish alone. */
  readonly fish?: ShellCode
  /** Code for the POSIX shell alone. */
  readonly sh?: ShellCode
}
