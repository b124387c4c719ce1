import type { Graph, NodeKind } from './graph.ts'

const SHAPES: Readonly<Record<NodeKind, readonly [string, string]>> = {
  base: ['[(', ')]'],
  image: ['[', ']'],
  auto: ['[', ']'],
  layer: ['(', ')'],
}

/** The graph as a Mermaid flowchart: what needs something points to it. */
export function toMermaid({ nodes, edges }: Graph): string {
  const lines = [
    'flowchart LR',
    ...nodes.map(({ id, kind, label }) => {
      const [open, close] = SHAPES[kind]
      return `  ${id}${open}"${label.replaceAll('"', '#quot;')}"${close}:::${kind}`
    }),
    ...edges.map(([from, to]) => `  ${from} --> ${to}`),
    '  classDef image stroke-width:2px',
    '  classDef auto stroke-width:2px,stroke-dasharray:4',
  ]
  return lines.join('\n')
}
