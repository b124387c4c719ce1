import { copyFileSync, createWriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError, type Diagnostic, type Place } from '../diagnostics/diagnostic.ts'
import { makeFolder } from '../state/atomic.ts'
import { attempt } from '../state/attempt.ts'
import type { Paths } from '../state/paths.ts'
import { CHECKSUM_MISMATCH, CONTENT_IMAGES, OUTPUT } from '../synth/index.ts'
import { buildArguments, type BuildCommand, type CacheMode } from './build-arguments.ts'
import { withMounts } from './buildfile.ts'
import type { ImageDecision } from './images.ts'
import { INPUTS_LABEL, type Podman } from './podman.ts'

/** Hears how a build goes. */
export interface BuildProgress {
  step(number: number, total: number, text: string): void
}

export interface BuildOptions {
  readonly root: string
  /** A private folder for the time of the build. */
  readonly work: string
  readonly paths: Paths
  /** Files of this machine that the steps see, and that do not stay in the image: source → target. */
  readonly mounts: readonly (readonly [from: string, to: string])[]
  /** Runs every step anew. */
  readonly noCache: boolean
  readonly cache: CacheMode
  /** Empty for that of this machine. */
  readonly platforms: readonly string[]
  /** Pushes while it builds, where the engine can't do it afterwards. */
  readonly push: boolean
  readonly progress: BuildProgress
  readonly signal: AbortSignal
}

const STEP = /^(?:\[[\w/.-]+\] )*STEP (\d+)\/(\d+): (.*)$/

/** How much of a build was there already. */
export interface BuildCount {
  readonly steps: number
  readonly cached: number
}

/** docker numbers the steps of all stages and says later how each of them went. */
const DOCKER_STEP = /^#(\d+) \[(?:\S+ )?\s*(\d+)\/(\d+)\] (.*)$/
const DOCKER_LINE = /^#(\d+) (.*)$/

/** Builds one image. A failure shows the step's output, and the TypeScript that wrote the step. */
export async function buildImage(decision: ImageDecision, podman: Podman, options: BuildOptions): Promise<BuildCount> {
  const { image, inputs, reference } = decision
  const logFile = join(options.paths.logs, `build-${image.name}.log`)
  attempt(logFile, () => makeFolder(options.paths.logs, 0o700))
  const log = createWriteStream(logFile, { mode: 0o600 })
  let current = ''
  let preparing = false
  let since: string[] = []
  let [steps, cached] = [0, 0]
  const begin = (text: string, number: string, total: string) => {
    current = text
    since = []
    // Stages that only hold files say nothing of interest.
    if (text.startsWith('FROM ')) preparing = text.startsWith('FROM scratch ')
    else steps++
    if (!preparing) options.progress.step(Number(number), Number(total), text)
  }
  const dockerSteps = new Map<string, string>()
  const onDockerLine = (line: string): void => {
    const [, id, number, total, text = ''] = DOCKER_STEP.exec(line) ?? []
    if (id !== undefined && number !== undefined && total !== undefined) {
      if (!dockerSteps.has(id)) begin(text, number, total)
      dockerSteps.set(id, text)
      return
    }
    const [, of = '', rest = ''] = DOCKER_LINE.exec(line) ?? []
    if (rest === 'CACHED') cached++
    else if (rest.startsWith('ERROR')) current = dockerSteps.get(of) ?? current
    else if (/^\d/.test(rest)) since.push(rest.replace(/^\d+\.\d+ /, ''))
  }
  const onLine = (line: string): void => {
    log.write(`${line}\n`)
    if (podman.program === 'docker') return onDockerLine(line)
    const [, number, total, text = ''] = STEP.exec(line) ?? []
    if (number === undefined || total === undefined) {
      if (line.startsWith('--> Using cache ')) cached++
      since.push(line)
      if (since.length > 2000) since = since.slice(-1000)
      return
    }
    begin(text, number, total)
  }
  const build = async (steps: string, to: string, more: Pick<BuildCommand, 'labels' | 'push'>): Promise<void> => {
    dockerSteps.clear()
    // podman reads "-" through /dev/stdin, which can't be opened when it is a socket, as Node's pipes are.
    const file = join(options.work, `${image.name}.Containerfile`)
    const ignoreFile = join(options.root, OUTPUT, image.name, 'containerignore')
    const docker = podman.program === 'docker'
    const containerfile = docker ? withMounts(steps, options.mounts) : steps
    writeFileSync(file, containerfile)
    // docker takes no other name for it.
    if (docker) copyFileSync(ignoreFile, `${file}.dockerignore`)
    // A list is made anew, and not added to.
    else if (options.platforms.length > 1) await podman.try(['untag', to, to])
    const { mounts, platforms, noCache, cache } = options
    const { name, registry } = image
    const command = { file, reference: to, name, registry, ignoreFile, mounts, platforms, noCache, cache, ...more }
    const result = await podman.try(buildArguments(podman.program, command), {
      cwd: options.root,
      onLine,
      signal: options.signal,
      bound: true,
    })
    if (result.exitCode !== 0)
      throw new DiagnosticError([explain(decision, containerfile, current, since, logFile, result.stderr)])
  }
  const { content, metadata } = inputs.steps
  const final = { labels: [[INPUTS_LABEL, inputs.hash]], push: options.push } as const
  try {
    if (decision.content) {
      const { reference: below, build: missing } = decision.content
      if (missing) {
        await build(content, below, { labels: [], push: false })
        await forgetOlder(image.name, below, podman)
      }
      await build(`FROM ${below}\n${metadata}`, reference, final)
    } else await build(content + metadata, reference, final)
    return { steps, cached }
  } finally {
    await new Promise((done) => log.end(done))
  }
}

/** What nothing will be built on any more loses its name; images that were built on it keep what they need of it. */
async function forgetOlder(name: string, kept: string, podman: Podman): Promise<void> {
  const older = (await podman.images()).flatMap(({ names }) =>
    names.filter((one) => one.startsWith(`${CONTENT_IMAGES}${name}:`) && one !== kept),
  )
  for (const reference of older) await podman.try(['untag', reference, reference])
}

/** Finds the author of the failing step by its text: podman prints it on one line. */
function explain(
  { image, inputs }: ImageDecision,
  containerfile: string,
  step: string,
  output: readonly string[],
  logFile: string,
  stderr: string,
): Diagnostic {
  const place = authorOf(step, containerfile, inputs.lines) ?? image.origin
  const mismatch = output.find((line) => line.startsWith(CHECKSUM_MISMATCH))
  if (mismatch !== undefined) return wrongChecksum(image.name, mismatch, place)
  // podman ends by repeating the step, over as many lines as its script has.
  const end = output.findIndex((line) => line.startsWith('Error: building at STEP'))
  const shown = output.slice(0, end === -1 ? undefined : end).filter((line) => line.trim() !== '')
  const error = stderr.trim().split('\n').at(-1) ?? ''
  const reason = /: (exit status \d+|[^:]*)$/.exec(error)?.[1] ?? error
  return {
    code: 'OV5003',
    severity: 'error',
    message: `not built: ${reason}`,
    entity: `image "${image.name}"`,
    place,
    output: shown.slice(-40),
    remedy: `the whole log is in ${logFile}`,
  }
}

/** A download that is not the file it must be. */
function wrongChecksum(image: string, line: string, place: Place): Diagnostic {
  const [, url = '', pinned] = /^checksum mismatch: (.*) is sha256:\S+, (ov\.lock)?/.exec(line) ?? []
  return {
    code: 'OV5020',
    severity: 'error',
    message: line,
    entity: `image "${image}"`,
    place,
    remedy:
      pinned === undefined
        ? 'find out which of them is right, and write it as checksum'
        : `find out which of them is right; to accept the new file: ov lock --update ${url}`,
  }
}

const squeeze = (text: string) => text.replace(/\\\n/g, ' ').replace(/\s+/g, ' ').trim()

function authorOf(step: string, containerfile: string, lines: readonly (Place | undefined)[]): Place | undefined {
  const wanted = squeeze(step)
  if (wanted === '') return undefined
  const physical = containerfile.split('\n')
  for (let start = 0; start < physical.length;) {
    let end = start
    while (physical[end]?.endsWith('\\')) end++
    const text = squeeze(physical.slice(start, end + 1).join('\n'))
    // podman fills variables in, and may cut: what comes before the first of them is enough to recognise a step.
    if (text !== '' && (text === wanted || sameStart(text, wanted))) return lines[start]
    start = end + 1
  }
  return undefined
}

function sameStart(text: string, wanted: string): boolean {
  const before = text.split('${')[0]!
  return text.includes('${') && before.length > 12 && wanted.startsWith(before)
}
