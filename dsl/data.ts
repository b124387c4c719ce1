/** A folder of the layer that fills a volume when a deploy is set up. (LAY-79) */
export interface DataEntry {
  /** Folder of the layer, relative. */
  readonly src: string
  /** Name of the volume, declared by any layer of the image. */
  readonly volume: string
  /** Folder below the volume's root. Default: the root itself. */
  readonly dest?: string
}
