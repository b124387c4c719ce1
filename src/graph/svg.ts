import * as dagre from '@dagrejs/dagre'
import type { Graph, NodeKind } from './graph.ts'

interface Point {
  readonly x: number
  readonly y: number
}

interface Box extends Point {
  readonly width: number
  readonly height: number
}

/** What is used of dagre, whose own declarations TypeScript can't resolve: they import each other without extensions. */
interface Layout {
  setGraph(options: object): void
  setDefaultEdgeLabel(make: () => object): void
  setNode(id: string, size: { width: number; height: number }): void
  setEdge(from: string, to: string): void
  node(id: string): Box
  edge(from: string, to: string): { readonly points: readonly Point[] }
}
const { Graph: Plan, layout } = dagre as unknown as { Graph: new () => Layout; layout(plan: Layout): void }

const LETTER = 7.3
const HEIGHT = 28
const MARGIN = 12

const STYLE = [
  'text { font: 12px ui-monospace, monospace; text-anchor: middle; dominant-baseline: central; fill: #1b1f24 }',
  'rect { stroke: #57606a; fill: #f6f8fa }',
  '.image rect { stroke-width: 2; fill: #ddf4ff }',
  '.auto rect { stroke-width: 2; stroke-dasharray: 4; fill: #ddf4ff }',
  '.base rect { fill: #fff8c5 }',
  'path { fill: none; stroke: #8c959f }',
  '#arrow path { fill: #8c959f; stroke: none }',
].join(' ')

/** How round the corners are: layers are soft, images are not. */
const CORNERS: Readonly<Record<NodeKind, number>> = { base: 0, image: 3, auto: 3, layer: 14 }

/** The graph as a picture: what needs something stands left of it. */
export function toSvg({ nodes, edges }: Graph): string {
  const plan = new Plan()
  plan.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 60 })
  plan.setDefaultEdgeLabel(() => ({}))
  for (const { id, label } of nodes) plan.setNode(id, { width: label.length * LETTER + 20, height: HEIGHT })
  for (const [from, to] of edges) plan.setEdge(from, to)
  layout(plan)
  const shapes = nodes.map(({ id, kind, label }) => {
    const box = plan.node(id)
    const [left, top] = [box.x - box.width / 2, box.y - box.height / 2]
    return [
      `<g class="${kind}">`,
      `<rect x="${n(left)}" y="${n(top)}" width="${n(box.width)}" height="${n(box.height)}" rx="${CORNERS[kind]}"/>`,
      `<text x="${n(box.x)}" y="${n(box.y)}">${escaped(label)}</text>`,
      '</g>',
    ].join('')
  })
  const boxes = nodes.map(({ id }) => plan.node(id))
  const points = edges.flatMap(([from, to]) => plan.edge(from, to).points)
  const span = (low: (box: Box) => number, high: (box: Box) => number, at: (point: Point) => number) => {
    // Lines may swing out further than anything they connect.
    const all = [...boxes.flatMap((box) => [low(box), high(box)]), ...points.map(at), 0]
    const from = all.reduce((a, b) => Math.min(a, b)) - MARGIN
    return [from, all.reduce((a, b) => Math.max(a, b)) + MARGIN - from] as const
  }
  const [left, width] = span(
    ({ x, width }) => x - width / 2,
    ({ x, width }) => x + width / 2,
    ({ x }) => x,
  )
  const [top, height] = span(
    ({ y, height }) => y - height / 2,
    ({ y, height }) => y + height / 2,
    ({ y }) => y,
  )
  const lines = edges.map(([from, to]) => {
    const { points } = plan.edge(from, to)
    return `<path d="${points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${n(x)} ${n(y)}`).join(' ')}" marker-end="url(#arrow)"/>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${n(left)} ${n(top)} ${n(width)} ${n(height)}" width="${n(width)}" height="${n(height)}">`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>',
    ...lines,
    ...shapes,
    '</svg>',
  ].join('\n')
}

/** Positions to a tenth: more is noise. */
const n = (value: number) => String(Math.round(value * 10) / 10)

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
