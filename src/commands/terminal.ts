import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.ts'
import { machineFailure } from '../state/attempt.ts'
import { VERSION } from '../version.ts'
import type { Context } from './command.ts'
import { terminal } from './write.ts'

/** Exit codes of every command. */
export const EXIT = { failed: 1, usage: 64, bug: 70, interrupted: 130 } as const

/** Ends when the user interrupts. */
export function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController()
  // The listener stays: without one, libraries that clean up at exit let the signal end ov at once. A second one does that.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => (interrupted.signal.aborted ? process.exit(EXIT.interrupted) : interrupted.abort(signal)))
  return interrupted.signal
}

/** What a command talks through; `when` is the value of `--color`. */
export function makeContext(when: string, signal: AbortSignal, kdbx?: string): Context {
  const context: Context = {
    get color() {
      return when === 'always' || (when !== 'never' && colorWanted())
    },
    get interactive() {
      return process.stderr.isTTY === true && process.env['TERM'] !== 'dumb'
    },
    signal,
    kdbx,
    say: (line) => terminal.write(2, `${line}\n`),
    result: (value) =>
      terminal.write(1, typeof value === 'string' ? `${value}\n` : `${JSON.stringify(value, undefined, 2)}\n`),
    warn: async (diagnostics, root) => {
      if (diagnostics.length > 0) await printDiagnostics(diagnostics, root, context.color)
    },
  }
  return context
}

function colorWanted(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') return true
  return process.stderr.isTTY === true && TERM !== 'dumb'
}

const sources = new Map<string, string | undefined>()

const sourceReader = (root: string) => (file: string) => {
  const path = resolve(root, file)
  if (!sources.has(path)) sources.set(path, readText(path))
  return sources.get(path)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

async function printDiagnostics(diagnostics: readonly Diagnostic[], root: string, color: boolean): Promise<void> {
  const { formatDiagnostics } = await import('../diagnostics/print.ts')
  terminal.write(2, formatDiagnostics(diagnostics, { readSource: sourceReader(root), color }))
}

/** Says why a command failed, and returns the exit code. Known failures and bugs look different. */
export async function report(thrown: unknown, signal: AbortSignal, context: Context, json: boolean): Promise<number> {
  const error = machineFailure(thrown) ?? thrown
  if (signal.aborted) {
    context.say('interrupted; run the same command again to go on')
    return EXIT.interrupted
  }
  if (error instanceof DiagnosticError) {
    const root = error.root ?? process.cwd()
    await printDiagnostics(error.diagnostics, root, context.color)
    if (json) {
      const { diagnosticsToJson } = await import('../diagnostics/print.ts')
      try {
        context.result({
          schemaVersion: 1,
          diagnostics: diagnosticsToJson(error.diagnostics, { readSource: sourceReader(root) }),
        })
      } catch {
        // It may be the very place that could not be written to; people have been told.
      }
    }
    return EXIT.failed
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  context.say(`ov ${VERSION} has a bug, and stopped. Please report it with this text:\n\n${detail}`)
  return EXIT.bug
}
