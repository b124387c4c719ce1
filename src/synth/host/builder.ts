import type { RunStep, StageStep } from '../../../dsl/vocabulary.ts'
import { quoteSingle } from '../../format/index.ts'
import type { BuilderStep } from '../../plan/ir.ts'
import type { HostFacts } from '../../plan/host/facts.ts'

/** A program and what it reads. */
export interface BuilderRun {
  readonly argv: readonly string[]
  readonly stdin: string
}

/** Folders of the home that builders of a user's things have, at the same paths. (HOST-22) */
export const builderFolders = (home: string): string[] =>
  ['.cache/ov', '.cargo', '.npm-global', '.pixi'].map((name) => `${home}/${name}`)

/**
 * Runs what a layer builds in the builder image, on behalf of the deploying user: its tools have not to be on the machine. Without a daemon, uid 0 of
 * the container is the one who runs it. (HOST-20 to HOST-23)
 */
export function builderRun(
  step: BuilderStep,
  { user }: Pick<HostFacts, 'user'>,
  { image, files }: { readonly image: string; readonly files: string },
): BuilderRun {
  const { home } = user
  const env = {
    CARGO_HOME: `${home}/.cargo`,
    NPM_CONFIG_PREFIX: `${home}/.npm-global`,
    PIXI_CACHE_DIR: `${home}/.cache/ov/pixi`,
    RATTLER_CACHE_DIR: `${home}/.cache/ov/rattler`,
  }
  return {
    argv: [
      ...['podman', 'run', '--rm', '--pull=never', '--user', '0:0', '-i'],
      ...builderFolders(home).flatMap((path) => ['-v', `${path}:${path}:rw`]),
      ...['-v', `${files}:/work:ro`, '-e', `HOME=${home}`],
      ...Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
      ...['-w', '/work', image, 'bash', '-s'],
    ],
    stdin: `${builderScript(step, home)}\n`,
  }
}

/** The stage of an image, or the commands within one, as a script. All of it is read before it runs, so that nothing in it reads the rest. */
function builderScript(step: BuilderStep, home: string): string {
  const steps = step.stage?.flatMap(stageLines) ?? [
    // What is built in an image finds its files there; some of it writes beside them.
    'cp -r /work /ctx',
    ...step.caches.map(({ path }) => `mkdir -p ${quoteSingle(path)}`),
    ...step.commands.map(runLine),
  ]
  return ['set -e', 'umask 022', 'build() {', `mkdir -p ${quoteSingle(home)}`, ...steps, '}', 'build </dev/null'].join(
    '\n',
  )
}

const runLine = (step: RunStep): string => (typeof step === 'string' ? step : `${step.command} ${step.items.join(' ')}`)

function stageLines(step: StageStep): string[] {
  // There is one account in the container, and it is the deploying user.
  if ('user' in step) return []
  if ('workdir' in step) return [`mkdir -p ${quoteSingle(step.workdir)}`, `cd ${quoteSingle(step.workdir)}`]
  if ('env' in step) return Object.entries(step.env).map(([name, value]) => `export ${name}=${quoteSingle(value)}`)
  if ('copy' in step) return [`cp -r ${quoteSingle(`/work/${step.copy}`)} ${quoteSingle(step.to)}`]
  return [
    ...(step.caches ?? []).map(({ path }) => `mkdir -p ${quoteSingle(path)}`),
    ...Object.entries(step.mounts ?? {}).flatMap(([name, at]) => [
      `mkdir -p "$(dirname ${quoteSingle(at)})"`,
      `ln -sfn ${quoteSingle(`/work/${name}`)} ${quoteSingle(at)}`,
    ]),
    // A failure in the middle of a list joined by && would not stop the script.
    `( ${step.run.map(runLine).join(' && ')} )`,
  ]
}
