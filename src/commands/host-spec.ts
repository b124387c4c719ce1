import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import type { HostModel, LayerModel } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import { ADHOC, type HostSpec } from '../plan/host/index.ts'
import type { CompiledProject } from './project.ts'

export interface HostOptions {
  readonly tag?: string
  readonly addLayer?: readonly string[]
  readonly skipIncompatible?: boolean
  readonly builderImage?: string
}

/** Names of the deploy that is this machine itself. (DEP-01) */
export const isThisHost = (name: string): boolean => name === 'host' || name === 'local'

/** What a host deploy consists of: what the project declares of that name, or what is named on the command line. (DEP-09, DEP-16, DEP-18, DEP-22) */
export function hostSpec(
  name: string,
  ref: string | undefined,
  options: HostOptions,
  { project, resolved, graph, images }: CompiledProject,
): Omit<HostSpec, 'remote'> {
  const declared = project.hosts.get(name)
  const image =
    ref !== undefined && project.images.has(ref) ? ref : declared?.data.image && refName(declared.data.image)
  const named = [
    ...(ref !== undefined && ref !== image ? [ref] : []),
    ...(declared?.data.layers ?? []).map(refName),
    ...(options.addLayer ?? []),
  ]
  if (declared === undefined && ref === undefined && named.length === 0)
    throw usage(
      `ov deploy add: no <ref> and the project has no deploy "${name}"`,
      `name a layer or an image: ov deploy add ${name} LAYER`,
    )
  const unknown = named.filter((layer) => !project.layers.has(layer))
  if (unknown.length > 0 || (image !== undefined && !resolved.has(image)))
    throw unknownRefs(image === undefined || resolved.has(image) ? unknown : [image], [
      ...project.layers.keys(),
      ...project.images.keys(),
    ])
  const base = image === undefined ? [] : resolved.get(image)!.chain.map((layer) => layer.name)
  const layers = graph.closure([...base, ...named]).map((layer) => project.layers.get(layer)!)
  const only = options.addLayer ?? []
  const givenBuilder = declared?.data.installOpts?.builderImage
  const builder = options.builderImage ?? (givenBuilder && refName(givenBuilder))
  return {
    name,
    target: isThisHost(name) ? 'host' : `host:${name}`,
    image: image ?? ADHOC,
    ...(options.tag !== undefined && { tag: options.tag }),
    layers,
    addLayers: [...new Set([...(declared?.data.layers ?? []).map(refName), ...only])],
    env: declared?.data.env ?? {},
    skipIncompatible: options.skipIncompatible ?? declared?.data.installOpts?.skipIncompatible ?? false,
    ...(builder !== undefined && { builderImage: builder }),
    ...(image !== undefined && { builderUses: images.get(image)!.metadata.builderUses }),
    origin: placeOfHost(declared, layers),
  }
}

const placeOfHost = (declared: HostModel | undefined, layers: readonly LayerModel[]) =>
  declared?.origin ?? layers[0]?.origin ?? { file: 'deploy.ts', line: 1, column: 1 }

const unknownRefs = (names: readonly string[], known: readonly string[]): DiagnosticError =>
  new DiagnosticError(
    names.map((name) => {
      const close = suggest(name, known)
      return {
        code: 'OV3001',
        severity: 'error',
        message: `the project has no layer and no image "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
        remedy: 'export it from layers.ts or images.ts',
      }
    }),
  )

const usage = (message: string, remedy: string): DiagnosticError =>
  new DiagnosticError([{ code: 'OV6007', severity: 'error', message, remedy }])
