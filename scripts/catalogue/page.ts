/** The page of the catalogue, `docs/catalogue.md`. */
import type { Built } from './built.ts'
import type { Catalogue, ImageFacts, LayerFacts } from './facts.ts'

const code = (text: string) => `\`${text}\``
const cell = (text: string) => text.replaceAll('|', '\\|')

/** A table whose columns are as wide as what is in them, as the formatter wants it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((title, column) => Math.max(title.length, 3, ...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((text, column) => text.padEnd(width[column]!)).join(' | ')} |`
  return [line(head), `| ${width.map((size) => '-'.repeat(size)).join(' | ')} |`, ...rows.map(line)].join('\n')
}

/** The layers of one subject. */
function layers(subject: string, all: readonly LayerFacts[], distros: number): string {
  const rows = all.map(({ constant, data, distros: on, needs, within, elsewhere }) => [
    code(constant),
    cell(`${data.description ?? ''}${!within && elsewhere.length > 0 ? ` _From ${elsewhere.join(', ')}._` : ''}`),
    on.length === distros ? 'all' : on.join(', '),
    (data.ports ?? []).join(', '),
    Object.entries(data.volumes ?? {})
      .map(([name, path]) => `${name} (${code(path)})`)
      .join(', '),
    needs.map((name) => name).join(', '),
  ])
  return `### ${subject}\n\n${table(['Layer', 'What it is', 'Distributions', 'Ports', 'Volumes', 'Brings along'], rows)}\n`
}

const image = ({ constant, name, description, base, named }: ImageFacts) => [
  constant === name ? code(name) : `${code(name)} (${code(constant)})`,
  cell(description),
  base,
  named.join(', '),
]

/** The whole page. */
export function page({ layers: all, images }: Catalogue, built: Readonly<Record<string, Built>>): string {
  const subjects = [...new Set(all.map(({ subject }) => subject))]
  const distros = Math.max(...all.map((layer) => layer.distros.length))
  const done = images.filter(({ name }) => name in built)
  const never = images.filter(({ name }) => !(name in built))
  const own = all.filter(({ within }) => within)
  return `# The starter catalogue

Made by \`npm run docs:catalogue\` from [\`layers.ts\`](../layers.ts) and [\`images.ts\`](../images.ts).

${all.length} layers and ${images.length} images, to import, copy, or learn from:

\`\`\`ts
import { image, pod } from 'ov'
import { debian } from './catalogue/images.ts'
import { jq, postgresql } from './catalogue/layers.ts'

export const database = image({ name: 'database', base: debian, layers: [postgresql, jq] })
export const db = pod({ name: 'db', image: database, ports: { 5432: 5432 } })
\`\`\`

## Layers

${own.length} of them need nothing but Debian's archive and npm on Debian, and are in images that were really built; the others say where they come from.
"All" is Debian 13, Ubuntu 24.04, Fedora 43 and Arch.

${subjects
  .map((subject) =>
    layers(
      subject,
      all.filter((layer) => layer.subject === subject),
      distros,
    ),
  )
  .join('\n')}
\`ovItself\` is a function: ov in an image, from the tarball that \`npm pack\` makes of it.

## Images

### Really built

\`npm run build:catalogue\` built these ${done.length} images from Debian's archive and npm alone, and ran the checks of all their layers in
them, with their services running. The numbers are checks that passed; none failed.

${table(
  ['Image', 'What it is', 'On', 'Layers', 'Version', 'Checks'],
  done.map((facts) => {
    const { version, passed, skipped } = built[facts.name]!
    return [...image(facts), version, skipped > 0 ? `${passed}, ${skipped} skipped` : String(passed)]
  }),
)}

### Never built

These ${never.length} take what was not in reach when the catalogue was made. Podman read their Containerfiles instruction by instruction, without running
the commands, and [each one is kept](../test/catalogue/golden) to see what changes.

${table(
  ['Image', 'What it is', 'On', 'Layers', 'Takes'],
  never.map((facts) => [...image(facts), facts.elsewhere.join(', ')]),
)}
`
}
