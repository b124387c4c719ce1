import { run } from './commands/run.ts'
import { staticText } from './commands/static-texts.ts'
import { terminal } from './commands/write.ts'
import { VERSION } from './version.ts'

/** Runs a command line; what needs less is tried first. */
async function start(argv: readonly string[]): Promise<number> {
  const version = argv.length === 1 && ['--version', '-V'].includes(argv[0]!)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (!version && (major < 22 || (major === 22 && minor < 12))) {
    process.stderr.write(
      `ov needs Node 22.12 or later; this is ${process.versions.node}. Install a newer one, or set OV_NODE to its path.\n`,
    )
    return 1
  }
  const known = version ? `${VERSION}\n` : staticText(argv)
  if (known !== undefined) {
    terminal.write(1, known)
    return 0
  }
  return run(argv)
}

// Timers and connections of a project's program must not keep ov alive: everything is written by now. (Nothing is awaited here: the other files
// import from this one.)
void start(process.argv.slice(2)).then((code) => process.exit(code))
