import { DiagnosticError } from '../diagnostics/diagnostic.ts'

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'make it writable for you, or work on a copy of the project',
  EPERM: 'make it writable for you, or work on a copy of the project',
  EROFS: 'the file system is read-only; work on a copy of the project',
  ENOSPC: 'free some space and run the command again',
  EDQUOT: 'free some space and run the command again',
}

const failure = (message: string, code: string, cause: unknown) =>
  new DiagnosticError(
    [{ code: 'OV5001', severity: 'error', message, remedy: REMEDIES[code] ?? 'make sure that ov can write there' }],
    { cause },
  )

/** Writes; a failure is the machine's state, not a bug: it names the file, and what was there before is complete. */
export function attempt<Result>(path: string, write: () => Result): Result {
  try {
    return write()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw failure(`${path} could not be written: ${message}`, code, error)
  }
}

/** A failed system call that only the machine's state explains, as a diagnostic; undefined for anything else. */
export function machineFailure(error: unknown): DiagnosticError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, syscall, message } = error as NodeJS.ErrnoException
  return code !== undefined && syscall !== undefined && code in REMEDIES ? failure(message, code, error) : undefined
}
