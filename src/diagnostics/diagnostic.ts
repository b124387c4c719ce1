/**
 * Diagnostics are data: functions collect and return them, only the command line prints them.
 * Every code is listed in `codes.ts`.
 */
import type { CODES } from './codes.ts'

export type Code = keyof typeof CODES
export type Severity = 'error' | 'warning'

/** A place in a source file. Lines and columns count from 1, columns in UTF-16 units. */
export interface Place {
  /** Path relative to the project root where the file lies inside it, else absolute. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** Length of the marked text on that line; 0 marks the call that starts there. */
  readonly length?: number
}

export interface Related {
  /** What is to be seen there, e.g. `first declared here`. */
  readonly message: string
  readonly place: Place
}

export interface Diagnostic {
  readonly code: Code
  readonly severity: Severity
  readonly message: string
  /** `layer "web"`, `image "site"`; absent for problems of the project as a whole. */
  readonly entity?: string
  /** Path into the entity, e.g. `tasks[3].to`. */
  readonly field?: string
  readonly place?: Place
  readonly related?: readonly Related[]
  /** What another program said, line by line. */
  readonly output?: readonly string[]
  /** What to do about it, as one imperative sentence. */
  readonly remedy?: string
}

/** A known failure: it is reported as its diagnostics, without a stack trace. Everything else that is thrown is a bug in ov. */
export class DiagnosticError extends Error {
  override readonly name = 'DiagnosticError'
  readonly diagnostics: readonly Diagnostic[]
  /** Folder that the places are relative to, once it is known. */
  root?: string
  constructor(diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    super(diagnostics.map((d) => d.message).join('\n'), options)
    this.diagnostics = diagnostics
  }
}

/** Throws when there is an error among the diagnostics; warnings pass. */
export function throwIfErrors(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.some((d) => d.severity === 'error')) throw new DiagnosticError(diagnostics)
}
