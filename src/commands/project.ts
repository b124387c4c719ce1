import { join } from 'node:path'
import { DiagnosticError, throwIfErrors, type Diagnostic } from '../diagnostics/diagnostic.ts'
import type { RawEntity } from '../load/collect.ts'
import { sha256, type CachedBundle, type ProjectCache } from '../load/cache.ts'
import type { ProjectLocation } from '../load/discover.ts'
import { withEnvFiles } from '../load/env-files.ts'
import { badValues, Origins, withPlaces } from '../load/origins.ts'
import { locateLayers, Lookups, stageLayers } from '../load/sources.ts'
import { buildProject } from '../model/build-project.ts'
import type { Facts } from '../model/facts.ts'
import type { Project } from '../model/project.ts'
import { compileImages } from '../plan/image.ts'
import { checkPlaces } from '../plan/host/place.ts'
import { installedLayers, listeningPorts } from '../plan/installed.ts'
import type { ImagePlan } from '../plan/ir.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import { outsideOf, type Outside } from '../plan/outside.ts'
import { planProject, type MachineDeploys } from '../plan/pod/project.ts'
import { refName } from '../model/schema/refs.ts'
import { checkContent } from '../resolve/content.ts'
import { buildGraph, checkReferences, type LayerGraph } from '../resolve/graph.ts'
import { layerArchitectures } from '../resolve/platforms.ts'
import { resolveImages, type ResolvedImage } from '../resolve/image.ts'
import { LOCK_FILE, LockFile } from '../state/lock-file.ts'
import type { StageFile } from '../synth/index.ts'
import { VERSION } from '../version.ts'
import { BUILT_IN } from '../vocabulary/index.ts'

/** A project, compiled: everything that rendering and applying need. */
export interface CompiledProject {
  readonly root: string
  readonly project: Project
  readonly facts: Facts
  readonly images: ReadonlyMap<string, ImagePlan>
  /** Images before they were compiled, and the order of layers: what hosts are compiled from. */
  readonly resolved: ReadonlyMap<string, ResolvedImage>
  readonly graph: LayerGraph
  readonly stages: ReadonlyMap<string, readonly StageFile[]>
  /** Warnings; errors are thrown. */
  readonly diagnostics: readonly Diagnostic[]
  readonly lookups: Lookups
  /** What it takes from outside, and what is pinned of that. */
  readonly outside: Outside
  readonly lock: LockFile
}

/** Checks and compiles what the program declared. All problems of a stage are reported together. */
export async function compileProject(
  location: ProjectLocation,
  bundle: CachedBundle,
  entities: readonly RawEntity[],
  cache: ProjectCache,
): Promise<CompiledProject> {
  const { root } = location
  const authored = withPlaces(entities, new Origins(bundle, root), location.entries[0]!)
  if (authored.length === 0)
    throw new DiagnosticError([
      {
        code: 'OV1007',
        severity: 'error',
        message: `${location.entries.join(', ')} ${location.entries.length === 1 ? 'exports' : 'export'} no layer, image or deploy`,
        remedy: 'export what belongs to the project: export const web = image({ … })',
      },
    ])
  throwIfErrors(badValues(entities, authored))
  const lookups = new Lookups()
  lookups.file(join(root, LOCK_FILE))
  const lock = LockFile.read(root)
  const { project: declared, diagnostics: names } = buildProject(authored, BUILT_IN, lock.pins)
  // What was found valid before is still valid: zod costs more than everything else here.
  const rules = rulesOf(declared)
  const prints = authored.map(({ kind, data }) => sha256(JSON.stringify([rules, kind, data])))
  const known = new Set(cache.read<readonly string[]>('valid-entities'))
  const unchecked = authored.filter((_, index) => !known.has(prints[index]!))
  if (unchecked.length > 0) {
    const { validate } = await import('../model/validate.ts')
    throwIfErrors([...names, ...validate(unchecked, declared.vocabulary)])
    cache.write('valid-entities', prints)
  }
  throwIfErrors(names)
  const { project, diagnostics: unread } = withEnvFiles(declared, root, lookups)
  throwIfErrors(unread)
  throwIfErrors(checkReferences(project))
  const { graph, diagnostics: cycles } = buildGraph(project)
  throwIfErrors(cycles)
  const located = locateLayers(project, root, lookups)
  const resolved = resolveImages(project, graph, located.facts)
  throwIfErrors([
    ...located.diagnostics,
    ...(await snippets(project)),
    ...checkContent(project, located.facts),
    ...checkPlaces(project),
    ...resolved.diagnostics,
  ])
  const { plans, unused, diagnostics: planned } = compileImages(project, resolved.images, located.facts)
  const layers = [...plans.values()].flatMap((image) => image.layers.map((layer) => layer.plan))
  const architectures = layerArchitectures(resolved.images.values())
  const staged = stageLayers(project, located.facts, [...layers, ...unused], root, lookups, architectures)
  const diagnostics = [...planned, ...staged.diagnostics]
  throwIfErrors(diagnostics)
  return {
    root,
    project,
    facts: located.facts,
    images: plans,
    resolved: resolved.images,
    graph,
    stages: staged.stages,
    diagnostics,
    lookups,
    outside: outsideOf(project, resolved.images, plans),
    lock,
  }
}

/** Few projects have any, and most need no XML parser. */
async function snippets({ layers }: Project): Promise<Diagnostic[]> {
  const having = [...layers.values()].filter(({ data }) => data.libvirt !== undefined)
  if (having.length === 0) return []
  const { checkLibvirt } = await import('../model/libvirt.ts')
  return checkLibvirt(having)
}

/** Everything besides an entity's own data that its validity depends on. */
const rulesOf = ({ vocabulary: { formats, builders } }: Project): string =>
  sha256(
    JSON.stringify([
      VERSION,
      [...formats.values()].map(({ name, fields, needPackages }) => [name, fields, needPackages]),
      [...builders.values()].map(({ name, section }) => [name, section && refName(section)]),
    ]),
  )

/** Plans deploys; `local` says what is known of images that the project does not build. */
export function planDeploys(
  { project, images }: Pick<CompiledProject, 'project' | 'images'>,
  local: ReadonlyMap<string, ImageMetadata> = new Map(),
  only?: ReadonlySet<string>,
  machine?: MachineDeploys,
): ReturnType<typeof planProject> {
  const entrypoints = new Map(
    [...project.vocabulary.inits.values()].flatMap((init) =>
      init.entrypoint ? [[init.name, init.entrypoint] as const] : [],
    ),
  )
  const known = {
    metadata: new Map([...local, ...[...images].map(([name, plan]) => [name, plan.metadata] as const)]),
    layers: new Map([...images].map(([name, plan]) => [name, installedLayers(plan, images)] as const)),
    containerPorts: new Map([...images].map(([name, plan]) => [name, listeningPorts(plan, images)] as const)),
    entrypoints,
  }
  return planProject(project, known, only, machine)
}
