import type { Place } from '../diagnostics/diagnostic.ts'

/** A file of the output: its text, or a copy of a file of the project. */
export type OutputFile =
  | { readonly kind: 'text'; readonly text: string; readonly lines?: readonly (Place | undefined)[] }
  | { readonly kind: 'copy'; readonly from: string; readonly hash: string; readonly executable: boolean }

/** Everything synth writes, by path relative to the project root. */
export type FileTree = ReadonlyMap<string, OutputFile>

/** Name of a side map; generated files have other names. */
export const SIDE_MAP = 'map.json'

/**
 * Who wrote the lines of the files of a folder: for each line the index of the place that wrote it, or null. Places are `file:line:column`. One
 * file for all of them: most say the same few places, and a file costs more than what is in it.
 */
export function sideMap(
  files: readonly { readonly name: string; readonly lines: readonly (Place | undefined)[] }[],
): string {
  const places: string[] = []
  const index = new Map<string, number>()
  const indexOf = (place: Place | undefined): number | null => {
    if (!place) return null
    const text = `${place.file}:${place.line}:${place.column}`
    const known = index.get(text)
    if (known !== undefined) return known
    index.set(text, places.length)
    return places.push(text) - 1
  }
  const entries = files.map(({ name, lines }) => [name, lines.map(indexOf)] as const)
  return `${JSON.stringify({ version: 2, places, files: Object.fromEntries(entries) })}\n`
}
