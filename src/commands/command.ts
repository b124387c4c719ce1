import type { Diagnostic } from '../diagnostics/diagnostic.ts'

/** How a command talks: results on stdout, everything else on stderr. */
export interface Context {
  /** One line of talk. */
  say(line: string): void
  /** The result: text as it is, anything else as JSON. */
  result(value: unknown): void
  /** Diagnostics that are no reason to stop. */
  warn(diagnostics: readonly Diagnostic[], root: string): Promise<void>
  /** Colours are wanted on stderr. */
  readonly color: boolean
  /** stderr is a terminal. */
  readonly interactive: boolean
  /** The KeePass file that is to be used, where one is named for this run. (CRED-10) */
  readonly kdbx: string | undefined
  /** Ends when the user interrupts. */
  readonly signal: AbortSignal
}

/** An option of a command. */
export interface OptionSpec {
  /** In commander's notation: `-e, --env <NAME=VALUE>`. */
  readonly flags: string
  readonly help: string
  /** May be given several times; the values become a list. */
  readonly repeat?: true
}

/** One command: the parser, its help, and completion come from this. */
export interface CommandSpec {
  /** One word, or the names of its groups and one: `synth`, `image build`, `secrets gpg show`. */
  readonly name: string
  readonly summary: string
  /** In commander's notation: `[path]`, `[deploys...]`. */
  readonly args?: readonly { readonly name: string; readonly help: string }[]
  readonly options?: readonly OptionSpec[]
  readonly examples: readonly string[]
  readonly load: () => Promise<{ run: (context: Context, options: never, ...args: never[]) => Promise<number> }>
}
