import { readFileSync } from 'node:fs'

/**
 * The help that the build has written down, so that showing it needs no parser: `ov --help` and `ov <command> --help`, and nothing else on the
 * line. Undefined where there is none, and on a terminal that is too narrow for it.
 */
export function staticHelp(argv: readonly string[]): string | undefined {
  const [command, flag] = argv.length === 1 ? ['', argv[0]] : argv
  if (argv.length > 2 || (flag !== '--help' && flag !== '-h') || command?.startsWith('-') === true) return undefined
  try {
    const { width, texts } = JSON.parse(readFileSync(new URL('./help.json', import.meta.url), 'utf8')) as {
      readonly width: number
      readonly texts: Readonly<Record<string, string>>
    }
    return (process.stdout.columns ?? width) >= width && Object.hasOwn(texts, command!) ? texts[command!] : undefined
  } catch {
    return undefined
  }
}
