/**
 * Manifests of a layer, by builder. A file in the layer's own directory is found without being named. A project that defines a builder of its own
 * adds its field: `declare module 'ov' { interface BuilderManifests { make?: string } }`.
 */
export interface BuilderManifests {
  /**
   * Manifest of a Python or conda environment among the layer's files: `pixi.toml`, `pyproject.toml` or `environment.yml`. A `pixi.lock` beside it
   * freezes the environment; a `build.sh` runs after the install. (LAY-52, LAY-53, IMG-38)
   * @example pixi: 'env/pixi.toml'
   */
  readonly pixi?: string
  /**
   * A `package.json` among the layer's files: its dependencies are installed globally for the image's user. (LAY-52, IMG-40)
   * @example npm: 'tools/package.json'
   */
  readonly npm?: string
  /**
   * Manifest of a Rust program among the layer's files, with its `src/` beside it: it is built with cargo in the image itself and installed for
   * the image's user. (LAY-52, IMG-41)
   * @example cargo: 'tool/Cargo.toml'
   */
  readonly cargo?: string
}
