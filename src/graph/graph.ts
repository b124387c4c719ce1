/** What a node stands for. */
export type NodeKind = 'base' | 'image' | 'auto' | 'layer'

export interface GraphNode {
  /** Unique, and a word in every graph language: `image_web`. */
  readonly id: string
  readonly kind: NodeKind
  readonly label: string
}

/** Things and what each of them needs. */
export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly (readonly [from: string, to: string])[]
}

/** The named things, and everything they need. */
export function neededBy(graph: Graph, ids: readonly string[]): Graph {
  const needs = Map.groupBy(graph.edges, ([from]) => from)
  const kept = new Set<string>()
  const open = [...ids]
  for (let id; (id = open.pop()) !== undefined;) {
    if (kept.has(id)) continue
    kept.add(id)
    open.push(...(needs.get(id) ?? []).map(([, to]) => to))
  }
  return {
    nodes: graph.nodes.filter(({ id }) => kept.has(id)),
    edges: graph.edges.filter(([from]) => kept.has(from)),
  }
}
