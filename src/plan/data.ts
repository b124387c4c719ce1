import type { LayerModel } from '../model/project.ts'

/** A folder of a layer, and where it waits in the image until a deploy fills a volume with it. (IMG-66) */
export interface StagedData {
  readonly volume: string
  /** Path below the layer's files, without slashes at its ends; empty for all of them. */
  readonly source: string
  /** Folder in the image, with a slash at its end. */
  readonly staging: string
  readonly dest?: string
}

const parts = (path: string) => path.split('/').filter((part) => part !== '' && part !== '.')

/** What a layer gives to volumes. */
export const stagedData = (layer: LayerModel): StagedData[] =>
  (layer.data.data ?? []).map(({ src, volume, dest }) => {
    const below = parts(dest ?? '')
    return {
      volume,
      source: parts(src).join('/'),
      staging: `/${['data', volume, ...below].join('/')}/`,
      ...(below.length > 0 && { dest: below.join('/') }),
    }
  })
