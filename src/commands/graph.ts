import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { neededBy, type Graph, type GraphNode } from '../graph/graph.ts'
import { byName } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import { imagesNeeded } from '../plan/needs.ts'
import type { Context } from './command.ts'
import { withProject } from './open.ts'
import { compileProject, type CompiledProject } from './project.ts'

export interface GraphOptions {
  readonly project?: string
  readonly svg?: boolean
  readonly json?: boolean
}

/** `ov graph`: images, their bases and layers, and what needs what; as Mermaid, or as a picture. */
export const run = (context: Context, options: GraphOptions, names: readonly string[]): Promise<number> =>
  withProject(options.project, async ({ location, bundle, entities, cache }) => {
    const compiled = await compileProject(location, bundle, entities, cache)
    await context.warn(compiled.diagnostics, location.root)
    const all = graphOf(compiled)
    const graph = names.length === 0 ? all : neededBy(all, idsOf(names, all))
    if (options.json === true) context.result({ schemaVersion: 1, ...graph })
    else if (options.svg === true) context.result((await import('../graph/svg.ts')).toSvg(graph))
    else context.result((await import('../graph/mermaid.ts')).toMermaid(graph))
    return 0
  })

/** Names are words with hyphens; hyphens are no part of words in every graph language. */
const idOf = (kind: string, name: string) => `${kind}_${name.replace(/[^A-Za-z0-9]/g, '_')}`

function graphOf({ project, images }: CompiledProject): Graph {
  const nodes = new Map<string, GraphNode>()
  const edges: [string, string][] = []
  for (const { name, data } of project.layers.values()) {
    nodes.set(idOf('layer', name), { id: idOf('layer', name), kind: 'layer', label: name })
    for (const ref of [...(data.depends ?? []), ...(data.layers ?? [])])
      edges.push([idOf('layer', name), idOf('layer', refName(ref))])
  }
  for (const image of [...images.values()].sort((a, b) => byName(a.name, b.name))) {
    const id = idOf('image', image.name)
    nodes.set(id, { id, kind: image.auto ? 'auto' : 'image', label: image.name })
    for (const needed of imagesNeeded(image)) edges.push([id, idOf('image', needed)])
    const { base } = image
    if (base.kind === 'external' || base.kind === 'bootstrap') {
      const label = base.kind === 'external' ? base.ref : `${base.spec.distro} ${base.spec.suite}`
      nodes.set(idOf('base', label), { id: idOf('base', label), kind: 'base', label })
      edges.push([id, idOf('base', label)])
    }
    for (const { plan } of image.layers) edges.push([id, idOf('layer', plan.layer)])
  }
  return { nodes: [...nodes.values()], edges }
}

/** Ids of what the names stand for: an image first, else a layer. */
function idsOf(names: readonly string[], { nodes }: Graph): string[] {
  const named = nodes.filter(({ kind }) => kind !== 'base')
  const kinds = (name: string) => named.filter(({ label }) => label === name)
  const unknown = names.filter((name) => kinds(name).length === 0)
  if (unknown.length > 0)
    throw new DiagnosticError(
      unknown.map((name) => {
        const close = suggest(
          name,
          named.map(({ label }) => label),
        )
        return {
          code: 'OV3003',
          severity: 'error',
          message: `there is no image or layer "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
          remedy: 'ov image list and ov image list layers name them',
        }
      }),
    )
  return names.flatMap((name) => {
    const found = kinds(name)
    return (found.filter(({ kind }) => kind !== 'layer')[0] ?? found[0]!).id
  })
}
