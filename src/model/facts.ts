/** What a layer has on disk. It is looked up once, before resolving, so that everything after it is a pure function. */
export interface LayerFacts {
  /** Relative paths of the layer start here: its own directory, or that of the declaring file. Absolute. */
  readonly base: string
  /** Names in the folder of each manifest that a field of the layer names, by builder. */
  readonly beside?: Readonly<Record<string, readonly string[]>>
  /** The layer's own directory, where it has one. */
  readonly own?: {
    /** Path relative to the project root, or undefined where it lies outside. */
    readonly inProject?: string
    /** Names directly in it. */
    readonly names: readonly string[]
    /** Its `*.service` files. (LAY-77) */
    readonly units: readonly { readonly name: string; readonly text: string }[]
  }
}

export type Facts = ReadonlyMap<string, LayerFacts>
