/** Drives `test/bed/bed` from vitest: disposable Debian machines for end-to-end tests (see README.md). */
import { spawnSync } from 'node:child_process'
import { constants, homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/** Where beds keep what they share: the trees they start from, and the key that their accounts let in. */
export const BED_HOME =
  process.env['OV_BED_HOME'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ov', 'bed')

export const BED_COMMAND = join(dirname(fileURLToPath(import.meta.url)), 'bed')

/** `/on/the/host:/in/the/bed` or `/on/the/host:/in/the/bed:ro`; a directory or a file. */
export type BedMount = `/${string}:/${string}`

export interface BedOptions {
  mounts?: readonly BedMount[]
  /** Variables of all commands that say no other value. */
  env?: Readonly<Record<string, string>>
}

export interface ExecOptions {
  /** Default `op`, the lingering user with a systemd user manager and sudo. */
  user?: string
  /** Default: nothing (`/dev/null`). It is a socket, as for any child of Node: `cat /dev/stdin` does not work. */
  stdin?: string | Uint8Array
  /** On top of a login-like environment; nothing of the test's own environment comes in. */
  env?: Readonly<Record<string, string>>
  /** Default: the user's home. */
  cwd?: string
  /** Default true: a failing command rejects. A command that runs out of time rejects in any case. */
  reject?: boolean
  /** Milliseconds, after which the command is killed. */
  timeout?: number
}

export interface ExecResult {
  /** Without the final newline. */
  stdout: string
  /** Without the final newline. */
  stderr: string
  /** 128 + the signal's number if a signal ended it. */
  exitCode: number
}

export interface FileOptions {
  /** As whom to read or write; default `op`. */
  user?: string
}

export interface PutOptions extends FileOptions {
  /** Default 0644. */
  mode?: number
}

export interface Bed {
  /** Its name and host name. */
  readonly name: string
  /** Its address, reachable from the host and from other beds. */
  readonly ip: string
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>
  /** Writes a file, and the directories it needs. A relative path starts at the user's home. */
  put(path: string, content: string | Uint8Array, options?: PutOptions): Promise<void>
  /** The whole content of a file, as UTF-8. */
  get(path: string, options?: FileOptions): Promise<string>
  /** Shuts its system down and starts it again: what is on disk stays, what ran is gone unless a unit starts it. */
  reboot(): Promise<void>
  /** Ends the bed and removes all of it. May be called again. */
  down(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Why this machine cannot run beds, or undefined if it can. */
export async function bedProblems(): Promise<string | undefined> {
  const { exitCode, stderr } = await execa(BED_COMMAND, ['doctor'], { reject: false })
  return exitCode === 0 ? undefined : stderr
}

/** Makes the tree beds start from, if it is not there yet: about a minute the first time. `startBed` does it too. */
export async function buildBeds(): Promise<void> {
  await execa(BED_COMMAND, ['build'])
}

/** Starts a bed. The name is made unique to this process and call, so that test files may run side by side. */
export async function startBed(name: string, { mounts = [], env = {} }: BedOptions = {}): Promise<Bed> {
  const unique = `${name}-${process.pid.toString(36)}-${(started++).toString(36)}`
  running.add(unique)
  try {
    await execa(BED_COMMAND, ['up', unique, ...mounts.flatMap((mount) => ['--mount', mount])])
  } catch (error) {
    running.delete(unique)
    throw error
  }
  const { stdout: ip } = await execa(BED_COMMAND, ['ip', unique])
  return new RunningBed(unique, ip, env)
}

class RunningBed implements Bed {
  readonly name: string
  readonly ip: string

  readonly #env: Readonly<Record<string, string>>

  constructor(name: string, ip: string, env: Readonly<Record<string, string>>) {
    this.#env = env
    this.name = name
    this.ip = ip
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return this.#run(argv, options, true)
  }

  async put(path: string, content: string | Uint8Array, { user = 'op', mode = 0o644 }: PutOptions = {}): Promise<void> {
    // written aside and renamed, so that a watcher never sees half a file
    const script = 'mkdir -p "$1" && cat > "$1/.$2.new" && chmod "$3" "$1/.$2.new" && mv -T "$1/.$2.new" "$1/$2"'
    const argv = ['sh', '-c', script, 'sh', dirname(path), basename(path), mode.toString(8)]
    await this.#run(argv, { user, stdin: content }, true)
  }

  async get(path: string, { user = 'op' }: FileOptions = {}): Promise<string> {
    return (await this.#run(['cat', '--', path], { user }, false)).stdout
  }

  async reboot(): Promise<void> {
    await execa(BED_COMMAND, ['reboot', this.name])
  }

  async down(): Promise<void> {
    await execa(BED_COMMAND, ['down', this.name])
    running.delete(this.name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down()
  }

  async #run(argv: readonly string[], options: ExecOptions, stripFinalNewline: boolean): Promise<ExecResult> {
    const { user = 'op', stdin, env = {}, cwd, reject = true, timeout } = options
    const variables = Object.entries({ ...this.#env, ...env }).flatMap(([key, value]) => ['-e', `${key}=${value}`])
    const directory = cwd === undefined ? [] : ['-C', cwd]
    const result = await execa(
      BED_COMMAND,
      ['exec', this.name, '-u', user, ...variables, ...directory, '--', ...argv],
      {
        ...(stdin === undefined ? { stdin: 'ignore' } : { input: stdin }),
        ...(timeout === undefined ? {} : { timeout }),
        killSignal: 'SIGKILL',
        stripFinalNewline,
        reject: false,
      },
    )
    const { stdout, stderr, signal, timedOut, isMaxBuffer } = result
    const exitCode =
      result.exitCode ?? (signal && !timedOut && !isMaxBuffer ? 128 + constants.signals[signal] : undefined)
    const failure: unknown = result
    if (failure instanceof Error && (reject || exitCode === undefined)) throw failure
    return { stdout, stderr, exitCode: exitCode ?? 0 }
  }
}

let started = 0

// a test file that ends without taking its beds down (a crash, a closed terminal) still leaves none behind
const running = new Set<string>()
process.once('exit', () => {
  for (const name of running) spawnSync(BED_COMMAND, ['down', name], { stdio: 'ignore' })
})
