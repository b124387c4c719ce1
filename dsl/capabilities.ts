/** What a layer makes of its image. Over all layers, one yes is a yes, and the last text wins. (LAY-101) */
export interface Capabilities {
  /** The container starts as root, and what runs in it becomes other accounts by itself. */
  readonly preserveUser?: boolean
  /** Something needs root even after the init has started. */
  readonly needsRootAfterInit?: boolean
  /** The init that suits the layer. Default: chosen by the layers' services. */
  readonly initSystemHint?: string
  /** The layer brings data and no programs. */
  readonly dataOnly?: boolean
  /** Labels for the image, under names of your own. Layers may not disagree about one. */
  readonly ociLabels?: Readonly<Record<string, string>>
}
