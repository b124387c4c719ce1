/** What each input of a bundle imports, as esbuild's metafile has it. */
export type ImportGraph = Readonly<Record<string, { readonly imports: readonly { readonly path: string }[] }>>

/**
 * Files that import each other in a circle. In a bundle, a value that is read before its file has come to it is no error but `undefined`, so
 * that it has to be looked for. (Packages know what they do.)
 */
export function filesInCircles(graph: ImportGraph): string[] {
  const files = Object.keys(graph).filter((file) => !file.includes('node_modules/'))
  // What nothing imports, or what imports nothing, is in no circle; take such files away until none is left.
  const left = new Set(files)
  const edges = (file: string) => graph[file]?.imports.filter(({ path }) => left.has(path)) ?? []
  for (let size = -1; size !== left.size;) {
    size = left.size
    const imported = new Set([...left].flatMap((file) => edges(file).map(({ path }) => path)))
    for (const file of left) if (!imported.has(file) || edges(file).length === 0) left.delete(file)
  }
  return [...left].sort()
}
