import type { LayerModel } from '../model/project.ts'

/** What the layers make of an image, together. */
export interface ImageCapabilities {
  readonly preserveUser: boolean
  readonly needsRootAfterInit: boolean
  readonly dataOnly: boolean
  readonly initSystemHint: string | undefined
  readonly ociLabels: Readonly<Record<string, string>>
}

/** One yes is a yes, the last text wins, labels are united; that layers agree about these is checked where images are compiled. (LAY-101) */
export function mergeCapabilities(chain: readonly LayerModel[]): ImageCapabilities {
  const all = chain.flatMap((layer) => layer.data.capabilities ?? [])
  return {
    preserveUser: all.some((one) => one.preserveUser === true),
    needsRootAfterInit: all.some((one) => one.needsRootAfterInit === true),
    dataOnly: all.some((one) => one.dataOnly === true),
    initSystemHint: all.findLast((one) => one.initSystemHint !== undefined)?.initSystemHint,
    ociLabels: Object.assign({}, ...all.map((one) => one.ociLabels)) as Readonly<Record<string, string>>,
  }
}
