import { describe, expect, it } from 'vitest'
import { marked, Snippets } from './harness.ts'

const snippets = new Snippets()
snippets.add(
  `import { image, layer } from 'ov'
const version = '2026.144.1443'
const database = layer({
  name: 'database',
  version,
  volumes: { data: '/var/lib/data' },
  ports: ['tcp:5432', 'udp:53'],
  envRequires: { DATABASE_URL: 'where the database is', LOG: { description: 'log level', default: 'info' } },
})
export const server = layer({ name: 'server', version, depends: [database], volumes: { certs: '/certs' }, ports: [80] })
const bundle = layer({ name: 'bundle', version, layers: [server], envAccepts: { SMTP_HOST: 'mail relay' }, secretRequires: { KEY: 'k' } })
const base = image({ name: 'base', base: 'docker.io/library/debian:13', layers: [bundle] })
export const web = image({ name: 'web', base })
export const other = layer({ name: 'other', version, volumes: { unrelated: '/x' }, ports: [9999], envRequires: { UNRELATED: 'x' } })
`,
  'catalogue.ts',
)
const IMPORTS = `import { bind, cmd, copy, download, image, layer, pod, provided, service, write } from 'ov'
import { other, server, web } from './catalogue.ts'
`

/** What is offered at the mark `‸`. */
function offers(text: string): () => string[] {
  const { text: source, positions } = marked(IMPORTS + text)
  const [position] = positions
  if (position === undefined || positions.length > 1) throw new Error('one ‸ is needed')
  const file = snippets.add(source)
  return () => snippets.complete(file, position).names.sort()
}
/** The same question in files that end differently: the editor asks while people type. */
const states = (call: string, field: string) => [
  { state: 'empty braces', text: `export const p = ${call}, ${field}: { ‸ } })` },
  { state: 'empty braces on lines of their own', text: `export const p = ${call},\n  ${field}: {\n    ‸\n  },\n})\n` },
  { state: 'unfinished file', text: `export const p = ${call}, ${field}: { ‸` },
  { state: 'unfinished call before other code', text: `export const p = ${call}, ${field}: { ‸\nexport const q = 1\n` },
  { state: 'further fields below', text: `export const p = ${call},\n  ${field}: { ‸ },\n  network: 'host',\n})\n` },
]
const POD = `pod({ name: 'p', image: web`
const volumes = ['certs', 'data']
/** The language service puts numeric keys in quotes; `'80'` and `80` are the same key. */
const ports = ['"53/udp"', '"5432"', '"80"']
const variables = ['DATABASE_URL', 'LOG', 'SMTP_HOST']

describe.each([
  { field: 'volumes', names: volumes, id: 'LAY-78 POD-40' },
  { field: 'ports', names: ports, id: 'LAY-80 POD-64' },
  { field: 'env', names: variables, id: 'LAY-89 POD-87' },
])('$field of a pod', ({ field, names, id }) => {
  const asked = states(POD, field).map(({ state, text }) => ({ state, offered: offers(text) }))
  it.each(asked)(`${id} complete with the image's own names: $state`, ({ offered }) => {
    expect(offered()).toEqual(names)
  })
})

describe('the rest of an entry', () => {
  const cases = [
    { title: 'POD-40 a key half typed', text: `${POD}, volumes: { da‸ } })`, names: volumes },
    {
      title: 'POD-40 what is given is not offered again',
      text: `${POD}, volumes: { data: bind('/d'), ‸ } })`,
      names: ['certs'],
    },
    { title: 'POD-40 nor below it', text: `${POD}, volumes: {\n  data: bind('/d'),\n  ‸\n} })`, names: ['certs'] },
    {
      title: 'POD-64 what is given is not offered again',
      text: `${POD}, ports: { 80: 8080, ‸ } })`,
      names: ['"53/udp"', '"5432"'],
    },
    {
      title: 'POD-87 what is given is not offered again',
      text: `${POD}, env: { LOG: 'debug', ‸ } })`,
      names: ['DATABASE_URL', 'SMTP_HOST'],
    },
    {
      title: 'POD-87 required ones too',
      text: `${POD}, env: { DATABASE_URL: provided(), ‸ } })`,
      names: ['LOG', 'SMTP_HOST'],
    },
    { title: 'POD-40 image written below', text: `pod({ name: 'p', volumes: { ‸ }, image: web })`, names: volumes },
    { title: 'POD-40 name not written yet', text: `pod({ image: web, volumes: { ‸ } })`, names: volumes },
    {
      title: 'POD-40 an image made on the spot',
      text: `pod({ name: 'p', image: image({ name: 'i', base: web, layers: [other] }), volumes: { ‸ } })`,
      names: [...volumes, 'unrelated'],
    },
    {
      title: 'POD-40 an image without volumes: nothing is offered',
      text: `pod({ name: 'p', image: image({ name: 'i', base: 'a/b' }), volumes: { ‸ } })`,
      names: [],
    },
    {
      title: 'POD-40 types of a backing',
      text: `${POD}, volumes: { data: { type: '‸' } } })`,
      names: ['bind', 'encrypted', 'volume'],
    },
    { title: 'POD-64 fields of a target', text: `${POD}, ports: { 80: { ‸ } } })`, names: ['bind', 'host'] },
  ].map((one) => ({ ...one, offered: offers(one.text) }))
  it.each(cases)('$title', ({ offered, names }) => {
    expect(offered()).toEqual([...names].sort())
  })
})

describe('fields and values', () => {
  const cases = [
    {
      title: 'LAY-09 status of a layer',
      text: `layer({ name: 'a', version: '1', status: '‸' })`,
      names: ['broken', 'testing', 'working'],
    },
    {
      title: 'LAY-21 kinds of archives',
      text: `download('https://a', { extract: '‸' })`,
      names: ['none', 'sh', 'tar.gz', 'tar.xz', 'tar.zst', 'zip'],
    },
    { title: 'LAY-13 options of cmd', text: `cmd('make', { ‸ })`, names: ['cache', 'comment', 'env', 'user'] },
    { title: 'LAY-16 options of copy', text: `copy('a', { ‸ })`, names: ['comment', 'mode', 'to', 'user'] },
    { title: 'LAY-17 options of write', text: `write('/a', { content: 'x', ‸ })`, names: ['comment', 'mode', 'user'] },
    {
      title: 'LAY-19 options of download',
      text: `download('https://a', { ‸ })`,
      names: [
        'cache',
        'checksum',
        'comment',
        'env',
        'extract',
        'include',
        'mode',
        'stripComponents',
        'to',
        'uninstall',
        'user',
      ],
    },
    {
      title: 'LAY-89 fields of a required variable',
      text: `layer({ name: 'a', version: '1', envRequires: { A: { ‸ } } })`,
      names: ['default', 'description'],
    },
    {
      title: 'LAY-91 fields of a secret',
      text: `layer({ name: 'a', version: '1', secretRequires: { A: { description: 'a', ‸ } } })`,
      names: ['key'],
    },
    {
      title: 'LAY-43 fields of a package section',
      text: `layer({ name: 'a', version: '1', deb: { ‸ } })`,
      names: ['options', 'packages', 'repos'],
    },
    {
      title: 'IMG-16 policies for the user of an image',
      text: `image({ name: 'a', base: web, userPolicy: '‸' })`,
      names: ['adopt', 'auto', 'create'],
    },
    {
      title: 'LAY-68 restart of a service',
      text: `service({ name: 'a', exec: 'a', restart: '‸' })`,
      names: ['always', 'no', 'on-failure', 'unless-stopped'],
    },
  ].map((one) => ({ ...one, offered: offers(one.text) }))
  it.each(cases)('$title', ({ offered, names }) => {
    expect(offered()).toEqual(names)
  })

  const fieldsOfLayer = offers(`layer({ name: 'a', version: '1', ‸ })`)
  const fieldsOfImage = offers(`image({ ‸ })`)
  const fieldsOfPod = offers(`pod({ image: web, ‸ })`)
  const verbs = offers(`layer({ name: 'a', version: '1', tasks: [{ ‸ }] })`)
  const besidesVerb = offers(`layer({ name: 'a', version: '1', tasks: [{ cmd: 'make', ‸ }] })`)
  const besidesExec = offers(`service({ name: 'a', exec: 'a', ‸ })`)

  it('authoring contract: the fields of a layer are offered, those given are not', () => {
    expect(fieldsOfLayer()).toMatchInlineSnapshot(`
      [
        "aliases",
        "artifacts",
        "aur",
        "capabilities",
        "cargo",
        "data",
        "deb",
        "depends",
        "description",
        "directory",
        "distros",
        "engine",
        "env",
        "envAccepts",
        "envProvides",
        "envRequires",
        "eval",
        "extract",
        "files",
        "hooks",
        "info",
        "layers",
        "libvirt",
        "mcpAccepts",
        "mcpProvides",
        "mcpRequires",
        "npm",
        "pac",
        "packages",
        "pathAppend",
        "pixi",
        "portRelay",
        "ports",
        "requiresCapabilities",
        "route",
        "rpm",
        "secretAccepts",
        "secretRequires",
        "secrets",
        "security",
        "services",
        "shell",
        "status",
        "tags",
        "tasks",
        "vars",
        "volumes",
      ]
    `)
  })
  it('authoring contract: the fields of an image are offered', () => {
    expect(fieldsOfImage()).toMatchInlineSnapshot(`
      [
        "acmeEmail",
        "aliases",
        "base",
        "bootc",
        "build",
        "builder",
        "builds",
        "dataImage",
        "deployEval",
        "description",
        "distro",
        "enabled",
        "env",
        "envFile",
        "eval",
        "fqdn",
        "gid",
        "info",
        "init",
        "layers",
        "name",
        "network",
        "platforms",
        "ports",
        "registry",
        "security",
        "shell",
        "status",
        "tag",
        "uid",
        "user",
        "userPolicy",
        "version",
      ]
    `)
  })
  it('authoring contract: the fields of a pod are offered', () => {
    expect(fieldsOfPod()).toMatchInlineSnapshot(`
      [
        "acmeEmail",
        "description",
        "dns",
        "engine",
        "env",
        "envFile",
        "extraVolumes",
        "info",
        "name",
        "network",
        "ports",
        "secrets",
        "security",
        "sidecars",
        "status",
        "tunnel",
        "version",
        "volumes",
      ]
    `)
  })
  it('LAY-11 all verbs are offered in a task', () => {
    expect(verbs()).toEqual(
      expect.arrayContaining(['build', 'cmd', 'copy', 'download', 'link', 'mkdir', 'setcap', 'write']),
    )
  })
  it('LAY-11 options of other verbs are not offered beside a verb', () => {
    expect(besidesVerb()).toEqual(expect.arrayContaining(['cache', 'comment', 'env', 'user']))
    const others = new Set(['to', 'mode', 'content', 'target', 'extract', 'caps'])
    expect(besidesVerb().filter((name) => others.has(name))).toEqual([])
  })
  it('LAY-122 fields of the other form of a service are not offered', () => {
    expect(besidesExec()).toContain('restart')
    expect(besidesExec()).not.toContain('overrides')
  })
})

describe('hovering', () => {
  const { text, positions } = marked(`${IMPORTS}
export const a = lay‸er({ name: 'a', version: '1', volu‸mes: { data: '/d' }, tasks: [download('https://a', { extr‸act: 'zip', to: '/a' }), { cm‸d: 'x' }] })
export const p = pod({ name: 'p', image: web, en‸v: { DATABASE_URL: '' }, volumes: { data: bi‸nd('/x') } })
export const site = we‸b
`)
  const file = snippets.add(text)
  const hover = (index: number) => snippets.hover(file, positions[index] ?? 0)

  it('authoring contract: a field shows its docstring and its example', () => {
    expect(hover(1)).toMatchInlineSnapshot(`
      {
        "doc": "Directories that outlive the container: name → path in the container, \`~\` allowed. (LAY-78)",
        "tags": [
          "@example volumes: { data: '~/.local/share/demo' }",
        ],
        "type": "(property) LayerSpec<{ readonly data: "/d"; }, readonly [], {}, {}, {}, {}, {}, readonly [], readonly []>.volumes?: {
          readonly data: "/d";
      }",
      }
    `)
  })
  it('authoring contract: a constructor shows its docstring', () => {
    expect(hover(0).doc).toMatchInlineSnapshot(
      `"Declares a layer: one concern, installed the same way in an image, on a host or in a VM. (LAY-01)"`,
    )
    expect(hover(0).tags.join('\n')).toContain('export const motd = layer({')
  })
  it('authoring contract: an option of a verb, and the verb of a plain task', () => {
    expect(hover(2).doc).toMatchInlineSnapshot(
      `"How it is unpacked. Default: \`'none'\`, whatever the URL ends in. (LAY-21)"`,
    )
    expect(hover(3).doc).toMatchInlineSnapshot(`"The script."`)
  })
  it('authoring contract: env of a pod says what is required', () => {
    expect(hover(4)).toMatchInlineSnapshot(`
      {
        "doc": "Environment of the container, over that of the image. The variables that the image requires must be here. (POD-27, POD-87)",
        "tags": [
          "@example env: { DATABASE_URL: provided('postgres') }",
        ],
        "type": "(property) MustSetEnv<"DATABASE_URL", "LOG" | "SMTP_HOST">.env: DeployEnv<"DATABASE_URL", "LOG" | "SMTP_HOST">",
      }
    `)
  })
  it('authoring contract: a backing explains itself', () => {
    expect(hover(5).doc).toMatchInlineSnapshot(
      `"Backs a volume with a directory of the host; \`~\` and \`$HOME\` are the operator's home. Without a path ov makes one under its data directory."`,
    )
  })
  it('authoring contract: an image shows the names it carries', () => {
    expect(hover(6).type).toMatchInlineSnapshot(`
      "(alias) const web: Image<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "LOG" | "SMTP_HOST", "KEY">
      import web"
    `)
  })
})

describe('builders', () => {
  const images = offers(`export const i = image({ name: 'i', base: web, builder: { ‸ } })`)
  const kinds = offers(`export const i = image({ name: 'i', base: web, builds: ['‸'] })`)
  it('IMG-20 complete with what there is to build', () => {
    expect(images()).toEqual(['aur', 'cargo', 'npm', 'pixi'])
    expect(kinds()).toEqual(['aur', 'cargo', 'npm', 'pixi'])
  })
})
