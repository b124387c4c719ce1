import type { Place } from '../diagnostics/diagnostic.ts'

/** A file of the output: its text, or a copy of a file of the project. */
export type OutputFile =
  | { readonly kind: 'text'; readonly text: string; readonly lines?: readonly (Place | undefined)[] }
  | { readonly kind: 'copy'; readonly from: string; readonly hash: string; readonly executable: boolean }

/** Everything synth writes, by path relative to the project root. */
export type FileTree = ReadonlyMap<string, OutputFile>

/** The side map of a generated file: for each line the index of the place that wrote it, or null. Places are `file:line:column`. */
export function sideMap(lines: readonly (Place | undefined)[]): string {
  const places: string[] = []
  const index = new Map<string, number>()
  const at = lines.map((place) => {
    if (!place) return null
    const text = `${place.file}:${place.line}:${place.column}`
    const known = index.get(text)
    if (known !== undefined) return known
    index.set(text, places.length)
    return places.push(text) - 1
  })
  return `${JSON.stringify({ version: 1, places, lines: at })}\n`
}
