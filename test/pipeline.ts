import { DiagnosticError, throwIfErrors, type Diagnostic } from '../src/diagnostics/diagnostic.ts'
import { collect } from '../src/load/collect.ts'
import { badValues } from '../src/load/origins.ts'
import { locateLayers, Lookups, stageLayers } from '../src/load/sources.ts'
import { buildProject } from '../src/model/build-project.ts'
import type { Facts } from '../src/model/facts.ts'
import type { AuthoredEntity, Project } from '../src/model/project.ts'
import { validate } from '../src/model/validate.ts'
import { planDeploys } from '../src/commands/project.ts'
import { compileImages } from '../src/plan/image.ts'
import type { ImagePlan } from '../src/plan/ir.ts'
import { checkContent } from '../src/resolve/content.ts'
import { buildGraph, checkReferences, type LayerGraph } from '../src/resolve/graph.ts'
import { layerArchitectures } from '../src/resolve/platforms.ts'
import { resolveImages, type ResolvedImage } from '../src/resolve/image.ts'
import { synthesise, type StageFile } from '../src/synth/index.ts'
import type { FileTree } from '../src/synth/tree.ts'
import { BUILT_IN } from '../src/vocabulary/index.ts'

export { DiagnosticError }

/** From what a program exports to the files, without a program in a file: for thousands of made-up projects. */
export function pipeline(
  exports: Readonly<Record<string, unknown>>,
  root: string,
): {
  project: Project
  files: FileTree
  warnings: Diagnostic[]
  images: ReadonlyMap<string, ImagePlan>
  stages: ReadonlyMap<string, readonly StageFile[]>
  facts: Facts
  resolved: ReadonlyMap<string, ResolvedImage>
  graph: LayerGraph
} {
  const raw = collect(Object.values(exports))
  const authored = raw.map(({ kind, name, data, value }, index): AuthoredEntity => ({
    kind,
    name: String(name),
    data,
    origin: { file: 'layers.ts', line: index + 1, column: 1 },
    parts: {},
    ...(value && { value }),
  }))
  throwIfErrors(badValues(raw, authored))
  const { project, diagnostics } = buildProject(authored, BUILT_IN)
  throwIfErrors([...diagnostics, ...validate(authored, project.vocabulary)])
  throwIfErrors(checkReferences(project))
  const { graph, diagnostics: cycles } = buildGraph(project)
  throwIfErrors(cycles)
  const lookups = new Lookups()
  const { facts, diagnostics: located } = locateLayers(project, root, lookups)
  const resolved = resolveImages(project, graph, facts)
  throwIfErrors([...located, ...checkContent(project, facts), ...resolved.diagnostics])
  const { plans, unused, diagnostics: planned } = compileImages(project, resolved.images, facts)
  const layers = [...plans.values()].flatMap((image) => image.layers.map((layer) => layer.plan))
  const { stages, diagnostics: staged } = stageLayers(
    project,
    facts,
    [...layers, ...unused],
    root,
    lookups,
    layerArchitectures(resolved.images.values()),
  )
  throwIfErrors([...planned, ...staged])
  const { pods, diagnostics: deployed } = planDeploys({ project, images: plans })
  throwIfErrors(deployed)
  const output = synthesise({
    images: plans,
    pods: pods.map(({ plan }) => plan),
    stages,
    tag: (image) => image.tag ?? image.metadata.version,
    architecture: 'amd64',
  })
  throwIfErrors(output.diagnostics)
  const warnings = [...planned, ...staged, ...deployed]
  return { project, files: output.files, warnings, images: plans, stages, facts, resolved: resolved.images, graph }
}
