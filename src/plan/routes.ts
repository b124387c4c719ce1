import type { Place } from '../diagnostics/diagnostic.ts'
import { placeOf, type LayerModel } from '../model/project.ts'
import type { ResolvedImage } from '../resolve/image.ts'

/** A layer that the proxy in the image leads to. */
export interface PlannedRoute {
  readonly layer: string
  readonly host: string
  readonly port: number
  readonly origin: Place
}

/** The layer whose proxy reads the routes. */
const PROXY = 'traefik'

export const layerRoutes = (layers: readonly LayerModel[]): PlannedRoute[] =>
  layers.flatMap((layer) =>
    layer.data.route ? [{ layer: layer.name, ...layer.data.route, origin: placeOf(layer, 'route') }] : [],
  )

/**
 * The routes that an image writes for its proxy: those of the whole chain, once this image brings the proxy or another route; a base has written
 * its own. (IMG-79)
 */
export function proxyRoutes({ chain, own }: ResolvedImage): PlannedRoute[] {
  const brings = own.some((layer) => layer.name === PROXY || layer.data.route !== undefined)
  return brings && chain.some((layer) => layer.name === PROXY) ? layerRoutes(chain) : []
}
