import { Console } from 'node:console'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.ts'
import { VERSION } from '../version.ts'
import type { CommandSpec, Context } from './command.ts'
import { COMMANDS } from './table.ts'

/** Exit codes of every command. */
const EXIT = { failed: 1, usage: 64, bug: 70, interrupted: 130 } as const

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 looked and it differs, 64 wrong usage, 70 a bug in ov, 130 interrupted.
`

/** Parses the arguments and runs the command; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // Code of a project may print at any time; stdout belongs to results.
  globalThis.console = new Console(process.stderr)
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort(signal))
  // A reader that goes away early (`ov … | head`) is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  let code = 0
  const program = new Command('ov')
    .description('Describe your own machines in TypeScript: layers, images and deploys.')
    .version(VERSION, '-V, --version', 'print the version')
    .addOption(new Option('--color <when>', 'colours in messages').choices(['auto', 'always', 'never']).default('auto'))
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
    .addHelpText('after', `\nExamples:\n  ov synth\n  ov apply --dry-run\n${EXIT_HELP}`)
    .showSuggestionAfterError()
  for (const spec of COMMANDS) addCommand(program, spec, (result) => (code = result), interrupted.signal)
  try {
    if (argv.length === 0) {
      program.outputHelp({ error: true })
      return EXIT.usage
    }
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    const context = makeContext(String(program.opts()['color'] ?? 'auto'), interrupted.signal)
    const json = program.commands.some((command) => command.opts()['json'] === true)
    return report(error, interrupted.signal, context, json)
  }
}

function addCommand(program: Command, spec: CommandSpec, done: (code: number) => void, signal: AbortSignal): void {
  const command = program
    .command(spec.name)
    .summary(spec.summary)
    .description(`${spec.summary.charAt(0).toUpperCase()}${spec.summary.slice(1)}.`)
    .addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  ${example}`).join('\n')}\n`)
  for (const { name, help } of spec.args ?? []) command.argument(name, help)
  for (const { flags, help, repeat } of spec.options ?? []) {
    const option = new Option(flags, help)
    if (repeat) option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), value])
    command.addOption(option)
  }
  command.action(async (...given: unknown[]) => {
    const args = given.slice(0, spec.args?.length ?? 0)
    const { run } = await spec.load()
    done(await run(makeContext(String(program.opts()['color']), signal), command.opts<never>(), ...(args as never[])))
  })
}

function makeContext(when: string, signal: AbortSignal): Context {
  const color = when === 'always' || (when !== 'never' && colorWanted())
  return {
    color,
    interactive: process.stderr.isTTY === true && process.env['TERM'] !== 'dumb',
    signal,
    say: (line) => void process.stderr.write(`${line}\n`),
    result: (value) =>
      void process.stdout.write(typeof value === 'string' ? `${value}\n` : `${JSON.stringify(value, undefined, 2)}\n`),
    warn: async (diagnostics, root) => {
      if (diagnostics.length > 0) await printDiagnostics(diagnostics, root, color)
    },
  }
}

function colorWanted(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') return true
  return process.stderr.isTTY === true && TERM !== 'dumb'
}

const sourceReader = (root: string) => (file: string) => {
  try {
    return readFileSync(resolve(root, file), 'utf8')
  } catch {
    return undefined
  }
}

async function printDiagnostics(diagnostics: readonly Diagnostic[], root: string, color: boolean): Promise<void> {
  const { formatDiagnostics } = await import('../diagnostics/print.ts')
  process.stderr.write(formatDiagnostics(diagnostics, { readSource: sourceReader(root), color }))
}

/** Known failures and bugs look different. */
async function report(error: unknown, signal: AbortSignal, context: Context, json: boolean): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
  if (signal.aborted) {
    context.say('interrupted; run the same command again to go on')
    return EXIT.interrupted
  }
  if (error instanceof DiagnosticError) {
    const root = error.root ?? process.cwd()
    await printDiagnostics(error.diagnostics, root, context.color)
    if (json) {
      const { diagnosticsToJson } = await import('../diagnostics/print.ts')
      context.result({
        schemaVersion: 1,
        diagnostics: diagnosticsToJson(error.diagnostics, { readSource: sourceReader(root) }),
      })
    }
    return EXIT.failed
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  context.say(`ov ${VERSION} has a bug, and stopped. Please report it with this text:\n\n${detail}`)
  return EXIT.bug
}
