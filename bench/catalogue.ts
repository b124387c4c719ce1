import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { layerFiles, layerText, type LayerShape } from './layer-text.ts'
import { Random } from './random.ts'

/** A project to make. */
export interface CatalogueSpec {
  readonly layers: number
  readonly images: number
  readonly pods: number
  /** Layers, or images, in one file. */
  readonly perFile: number
  /**
   * How layers depend on each other: like a grown catalogue, one after the other, or all on one. In the last two, one image has as many
   * of them as a label can name.
   */
  readonly graph: 'catalogue' | 'chain' | 'wide'
}

/** The project of the goals. */
export const REFERENCE: CatalogueSpec = { layers: 174, images: 40, pods: 12, perFile: 1, graph: 'catalogue' }

/** The reference, this many times over. */
export const times = (factor: number, spec: CatalogueSpec = REFERENCE): CatalogueSpec => ({
  ...spec,
  layers: spec.layers * factor,
  images: spec.images * factor,
  pods: spec.pods * factor,
})

/** The reference's mixture at another size, many entities in one file. */
export const sized = (layers: number, graph: CatalogueSpec['graph'] = 'catalogue'): CatalogueSpec => ({
  layers,
  images: graph === 'catalogue' ? Math.ceil((layers * REFERENCE.images) / REFERENCE.layers) : 1,
  pods: graph === 'catalogue' ? Math.ceil((layers * REFERENCE.pods) / REFERENCE.layers) : 1,
  perFile: 50,
  graph,
})

/** Files of a project, by path. */
export type Files = ReadonlyMap<string, string>

/** Writes files below a folder. */
export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** The files of a project; the same ones for the same spec. */
export function catalogue(spec: CatalogueSpec): Files {
  const random = new Random(spec.layers)
  const layers = Array.from({ length: spec.layers }, (_, index) => layerShape(index, spec, random))
  const files = new Map<string, string>()
  for (const group of groups(layers, spec.perFile)) {
    const [first] = group as [LayerShape]
    const path = layerModule(first.index, spec)
    files.set(
      path,
      [
        "import { cmd, copy, download, layer, link, mkdir, service, setcap, write } from 'ov'",
        ...importsOf(
          path,
          group.flatMap((layer) => layer.depends.map(layerName)),
          (name) => layerModule(Number(/\d+$/.exec(name)), spec),
        ),
        '',
        ...group.map((layer) => layerText(layer, random)),
      ].join('\n'),
    )
    for (const layer of group)
      for (const [name, text] of layerFiles(layer, dirname(path), random)) files.set(name, text)
  }
  const images = Array.from({ length: spec.images }, (_, index) => index)
  for (const group of groups(images, spec.perFile)) {
    const path = imageModule(group[0]!, spec)
    const texts = group.map((index) => imageText(index, spec, random))
    files.set(
      path,
      [
        "import { debootstrap, image } from 'ov'",
        ...importsOf(
          path,
          texts.flatMap((text) => text.needs),
          (name) =>
            name.startsWith('image')
              ? imageModule(Number(/\d+$/.exec(name)), spec)
              : layerModule(Number(/\d+$/.exec(name)), spec),
        ),
        '',
        ...texts.map((text) => text.code),
      ].join('\n'),
    )
  }
  const star = (paths: Iterable<string>) => [...new Set(paths)].map((path) => `export * from './${path}'\n`).join('')
  files.set('layers.ts', star(layers.map(({ index }) => layerModule(index, spec))))
  files.set('images.ts', star(images.map((index) => imageModule(index, spec))))
  files.set('deploy.ts', deployText(spec))
  return files
}

const layerName = (index: number) => `layer${index}`
const layerModule = (index: number, { perFile }: CatalogueSpec) => `catalogue/part-${Math.floor(index / perFile)}.ts`
const imageModule = (index: number, { perFile }: CatalogueSpec) => `boxes/box-${Math.floor(index / perFile)}.ts`

function groups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}

/** One import statement per module, none for what is in the same file. */
function importsOf(from: string, names: readonly string[], moduleOf: (name: string) => string): string[] {
  const byModule = Map.groupBy(new Set(names), moduleOf)
  byModule.delete(from)
  return [...byModule].map(([path, wanted]) => `import { ${wanted.join(', ')} } from '../${path}'`)
}

function layerShape(index: number, spec: CatalogueSpec, random: Random): LayerShape {
  // Layers of real catalogues stand on a few common ones, and rarely more than a handful deep.
  const near = Math.min(index, 24)
  const depends =
    index === 0
      ? []
      : spec.graph === 'chain'
        ? [index - 1]
        : spec.graph === 'wide'
          ? [0]
          : [
              ...new Set([
                ...(random.chance(60) ? [0] : []),
                ...(random.chance(55) ? [index - 1 - random.below(near)] : []),
              ]),
            ]
  return {
    index,
    name: index === 0 ? 'supervisord' : `part-${index}`,
    depends,
    size: spec.graph === 'catalogue' ? 'full' : 'small',
    directory: spec.graph === 'catalogue' && index % 8 === 5,
  }
}

function imageText(index: number, spec: CatalogueSpec, random: Random): { code: string; needs: string[] } {
  const base = spec.graph === 'catalogue' && index % 4 === 3 ? `image${index - 1}` : undefined
  const most = Math.min(spec.layers, 2000)
  const layers =
    spec.graph === 'chain'
      ? [most - 1]
      : spec.graph === 'wide'
        ? Array.from({ length: most }, (_, at) => at)
        : [0, ...Array.from({ length: 6 }, () => random.below(spec.layers))]
  const names = [...new Set(layers)].map(layerName)
  return {
    needs: [...names, ...(base === undefined ? [] : [base])],
    code: `/** ${random.sentence(9)} */
export const image${index} = image({
  name: 'box-${index}',
  base: ${base ?? (index % 3 === 0 ? "debootstrap({ suite: 'trixie' })" : "'docker.io/library/debian:13'")},${
    base === undefined && index % 3 !== 0 ? "\n  distro: ['debian:13', 'debian']," : ''
  }
  description: '${random.sentence(12)}',
  layers: [${names.join(', ')}],
  env: { BOX: '${index}', TZ: 'Etc/UTC' },
  security: { memoryMax: '${1 + random.below(8)}g' },
})
`,
  }
}

function deployText(spec: CatalogueSpec): string {
  const pods = Array.from({ length: spec.pods }, (_, index) => index)
  const image = (pod: number) => Math.floor((pod * spec.images) / spec.pods)
  const byModule = Map.groupBy(new Set(pods.map(image)), (index) => imageModule(index, spec))
  return [
    "import { pod } from 'ov'",
    ...[...byModule].map(
      ([path, wanted]) => `import { ${wanted.map((at) => `image${at}`).join(', ')} } from './${path}'`,
    ),
    '',
    ...pods.map(
      (index) =>
        `export const pod${index} = pod({ name: 'site-${index}', image: image${image(index)}, env: { LEVEL: 'info' }, status: 'testing' })`,
    ),
    '',
  ].join('\n')
}
