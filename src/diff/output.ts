import { buildDiff, type BuildSources } from './build.ts'
import { textDiff } from './text.ts'

/** Files by path relative to the project root: hash, and text where there is one to show. */
export type OutputFiles = ReadonlyMap<string, { readonly hash: string; readonly text?: string }>

/** What of the output differs for one image, layer or deploy. */
export interface OutputDifference {
  readonly kind: 'image' | 'layer' | 'deploy'
  readonly name: string
  readonly action: 'create' | 'update' | 'remove'
  readonly diff: string
}

/** Compares two states of an output folder. */
export function outputDiff(folder: string, before: OutputFiles, after: OutputFiles): OutputDifference[] {
  const [old, now] = [byOwner(folder, before), byOwner(folder, after)]
  const owners = [...new Set([...old.keys(), ...now.keys()])].sort()
  return owners.flatMap((owner): OutputDifference[] => {
    const [was, is] = [old.get(owner), now.get(owner)]
    const [kind, name] = kindOf(owner)
    const diff =
      kind === 'image'
        ? buildDiff(name, sources(folder, name, was), sources(folder, name, is))
        : [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])]
            .sort()
            .map((path) => fileDiff(path, was?.get(path), is?.get(path)))
            .join('')
    const action = was === undefined ? 'create' : is === undefined ? 'remove' : 'update'
    return diff === '' && action === 'update' ? [] : [{ kind, name, action, diff }]
  })
}

/** Side maps only tell where lines were written. */
const isAid = (path: string) => /^[^/]+\/(_deploys\/)?[^/]+\/map\.json$/.test(path)

function byOwner(folder: string, files: OutputFiles): Map<string, OutputFiles> {
  const owners = new Map<string, Map<string, { hash: string; text?: string }>>()
  for (const [path, file] of files) {
    const owner = /^((?:_deploys\/|_layers\/)?[^/]+)\//.exec(path.slice(folder.length + 1))?.[1]
    if (owner === undefined || isAid(path)) continue
    const group = owners.get(owner) ?? new Map<string, { hash: string; text?: string }>()
    owners.set(owner, group.set(path, file))
  }
  return owners
}

function kindOf(owner: string): [OutputDifference['kind'], string] {
  if (owner.startsWith('_deploys/')) return ['deploy', owner.slice('_deploys/'.length)]
  if (owner.startsWith('_layers/')) return ['layer', owner.slice('_layers/'.length)]
  return ['image', owner]
}

function sources(folder: string, image: string, files: OutputFiles = new Map()): BuildSources {
  const containerfile = `${folder}/${image}/Containerfile`
  return {
    containerfile: files.get(containerfile)?.text ?? '',
    context: Object.fromEntries(
      [...files].flatMap(([path, { hash }]) => (path === containerfile ? [] : [[path, hash]])),
    ),
    text: (path) => files.get(path)?.text,
  }
}

type File = { readonly hash: string; readonly text?: string } | undefined

function fileDiff(path: string, was: File, is: File): string {
  if (was?.hash === is?.hash) return ''
  return was?.text === undefined && is?.text === undefined ? `${path} differs\n` : textDiff(path, was?.text, is?.text)
}
