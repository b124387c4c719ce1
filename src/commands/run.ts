import { sealEnvironment } from '../state/environment.ts'
import type { CommandSpec } from './command.ts'
import { COMMANDS } from './table.ts'
import { makeContext, report, untilInterrupted } from './terminal.ts'

/** Runs a command line; returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  sealEnvironment()
  const code = await runDirectly(argv)
  if (code !== undefined) return code
  const { main } = await import('./main.ts')
  return main(argv)
}

/**
 * Runs a command line that is a command and its arguments and nothing else, as most are: then there is nothing to parse, and the parser takes a
 * third of Node's own start to load. Undefined for every other line, right or wrong.
 */
async function runDirectly(argv: readonly string[]): Promise<number | undefined> {
  const specs = COMMANDS.filter(({ name }) => name.split(' ').every((word, index) => argv[index] === word))
  // `config` is a command, and the first word of others.
  const spec = specs.find(({ name }) => name.includes(' ')) ?? specs[0]
  const args = spec && argumentsOf(spec, argv.slice(spec.name.split(' ').length))
  if (!args) return undefined
  const signal = untilInterrupted()
  const context = makeContext('auto', signal)
  try {
    const { run } = await spec.load()
    return await run(context, {} as never, ...(args as never[]))
  } catch (error) {
    return report(error, signal, context, false)
  }
}

/** The words as the command's arguments: `<one>`, `[one]`, `[several...]`. */
function argumentsOf({ args = [] }: CommandSpec, words: readonly string[]): unknown[] | undefined {
  if (words.some((word) => word.startsWith('-'))) return undefined
  const variadic = args.at(-1)?.name.includes('...') === true
  const needed = args.filter(({ name }) => name.startsWith('<')).length
  if (words.length < needed || (!variadic && words.length > args.length)) return undefined
  return args.map(({ name }, index) => (name.includes('...') ? words.slice(index) : words[index]))
}
