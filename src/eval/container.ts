/** A container to look into and to throw away. */
import { randomBytes } from 'node:crypto'
import type { RunOptions, RunResult } from '../apply/executor.ts'
import type { Podman } from '../apply/podman.ts'
import { quoteSingle } from '../format/shell.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { LABEL_PREFIX } from '../plan/labels.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import { BUILT_IN } from '../vocabulary/index.ts'
import type { BakedCheck } from './baked.ts'
import { tookTooLong, type RunInTarget, type Target } from './target.ts'

/** Marks our containers, so that what a killed run left behind is found. */
const MARK = `${LABEL_PREFIX}throwaway=eval`
/** It ends by itself when nobody is left to end it. (seconds) */
const LIFETIME = 3600

/** Waits until an init has started what it starts, half a minute at most. */
const SETTLED: Readonly<Record<string, string>> = {
  supervisord: `for i in $(seq 100); do
  s=$(supervisorctl status 2>&1)
  case $s in *STARTING*|*BACKOFF*|*refused*|*'no such file'*) sleep 0.3 ;; *) exit 0 ;; esac
done`,
  systemd: `for i in $(seq 100); do
  case $(systemctl is-system-running 2>/dev/null) in running|degraded|maintenance) exit 0 ;; *) sleep 0.3 ;; esac
done`,
}
const SETTLE_TIMEOUT = 60_000
/** Programs that boot an image, where the init's own description has none. */
const BOOT: Readonly<Record<string, readonly string[]>> = { systemd: ['/usr/lib/systemd/systemd'] }

/** Ends what a command that took too long has left: podman only ends itself. It is known by its environment, which only its own account may read. */
const KILL = `for d in /proc/[0-9]*; do
  grep -q "$1" "$d/environ" 2>/dev/null && kill -9 "\${d#/proc/}"
done`

/** Checks that are about what runs. */
const looksAtRunning = ({ verb }: BakedCheck): boolean => ['service', 'port', 'process', 'http'].includes(verb)

export interface ContainerOptions {
  /** Full reference. */
  readonly image: string
  readonly metadata: ImageMetadata
  readonly checks: readonly BakedCheck[]
  readonly podman: Podman
  readonly signal: AbortSignal
}

/** Starts a container of the image, has it used, and removes it whatever happens. */
export async function withContainer<T>(options: ContainerOptions, use: (target: Target) => Promise<T>): Promise<T> {
  const { podman } = options
  const name = `ov-eval-${randomBytes(6).toString('hex')}`
  const swept = podman.try(['container', 'prune', '--force', '--filter', `label=${MARK}`, '--filter', 'until=2h'])
  try {
    return await use(await start(name, options))
  } finally {
    await podman.try(['rm', '--force', '--time', '0', '--volumes', '--ignore', name])
    await swept
  }
}

/**
 * With checks of what runs, the init of the image is started, as a deploy does, but with nothing of a deploy's: no variables, volumes, ports,
 * secrets or permissions. Without them nothing is, so that looking into an image has no effects.
 */
async function start(name: string, { image, metadata, checks, podman, signal }: ContainerOptions): Promise<Target> {
  const { init } = metadata
  const command = BUILT_IN.inits.get(init)?.entrypoint ?? BOOT[init]
  const inits = checks.some(looksAtRunning) && command !== undefined
  const [program = '', ...args] = inits ? command : ['sleep', 'infinity']
  const boots = inits && init === 'systemd'
  // The account of commands, which booting as root would change.
  const { stdout } = await podman.run(['image', 'inspect', '--format', '{{.Config.User}}', image])
  const user = stdout.trim()
  await podman.run(
    [
      ...['run', '--detach', '--name', name, '--label', MARK, '--pull', 'never', '--timeout', String(LIFETIME)],
      ...(boots ? ['--user', '0', '--systemd', 'always'] : []),
      ...['--entrypoint', JSON.stringify([program]), image, ...args],
    ],
    { signal },
  )
  let background = false
  const podmanExec = (options: readonly string[], argv: readonly string[], more: RunOptions) =>
    podman.try(['exec', ...options, name, ...argv], more)
  const exec: Exec = async (argv, { as, stdin, leaves, timeout }) => {
    const account = as === 'root' ? '0' : user
    const mark = `OV_EVAL=${randomBytes(6).toString('hex')}`
    const limit = timeout === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeout)])
    const asAccount = account === '' ? [] : ['--user', account]
    const ran = podmanExec(
      [
        ...(stdin === undefined ? [] : ['--interactive']),
        ...asAccount,
        ...(timeout === undefined ? [] : ['--env', mark]),
      ],
      argv,
      { signal: limit, ...(stdin !== undefined && { stdin }) },
    )
    try {
      const result = await ran
      if ([125, 255].includes(result.exitCode) && GONE.test(result.stderr)) throw await ended(name, image, podman)
      if (leaves === true) background = true
      return result
    } catch (error) {
      if (tookTooLong(error)) await podmanExec(asAccount, ['sh', '-c', KILL, 'ov', mark], { signal })
      throw error
    }
  }
  const looks = together(exec)
  const target: Target = {
    run: (argv, options) => (options.look === true ? looks(argv, options) : exec(argv, options)),
    get running() {
      if (inits || background) return {}
      if (init !== '' && command === undefined)
        return {
          unknown: `nothing is started: ov does not know the init ${JSON.stringify(init)} outside of its project`,
        }
      return { nothing: 'the image has no init, so that nothing is started in its container' }
    },
  }
  if (inits) await settle(target, SETTLED[init])
  return target
}

type Exec = Target['run']

/**
 * Runs looks that are asked for at the same time with one podman, which takes longer to get into a container than they take there. Where one takes
 * too long, each is run by itself.
 */
export function together(exec: Exec): Exec {
  let waiting: {
    readonly argv: readonly string[]
    readonly options: RunInTarget
    readonly resolve: (ran: RunResult) => void
    readonly reject: (error: unknown) => void
  }[] = []
  const flush = async () => {
    const all = waiting
    waiting = []
    const alone = () =>
      all.forEach(({ argv, options, resolve, reject }) => void exec(argv, options).then(resolve, reject))
    if (all.length === 1) return alone()
    const end = `end-${randomBytes(12).toString('hex')}:`
    const lines = all.map(
      ({ argv }) => `${argv.map(quoteSingle).join(' ')} </dev/null; printf '${end}%s;' $?; printf '${end}' >&2`,
    )
    try {
      const { stdout, stderr } = await exec(['sh', '-c', lines.join('\n')], all[0]!.options)
      const [outs, errs] = [stdout.split(end), stderr.split(end)]
      if (outs.length !== all.length + 1) return alone()
      all.forEach(({ resolve }, index) => {
        // What ended one begins the next: its exit code and a semicolon.
        const text = outs[index]!
        resolve({
          exitCode: Number.parseInt(outs[index + 1]!, 10),
          stdout: index === 0 ? text : text.slice(text.indexOf(';') + 1),
          stderr: errs[index] ?? '',
        })
      })
    } catch (error) {
      if (tookTooLong(error)) alone()
      else all.forEach(({ reject }) => reject(error))
    }
  }
  return (argv, options) =>
    new Promise((resolve, reject) => {
      waiting.push({ argv, options, resolve, reject })
      if (waiting.length === 1) setImmediate(() => void flush())
    })
}

/** What has not come up in time is for the checks to find. */
async function settle(target: Target, script = 'true'): Promise<void> {
  try {
    await target.run(['sh', '-c', script], { as: 'root', timeout: SETTLE_TIMEOUT })
  } catch (error) {
    if (!tookTooLong(error)) throw error
  }
}

/** What podman says when the container is not there any more. */
const GONE = /^Error: .*(container state improper|no such container|no container with name or ID|is not running)/m

async function ended(name: string, image: string, podman: Podman): Promise<DiagnosticError> {
  const { stdout, stderr } = await podman.try(['logs', '--tail', '5', name])
  const said = `${stdout}${stderr}`.trim()
  return new DiagnosticError([
    {
      code: 'OV5012',
      severity: 'error',
      message: `the container of ${image} ended while it was looked at${said === '' ? '' : `; it said last:\n${said}`}`,
      remedy: "see what its init needs; checks that need it can have scope: 'deploy'",
    },
  ])
}
