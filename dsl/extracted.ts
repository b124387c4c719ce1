/** Files that an image of a registry has and the layer wants. (LAY-100) */
export interface ExtractedFiles {
  /** Reference of the image they are in. */
  readonly source: string
  /** File or directory there, absolute. */
  readonly path: string
  /** Where they go, absolute or `~/…`. They belong to the image's user. */
  readonly dest: string
}
