import { VERSION } from './version.ts'

const argv = process.argv.slice(2)

async function run(): Promise<number> {
  const last = argv.at(-1)
  if (argv.length === 1 && (last === '--version' || last === '-V')) {
    console.log(VERSION)
    return 0
  }
  if (last === '--help' || last === '-h') {
    const { staticHelp } = await import('./commands/static-help.ts')
    const text = staticHelp(argv)
    if (text !== undefined) {
      process.stdout.write(text)
      return 0
    }
  }
  const { runDirectly } = await import('./commands/direct.ts')
  const code = await runDirectly(argv)
  if (code !== undefined) return code
  const { main } = await import('./commands/main.ts')
  return main(argv)
}

process.exitCode = await run()
