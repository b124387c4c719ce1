import { describe, expect, it } from 'vitest'
import { Snippets, type Message } from './harness.ts'

const exact = new Snippets()

/**
 * What the snippets stand on. `web` gets its names by every way there is: layer → depends → layers → base → base. It has volumes
 * data, certs; ports 80, 5432, 53/udp; it demands DATABASE_URL; it accepts LOG, SMTP_HOST, EDITOR; it wants the secret API_KEY.
 */
exact.add(
  `import { image, layer } from 'ov'
const version = '2026.144.1443'
const database = layer({
  name: 'database',
  version,
  volumes: { data: '/var/lib/data' },
  ports: ['tcp:5432', 'udp:53'],
  envRequires: { DATABASE_URL: 'where the database is', LOG: { description: 'log level', default: 'info' } },
})
const server = layer({ name: 'server', version, depends: [database], volumes: { certs: '/certs' }, ports: [80] })
const bundle = layer({ name: 'bundle', version, layers: [server], envAccepts: { SMTP_HOST: 'mail relay' }, env: { EDITOR: 'vi' } })
export const tools = layer({ name: 'tools', version, secretRequires: { API_KEY: 'key of the account' }, secretAccepts: { SMTP_PASSWORD: 'mail relay' } })
const bottom = image({ name: 'bottom', base: 'docker.io/library/debian:13', layers: [bundle] })
const middle = image({ name: 'middle', base: bottom, layers: [tools] })
export const web = image({ name: 'web', base: middle })
/** No volumes, no ports, no variables. */
export const plain = image({ name: 'plain', base: 'docker.io/library/debian:13', layers: [tools] })
export { database, server, bundle }
`,
  'catalogue.ts',
)
const PRELUDE = `import { bind, build, cmd, copy, debootstrap, defineDistro, download, encrypted, fromFile, fromOperator, image, layer, link, mkdir, pod, provided, service, setcap, volume, write } from 'ov'
import type { AnyImage, AnyLayer, Backing, ImageSpec, Layer, LayerRef, LayerSpec, Pod, Security, Service, Task } from 'ov'
import { bundle, database, plain, server, tools, web } from './catalogue.ts'
declare const yes: boolean
const version = '2026.144.1443'
const env = { DATABASE_URL: 'postgres://db' }
`
const lines = (text: string) => text.split('\n').length - 1

/** Adds a snippet; the answer is asked for when the test runs, so that all are compiled together. */
const add = (body: string) => exact.add(`${PRELUDE}${body}\nexport {}\n`)

/** One line per error: where, number, and what is read. Lines count from the snippet's first. */
const read = (messages: readonly Message[]) =>
  messages.map(({ line, code, at, text }) => `${line - lines(PRELUDE)} \`${at}\` TS${code} ${text}`).join('\n')

const accepted: readonly (readonly [title: string, body: string])[] = [
  ['LAY-78 POD-40 volumes of depends, layers, base and the base of the base', `pod({ name: 'p', image: web, env, volumes: { data: bind('/srv'), certs: encrypted() } })`],
  ['POD-40 every backing, and the object it stands for', `pod({ name: 'p', image: web, env, volumes: { data: volume(), certs: { type: 'bind', host: '~/certs' } } })`],
  ['LAY-80 POD-64 ports by number, udp ports by text, every target', `pod({ name: 'p', image: web, env, ports: { 80: 8080, 5432: '0.0.0.0:5432', '53/udp': 'auto' } }); pod({ name: 'q', image: web, env, ports: { '80': { host: 8080, bind: '::1' }, '53/udp': { host: 'auto' } } })`],
  ['LAY-89 only variables without a default are demanded', `pod({ name: 'p', image: web, env: { DATABASE_URL: 'x' } })`],
  ['LAY-89 POD-87 a value may come from elsewhere', `const db = pod({ name: 'db', image: plain }); for (const value of [provided(), provided('db'), provided(db), fromFile(), fromOperator()]) pod({ name: 'p', image: web, env: { DATABASE_URL: value } })`],
  ['LAY-89 optional variables, and ones nobody declared', `pod({ name: 'p', image: web, env: { ...env, LOG: 'debug', SMTP_HOST: provided(), TZ: 'UTC' } }); pod({ name: 'q', image: plain, env: { TZ: 'UTC' } })`],
  ['LAY-89 required secrets are not demanded in env', `pod({ name: 'p', image: plain })`],
  ['authoring contract: env that demands nothing may be left out', `pod({ name: 'p', image: plain, network: 'host', security: { memoryMax: '1g' } })`],
  ['authoring contract: an image by name leaves env optional, volumes and ports open', `pod({ name: 'p', image: 'elsewhere', volumes: { any: bind() }, ports: { 1234: 1, '53/udp': 2 } }); pod({ name: 'q', image: 'ghcr.io/acme/web:1.2.3', env: { ANY: 'x' } })`],
  ['authoring contract: so does an image of which nothing is known', `const run = (image: AnyImage): Pod => pod({ name: 'p', image, volumes: { any: bind() }, ports: { 80: 80 } }); run(web)`],
  ['IMG-06 a base by name leaves volumes and ports open, and demands nothing', `pod({ name: 'p', image: image({ name: 'i', base: 'elsewhere', layers: [server] }), env, volumes: { other: bind() }, ports: { 99: 99 } }); pod({ name: 'q', image: image({ name: 'j', base: 'elsewhere' }) })`],
  ['IMG-06 a bootstrapped base, a digest, a local reference', `for (const base of ['debian@sha256:00', 'localhost/x', debootstrap({ suite: 'trixie' })] as const) image({ name: 'i', base, layers: [tools] })`],
  ['LAY-55 layers by name', `pod({ name: 'p', image: image({ name: 'i', base: web, layers: ['elsewhere', layer({ name: 'a', version, depends: ['b', tools], layers: ['c'] })] }), env })`],
  ['LAY-11 LAY-12 every verb as a plain object', `layer({ name: 'a', version, tasks: [
  { cmd: 'make', user: '\${USER}', cache: ['~/.cache'], env: { A: '1' }, comment: 'c' }, { mkdir: '/a', mode: '0750' }, { copy: 'a', to: '/a' },
  { write: '/a', content: 'x' }, { link: '/a', target: 'b' }, { download: 'https://a', extract: 'sh' }, { setcap: '/a' }, { build: 'all' },
] })`],
  ['LAY-11 every verb as a function', `layer({ name: 'a', version, tasks: [cmd('make'), mkdir('/a'), copy('a', { to: '/a' }), write('/a', { content: 'x' }), link('/a', { target: 'b' }), download('https://a', { to: '/a', extract: 'zip' }), setcap('/a', { caps: 'x' }), build()] })`],
  ['authoring contract: conditional tasks, and tasks made elsewhere', `const steps: Task[] = [mkdir('/a')]; const more = [{ cmd: 'x' }, { mkdir: '/a' }] satisfies readonly Task[]; layer({ name: 'a', version, tasks: [...steps, ...more, ...(yes ? [cmd('x')] : [])] })`],
  ['LAY-65 both forms of a service', `layer({ name: 'a', version, services: [service({ name: 's', exec: 'x', restart: 'always', stdout: 'file:/var/log/s' }), { name: 't', usePackaged: 't', enable: true }] })`],
  ['authoring contract: lists written "as const"', `const list = [server, tools] as const; const ports = [80, 'udp:53'] as const; pod({ name: 'p', image: image({ name: 'i', base: 'a/b', layers: list }), env, volumes: { data: bind() } }); pod({ name: 'q', image: image({ name: 'j', base: 'a/b', layers: [layer({ name: 'l', version, ports })] }), ports: { '53/udp': 53 } })`],
  ['authoring contract: conditional and spread lists keep their names', `const more = [server]; const i = image({ name: 'i', base: 'a/b', layers: [tools, ...(yes ? [bundle] : []), ...more] }); pod({ name: 'p', image: i, env, volumes: { data: bind(), certs: bind() }, ports: { 80: 80 } })`],
  ['authoring contract: either of two images', `pod({ name: 'p', image: yes ? web : plain, env })`],
  ['authoring contract: a helper that wraps layers keeps their names', `const logged = <L extends AnyLayer>(inner: L) => layer({ name: 'logged', version, depends: [inner], volumes: { logs: '/logs' } })
pod({ name: 'p', image: image({ name: 'i', base: plain, layers: [logged(server)] }), env, volumes: { logs: bind(), data: bind() } })`],
  ['authoring contract: a helper that makes layers from names keeps them', `const store = <const Name extends string>(name: Name) => layer({ name, version, volumes: { [name]: '/x' } as Record<Name, string> })
pod({ name: 'p', image: image({ name: 'i', base: plain, layers: [store('mail'), store('news')] }), volumes: { mail: bind(), news: bind() } })`],
  ['authoring contract: a helper that takes fields of a layer', `const dotfiles = (spec: Omit<LayerSpec, 'name' | 'version'>): AnyLayer => layer({ ...spec, name: 'dotfiles', version }); image({ name: 'i', base: 'a/b', layers: [dotfiles({ tasks: [cmd('x')], depends: [server] })] })`],
  ['authoring contract: a helper that takes lists of layers', `const on = (layers: readonly LayerRef[]) => image({ name: 'i', base: debootstrap({ suite: 'trixie' }), layers }); pod({ name: 'p', image: on([server, 'x']), env: {}, volumes: { any: bind() } })`],
  ['authoring contract: a layer passes for one with more names', `const known: Layer<'data' | 'certs', 80 | 5432 | '53/udp', 'DATABASE_URL', 'LOG', never> = server`],
  ['authoring contract: satisfies', `const security = { capAdd: ['NET_ADMIN'] } satisfies Security; const backing = bind('/x') satisfies Backing; const services = [{ name: 'a', exec: 'a' }] satisfies readonly Service[]
const spec = { name: 'a', version, security, services, volumes: { data: '/d' } } satisfies LayerSpec; const shape = { name: 'i', base: 'a/b', layers: [layer(spec)] } satisfies ImageSpec<string, readonly LayerRef[]>
pod({ name: 'p', image: image(shape), volumes: { data: backing } })`],
  ['LAY-45 IMG-01 distros by name and by value', `image({ name: 'i', base: 'alpine:3', distro: [defineDistro({ name: 'alpine' }), 'alpine'] }); layer({ name: 'a', version, deb: { packages: ['a'] }, tags: { 'debian:13': { packages: ['b'] } } })`],
  ['LAY-04 a helper names its own directory, without @types/node', `layer({ name: 'a', version, directory: import.meta.dirname }); const texts: string[] = [import.meta.filename, import.meta.url]`],
  ['authoring contract: texts are imported', `import('./motd.txt').then(({ default: text }) => write('/etc/motd', { content: text }))`],
]

const refused: readonly (readonly [title: string, body: string, says: string])[] = [
  ['POD-40 LAY-78 a misspelt volume', `pod({ name: 'p', image: web, env, volumes: { dat: bind() } })`, ``],
  ['POD-40 a volume the image does not have', `pod({ name: 'p', image: web, env, volumes: { library: bind() } })`, ``],
  ['POD-40 a volume where the image has none', `pod({ name: 'p', image: plain, volumes: { data: bind() } })`, ``],
  ['POD-40 a path instead of a backing', `pod({ name: 'p', image: web, env, volumes: { data: '/srv' } })`, ``],
  ['POD-40 an unknown type of backing', `pod({ name: 'p', image: web, env, volumes: { data: { type: 'nfs' } } })`, ``],
  ['POD-64 a port the image does not have', `pod({ name: 'p', image: web, env, ports: { 81: 8080 } })`, ``],
  ['POD-64 a port the wrong way round', `pod({ name: 'p', image: web, env, ports: { 8080: 80 } })`, ``],
  ['POD-64 a udp port as if it were tcp', `pod({ name: 'p', image: web, env, ports: { 53: 5353 } })`, ``],
  ['POD-64 a port where the image has none', `pod({ name: 'p', image: plain, ports: { 80: 80 } })`, ``],
  ['POD-64 a target that is no port', `pod({ name: 'p', image: web, env, ports: { 80: 'http' } })`, ``],
  ['LAY-89 POD-87 a required variable is missing', `pod({ name: 'p', image: web, env: { LOG: 'debug' } })`, ``],
  ['LAY-89 POD-87 all of env is missing', `pod({ name: 'p', image: web })`, ``],
  ['LAY-89 a variable that is no text', `pod({ name: 'p', image: web, env: { DATABASE_URL: 5432 } })`, ``],
  ['LAY-89 a misspelt field of a required variable', `layer({ name: 'a', version, envRequires: { A: { description: 'a', defualt: 'x' } } })`, ``],
  ['LAY-89 a default that is no text', `layer({ name: 'a', version, envRequires: { A: { description: 'a', default: 80 } } })`, ``],
  ['LAY-89 a required variable without a description', `layer({ name: 'a', version, envRequires: { A: { default: 'x' } } })`, ``],
  ['LAY-89 a secret has no default', `layer({ name: 'a', version, secretRequires: { A: { description: 'a', default: 'x' } } })`, ``],
  ['IMG-06 a registry reference brings no names', `pod({ name: 'p', image: image({ name: 'i', base: 'docker.io/library/postgres:17' }), volumes: { data: bind() } })`, ``],
  ['IMG-06 nor does a bootstrapped base', `pod({ name: 'p', image: image({ name: 'i', base: debootstrap({ suite: 'trixie' }) }), volumes: { data: bind() } })`, ``],
  ['LAY-120 an unknown field of a layer', `layer({ name: 'a', version, depend: [server] })`, ``],
  ['LAY-120 a snake_case field of a layer', `layer({ name: 'a', version, path_append: ['~/bin'] })`, ``],
  ['LAY-120 an unknown field of an image', `image({ name: 'i', base: 'a/b', layer: [server] })`, ``],
  ['LAY-120 an unknown field of a pod', `pod({ name: 'p', image: web, env, port: { 80: 80 } })`, ``],
  ['LAY-120 an unknown option of a verb', `cmd('make', { usr: 'root' })`, ``],
  ['LAY-120 an option that another verb has', `mkdir('/a', { to: '/b' })`, ``],
  ['LAY-120 an unknown field of security', `layer({ name: 'a', version, security: { capadd: ['SYS_PTRACE'] } })`, ``],
  ['LAY-120 an unknown field of a package section', `layer({ name: 'a', version, deb: { packages: ['a'], copr: ['x/y'] } })`, ``],
  ['LAY-11 a task with two verbs', `layer({ name: 'a', version, tasks: [{ cmd: 'make', mkdir: '/a' }] })`, ``],
  ['LAY-11 a task with an option of another verb', `layer({ name: 'a', version, tasks: [{ cmd: 'make', to: '/a' }] })`, ``],
  ['LAY-11 a task without a verb', `layer({ name: 'a', version, tasks: [{ user: 'root' }] })`, ``],
  ['LAY-11 a task with an unknown verb', `layer({ name: 'a', version, tasks: [{ run: 'make' }] })`, ``],
  ['LAY-16 a copy without destination', `copy('a')`, ``],
  ['LAY-21 an unknown kind of archive', `download('https://a', { extract: 'tgz', to: '/a' })`, ``],
  ['LAY-21 a misspelt kind of archive', `download('https://a', { extract: 'tar.zs', to: '/a' })`, ``],
  ['LAY-15 a mode as a number', `mkdir('/a', { mode: 0o755 })`, ``],
  ['LAY-65 a service in both forms', `service({ name: 's', exec: 's', usePackaged: 's' })`, ``],
  ['LAY-65 a service in neither form', `service({ name: 's' })`, ``],
  ['LAY-122 a field of the other form of a service', `service({ name: 's', usePackaged: 's', restart: 'always' })`, ``],
  ['LAY-09 a misspelt status', `layer({ name: 'a', version, status: 'workin' })`, ``],
  ['LAY-80 an unknown protocol', `layer({ name: 'a', version, ports: ['htp:80'] })`, ``],
  ['LAY-80 a port as text', `layer({ name: 'a', version, ports: ['80'] })`, ``],
  ['LAY-07 a version as a number', `layer({ name: 'a', version: 2026.144 })`, ``],
  ['LAY-07 no version', `layer({ name: 'a' })`, ``],
  ['IMG-01 an image without a base', `image({ name: 'i', layers: [server] })`, ``],
  ['LAY-78 volumes as a list', `layer({ name: 'a', version, volumes: ['data'] })`, ``],
  ['LAY-60 env as a list', `layer({ name: 'a', version, env: ['A=1'] })`, ``],
  ['LAY-89 required variables as a list', `layer({ name: 'a', version, envRequires: ['A'] })`, ``],
  ['POD-40 backings as a list', `pod({ name: 'p', image: web, env, volumes: ['data:/srv'] })`, ``],
  ['POD-27 variables as a list', `pod({ name: 'p', image: web, env: ['A=1'] })`, ``],
  ['POD-64 ports as a list', `pod({ name: 'p', image: web, env, ports: ['8080:80'] })`, ``],
  ['LAY-55 an image among the dependencies', `layer({ name: 'a', version, depends: [plain] })`, ``],
  ['LAY-55 a deploy among the layers', `image({ name: 'i', base: 'a/b', layers: [pod({ name: 'p', image: plain })] })`, ``],
  ['IMG-06 a layer as base', `image({ name: 'i', base: tools })`, ``],
  ['POD-01 a layer as the image of a deploy', `pod({ name: 'p', image: tools })`, ``],
  ['authoring contract: a name gone wrong three layers deeper', `const a = layer({ name: 'a', version, depends: [layer({ name: 'b', version, layers: [layer({ name: 'c', version, volumes: { photos: '/p' } })] })] })
pod({ name: 'p', image: image({ name: 'j', base: image({ name: 'i', base: 'a/b', layers: [a] }) }), volumes: { photo: bind() } })`, ``],
  ['authoring contract: a helper does not hide a wrong name', `const logged = <L extends AnyLayer>(inner: L) => layer({ name: 'logged', version, depends: [inner], volumes: { logs: '/logs' } })
pod({ name: 'p', image: image({ name: 'i', base: plain, layers: [logged(tools)] }), volumes: { log: bind() } })`, ``],
  ['authoring contract: a name that left the catalogue', `layer({ name: 'a', version, depends: [postgres] })`, ``],
]

const compiles = accepted.map(([title, body]) => ({ title, file: add(body) }))
const fails = refused.map(([title, body, says]) => ({ title, says, file: add(body) }))
const loose = exact.under({ exactOptionalPropertyTypes: false })

describe('compiles', () => {
  it.each(compiles)('$title', ({ file }) => {
    expect(read(exact.messages(file))).toBe('')
  })
})

describe('does not compile', () => {
  it.each(fails)('$title', ({ file, says }) => {
    expect(read(exact.messages(file))).toBe(says)
  })
})

describe('without exactOptionalPropertyTypes', () => {
  // The only difference is that types of optional fields name undefined too.
  const bare = (text: string) => text.replaceAll(' | undefined', '')

  it.each(compiles)('$title', ({ file }) => {
    expect(read(loose.messages(file))).toBe('')
  })
  it.each(fails)('$title', ({ file, says }) => {
    expect(bare(read(loose.messages(file)))).toBe(bare(says))
  })
})

describe('a format of the project', () => {
  // In a program of its own: it changes the types for all files.
  const project = new Snippets()
  const file = project.add(`import { layer } from 'ov'
declare module 'ov' {
  interface PackageSections {
    apk?: { packages: readonly string[] }
  }
}
layer({ name: 'a', version: '2026.1.1', apk: { packages: ['curl'] } })
layer({ name: 'a', version: '2026.1.1', apk: { package: ['curl'] } })
`)
  it('IMG-25 adds its section to the type of a layer', () => {
    expect(project.messages(file)).toEqual([])
  })
})
