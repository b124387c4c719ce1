import { dirname } from 'node:path/posix'
import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { quoteSingle } from '../../../format/index.ts'
import type { BuilderStep } from '../../../plan/ir.ts'
import type { RecordedOp } from '../../../state/ledger.ts'
import { builderFolders, builderRun } from '../../../synth/host/builder.ts'
import type { HostTools } from './apply.ts'
import { describe } from './describe.ts'
import { look } from './observe.ts'

/** A build that is about to run. */
export interface OpenBuilder {
  /** What is there of the things it makes. */
  readonly before: readonly string[]
  /** Folders that are made for it, which go when nothing is left in them. */
  readonly folders: readonly string[]
  /** Builds; then says how what was not there before is taken back. */
  readonly build: () => Promise<(before: ReadonlySet<string>) => RecordedOp[]>
}

/** Builds what a layer has for a builder, in the builder image, into the home of the deploying user. (HOST-20 to HOST-24, HOST-63) */
export async function openBuilder(step: BuilderStep, tools: HostTools): Promise<OpenBuilder> {
  const { machine, user } = tools
  const { home } = machine.user
  const image = await tools.builderImage(step)
  const wanted = [
    `${home}/.cache`,
    ...builderFolders(home),
    ...(step.results ?? []).flatMap((path) => above(path, home)),
  ]
  const seen = await look(wanted, user)
  return {
    before: await matches(step.results ?? [], tools),
    folders: wanted.filter((_, index) => seen[index]!.type === 'missing'),
    build: () => build(step, image, tools),
  }
}

async function build(
  step: BuilderStep,
  image: string,
  tools: HostTools,
): Promise<(before: ReadonlySet<string>) => RecordedOp[]> {
  const { machine, user, say, signal } = tools
  const files = tools.stage(step.layerName)
  await user.run(['mkdir', '-p', '--', ...builderFolders(machine.user.home), files])
  const { argv, stdin } = builderRun(step, machine, { image, files })
  const output: string[] = []
  const { exitCode } = await user.run(argv, {
    stdin,
    signal,
    // It may take minutes: who waits wants to see that something happens.
    onLine: (line) => {
      output.push(line)
      say(`  ${line}`)
    },
  })
  if (exitCode !== 0) throw failed(step, `failed (exit code ${exitCode})`, output)
  const after = await matches(step.results ?? [], tools)
  // It may have been there already; nothing at all was no build. (HOST-63)
  if ((step.results ?? []).length > 0 && after.length === 0)
    throw failed(step, 'ended without an error, and built nothing', output)
  return (before) =>
    opsOf(
      step,
      after.filter((path) => !before.has(path)),
      output,
      machine.user.home,
    )
}

/** Folders of the home above what a pattern finds. */
function above(pattern: string, home: string): string[] {
  const folder = dirname(pattern.replace(/[*[].*$/s, '-'))
  return folder.length <= home.length ? [] : [...above(folder, home), folder]
}

/** Paths that patterns find. */
async function matches(patterns: readonly string[], { user }: Pick<HostTools, 'user'>): Promise<string[]> {
  if (patterns.length === 0) return []
  // A pattern is quoted but for what makes it one.
  const words = patterns.map((pattern) => quoteSingle(pattern).replace(/\*|\[[^\]]*\]/g, (found) => `'${found}'`))
  const { stdout } = await user.run(['bash', '-s'], {
    stdin: `shopt -s nullglob; for path in ${words.join(' ')}; do printf '%s\\0' "$path"; done`,
  })
  return stdout.split('\0').filter((path) => path !== '')
}

/** How it is taken back: by the paths that are new, so that no tool is needed for it. (HOST-49) */
function opsOf(step: BuilderStep, made: readonly string[], output: readonly string[], home: string): RecordedOp[] {
  if (made.length === 0) return []
  const paths = made.join('\n')
  const scope = 1
  switch (step.builder) {
    case 'npm': {
      const modules = `${home}/.npm-global/lib/node_modules/`
      const targets = made.flatMap((path) => (path.startsWith(modules) ? [path.slice(modules.length)] : []))
      return [{ kind: 'npm-uninstall-g', targets, scope, extra: { paths } }]
    }
    case 'cargo': {
      const targets = output.flatMap((line) => /^\s*Installed package `(\S+) /.exec(line)?.[1] ?? [])
      return [{ kind: 'cargo-uninstall', targets, scope, extra: { paths } }]
    }
    case 'pixi': {
      const environments = `${home}/.pixi/envs/`
      const env = made.find((path) => path.startsWith(environments))?.slice(environments.length) ?? 'default'
      return [{ kind: 'pixi-env-remove', scope, extra: { layer: step.layerName, env, paths } }]
    }
    default:
      return [{ kind: 'rm-dir-recursive', targets: made, scope }]
  }
}

const failed = (step: BuilderStep, how: string, output: readonly string[]): DiagnosticError =>
  new DiagnosticError([
    {
      code: 'OV5040',
      severity: 'error',
      message: `plan ${step.layerName}: ${describe(step)} ${how}`,
      entity: `layer "${step.layerName}"`,
      place: step.origin,
      output: output.slice(-20),
      remedy:
        'what was done before it stays, and is recorded: correct it and run the same command again, or take it back with ov deploy del',
    },
  ])
