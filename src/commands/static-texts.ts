/** What the build writes down. */
export interface StaticTexts {
  /** The terminal must be this wide. */
  readonly width: number
  /** Output by command line: `synth --help`, `completion bash`. */
  readonly texts: Readonly<Record<string, string>>
}

/**
 * Output that is known since the build: help, and completion scripts, which shells ask for at each start. Undefined for every other command
 * line, and on a terminal that is too narrow.
 */
export function staticText(argv: readonly string[]): string | undefined {
  const help = ['--help', '-h'].includes(argv.at(-1) ?? '')
  if (argv.length > 4 || !(help || argv[0] === 'completion')) return undefined
  try {
    const { fstatSync, readFileSync } = process.getBuiltinModule('node:fs')
    const { width, texts } = JSON.parse(readFileSync(new URL('./texts.json', import.meta.url), 'utf8')) as StaticTexts
    const line = [...argv.slice(0, help ? -1 : undefined), ...(help ? ['--help'] : [])].join(' ')
    // Only terminals have a width; a look at Node's stream takes longer than all of the rest.
    const columns = fstatSync(1).isCharacterDevice() ? process.stdout.columns : undefined
    return (columns ?? width) >= width && Object.hasOwn(texts, line) ? texts[line] : undefined
  } catch {
    return undefined
  }
}
