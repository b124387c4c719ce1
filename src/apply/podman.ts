import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { LABEL_PREFIX } from '../plan/labels.ts'
import type { Executor, RunOptions, RunResult } from './executor.ts'
import { withWorkFolder } from './work.ts'

/** Label that says what an image was built from; given to the build command, not in the Containerfile. */
export const INPUTS_LABEL = `${LABEL_PREFIX}build_inputs`

/** Programs that build images. */
export type EngineName = 'podman' | 'docker'

/** An image in local storage. */
export interface LocalImage {
  readonly id: string
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** A container, running or not. */
export interface RunningContainer {
  readonly name: string
  readonly image: string
  /** Id of the image, as far as the engine says. */
  readonly imageId?: string
  /** `running`, `exited`, … */
  readonly state: string
  /** `127.0.0.1:8088 -> 8080/tcp` */
  readonly ports: readonly string[]
}

/** podman, as far as ov uses it. */
export class Podman {
  readonly program: EngineName = 'podman'
  protected readonly missing: string = 'install podman 4.4 or later with your package manager'
  readonly #executor: Executor
  constructor(executor: Executor) {
    this.#executor = executor
  }

  /** Runs podman; its failure is reported with what it said. */
  async run(args: readonly string[], options?: RunOptions): Promise<RunResult> {
    const result = await this.try(args, options)
    if (result.exitCode !== 0) throw this.#failure(args, result)
    return result
  }

  #failure(args: readonly string[], { stderr, exitCode }: RunResult): DiagnosticError {
    const said = stderr.trim().split('\n').at(-1) ?? `exit code ${exitCode}`
    return new DiagnosticError([
      {
        code: 'OV5007',
        severity: 'error',
        message: `${this.program} ${args[0]} ${args[1] ?? ''} failed: ${said}`,
        remedy: `see what ${this.program} says; the command can be repeated`,
      },
    ])
  }

  /** Runs podman; a non-zero exit is a result. */
  async try(args: readonly string[], options?: RunOptions): Promise<RunResult> {
    const result = await this.#executor.run([this.program, ...args], options)
    // 127 is also what an engine says of a program that a container lacks.
    if (result.exitCode === 127 && result.stderr === `${this.program}: not found`)
      throw new DiagnosticError([
        {
          code: 'OV5004',
          severity: 'error',
          message: `${this.program} is not installed`,
          remedy: this.missing,
        },
      ])
    return result
  }

  /** What it says of itself; undefined where it is not installed. */
  async version(): Promise<string | undefined> {
    const { exitCode, stdout } = await this.#executor.run([this.program, '--version'])
    return exitCode === 127 ? undefined : stdout.trim()
  }

  /** Digest that an image has in its repository: that of the list of all platforms, where it came with one. */
  async digest(reference: string): Promise<string | undefined> {
    const { exitCode, stdout } = await this.try(['image', 'inspect', reference])
    const [image] = exitCode === 0 ? (JSON.parse(stdout) as { Digest?: string; RepoDigests?: string[] }[]) : []
    if (!image) return undefined
    const repository = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
    const digests = (image.RepoDigests ?? []).flatMap((one) => {
      const [name = '', digest = ''] = one.split('@')
      return name === repository || name.endsWith(`/${repository}`) ? [digest] : []
    })
    return digests.filter((digest) => digest !== image.Digest).sort()[0] ?? image.Digest ?? digests[0]
  }

  /** Fetches an image. What it says when it can't. */
  async pull(reference: string, signal: AbortSignal): Promise<string | undefined> {
    const { exitCode, stderr } = await this.try(['pull', '--quiet', reference], { signal, bound: true })
    return exitCode === 0 ? undefined : (stderr.trim().split('\n').at(-1) ?? `exit code ${exitCode}`)
  }

  /** The command line that makes an image of an archive of files. */
  importArguments(archive: string, reference: string): string[] {
    return ['import', '--quiet', archive, reference]
  }

  /** The text of a file of an image, without running anything of it. */
  async fileOf(reference: string, path: string): Promise<string | undefined> {
    const { exitCode, stdout } = await this.try(['create', '--pull', 'never', reference, 'none'])
    if (exitCode !== 0) return undefined
    const container = stdout.trim()
    try {
      return await withWorkFolder(async (folder) => {
        const copy = join(folder, 'file')
        const copied = await this.try(['cp', `${container}:${path}`, copy])
        return copied.exitCode === 0 ? readFileSync(copy, 'utf8') : undefined
      })
    } finally {
      await this.try(['rm', container])
    }
  }

  async exists(kind: 'image' | 'container' | 'volume' | 'network' | 'secret' | 'pod', name: string): Promise<boolean> {
    return (await this.try([kind, 'exists', name])).exitCode === 0
  }

  /** Ends a container and removes it; none of the name is as well. */
  async removeContainer(name: string): Promise<void> {
    if (await this.exists('container', name)) await this.run(['rm', '-f', '-t', '10', name])
  }

  /** Value of a secret, to tell whether it is the right one; undefined where there is none, or this podman does not tell. */
  async secretValue(name: string): Promise<string | undefined> {
    const { exitCode, stdout } = await this.try([
      'secret',
      'inspect',
      '--showsecret',
      '--format',
      '{{.SecretData}}',
      name,
    ])
    // podman ends what it prints with a line break of its own.
    return exitCode === 0 ? stdout.replace(/\n$/, '') : undefined
  }

  /** Makes a secret, or gives it another value, which travels through standard input. (CRED-72) */
  async setSecret(name: string, value: string): Promise<void> {
    if (await this.exists('secret', name)) await this.run(['secret', 'rm', name])
    // podman takes a secret from a pipe only, and standard input of a child of Node is a socket.
    const created = await this.#executor.run(
      ['sh', '-c', 'cat | exec "$@"', 'sh', this.program, 'secret', 'create', name, '-'],
      { stdin: value },
    )
    if (created.exitCode !== 0) throw this.#failure(['secret', 'create'], created)
  }

  /** All containers, running or not, with what they publish: one question for all of them. */
  async containers(): Promise<RunningContainer[]> {
    const { stdout } = await this.run(['ps', '--all', '--format', 'json'])
    const containers = JSON.parse(stdout || '[]') as {
      Names?: string[]
      Image: string
      ImageID: string
      State: string
      Ports?: { host_ip: string; host_port: number; container_port: number; range: number; protocol: string }[] | null
    }[]
    return containers.map(({ Names, Image, ImageID, State, Ports }) => ({
      name: Names?.[0] ?? '',
      image: Image,
      imageId: ImageID,
      state: State,
      ports: (Ports ?? []).flatMap(({ host_ip: ip, host_port: host, container_port: container, range, protocol }) =>
        Array.from(
          { length: range || 1 },
          (_, at) => `${ip || '0.0.0.0'}:${host + at} -> ${container + at}/${protocol}`,
        ),
      ),
    }))
  }

  /** All images in local storage, newest first. */
  async images(): Promise<LocalImage[]> {
    const { stdout } = await this.run(['images', '--format', 'json'])
    const images = JSON.parse(stdout || '[]') as {
      Id: string
      Names?: string[]
      Labels?: Record<string, string> | null
      Created: number
    }[]
    // podman has an image once for each of its names, with all of them.
    return [...new Map(images.map((image) => [image.Id, image])).values()]
      .sort((a, b) => b.Created - a.Created)
      .map(({ Id, Names, Labels }) => ({ id: Id, names: Names ?? [], labels: Labels ?? {} }))
  }

  /** Id of an image, or undefined when it is not in local storage. */
  async imageId(reference: string): Promise<string | undefined> {
    const { exitCode, stdout } = await this.try(['image', 'inspect', '--format', '{{.Id}}', reference])
    return exitCode === 0 ? stdout.trim() : undefined
  }

  /** Names of all secrets. */
  async secrets(): Promise<ReadonlySet<string>> {
    const { stdout } = await this.run(['secret', 'ls', '--format', '{{.Name}}'])
    return new Set(stdout.split('\n'))
  }

  /** Labels of an image, or undefined when it is not in local storage. */
  async labels(reference: string): Promise<Readonly<Record<string, string>> | undefined> {
    const { exitCode, stdout } = await this.try(['image', 'inspect', '--format', '{{json .Labels}}', reference])
    return exitCode === 0 ? ((JSON.parse(stdout) as Record<string, string> | null) ?? {}) : undefined
  }
}
