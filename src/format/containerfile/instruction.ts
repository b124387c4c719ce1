import type { Text } from './text.ts'

/** One `NAME=value` of an ENV line; `bare` is for ov's own fixed values (`ENV ARCH=${TARGETARCH}`). */
export interface EnvPair {
  readonly name: string
  readonly value: Text
  readonly quoting: 'double' | 'bare'
}

/** Files from the build context, or from the stage `from`. In paths `${NAME}` is live and all else literal. */
export interface CopyInstruction {
  readonly kind: 'copy'
  readonly from?: string
  readonly chmod?: string
  readonly chown?: string
  readonly sources: readonly string[]
  readonly to: string
}

/**
 * A command for the image's `/bin/sh`. `text` is finished shell text and may hold `\`-continued physical lines;
 * `layout: 'block'` puts every mount and the text on lines of their own. `mounts` are whole `--mount=…` literals.
 */
export interface ShellRunInstruction {
  readonly kind: 'run'
  readonly form: 'shell'
  readonly layout: 'line' | 'block'
  readonly mounts: readonly string[]
  readonly text: string
}

/** A command without a shell in between: the only form in which any text reaches bash on a dash image (LAY-14). */
export interface ExecRunInstruction {
  readonly kind: 'run'
  readonly form: 'exec'
  readonly mounts: readonly string[]
  readonly argv: readonly string[]
}

/** `double` for plain values, `single` for JSON (IMG-144); both arrive as the literal value. */
export interface LabelInstruction {
  readonly kind: 'label'
  readonly name: string
  readonly value: string
  readonly quoting: 'double' | 'single'
}

/** Everything ov writes into a Containerfile. */
export type Instruction =
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'blank' }
  | { readonly kind: 'arg'; readonly name: string; readonly value?: string }
  | { readonly kind: 'from'; readonly image: string; readonly stage?: string }
  | { readonly kind: 'env'; readonly pairs: readonly EnvPair[] }
  | { readonly kind: 'expose'; readonly port: string }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'workdir'; readonly path: string }
  | CopyInstruction
  | ShellRunInstruction
  | ExecRunInstruction
  | LabelInstruction
