import { textDiff } from './text.ts'

/** What an image is or was built from: its Containerfile, hashes by path, and texts where they are known. */
export interface BuildSources {
  readonly containerfile: string
  readonly context: Readonly<Record<string, string>>
  readonly text: (path: string) => string | undefined
}

const INLINE = /\.build\/[^\s",]+\/_inline\/[^\s",/]+\/[0-9a-f]{64}/

/** A unified diff of everything that an image is built from. Written content is shown under the path that it gets in the image. */
export function buildDiff(name: string, before: BuildSources, after: BuildSources): string {
  const parts = [textDiff(`.build/${name}/Containerfile`, unhashed(before), unhashed(after))]
  const [old, now] = [written(before), written(after)]
  for (const target of union(old.keys(), now.keys()))
    parts.push(textDiff(target, textOf(before, old.get(target)), textOf(after, now.get(target))))
  for (const path of union(Object.keys(before.context), Object.keys(after.context))) {
    if (INLINE.test(path) || before.context[path] === after.context[path]) continue
    const [was, is] = [textOf(before, path), textOf(after, path)]
    parts.push(was === undefined && is === undefined ? `${path} differs\n` : textDiff(path, was, is))
  }
  return parts.join('')
}

const union = (a: Iterable<string>, b: Iterable<string>) => [...new Set([...a, ...b])].sort()

const textOf = ({ context, text }: BuildSources, path: string | undefined) =>
  path !== undefined && path in context ? text(path) : undefined

/** The Containerfile without the hashes of written content: that has a diff of its own. */
const unhashed = ({ containerfile }: BuildSources) =>
  containerfile.replace(new RegExp(INLINE, 'g'), (path) => path.replace(/[0-9a-f]{64}$/, '<content>'))

/** Where written content goes: path in the image → path in the context. */
function written({ containerfile }: BuildSources): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of containerfile.split('\n')) {
    const path = line.startsWith('COPY ') ? INLINE.exec(line)?.[0] : undefined
    if (path !== undefined)
      found.set(line.slice(line.indexOf(path) + path.length).replace(/^"?[,\s]"?|"\]$/g, ''), path)
  }
  return found
}
