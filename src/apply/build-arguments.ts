import type { EngineName } from './podman.ts'

/** Where steps may come from besides this machine's own storage, and where they go. (IMG-184) */
export const CACHE_MODES = ['image', 'registry', 'gha', 'none'] as const
export type CacheMode = (typeof CACHE_MODES)[number]

/** One build, as engines are told. */
export interface BuildCommand {
  /** The Containerfile. */
  readonly file: string
  readonly reference: string
  readonly name: string
  readonly registry: string | undefined
  readonly ignoreFile: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  /** Files of this machine that the steps see: source → target. */
  readonly mounts: readonly (readonly [from: string, to: string])[]
  /** Empty for that of the machine. More than one makes a list of images. */
  readonly platforms: readonly string[]
  readonly noCache: boolean
  readonly cache: CacheMode
  /** docker pushes while it builds: a list of platforms has no place in its storage. */
  readonly push: boolean
}

/** Name of the folder that a docker build finds the files of this machine in. */
export const MACHINE_CONTEXT = 'ov-machine'

/** The arguments for the engine; it runs in the project's folder. (IMG-181, IMG-183, IMG-184) */
export function buildArguments(engine: EngineName, command: BuildCommand): string[] {
  const { file, reference, ignoreFile, labels, mounts, platforms, noCache } = command
  const several = platforms.length > 1
  const common = [
    ...labels.flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...(platforms.length > 0 ? ['--platform', platforms.join(',')] : []),
    ...(noCache ? ['--no-cache'] : cacheArguments(engine, command)),
  ]
  if (engine === 'podman')
    return [
      ...['build', '--layers=true', '-f', file, several ? '--manifest' : '-t', reference],
      ...['--ignorefile', ignoreFile],
      ...common,
      ...mounts.flatMap(([from, to]) => ['-v', `${from}:${to}:ro`]),
      '.',
    ]
  return [
    ...(command.push ? ['buildx', 'build', '--push'] : ['build']),
    ...['--progress=plain', '-f', file, '-t', reference],
    ...common,
    ...(mounts.length > 0 ? ['--build-context', `${MACHINE_CONTEXT}=${folderOf(mounts[0]![0])}`] : []),
    '.',
  ]
}

/** An image without a registry has nowhere to take a cache from. */
function cacheArguments(engine: EngineName, { cache, registry, name }: BuildCommand): string[] {
  if (cache === 'gha')
    return ['--cache-from', `type=gha,scope=${name}`, '--cache-to', `type=gha,mode=max,scope=${name}`]
  if (cache === 'none' || registry === undefined) return []
  const image = `${registry}/${name}`
  if (cache === 'image') return ['--cache-from', image]
  if (engine === 'podman') return ['--cache-from', image, '--cache-to', image]
  const ref = `type=registry,ref=${registry}/cache:${name}`
  return ['--cache-from', ref, '--cache-to', `${ref},mode=max,compression=zstd`]
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'))
