import { resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { VERSION } from '../version.ts'
import type { CommandSpec } from './command.ts'
import { COMMANDS, GROUPS } from './table.ts'
import { EXIT, makeContext, report, untilInterrupted } from './terminal.ts'
import { terminal } from './write.ts'

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 looked and it differs or a check failed, 64 wrong usage, 70 a bug in ov, 130 interrupted.
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
    const json = everyCommand(program).some((command) => command.opts()['json'] === true)
    const color = everyCommand(program).flatMap((command) => command.opts<{ color?: string }>().color ?? [])
    return report(error, signal, makeContext(color.at(-1) ?? 'auto', signal), json)
  }
}

/** What `--help` says, by command line. The build keeps these texts. */
export function helpTexts(): Record<string, string> {
  const texts: Record<string, string> = {}
  let text = ''
  const program = makeProgram((part) => void (text += part))
  for (const spec of COMMANDS) addCommand(program, spec, () => {}, new AbortController().signal)
  for (const command of everyCommand(program)) {
    text = ''
    command.outputHelp()
    texts[[...pathOf(command), '--help'].join(' ')] = text
  }
  return texts
}

const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)]

/** `['image', 'build']` */
const pathOf = (command: Command): string[] => (command.parent ? [...pathOf(command.parent), command.name()] : [])

function makeProgram(write: (text: string) => void): Command {
  return (
    new Command('ov')
      .description('Describe your own machines in TypeScript: layers, images and deploys.')
      .version(VERSION, '-V, --version', 'print the version')
      .addOption(new Option('--kdbx <file>', 'keep credentials in this KeePass file, for this run'))
      .addOption(colorOption().default('auto'))
      // What stands behind a word of a command is that command's: `config` is one, and the first word of others.
      .enablePositionalOptions()
      .exitOverride()
      .configureOutput({
        writeOut: write,
        writeErr: (text) => terminal.write(2, text),
        getOutHelpWidth: () => Math.min(HELP_WIDTH, process.stdout.columns ?? HELP_WIDTH),
      })
      .addHelpText('after', `\nExamples:\n  ov synth\n  ov apply --dry-run\n${EXIT_HELP}`)
      .showSuggestionAfterError()
  )
}

const colorOption = () => new Option('--color <when>', 'colours in messages').choices(['auto', 'always', 'never'])

/** The group that commands belong to, which is made with the first of them. */
function groupOf(program: Command, names: readonly string[]): Command {
  const name = names.at(-1)
  if (name === undefined) return program
  const parent = groupOf(program, names.slice(0, -1))
  return parent.commands.find((one) => one.name() === name) ?? addGroup(parent, name, GROUPS[names.join(' ')] ?? '')
}

function addGroup(parent: Command, name: string, summary: string): Command {
  return parent
    .command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .helpCommand(false)
}

function addCommand(program: Command, spec: CommandSpec, done: (code: number) => void, signal: AbortSignal): void {
  const words = spec.name.split(' ')
  const command = groupOf(program, words.slice(0, -1))
    .command(words.at(-1) ?? '')
    .summary(spec.summary)
    .helpCommand(false)
    .description(`${spec.summary.charAt(0).toUpperCase()}${spec.summary.slice(1)}.`)
    .addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  ${example}`).join('\n')}\n`)
  for (const { name, help } of spec.args ?? []) command.argument(name, help)
  for (const { flags, help, repeat } of spec.options ?? []) {
    const option = new Option(flags, help)
    if (repeat) option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), value])
    command.addOption(option)
  }
  // It may stand anywhere.
  command.addOption(colorOption().hideHelp())
  command.action(async (...given: unknown[]) => {
    const args = given.slice(0, spec.args?.length ?? 0)
    const { run } = await spec.load()
    const { color, kdbx } = program.opts<{ color: string; kdbx?: string }>()
    const { color: own = color, ...options } = command.opts<{ color?: string }>()
    const context = makeContext(own, signal, kdbx === undefined ? undefined : resolve(kdbx))
    done(await run(context, options as never, ...(args as never[])))
  })
}
