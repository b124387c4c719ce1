import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { LABEL_PREFIX } from '../plan/labels.ts'
import type { Executor, RunOptions, RunResult } from './executor.ts'

/** Label that says what an image was built from; given to the build command, not in the Containerfile. */
export const INPUTS_LABEL = `${LABEL_PREFIX}build_inputs`

/** An image in local storage. */
export interface LocalImage {
  readonly id: string
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** podman, as far as ov uses it. */
export class Podman {
  readonly #executor: Executor
  constructor(executor: Executor) {
    this.#executor = executor
  }

  /** Runs podman; its failure is reported with what it said. */
  async run(args: readonly string[], options?: RunOptions): Promise<RunResult> {
    const result = await this.try(args, options)
    if (result.exitCode !== 0)
      throw new DiagnosticError([
        {
          code: 'OV5007',
          severity: 'error',
          message: `podman ${args[0]} ${args[1] ?? ''} failed: ${result.stderr.trim().split('\n').at(-1) ?? `exit code ${result.exitCode}`}`,
          remedy: 'see what podman says; the command can be repeated',
        },
      ])
    return result
  }

  /** Runs podman; a non-zero exit is a result. */
  async try(args: readonly string[], options?: RunOptions): Promise<RunResult> {
    const result = await this.#executor.run(['podman', ...args], options)
    if (result.exitCode === 127)
      throw new DiagnosticError([
        {
          code: 'OV5004',
          severity: 'error',
          message: 'podman is not installed',
          remedy: 'install podman 4.4 or later with your package manager',
        },
      ])
    return result
  }

  async exists(kind: 'image' | 'container' | 'volume' | 'network', name: string): Promise<boolean> {
    return (await this.try([kind, 'exists', name])).exitCode === 0
  }

  /** Host ports that a container publishes, running or not yet. */
  async published(container: string): Promise<{ host: number; protocol: string; text: string }[]> {
    const { exitCode, stdout } = await this.try(['port', container])
    if (exitCode !== 0) return []
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [inside = '', host = ''] = line.split(' -> ')
        return {
          host: Number(host.slice(host.lastIndexOf(':') + 1)),
          protocol: inside.split('/')[1] ?? 'tcp',
          text: `${host} -> ${inside}`,
        }
      })
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
    return images
      .sort((a, b) => b.Created - a.Created)
      .map(({ Id, Names, Labels }) => ({ id: Id, names: Names ?? [], labels: Labels ?? {} }))
  }

  /** Labels of an image, or undefined when it is not in local storage. */
  async labels(reference: string): Promise<Readonly<Record<string, string>> | undefined> {
    const { exitCode, stdout } = await this.try(['image', 'inspect', '--format', '{{json .Labels}}', reference])
    return exitCode === 0 ? ((JSON.parse(stdout) as Record<string, string> | null) ?? {}) : undefined
  }
}
