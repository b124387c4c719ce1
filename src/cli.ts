import { staticText } from './commands/static-texts.ts'
import { VERSION } from './version.ts'

/** Runs a command line; what needs less is tried first. */
async function run(argv: readonly string[]): Promise<number> {
  const version = argv.length === 1 && ['--version', '-V'].includes(argv[0]!)
  const known = version ? `${VERSION}\n` : staticText(argv)
  if (known !== undefined) {
    process.stdout.write(known)
    return 0
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 12)) {
    process.stderr.write(
      `ov needs Node 22.12 or later; this is ${process.versions.node}. Install a newer one, or set OV_NODE to its path.\n`,
    )
    return 1
  }
  const { runDirectly } = await import('./commands/direct.ts')
  const code = await runDirectly(argv)
  if (code !== undefined) return code
  const { main } = await import('./commands/main.ts')
  return main(argv)
}

// Timers and connections of a project's program must not keep ov alive: everything is written by now.
process.exit(await run(process.argv.slice(2)))
