import { Command, CommanderError, Option } from 'commander'
import { VERSION } from '../version.ts'
import type { CommandSpec } from './command.ts'
import { COMMANDS } from './table.ts'
import { EXIT, makeContext, report, untilInterrupted } from './terminal.ts'
import { terminal } from './write.ts'

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 looked and it differs, 64 wrong usage, 70 a bug in ov, 130 interrupted.
`

/** Width of help: it is the same text on every terminal that has room for it. */
export const HELP_WIDTH = 80

/** Parses the arguments and runs the command; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const signal = untilInterrupted()
  let code = 0
  const program = makeProgram((text) => terminal.write(1, text))
  for (const spec of COMMANDS) addCommand(program, spec, (result) => (code = result), signal)
  try {
    if (argv.length === 0) {
      program.outputHelp({ error: true })
      return EXIT.usage
    }
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
    const json = program.commands.some((command) => command.opts()['json'] === true)
    return report(error, signal, makeContext(String(program.opts()['color'] ?? 'auto'), signal), json)
  }
}

/** What `--help` says, by command line. The build keeps these texts. */
export function helpTexts(): Record<string, string> {
  const texts: Record<string, string> = {}
  let text = ''
  const program = makeProgram((part) => void (text += part))
  for (const spec of COMMANDS) addCommand(program, spec, () => {}, new AbortController().signal)
  for (const command of [program, ...program.commands]) {
    text = ''
    command.outputHelp()
    texts[command === program ? '--help' : `${command.name()} --help`] = text
  }
  return texts
}

function makeProgram(write: (text: string) => void): Command {
  return new Command('ov')
    .description('Describe your own machines in TypeScript: layers, images and deploys.')
    .version(VERSION, '-V, --version', 'print the version')
    .addOption(new Option('--color <when>', 'colours in messages').choices(['auto', 'always', 'never']).default('auto'))
    .exitOverride()
    .configureOutput({
      writeOut: write,
      writeErr: (text) => terminal.write(2, text),
      getOutHelpWidth: () => Math.min(HELP_WIDTH, process.stdout.columns ?? HELP_WIDTH),
    })
    .addHelpText('after', `\nExamples:\n  ov synth\n  ov apply --dry-run\n${EXIT_HELP}`)
    .showSuggestionAfterError()
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
