import { Podman, type LocalImage, type RunningContainer } from './podman.ts'

interface Inspected {
  readonly Id: string
  readonly RepoTags?: readonly string[] | null
  readonly Created?: string
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null } | null
}

/** docker, where it builds: the same commands, with other answers. (IMG-185) */
export class Docker extends Podman {
  override readonly program = 'docker'
  protected override readonly missing = 'install docker, or build with podman: --engine podman'

  override async exists(kind: 'image' | 'container' | 'volume' | 'network', name: string): Promise<boolean> {
    return (await this.try([kind, 'inspect', name])).exitCode === 0
  }

  override async removeContainer(name: string): Promise<void> {
    if (!(await this.exists('container', name))) return
    // One that stays away when it stops may be gone by the time it is removed.
    await this.try(['stop', '-t', '10', name])
    if (await this.exists('container', name)) await this.run(['rm', '-f', name])
  }

  /** docker alone has none, only a swarm does. */
  override secrets(): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set())
  }

  override async containers(): Promise<RunningContainer[]> {
    const { stdout } = await this.run(['ps', '--all', '--no-trunc', '--format', '{{json .}}'])
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { Names, Image, State, Ports } = JSON.parse(line) as Record<string, string>
        const ports = (Ports ?? '').split(', ').filter((port) => port.includes('->'))
        return {
          name: Names ?? '',
          image: Image ?? '',
          state: State ?? '',
          ports: ports.map((port) => port.replace('->', ' -> ')),
        }
      })
  }

  override async images(): Promise<LocalImage[]> {
    const { stdout } = await this.run(['image', 'ls', '--quiet', '--no-trunc'])
    const ids = [...new Set(stdout.split('\n').filter((id) => id !== ''))]
    if (ids.length === 0) return []
    const found = JSON.parse((await this.run(['image', 'inspect', ...ids])).stdout) as Inspected[]
    return found
      .sort((a, b) => Date.parse(b.Created ?? '') - Date.parse(a.Created ?? ''))
      .map(({ Id, RepoTags, Config }) => ({ id: Id, names: RepoTags ?? [], labels: Config?.Labels ?? {} }))
  }

  override async labels(reference: string): Promise<Readonly<Record<string, string>> | undefined> {
    const { exitCode, stdout } = await this.try(['image', 'inspect', reference])
    const [image] = exitCode === 0 ? (JSON.parse(stdout) as Inspected[]) : []
    return image && (image.Config?.Labels ?? {})
  }

  override importArguments(archive: string, reference: string): string[] {
    return ['import', archive, reference]
  }
}
