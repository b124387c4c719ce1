import type { Security } from '../../dsl/security.ts'
import type { Builder } from '../../dsl/vocabulary.ts'
import { byName, type LayerModel, type Project } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'
import type { BuilderMap } from '../resolve/builders.ts'
import { mergeCapabilities } from '../resolve/capabilities.ts'
import type { ResolvedImage } from '../resolve/image.ts'
import { evalLabel } from './checks.ts'
import type { Contract, ImageMetadata, ServiceLabel } from './metadata.ts'
import {
  aliasLabels,
  dataLabels,
  hookTexts,
  mcpLabels,
  relayedPorts,
  requiredEngine,
  secretLabels,
  shellLabels,
  volumeLabels,
} from './runtime-metadata.ts'
import { layerRoutes } from './routes.ts'
import { runsProcesses } from './service.ts'
import { mergeSecurity, overlaySecurity } from './security.ts'

const STATUS = ['broken', 'testing', 'working'] as const

/** What an image says of itself, computed over its whole chain: a label replaces the base's whole value. (IMG-146) */
export function imageMetadata(
  image: ResolvedImage,
  init: string | undefined,
  project: Project,
  builderUses: BuilderMap,
  builders: readonly Builder[],
): ImageMetadata {
  const { chain, images, model, user } = image
  const { data } = model
  /** Nearest image of the chain that says something. */
  const nearest = <T>(pick: (of: typeof data) => T | undefined): T | undefined =>
    images.map((one) => pick(one.data)).find((value) => value !== undefined)
  const contracts = (
    field: 'envRequires' | 'envAccepts' | 'secretRequires' | 'secretAccepts' | 'mcpRequires' | 'mcpAccepts',
  ): Contract[] => {
    const merged = new Map<string, Contract>()
    for (const layer of chain)
      for (const [name, given] of Object.entries(layer.data[field] ?? {})) {
        const contract = typeof given === 'string' ? { description: given } : (given as Omit<Contract, 'name'>)
        merged.set(name, {
          name,
          description: contract.description,
          ...(contract.default !== undefined && { default: contract.default }),
          ...(contract.key !== undefined && { key: contract.key }),
        })
      }
    return [...merged.values()].sort((a, b) => byName(a.name, b.name))
  }
  const mergedText = (pick: (layer: LayerModel) => Readonly<Record<string, string>> | undefined) =>
    Object.fromEntries(chain.flatMap((layer) => Object.entries(pick(layer) ?? {})))
  const statuses = [data.status ?? 'testing', ...chain.map((layer) => layer.data.status ?? 'testing')]
  // An image that says nothing of itself is as good as its layers.
  const judged = data.status === undefined && chain.length > 0 ? statuses.slice(1) : statuses
  const infos = [
    ...(data.info === undefined ? [] : [data.info]),
    ...chain.flatMap((layer) =>
      layer.data.info !== undefined && layer.data.status !== 'working' ? [`${layer.name}: ${layer.data.info}`] : [],
    ),
  ]
  const services = chain.flatMap((layer) =>
    (layer.data.services ?? []).map((service) => serviceLabel(service, layer, init)),
  )
  const serving = chain.filter(
    (layer) =>
      runsProcesses(layer) ||
      ((layer.data.services ?? []).length > 0 &&
        init !== undefined &&
        project.vocabulary.inits.get(init)?.dropIn !== undefined),
  )
  return {
    version: image.version,
    image: image.name,
    uid: user.uid,
    gid: user.gid,
    user: user.name,
    home: user.home,
    registry: data.registry ?? '',
    bootc: data.bootc ?? false,
    ociLabels: mergeCapabilities(chain).ociLabels,
    network: nearest((of) => of.network) ?? '',
    fqdn: data.fqdn ?? '',
    acmeEmail: data.acmeEmail ?? '',
    engine: requiredEngine(chain),
    distro: image.tags,
    formats: image.formats,
    builderUses,
    builderProvides: (data.builds ?? []).map(refName),
    ports: (nearest((of) => of.ports) ?? []).map(String),
    portProtos: Object.fromEntries(
      chain.flatMap((layer) =>
        (layer.data.ports ?? []).flatMap((port) => {
          const [, proto, number] = /^([^:]+):(\d+)$/.exec(String(port)) ?? []
          return proto !== undefined && proto !== 'http' ? [[number!, proto] as const] : []
        }),
      ),
    ),
    volumes: volumeLabels(image.levels, user.home),
    aliases: aliasLabels(chain, data.aliases),
    security: imageSecurity(image),
    env: Object.entries(data.env ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .sort(byName),
    hooks: hookTexts(chain),
    eval: evalLabel(image, project),
    shell: shellLabels(image),
    init: init !== undefined && serving.length > 0 ? init : '',
    initServices: init !== undefined && serving.length > 0 ? { [init]: serving.map((layer) => layer.name) } : {},
    services,
    portRelay: relayedPorts(chain),
    secrets: secretLabels(chain),
    envProvides: mergedText((layer) => layer.data.envProvides),
    envRequires: contracts('envRequires'),
    envAccepts: contracts('envAccepts'),
    secretRequires: contracts('secretRequires'),
    secretAccepts: contracts('secretAccepts'),
    mcpProvides: mcpLabels(chain),
    mcpRequires: contracts('mcpRequires'),
    mcpAccepts: contracts('mcpAccepts'),
    status: STATUS[Math.min(...judged.map((status) => STATUS.indexOf(status)))] ?? 'testing',
    info: infos.join('; '),
    routes: layerRoutes(chain).map(({ host, port }) => ({ host, port })),
    envLayers: {
      ...Object.fromEntries(builders.flatMap(({ env = {} }) => Object.entries(env ?? {}))),
      ...mergedText((layer) => layer.data.env),
    },
    pathAppend: [
      ...new Set([
        ...chain.flatMap((layer) => layer.data.pathAppend ?? []),
        ...builders.flatMap(({ pathAppend = [] }) => pathAppend),
      ]),
    ],
    layerVersions: Object.fromEntries(
      chain.map((layer) => [layer.name, layer.data.version] as const).sort(([a], [b]) => byName(a, b)),
    ),
    data: dataLabels(chain),
    dataImage: data.dataImage ?? false,
  }
}

function imageSecurity(image: ResolvedImage): Security {
  const layers = mergeSecurity(
    image.chain.flatMap((layer) => (layer.data.security ? [layer.data.security as Security] : [])),
  )
  // Bases first, so that the outermost image has the last word.
  return [...image.images]
    .reverse()
    .reduce(
      (security, one) => (one.data.security ? overlaySecurity(security, one.data.security as Security) : security),
      layers,
    )
}

function serviceLabel(
  service: NonNullable<LayerModel['data']['services']>[number],
  layer: LayerModel,
  init: string | undefined,
): ServiceLabel {
  const { overrides } = service
  const fields: Record<keyof ServiceLabel, unknown> = {
    name: service.name,
    scope: service.scope ?? 'system',
    enable: service.enable,
    use_packaged: service.usePackaged,
    exec: service.exec,
    env: service.env && Object.fromEntries(Object.entries(service.env).sort(([a], [b]) => byName(a, b))),
    restart: service.restart,
    working_directory: service.workingDirectory,
    user: service.user,
    after: service.after,
    before: service.before,
    stdout: service.stdout,
    stop_timeout: service.stopTimeout === undefined ? undefined : String(service.stopTimeout),
    kind: service.kind,
    events: service.events,
    auto_start: service.autoStart,
    start_retries: service.startRetries,
    start_sec: service.startSecs,
    stop_signal: service.stopSignal,
    exit_code: service.exitCodes,
    priority: service.priority,
    overrides,
    init,
    layer: layer.name,
  }
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as unknown as ServiceLabel
}
