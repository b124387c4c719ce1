import { MACHINE_CONTEXT } from './build-arguments.ts'
import { contentHash } from '../synth/references.ts'

/** A Containerfile as podman is given it: the same image, by other steps. */
export interface Buildfile {
  /** Everything that runs or copies. What other images are built on or with. */
  readonly content: string
  /** What is only said of the image, and is no reason to run anything again: a few steps that cost nothing. */
  readonly metadata: string
}

/**
 * Stages are named by content, for a cache that can be trusted; and labels are one step instead of many, since each step looks through all local
 * images. `ports` are those of the whole chain: what the image is built on has no metadata.
 */
export function buildfile(
  containerfile: string,
  context: Readonly<Record<string, string>>,
  ports: readonly string[],
): Buildfile {
  const lines = containerfile.trimEnd().split('\n')
  const end = lines.findLastIndex((line) => !/^(EXPOSE |LABEL |#|$)/.test(line)) + 1
  const labels = lines.slice(end).filter((line) => line.startsWith('LABEL '))
  return {
    content: nameStagesByContent(`${lines.slice(0, end).join('\n')}\n`, context),
    metadata: [
      ...(ports.length > 0 ? [`EXPOSE ${ports.join(' ')}\n`] : []),
      ...(labels.length > 0 ? [`${labels.join('\n').replaceAll('\nLABEL ', ' \\\n      ')}\n`] : []),
    ].join(''),
  }
}

/**
 * Names the stages that hold files by what is in them. buildah takes a RUN from its cache when text and parent are the same, and looks at the
 * files behind `--mount=…,from=<stage>` only when that stage itself was built anew: another image with the same layer, or a return to an
 * earlier content, would get the result of the wrong files.
 */
function nameStagesByContent(containerfile: string, context: Readonly<Record<string, string>>): string {
  const names = new Map<string, string>()
  for (const [, stage, copies = ''] of containerfile.matchAll(/^FROM scratch AS (\S+)\n((?:COPY .*\n)*)/gm))
    if (stage !== undefined) names.set(stage, `${stage}-${contentHash(filesOf(copies, context)).slice(0, 12)}`)
  const named = (stage: string) => names.get(stage) ?? stage
  return (
    containerfile
      .replace(/^(FROM scratch AS )(\S+)$/gm, (_, head: string, stage: string) => head + named(stage))
      .replace(/^(COPY --from=)(\S+)/gm, (_, head: string, stage: string) => head + named(stage))
      // Only what stands before the command: a script may speak of mounts, too.
      .replace(/^RUN (?:--mount=\S+(?: \\\n {4}| ))+/gm, (mounts) =>
        mounts.replace(/(--mount=type=bind,from=)([^\s,]+)/g, (_, head: string, stage: string) => head + named(stage)),
      )
  )
}

/** What a stage copies: lines, paths and contents. */
function filesOf(copies: string, context: Readonly<Record<string, string>>): string {
  const sources = [...copies.matchAll(/^COPY (\S+) /gm)].map(([, source = '']) => source)
  const files = Object.entries(context).filter(([path]) =>
    sources.some((source) => path === source || (source.endsWith('/') && path.startsWith(source))),
  )
  return JSON.stringify([copies, files.sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** docker lays nothing over the files of a build, as podman's `-v` does: each step mounts what it is to see. */
export const withMounts = (containerfile: string, mounts: readonly (readonly [from: string, to: string])[]): string =>
  mounts.length === 0
    ? containerfile
    : containerfile.replace(
        /^RUN /gm,
        `RUN ${mounts.map(([from, to]) => `--mount=type=bind,from=${MACHINE_CONTEXT},source=${from.slice(from.lastIndexOf('/'))},target=${to} `).join('')}`,
      )
