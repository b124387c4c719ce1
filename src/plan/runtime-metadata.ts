/** What the layers of an image say of its containers, put together for its labels. Each takes the whole chain, in the order of installation. */
import { byName, type LayerModel } from '../model/project.ts'
import type { ResolvedImage } from '../resolve/image.ts'
import { stagedData } from './data.ts'
import { expandHome } from './home.ts'
import { shellLabel } from './shell.ts'
import type { DataLabel, ImageMetadata, McpLabel, SecretLabel } from './metadata.ts'

type Chain = readonly LayerModel[]

/** Outermost image first; the first declaration wins. (LAY-78) */
export function volumeLabels(levels: readonly Chain[], home: string): ImageMetadata['volumes'] {
  const found = new Map<string, string>()
  for (const layer of levels.flat())
    for (const [name, path] of Object.entries(layer.data.volumes ?? {}))
      if (!found.has(name)) found.set(name, expandHome(path, home))
  return [...found].map(([name, path]) => ({ name, path })).sort((a, b) => byName(a.name, b.name))
}

/** The first layer wins, and the image over all of them. (LAY-94) */
export function aliasLabels(
  chain: Chain,
  own: Readonly<Record<string, string | true>> | undefined,
): ImageMetadata['aliases'] {
  const found = new Map<string, string>()
  for (const [name, command] of Object.entries(own ?? {})) found.set(name, command === true ? name : command)
  for (const layer of chain)
    for (const [name, command] of Object.entries(layer.data.aliases ?? {}))
      if (!found.has(name)) found.set(name, command)
  return [...found].map(([name, command]) => ({ name, command })).sort((a, b) => byName(a.name, b.name))
}

/** Scripts one after the other. (LAY-95) */
export function hookTexts(chain: Chain): ImageMetadata['hooks'] {
  const joined = (field: 'postEnable' | 'preRemove') =>
    chain.flatMap((layer) => layer.data.hooks?.[field]?.trim() ?? []).join('\n')
  const [postEnable, preRemove] = [joined('postEnable'), joined('preRemove')]
  return { ...(postEnable !== '' && { post_enable: postEnable }), ...(preRemove !== '' && { pre_remove: preRemove }) }
}

/** Which engine the layers need; that they agree is checked where images are compiled. (LAY-97) */
export const requiredEngine = (chain: Chain): string =>
  chain.find((layer) => layer.data.engine !== undefined)?.data.engine ?? ''

/** Ports that are passed on, each once. (LAY-82) */
export const relayedPorts = (chain: Chain): number[] =>
  [...new Set(chain.flatMap((layer) => layer.data.portRelay ?? []))].sort((a, b) => a - b)

/** One entry for each variable: a secret may feed several. The last layer wins for equal ones. (LAY-87, LAY-93, LAY-T17) */
export function secretLabels(chain: Chain): SecretLabel[] {
  const found = new Map<string, SecretLabel>()
  for (const layer of chain)
    for (const [name, { target = `/run/secrets/${name}`, env }] of Object.entries(layer.data.secrets ?? {}))
      for (const variable of env === undefined ? [undefined] : [env].flat())
        found.set(`${name} ${variable ?? ''}`, { name, target, ...(variable !== undefined && { env: variable }) })
  return [...found].sort(([a], [b]) => byName(a, b)).map(([, secret]) => secret)
}

/** Layers in the order of installation, then the image itself. (IMG-126) */
export function shellLabels({ chain, model }: Pick<ResolvedImage, 'chain' | 'model'>): ImageMetadata['shell'] {
  const layers = chain.flatMap(({ name, data }) =>
    data.shell ? [shellLabel(data.shell, { kind: 'layer', name })] : [],
  )
  const { shell } = model.data
  return {
    ...(layers.length > 0 && { layer: layers }),
    ...(shell && { image: [shellLabel(shell, { kind: 'image', name: model.name })] }),
  }
}

/** The last layer wins. (LAY-92, LAY-93) */
export function mcpLabels(chain: Chain): McpLabel[] {
  const found = new Map<string, McpLabel>()
  for (const layer of chain)
    for (const [name, given] of Object.entries(layer.data.mcpProvides ?? {})) {
      const { url, transport = 'http' } = typeof given === 'string' ? { url: given } : given
      found.set(name, { name, url, transport })
    }
  return [...found.values()].sort((a, b) => byName(a.name, b.name))
}

/** In the order in which the layers are installed: where two fill one file, the later has the last word. (IMG-141) */
export const dataLabels = (chain: Chain): DataLabel[] =>
  chain.flatMap((layer) =>
    stagedData(layer).map(({ volume, staging, dest }) => ({
      volume,
      staging,
      layer: layer.name,
      ...(dest !== undefined && { dest }),
    })),
  )
