import { dirname } from 'node:path/posix'
import { quoteSingle } from '../../../format/index.ts'
import type { BuilderStep } from '../../../plan/ir.ts'
import type { RecordedOp } from '../../../state/ledger.ts'
import { builderFolders, builderRun } from '../../../synth/host/builder.ts'
import { look } from './observe.ts'
import { failed, withCode } from './run.ts'
import type { HostTools } from './tools.ts'

/** A build that is about to run. */
export interface OpenBuilder {
  /** What is there of the things it makes. */
  readonly before: readonly string[]
  /** Folders that are made for it, which go when nothing is left in them. */
  readonly folders: readonly string[]
  readonly build: () => Promise<Built>
}

interface Built {
  /** How what was not there before is taken back. */
  readonly ops: (before: ReadonlySet<string>) => RecordedOp[]
  /** What the layer lists, whoever brought it. */
  readonly uses: Readonly<Record<string, string>>
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

async function build(step: BuilderStep, image: string, tools: HostTools): Promise<Built> {
  const { machine, user, say, signal } = tools
  const files = `${tools.stage}/${step.layerName}`
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
  if (exitCode !== 0) throw failed(step.layerName, step, withCode(exitCode), output)
  const after = await matches(step.results ?? [], tools)
  // It may have been there already; nothing at all was no build. (HOST-63)
  if ((step.results ?? []).length > 0 && after.length === 0)
    throw failed(step.layerName, step, 'ended without an error, and built nothing', output)
  const names = await namesOf(step, files, output, tools)
  return {
    ops: (before) =>
      opsOf(
        step,
        after.filter((path) => !before.has(path)),
        names,
        machine.user.home,
      ),
    uses: names.length === 0 ? {} : { uses: names.join(' '), undo: UNDO[step.builder] ?? '' },
  }
}

/** What takes back what a builder made. */
const UNDO: Readonly<Record<string, string>> = {
  npm: 'npm-uninstall-g',
  cargo: 'cargo-uninstall',
  pixi: 'pixi-env-remove',
}

/** What a layer asks a builder for, by name. */
async function namesOf(
  { builder, stage = [] }: BuilderStep,
  files: string,
  output: readonly string[],
  { user }: HostTools,
): Promise<string[]> {
  switch (builder) {
    case 'npm': {
      const manifest = stage.flatMap((step) =>
        'copy' in step && /(?:^|\/)package\.json$/.test(step.copy) ? [step.copy] : [],
      )[0]
      const { stdout } = await user.run(['cat', '--', `${files}/${manifest ?? 'package.json'}`])
      return Object.keys((JSON.parse(stdout) as { dependencies?: Record<string, string> }).dependencies ?? {})
    }
    case 'cargo':
      return output.flatMap((line) => /^\s*(?:Installed|Replaced) package `(\S+) /.exec(line)?.[1] ?? [])
    case 'pixi':
      return ['default']
    default:
      return []
  }
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
function opsOf(step: BuilderStep, made: readonly string[], names: readonly string[], home: string): RecordedOp[] {
  if (made.length === 0) return []
  const scope = 1
  const kind = UNDO[step.builder]
  const paths = made.join('\n')
  switch (step.builder) {
    case 'npm': {
      const modules = `${home}/.npm-global/lib/node_modules/`
      const targets = made.flatMap((path) => (path.startsWith(modules) ? [path.slice(modules.length)] : []))
      return [{ kind: kind!, targets, scope, extra: { paths } }]
    }
    case 'cargo':
      return [{ kind: kind!, targets: names, scope, extra: { paths } }]
    case 'pixi':
      return [{ kind: kind!, scope, extra: { layer: step.layerName, env: names[0] ?? 'default', paths } }]
    default:
      return [{ kind: 'rm-dir-recursive', targets: made, scope }]
  }
}
