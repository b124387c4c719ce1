/** Layers per file of a generated catalogue. */
const PER_FILE = 40
/** Longest chain of dependencies. */
const TIERS = 12

interface GeneratedLayer {
  readonly depends: readonly number[]
  /** Numbers of all layers it brings along, itself included. */
  readonly all: ReadonlySet<number>
}

/** Of ten layers one demands a variable, one has a default for it and one a secret; the others only accept. */
const demands = (n: number) => n % 10 === 3

const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const file = (layer: number) => `layers-${Math.floor(layer / PER_FILE)}.ts`

/**
 * Layers stand in tiers; each depends on two or three of the tier below, spread so that a few tiers up it reaches nearly everything: unions
 * are long, chains are no longer than in real catalogues.
 */
function dependencies(n: number, total: number): number[] {
  const width = Math.ceil(total / TIERS)
  const tier = Math.floor(n / width)
  if (tier === 0) return []
  const places = n % 2 ? [n * 3, n * 5 + 1] : [n * 3, n * 5 + 1, n * 7 + 2]
  return [...new Set(places.map((place) => (tier - 1) * width + (place % width)))]
}

function layerText(n: number, depends: readonly number[]): string {
  const contract =
    n % 10 === 3
      ? `  envRequires: { NEEDED_${n}: 'where the service of layer ${n} is' },\n`
      : n % 10 === 5
        ? `  envRequires: { FILLED_${n}: { description: 'log level', default: 'info' } },\n`
        : n % 10 === 7
          ? `  secretRequires: { TOKEN_${n}: 'key of the account' },\n`
          : `  envAccepts: { OPTION_${n}: 'a setting' },\n`
  return `export const layer${n} = layer({
  name: 'layer-${n}',
  version: '2026.144.1443',
  depends: [${depends.map((other) => `layer${other}`).join(', ')}],
  volumes: { 'data-${n}': '~/.local/share/layer-${n}', 'cache-${n}': '/var/cache/layer-${n}' },
  ports: [${10_000 + n}, 'udp:${30_000 + n}'],
  env: { LAYER_${n}: 'on' },
${contract}  tasks: [mkdir('/etc/layer-${n}'), write('/etc/layer-${n}/conf', { content: 'n=${n}\\n' }), cmd('install -d /opt/layer-${n}')],
})
`
}

function importLayers(wanted: readonly number[]): string {
  const byFile = Map.groupBy(new Set(wanted), file)
  return [...byFile]
    .map(([from, layers]) => `import { ${layers.map((n) => `layer${n}`).join(', ')} } from './${from}'\n`)
    .join('')
}

/**
 * TypeScript files of a catalogue of `n` layers (each depends on two or three earlier ones and so, in the end, on all), `n / 5` images
 * of which every third stands on another, and `n / 10` pods: file name → text. The same for the same `n`.
 */
export function generateCatalogue(n: number): Record<string, string> {
  const files: Record<string, string> = {}
  const layers: GeneratedLayer[] = []
  for (const i of range(n)) {
    const depends = dependencies(i, n)
    layers.push({ depends, all: new Set([i, ...depends.flatMap((other) => [...(layers[other]?.all ?? [])])]) })
  }
  const dependsOf = (layer: number) => layers[layer]?.depends ?? []

  for (let first = 0; first < n; first += PER_FILE) {
    const own = range(Math.min(PER_FILE, n - first)).map((i) => first + i)
    const foreign = own.flatMap(dependsOf).filter((other) => other < first)
    files[file(first)] =
      `import { cmd, layer, mkdir, write } from 'ov'\n${importLayers(foreign)}\n` +
      own.map((layer) => layerText(layer, dependsOf(layer))).join('\n')
  }

  const images: { base: number | undefined; own: number[]; all: Set<number> }[] = []
  for (const i of range(Math.floor(n / 5))) {
    const base = i % 3 === 2 ? i - 1 : undefined
    const own = [i * 5, i * 5 + 2, i * 5 + 4]
    const inherited = base === undefined ? [] : (images[base]?.all ?? [])
    images.push({ base, own, all: new Set([...inherited, ...own.flatMap((layer) => [...(layers[layer]?.all ?? [])])]) })
  }
  files['images.ts'] =
    `import { image } from 'ov'\n${importLayers(images.flatMap(({ own }) => own))}\n` +
    images
      .map(
        ({ base, own }, i) =>
          `export const image${i} = image({ name: 'image-${i}', base: ${base === undefined ? `'docker.io/library/debian:13'` : `image${base}`}, layers: [${own.map((layer) => `layer${layer}`).join(', ')}] })\n`,
      )
      .join('')

  const pods = range(Math.floor(n / 10)).map((i) => ({ image: i * 2, number: i }))
  files['deploy.ts'] =
    `import { bind, pod } from 'ov'\nimport { ${pods.map(({ image }) => `image${image}`).join(', ')} } from './images.ts'\n\n` +
    pods
      .map(({ image, number }) => {
        const all = [...(images[image]?.all ?? [])].sort((a, b) => a - b)
        const own = image * 5
        const env = all.filter(demands).map((layer) => `NEEDED_${layer}: 'x'`)
        return `export const pod${number} = pod({
  name: 'pod-${number}',
  image: image${image},
  ports: { ${10_000 + own}: ${20_000 + number}, '${30_000 + own}/udp': 'auto' },
  volumes: { 'data-${own}': bind('/srv/${own}') },
  env: { ${[...env, `LAYER_${own}: 'off'`].join(', ')} },
})
`
      })
      .join('')
  return files
}
