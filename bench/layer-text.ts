import type { Random } from './random.ts'

/** What is decided about a layer before its text is written. */
export interface LayerShape {
  readonly index: number
  readonly name: string
  /** Numbers of the layers that it needs. */
  readonly depends: readonly number[]
  /** As much content as in a real catalogue, or next to none. */
  readonly size: 'full' | 'small'
  /** It has a folder of its own. */
  readonly directory: boolean
}

const DEB =
  'build-essential ca-certificates curl git jq libssl-dev nginx-light openssh-client pkg-config postgresql-client python3-venv redis-tools ripgrep rsync socat sqlite3 tini tmux unzip wget xz-utils zstd'.split(
    ' ',
  )

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`

/** The TypeScript of a layer: all verbs, packages of two formats, and every kind of contract are spread over the catalogue. */
export function layerText(layer: LayerShape, random: Random): string {
  const { index, name, depends } = layer
  const head = `/** ${random.sentence(12)} */
export const layer${index} = layer({
  name: '${name}',
  version: '2026.${100 + (index % 200)}.${1000 + (index % 300)}',
  description: '${random.sentence(10)}',
  depends: [${depends.map((at) => `layer${at}`).join(', ')}],
`
  if (index === 0) return `${head}  deb: { packages: ['supervisor'] },\n  rpm: { packages: ['supervisor'] },\n})\n`
  if (layer.size === 'small')
    return `${head}  env: { PART_${index}: 'on' },\n  tasks: [mkdir('/opt/${name}'), write('/etc/${name}.conf', { content: 'n=${index}\\n' })],\n})\n`
  const packages = Array.from({ length: 3 + random.below(6) }, () => random.pick(DEB))
  const list = [...new Set(packages)].map((one) => `'${one}'`).join(', ')
  const port = 10_000 + (index % 20_000)
  const fields = [
    `status: '${random.pick(['working', 'testing'])}'`,
    `deb: { packages: [${list}] }`,
    ...(random.chance(70) ? [`rpm: { packages: [${list}] }`] : []),
    ...(random.chance(40) ? [`env: { PART_${index}: 'on', DATA_${index}: '~/.local/share/${name}' }`] : []),
    ...(random.chance(15) ? [`pathAppend: ['~/.${name}/bin']`] : []),
    `vars: { RELEASE_${index}: 'v${random.below(9)}.${random.below(30)}.${random.below(9)}' }`,
    ...(random.chance(30) ? [`ports: [${port}]`] : []),
    ...(random.chance(30) ? [`volumes: { 'data-${index}': '~/.local/share/${name}' }`] : []),
    ...(random.chance(15)
      ? [`envRequires: { LEVEL_${index}: { description: '${random.sentence(6)}', default: 'info' } }`]
      : []),
    ...(random.chance(20) ? [`envAccepts: { OPTION_${index}: '${random.sentence(6)}' }`] : []),
    ...(random.chance(10) ? [`secretAccepts: { TOKEN_${index}: '${random.sentence(5)}' }`] : []),
    ...(random.chance(8) ? [`security: { capAdd: ['NET_BIND_SERVICE'] }`] : []),
    `tasks: [\n    ${tasks(layer, random).join(',\n    ')},\n  ]`,
    ...(random.chance(20) ? [`services: [\n    ${serviceText(layer, random)},\n  ]`] : []),
  ]
  return `${head}  ${fields.join(',\n  ')},\n})\n`
}

function tasks({ index, name, directory }: LayerShape, random: Random): string[] {
  const script = [
    `cd /opt/${name}`,
    ...Array.from(
      { length: 1 + random.below(6) },
      () => `install -m 0644 "$PWD/${random.sentence(3)}" /usr/share/${name}/`,
    ),
    `test -n "$BUILD_ARCH" && echo 'built ${random.sentence(5)}' >> /var/log/${name}.log`,
  ].join('\n')
  const config = Array.from(
    { length: 3 + random.below(10) },
    (_, line) =>
      `${random.sentence(2).slice(0, -1).replace(' ', '_').toLowerCase()}_${line} = "${random.sentence(4)}"\n`,
  ).join('')
  const release = `\${RELEASE_${index}}`
  return [
    `mkdir('/opt/${name}', { mode: '0755' })`,
    `mkdir('/usr/share/${name}')`,
    ...(random.chance(60)
      ? [
          `download('https://downloads.example.org/${name}/${release}/${name}_${release}_linux_\${ARCH}.tar.gz', {\n      extract: 'tar.gz',\n      to: '/usr/local/bin',\n      include: ['${name}'],\n      mode: '0755',\n    })`,
        ]
      : []),
    `cmd(\n      ${quoted(script)},\n      { cache: ['/var/cache/${name}'], comment: '${random.sentence(6)}' },\n    )`,
    random.chance(40)
      ? `write('/etc/${name}/main.conf', {\n      content: ${quoted(config)},\n      mode: '0640',\n    })`
      : `cmd(${quoted(config.replaceAll(' = ', '='))}, { user: '0' })`,
    ...(directory ? [`copy('main.yml', { to: '/etc/${name}/main.yml', mode: '0644' })`] : []),
    ...(!directory && index % 8 === 3
      ? [`copy('files/${name}.ini', { to: '/etc/${name}/extra.ini', mode: '0644' })`]
      : []),
    ...(random.chance(50) ? [`link('/usr/local/bin/${name}-ctl', { target: '${name}' })`] : []),
    ...(random.chance(20) ? [`setcap('/usr/local/bin/${name}', { caps: 'cap_net_bind_service+ep' })`] : []),
    `cmd(${quoted(`echo "${random.sentence(8)}" > ~/.${name}rc`)}, { user: '\${USER}' })`,
  ]
}

const serviceText = ({ name }: LayerShape, random: Random) =>
  `service({\n      name: '${name}',\n      exec: '/usr/local/bin/${name} --config /etc/${name}/main.conf',\n      restart: 'always',\n      env: { LEVEL: '${random.pick(['info', 'debug'])}' },\n      stopTimeout: '${10 + random.below(50)}s',\n    })`

/** Files that the layer copies, by path. */
export function layerFiles(
  { index, name, size, directory }: LayerShape,
  folder: string,
  random: Random,
): Map<string, string> {
  const files = new Map<string, string>()
  if (size === 'small' || index === 0) return files
  if (directory) {
    files.set(`layers/${name}/main.yml`, `name: ${name}\nsummary: ${random.sentence(20)}\n`)
    files.set(`layers/${name}/scripts/setup.sh`, `#!/bin/sh\necho ${random.sentence(10)}\n`)
  } else if (index % 8 === 3) files.set(`${folder}/files/${name}.ini`, `[${name}]\nsummary = ${random.sentence(20)}\n`)
  return files
}
