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
const read = (messages: readonly Message[], before = lines(PRELUDE)) =>
  messages.map(({ line, code, at, text }) => `${line - before} \`${at}\` TS${code} ${text}`).join('\n')

const accepted: readonly (readonly [title: string, body: string])[] = [
  [
    'LAY-78 POD-40 volumes of depends, layers, base and the base of the base',
    `pod({ name: 'p', image: web, env, volumes: { data: bind('/srv'), certs: encrypted() } })`,
  ],
  [
    'POD-40 every backing, and the object it stands for',
    `pod({ name: 'p', image: web, env, volumes: { data: volume(), certs: { type: 'bind', host: '~/certs' } } })`,
  ],
  [
    'LAY-80 POD-64 ports by number, udp ports by text, every target',
    `pod({ name: 'p', image: web, env, ports: { 80: 8080, 5432: '0.0.0.0:5432', '53/udp': 'auto' } }); pod({ name: 'q', image: web, env, ports: { '80': { host: 8080, bind: '::1' }, '53/udp': { host: 'auto' } } })`,
  ],
  [
    'LAY-89 only variables without a default are demanded',
    `pod({ name: 'p', image: web, env: { DATABASE_URL: 'x' } })`,
  ],
  [
    'LAY-89 POD-87 a value may come from elsewhere',
    `const db = pod({ name: 'db', image: plain }); for (const value of [provided(), provided('db'), provided(db), fromFile(), fromOperator()]) pod({ name: 'p', image: web, env: { DATABASE_URL: value } })`,
  ],
  [
    'LAY-89 optional variables, and ones nobody declared',
    `pod({ name: 'p', image: web, env: { ...env, LOG: 'debug', SMTP_HOST: provided(), TZ: 'UTC' } }); pod({ name: 'q', image: plain, env: { TZ: 'UTC' } })`,
  ],
  ['LAY-89 required secrets are not demanded in env', `pod({ name: 'p', image: plain })`],
  [
    'IMG-67 an image of data alone needs no base',
    `const files: AnyImage = image({ name: 'files', dataImage: true, layers: [server], uid: 0 })`,
  ],
  [
    'LAY-87 LAY-92 LAY-94 LAY-95 what layers say of their containers',
    `layer({ name: 'l', version, secrets: { a: {}, b: { target: '/x', env: ['A', 'B'] } }, mcpProvides: { m: 'http://x', n: { url: 'http://y', transport: 'sse' } }, mcpRequires: { m: 'x' }, mcpAccepts: { n: { description: 'y' } }, aliases: { a: 'b' }, hooks: { postEnable: 'x' }, engine: 'podman' }); image({ name: 'i', base: web, aliases: { a: true, b: 'c' }, bootc: true })`,
  ],
  [
    'authoring contract: env that demands nothing may be left out',
    `pod({ name: 'p', image: plain, network: 'host', security: { memoryMax: '1g' } })`,
  ],
  [
    'IMG-03 POD-64 ports that an image lists itself, as of a base from a registry',
    `const own = image({ name: 'i', base: 'a/b', ports: [80, '8443:443', '53/udp', '1053:54/udp', '9000/tcp', '9:10/tcp'] }); pod({ name: 'p', image: own, ports: { 80: 1, 443: 2, '53/udp': 3, '54/udp': 4, 9000: 5, 10: 6 } }); pod({ name: 'q', image: image({ name: 'j', base: own, layers: [server] }), env, ports: { 443: 1, 5432: 2 } })`,
  ],
  [
    'IMG-03 a list of ports that is made elsewhere leaves them open',
    `const made: string[] = []; pod({ name: 'p', image: image({ name: 'i', base: 'a/b', ports: made }), ports: { 80: 1 } })`,
  ],
  [
    'authoring contract: an image by name leaves env optional, volumes and ports open',
    `pod({ name: 'p', image: 'elsewhere', volumes: { any: bind() }, ports: { 1234: 1, '53/udp': 2 } }); pod({ name: 'q', image: 'ghcr.io/acme/web:1.2.3', env: { ANY: 'x' } })`,
  ],
  [
    'authoring contract: so does an image of which nothing is known',
    `const run = (image: AnyImage): Pod => pod({ name: 'p', image, volumes: { any: bind() }, ports: { 80: 80 } }); run(web)`,
  ],
  [
    'IMG-06 a base by name leaves volumes and ports open, and demands nothing',
    `pod({ name: 'p', image: image({ name: 'i', base: 'elsewhere', layers: [server] }), env, volumes: { other: bind() }, ports: { 99: 99 } }); pod({ name: 'q', image: image({ name: 'j', base: 'elsewhere' }) })`,
  ],
  [
    'IMG-06 a bootstrapped base, a digest, a local reference',
    `for (const base of ['debian@sha256:00', 'localhost/x', debootstrap({ suite: 'trixie' })] as const) image({ name: 'i', base, layers: [tools] })`,
  ],
  [
    'LAY-55 layers by name',
    `pod({ name: 'p', image: image({ name: 'i', base: web, layers: ['elsewhere', layer({ name: 'a', version, depends: ['b', tools], layers: ['c'] })] }), env })`,
  ],
  [
    'LAY-11 LAY-12 every verb as a plain object',
    `layer({ name: 'a', version, tasks: [
  { cmd: 'make', user: '\${USER}', cache: ['~/.cache'], env: { A: '1' }, comment: 'c' }, { mkdir: '/a', mode: '0750' }, { copy: 'a', to: '/a' },
  { write: '/a', content: 'x' }, { link: '/a', target: 'b' }, { download: 'https://a', extract: 'sh' }, { setcap: '/a' }, { build: 'all' },
] })`,
  ],
  [
    'LAY-11 every verb as a function',
    `layer({ name: 'a', version, tasks: [cmd('make'), mkdir('/a'), copy('a', { to: '/a' }), write('/a', { content: 'x' }), link('/a', { target: 'b' }), download('https://a', { to: '/a', extract: 'zip' }), setcap('/a', { caps: 'x' }), build()] })`,
  ],
  [
    'authoring contract: conditional tasks, and tasks made elsewhere',
    `const steps: Task[] = [mkdir('/a')]; const more = [{ cmd: 'x' }, { mkdir: '/a' }] satisfies readonly Task[]; layer({ name: 'a', version, tasks: [...steps, ...more, ...(yes ? [cmd('x')] : [])] })`,
  ],
  [
    'LAY-65 both forms of a service',
    `layer({ name: 'a', version, services: [service({ name: 's', exec: 'x', restart: 'always', stdout: 'file:/var/log/s' }), { name: 't', usePackaged: 't', enable: true }] })`,
  ],
  [
    'authoring contract: lists written "as const"',
    `const list = [server, tools] as const; const ports = [80, 'udp:53'] as const; pod({ name: 'p', image: image({ name: 'i', base: 'a/b', layers: list }), env, volumes: { data: bind() } }); pod({ name: 'q', image: image({ name: 'j', base: 'a/b', layers: [layer({ name: 'l', version, ports })] }), ports: { '53/udp': 53 } })`,
  ],
  [
    'authoring contract: conditional and spread lists keep their names',
    `const more = [server]; const i = image({ name: 'i', base: 'a/b', layers: [tools, ...(yes ? [bundle] : []), ...more] }); pod({ name: 'p', image: i, env, volumes: { data: bind(), certs: bind() }, ports: { 80: 80 } })`,
  ],
  ['authoring contract: either of two images', `pod({ name: 'p', image: yes ? web : plain, env })`],
  [
    'authoring contract: a helper that wraps layers keeps their names',
    `const logged = <L extends AnyLayer>(inner: L) => layer({ name: 'logged', version, depends: [inner], volumes: { logs: '/logs' } })
pod({ name: 'p', image: image({ name: 'i', base: plain, layers: [logged(server)] }), env, volumes: { logs: bind(), data: bind() } })`,
  ],
  [
    'authoring contract: a helper that makes layers from names keeps them',
    `const store = <const Name extends string>(name: Name) => layer({ name, version, volumes: { [name]: '/x' } as Record<Name, string> })
pod({ name: 'p', image: image({ name: 'i', base: plain, layers: [store('mail'), store('news')] }), volumes: { mail: bind(), news: bind() } })`,
  ],
  [
    'authoring contract: a helper that takes fields of a layer',
    `const dotfiles = (spec: Omit<LayerSpec, 'name' | 'version'>): AnyLayer => layer({ ...spec, name: 'dotfiles', version }); image({ name: 'i', base: 'a/b', layers: [dotfiles({ tasks: [cmd('x')], depends: [server] })] })`,
  ],
  [
    'authoring contract: a helper that takes lists of layers',
    `const on = (layers: readonly LayerRef[]) => image({ name: 'i', base: debootstrap({ suite: 'trixie' }), layers }); pod({ name: 'p', image: on([server, 'x']), env: {}, volumes: { any: bind() } })`,
  ],
  [
    'authoring contract: a layer passes for one with more names',
    `const known: Layer<'data' | 'certs', 80 | 5432 | '53/udp', 'DATABASE_URL', 'LOG', never> = server`,
  ],
  [
    'authoring contract: satisfies',
    `const security = { capAdd: ['NET_ADMIN'] } satisfies Security; const backing = bind('/x') satisfies Backing; const services = [{ name: 'a', exec: 'a' }] satisfies readonly Service[]
const spec = { name: 'a', version, security, services, volumes: { data: '/d' } } satisfies LayerSpec; const shape = { name: 'i', base: 'a/b', layers: [layer(spec)] } satisfies ImageSpec
pod({ name: 'p', image: image(shape), volumes: { data: backing } })`,
  ],
  [
    'LAY-45 IMG-01 distros by name and by value',
    `image({ name: 'i', base: 'alpine:3', distro: [defineDistro({ name: 'alpine' }), 'alpine'] }); layer({ name: 'a', version, deb: { packages: ['a'] }, tags: { 'debian:13': { packages: ['b'] } } })`,
  ],
  [
    'LAY-04 a helper names its own directory, without @types/node',
    `layer({ name: 'a', version, directory: import.meta.dirname }); const texts: string[] = [import.meta.filename, import.meta.url]`,
  ],
  [
    'authoring contract: texts are imported',
    `import('./motd.txt').then(({ default: text }) => write('/etc/motd', { content: text }))`,
  ],
]

const refused: readonly (readonly [title: string, body: string, says: string])[] = [
  [
    'POD-40 LAY-78 a misspelt volume',
    `pod({ name: 'p', image: web, env, volumes: { dat: bind() } })`,
    `1 \`dat\` TS2561 Object literal may only specify known properties, but 'dat' does not exist in type '{ readonly certs?: Backing; readonly data?: Backing; }'. Did you mean to write 'data'?`,
  ],
  [
    'POD-40 a volume the image does not have',
    `pod({ name: 'p', image: web, env, volumes: { library: bind() } })`,
    `1 \`library\` TS2353 Object literal may only specify known properties, and 'library' does not exist in type '{ readonly certs?: Backing; readonly data?: Backing; }'.`,
  ],
  [
    'POD-40 a volume where the image has none',
    `pod({ name: 'p', image: plain, volumes: { data: bind() } })`,
    `1 \`data\` TS2353 Object literal may only specify known properties, and 'data' does not exist in type 'NoVolumes'.`,
  ],
  [
    'POD-40 a path instead of a backing',
    `pod({ name: 'p', image: web, env, volumes: { data: '/srv' } })`,
    `1 \`data\` TS2322 Type 'string' is not assignable to type 'Backing | undefined'.`,
  ],
  [
    'POD-40 an unknown type of backing',
    `pod({ name: 'p', image: web, env, volumes: { data: { type: 'nfs' } } })`,
    `1 \`type\` TS2322 Type '"nfs"' is not assignable to type '"bind" | "encrypted" | "volume"'.`,
  ],
  [
    'POD-64 a port the image does not have',
    `pod({ name: 'p', image: web, env, ports: { 81: 8080 } })`,
    `1 \`81\` TS2353 Object literal may only specify known properties, and '81' does not exist in type '{ readonly "53/udp"?: PortTarget; readonly 5432?: PortTarget; readonly 80?: PortTarget; }'.`,
  ],
  [
    'POD-64 a port the wrong way round',
    `pod({ name: 'p', image: web, env, ports: { 8080: 80 } })`,
    `1 \`8080\` TS2353 Object literal may only specify known properties, and '8080' does not exist in type '{ readonly "53/udp"?: PortTarget; readonly 5432?: PortTarget; readonly 80?: PortTarget; }'.`,
  ],
  [
    'POD-64 a udp port as if it were tcp',
    `pod({ name: 'p', image: web, env, ports: { 53: 5353 } })`,
    `1 \`53\` TS2353 Object literal may only specify known properties, and '53' does not exist in type '{ readonly "53/udp"?: PortTarget; readonly 5432?: PortTarget; readonly 80?: PortTarget; }'.`,
  ],
  [
    'POD-64 a port where the image has none',
    `pod({ name: 'p', image: plain, ports: { 80: 80 } })`,
    `1 \`80\` TS2353 Object literal may only specify known properties, and '80' does not exist in type 'NoPorts'.`,
  ],
  [
    'POD-64 a target that is no port',
    `pod({ name: 'p', image: web, env, ports: { 80: 'http' } })`,
    `1 \`80\` TS2322 Type '"http"' is not assignable to type 'PortTarget | undefined'.`,
  ],
  [
    'LAY-89 POD-87 a required variable is missing',
    `pod({ name: 'p', image: web, env: { LOG: 'debug' } })`,
    `1 \`env\` TS2322 Type '{ LOG: string; }' is not assignable to type 'DeployEnv<"DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST">'.
  Property 'DATABASE_URL' is missing in type '{ LOG: string; }' but required in type '{ readonly DATABASE_URL: EnvValue; }'.`,
  ],
  [
    'LAY-89 POD-87 all of env is missing',
    `pod({ name: 'p', image: web })`,
    `1 \`{ name: 'p', image: web }\` TS2345 Argument of type '{ name: string; image: Image<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST", "API_KEY" | "SMTP_PASSWORD">; }' is not assignable to parameter of type 'PodFields<Image<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST", "API_KEY" | "SMTP_PASSWORD">, "certs" | "data", "53/udp" | 80 | 5432> & MustSetEnv<...>'.
  Property 'env' is missing in type '{ name: string; image: Image<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST", "API_KEY" | "SMTP_PASSWORD">; }' but required in type 'MustSetEnv<"DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST">'.`,
  ],
  [
    'LAY-89 a variable that is no text',
    `pod({ name: 'p', image: web, env: { DATABASE_URL: 5432 } })`,
    `1 \`DATABASE_URL\` TS2322 Type 'number' is not assignable to type 'EnvValue'.`,
  ],
  [
    'LAY-89 a misspelt field of a required variable',
    `layer({ name: 'a', version, envRequires: { A: { description: 'a', defualt: 'x' } } })`,
    `1 \`defualt\` TS2561 Object literal may only specify known properties, but 'defualt' does not exist in type '{ readonly description: string; readonly default?: string; }'. Did you mean to write 'default'?`,
  ],
  [
    'LAY-89 a default that is no text',
    `layer({ name: 'a', version, envRequires: { A: { description: 'a', default: 80 } } })`,
    `1 \`default\` TS2322 Type 'number' is not assignable to type 'string'.`,
  ],
  [
    'LAY-89 a required variable without a description',
    `layer({ name: 'a', version, envRequires: { A: { default: 'x' } } })`,
    `1 \`A\` TS2322 Type '{ default: string; }' is not assignable to type 'EnvContract'.
  Property 'description' is missing in type '{ default: string; }' but required in type '{ readonly description: string; readonly default?: string; }'.`,
  ],
  [
    'LAY-89 a secret has no default',
    `layer({ name: 'a', version, secretRequires: { A: { description: 'a', default: 'x' } } })`,
    `1 \`default\` TS2353 Object literal may only specify known properties, and 'default' does not exist in type '{ readonly description: string; readonly key?: string; }'.`,
  ],
  [
    'IMG-06 a registry reference brings no names',
    `pod({ name: 'p', image: image({ name: 'i', base: 'docker.io/library/postgres:17' }), volumes: { data: bind() } })`,
    `1 \`data\` TS2353 Object literal may only specify known properties, and 'data' does not exist in type 'NoVolumes'.`,
  ],
  [
    'IMG-06 nor does a bootstrapped base',
    `pod({ name: 'p', image: image({ name: 'i', base: debootstrap({ suite: 'trixie' }) }), volumes: { data: bind() } })`,
    `1 \`data\` TS2353 Object literal may only specify known properties, and 'data' does not exist in type 'NoVolumes'.`,
  ],
  [
    'LAY-120 an unknown field of a layer',
    `layer({ name: 'a', version, depend: [server] })`,
    `1 \`depend\` TS2561 Object literal may only specify known properties, but 'depend' does not exist in type 'LayerSpec<{}, readonly [], {}, {}, {}, {}, {}, readonly [], readonly []>'. Did you mean to write 'depends'?`,
  ],
  [
    'LAY-120 a snake_case field of a layer',
    `layer({ name: 'a', version, path_append: ['~/bin'] })`,
    `1 \`path_append\` TS2561 Object literal may only specify known properties, but 'path_append' does not exist in type 'LayerSpec<{}, readonly [], {}, {}, {}, {}, {}, readonly [], readonly []>'. Did you mean to write 'pathAppend'?`,
  ],
  [
    'LAY-120 an unknown field of an image',
    `image({ name: 'i', base: 'a/b', layer: [server] })`,
    `1 \`layer\` TS2561 Object literal may only specify known properties, but 'layer' does not exist in type 'ImageSpec<"a/b", readonly [], readonly []>'. Did you mean to write 'layers'?`,
  ],
  [
    'LAY-120 an unknown field of a pod',
    `pod({ name: 'p', image: web, env, port: { 80: 80 } })`,
    `1 \`port\` TS2561 Object literal may only specify known properties, but 'port' does not exist in type 'PodFields<Image<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST", "API_KEY" | "SMTP_PASSWORD">, "certs" | "data", "53/udp" | 80 | 5432> & MustSetEnv<...>'. Did you mean to write 'ports'?`,
  ],
  [
    'LAY-120 an unknown option of a verb',
    `cmd('make', { usr: 'root' })`,
    `1 \`usr\` TS2561 Object literal may only specify known properties, but 'usr' does not exist in type 'CmdOptions'. Did you mean to write 'user'?`,
  ],
  [
    'LAY-120 an option that another verb has',
    `mkdir('/a', { to: '/b' })`,
    `1 \`to\` TS2353 Object literal may only specify known properties, and 'to' does not exist in type 'MkdirOptions'.`,
  ],
  [
    'LAY-120 an unknown field of security',
    `layer({ name: 'a', version, security: { capadd: ['SYS_PTRACE'] } })`,
    `1 \`capadd\` TS2561 Object literal may only specify known properties, but 'capadd' does not exist in type 'Security'. Did you mean to write 'capAdd'?`,
  ],
  [
    'LAY-120 an unknown field of a package section',
    `layer({ name: 'a', version, deb: { packages: ['a'], copr: ['x/y'] } })`,
    `1 \`copr\` TS2353 Object literal may only specify known properties, and 'copr' does not exist in type 'DebSection'.`,
  ],
  [
    'LAY-11 a task with two verbs',
    `layer({ name: 'a', version, tasks: [{ cmd: 'make', mkdir: '/a' }] })`,
    `1 \`{ cmd: 'make', mkdir: '/a' }\` TS2322 Type '{ cmd: string; mkdir: string; }' is not assignable to type 'Task'.
  Types of property 'mkdir' are incompatible.
    Type 'string' is not assignable to type 'undefined'.`,
  ],
  [
    'LAY-11 a task with an option of another verb',
    `layer({ name: 'a', version, tasks: [{ cmd: 'make', to: '/a' }] })`,
    `1 \`to\` TS2353 Object literal may only specify known properties, and 'to' does not exist in type 'Only<CmdTask>'.`,
  ],
  [
    'LAY-11 a task without a verb',
    `layer({ name: 'a', version, tasks: [{ user: 'root' }] })`,
    `1 \`{ user: 'root' }\` TS2322 Type '{ user: string; }' is not assignable to type 'Task'.
  Type '{ user: string; }' is not assignable to type 'Only<BuildTask> | Only<CmdTask> | Only<CopyTask> | Only<DownloadTask> | Only<LinkTask> | Only<...> | Only<...>'.
    Type '{ user: string; }' is not assignable to type 'Only<WriteTask>'.
      Type '{ user: string; }' is missing the following properties from type 'WriteTask': write, content`,
  ],
  [
    'LAY-11 a task with an unknown verb',
    `layer({ name: 'a', version, tasks: [{ run: 'make' }] })`,
    `1 \`run\` TS2353 Object literal may only specify known properties, and 'run' does not exist in type 'Task'.`,
  ],
  ['LAY-16 a copy without destination', `copy('a')`, `1 \`copy\` TS2554 Expected 2 arguments, but got 1.`],
  [
    'LAY-21 an unknown kind of archive',
    `download('https://a', { extract: 'tgz', to: '/a' })`,
    `1 \`extract\` TS2322 Type '"tgz"' is not assignable to type '"none" | "sh" | "tar.gz" | "tar.xz" | "tar.zst" | "zip" | undefined'.`,
  ],
  [
    'LAY-21 a misspelt kind of archive',
    `download('https://a', { extract: 'tar.zs', to: '/a' })`,
    `1 \`extract\` TS2820 Type '"tar.zs"' is not assignable to type '"none" | "sh" | "tar.gz" | "tar.xz" | "tar.zst" | "zip" | undefined'. Did you mean '"tar.zst"'?`,
  ],
  [
    'LAY-15 a mode as a number',
    `mkdir('/a', { mode: 0o755 })`,
    `1 \`mode\` TS2322 Type 'number' is not assignable to type 'string'.`,
  ],
  [
    'LAY-65 a service in both forms',
    `service({ name: 's', exec: 's', usePackaged: 's' })`,
    `1 \`{ name: 's', exec: 's', usePackaged: 's' }\` TS2345 Argument of type '{ name: string; exec: string; usePackaged: string; }' is not assignable to parameter of type 'Service'.
  Types of property 'usePackaged' are incompatible.
    Type 'string' is not assignable to type 'undefined'.`,
  ],
  [
    'LAY-65 a service in neither form',
    `service({ name: 's' })`,
    `1 \`{ name: 's' }\` TS2345 Argument of type '{ name: string; }' is not assignable to parameter of type 'Service'.
  Type '{ name: string; }' is not assignable to type 'PackagedService & { readonly exec?: undefined; }'.
    Property 'usePackaged' is missing in type '{ name: string; }' but required in type 'PackagedService'.`,
  ],
  [
    'LAY-122 a field of the other form of a service',
    `service({ name: 's', usePackaged: 's', restart: 'always' })`,
    `1 \`restart\` TS2353 Object literal may only specify known properties, and 'restart' does not exist in type 'PackagedService & { readonly exec?: undefined; }'.`,
  ],
  [
    'LAY-09 a misspelt status',
    `layer({ name: 'a', version, status: 'workin' })`,
    `1 \`status\` TS2820 Type '"workin"' is not assignable to type '"broken" | "testing" | "working"'. Did you mean '"working"'?`,
  ],
  [
    'LAY-80 an unknown protocol',
    `layer({ name: 'a', version, ports: ['htp:80'] })`,
    `1 \`'htp:80'\` TS2322 Type '"htp:80"' is not assignable to type 'LayerPort'.`,
  ],
  [
    'LAY-80 a port as text',
    `layer({ name: 'a', version, ports: ['80'] })`,
    `1 \`'80'\` TS2322 Type '"80"' is not assignable to type 'LayerPort'.`,
  ],
  [
    'LAY-07 a version as a number',
    `layer({ name: 'a', version: 2026.144 })`,
    `1 \`version\` TS2322 Type 'number' is not assignable to type 'string'.`,
  ],
  [
    'LAY-07 no version',
    `layer({ name: 'a' })`,
    `1 \`{ name: 'a' }\` TS2345 Argument of type '{ name: string; }' is not assignable to parameter of type 'LayerSpec<{}, readonly [], {}, {}, {}, {}, {}, readonly [], readonly []>'.
  Property 'version' is missing in type '{ name: string; }' but required in type 'LayerSpec<{}, readonly [], {}, {}, {}, {}, {}, readonly [], readonly []>'.`,
  ],
  [
    'IMG-01 an image without a base',
    `image({ name: 'i', layers: [server] })`,
    `1 \`{ name: 'i', layers: [server] }\` TS2345 Argument of type '{ name: string; layers: [Layer<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "LOG", never>]; }' is not assignable to parameter of type 'DataImageSpec<readonly [Layer<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "LOG", never>]> | ImageSpec<BaseRef, readonly [Layer<"certs" | "data", "53/udp" | ... 1 more ... | 5432, "DATABASE_URL", "LOG", never>], readonly []>'.
  Property 'base' is missing in type '{ name: string; layers: [Layer<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "LOG", never>]; }' but required in type 'ImageSpec<BaseRef, readonly [Layer<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "LOG", never>], readonly []>'.`,
  ],
  [
    'LAY-78 volumes as a list',
    `layer({ name: 'a', version, volumes: ['data'] })`,
    `1 \`volumes\` TS2322 Type 'string[]' is not assignable to type 'Readonly<Record<string, string>>'.
  Index signature for type 'string' is missing in type 'string[]'.`,
  ],
  [
    'LAY-60 env as a list',
    `layer({ name: 'a', version, env: ['A=1'] })`,
    `1 \`env\` TS2322 Type 'string[]' is not assignable to type 'Readonly<Record<string, string>>'.
  Index signature for type 'string' is missing in type 'string[]'.`,
  ],
  [
    'LAY-89 required variables as a list',
    `layer({ name: 'a', version, envRequires: ['A'] })`,
    `1 \`envRequires\` TS2322 Type 'string[]' is not assignable to type '{ readonly [x: string]: EnvContract; }'.
  Index signature for type 'string' is missing in type 'string[]'.`,
  ],
  [
    'POD-40 backings as a list',
    `pod({ name: 'p', image: web, env, volumes: ['data:/srv'] })`,
    `1 \`volumes\` TS2559 Type 'string[]' has no properties in common with type '{ readonly certs?: Backing; readonly data?: Backing; }'.`,
  ],
  [
    'POD-27 variables as a list',
    `pod({ name: 'p', image: web, env: ['A=1'] })`,
    `1 \`env\` TS2322 Type 'string[]' is not assignable to type 'DeployEnv<"DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST">'.
  Property 'DATABASE_URL' is missing in type 'string[]' but required in type '{ readonly DATABASE_URL: EnvValue; }'.`,
  ],
  [
    'POD-64 ports as a list',
    `pod({ name: 'p', image: web, env, ports: ['8080:80'] })`,
    `1 \`ports\` TS2559 Type 'string[]' has no properties in common with type '{ readonly "53/udp"?: PortTarget; readonly 5432?: PortTarget; readonly 80?: PortTarget; }'.`,
  ],
  [
    'LAY-55 an image among the dependencies',
    `layer({ name: 'a', version, depends: [plain] })`,
    `1 \`plain\` TS2322 Type 'Image<never, never, never, never, "API_KEY" | "SMTP_PASSWORD">' is not assignable to type 'LayerRef'.
  Type 'Image<never, never, never, never, "API_KEY" | "SMTP_PASSWORD">' is not assignable to type 'AnyLayer'.
    Types of property '[ENTITY]' are incompatible.
      Type '"image"' is not assignable to type '"layer"'.`,
  ],
  [
    'LAY-55 a deploy among the layers',
    `image({ name: 'i', base: 'a/b', layers: [pod({ name: 'p', image: plain })] })`,
    `1 \`pod({ name: 'p', image: plain })\` TS2322 Type 'Pod' is not assignable to type 'LayerRef'.
  Type 'Entity<"pod">' is missing the following properties from type 'Layer<string, PortKey, string, string, string>': $volume, $port, $required, $optional, $secret`,
  ],
  [
    'IMG-67 a data image with a base',
    `image({ name: 'i', dataImage: true, base: web, layers: [server] })`,
    `1 \`{ name: 'i', dataImage: true, base: web, layers: [server] }\` TS2345 Argument of type '{ name: string; dataImage: true; base: Image<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST", "API_KEY" | "SMTP_PASSWORD">; layers: [...]; }' is not assignable to parameter of type 'DataImageSpec<readonly [Layer<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "LOG", never>]> | ImageSpec<Image<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "EDITOR" | ... 1 more ... | "SMTP_HOST", "API_KEY" | "SMTP_PASSWORD">, readonly [...], readonly []>'.
  Types of property 'base' are incompatible.
    Type 'Image<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "EDITOR" | "LOG" | "SMTP_HOST", "API_KEY" | "SMTP_PASSWORD">' is not assignable to type 'undefined'.`,
  ],
  [
    'IMG-67 a data image that runs something',
    `image({ name: 'i', dataImage: true, layers: [server], ports: [80] })`,
    `1 \`ports\` TS2353 Object literal may only specify known properties, and 'ports' does not exist in type 'DataImageSpec<readonly [Layer<"certs" | "data", "53/udp" | 80 | 5432, "DATABASE_URL", "LOG", never>]>'.`,
  ],
  [
    'LAY-87 a misspelt field of a secret',
    `layer({ name: 'l', version, secrets: { db: { envs: 'A' } } })`,
    `1 \`envs\` TS2561 Object literal may only specify known properties, but 'envs' does not exist in type 'OwnedSecret'. Did you mean to write 'env'?`,
  ],
  [
    'LAY-98 a shell that ov does not know',
    `layer({ name: 'l', version, shell: { tcsh: { init: 'x' } } })`,
    `1 \`tcsh\` TS2353 Object literal may only specify known properties, and 'tcsh' does not exist in type 'Shell'.`,
  ],
  [
    'LAY-101 a capability that there is none of',
    `layer({ name: 'l', version, requiresCapabilities: ['preserveUsers'] })`,
    `1 \`'preserveUsers'\` TS2820 Type '"preserveUsers"' is not assignable to type '"dataOnly" | "initSystemHint" | "needsRootAfterInit" | "preserveUser"'. Did you mean '"preserveUser"'?`,
  ],
  [
    'IMG-01 a platform that there is none of',
    `image({ name: 'i', base: web, platforms: ['amd64'] })`,
    `1 \`'amd64'\` TS2322 Type '"amd64"' is not assignable to type '"linux/amd64" | "linux/arm64" | "linux/ppc64le" | "linux/s390x"'.`,
  ],
  [
    'IMG-06 a layer as base',
    `image({ name: 'i', base: tools })`,
    `1 \`base\` TS2322 Type 'Layer<never, never, never, never, "API_KEY" | "SMTP_PASSWORD">' is not assignable to type 'BaseRef | undefined'.
  Type 'Layer<never, never, never, never, "API_KEY" | "SMTP_PASSWORD">' is not assignable to type 'AnyImage | BootstrapBase'.
    Type 'Layer<never, never, never, never, "API_KEY" | "SMTP_PASSWORD">' is not assignable to type 'AnyImage'.
      Types of property '[ENTITY]' are incompatible.
        Type '"layer"' is not assignable to type '"image"'.`,
  ],
  [
    'POD-01 a layer as the image of a deploy',
    `pod({ name: 'p', image: tools })`,
    `1 \`image\` TS2322 Type 'Layer<never, never, never, never, "API_KEY" | "SMTP_PASSWORD">' is not assignable to type 'string | AnyImage'.
  Type 'Layer<never, never, never, never, "API_KEY" | "SMTP_PASSWORD">' is not assignable to type 'AnyImage'.
    Types of property '[ENTITY]' are incompatible.
      Type '"layer"' is not assignable to type '"image"'.`,
  ],
  [
    'authoring contract: a name gone wrong three layers deeper',
    `const a = layer({ name: 'a', version, depends: [layer({ name: 'b', version, layers: [layer({ name: 'c', version, volumes: { photos: '/p' } })] })] })
pod({ name: 'p', image: image({ name: 'j', base: image({ name: 'i', base: 'a/b', layers: [a] }) }), volumes: { photo: bind() } })`,
    `2 \`photo\` TS2561 Object literal may only specify known properties, but 'photo' does not exist in type '{ readonly photos?: Backing; }'. Did you mean to write 'photos'?`,
  ],
  [
    'authoring contract: a helper does not hide a wrong name',
    `const logged = <L extends AnyLayer>(inner: L) => layer({ name: 'logged', version, depends: [inner], volumes: { logs: '/logs' } })
pod({ name: 'p', image: image({ name: 'i', base: plain, layers: [logged(tools)] }), volumes: { log: bind() } })`,
    `2 \`log\` TS2561 Object literal may only specify known properties, but 'log' does not exist in type '{ readonly logs?: Backing; }'. Did you mean to write 'logs'?`,
  ],
  [
    'authoring contract: a name that left the catalogue',
    `layer({ name: 'a', version, depends: [postgres] })`,
    `1 \`postgres\` TS2304 Cannot find name 'postgres'.`,
  ],
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
    expect(read(project.messages(file), 0)).toBe(
      "8 `package` TS2561 Object literal may only specify known properties, but 'package' does not exist in type '{ packages: readonly string[]; }'. Did you mean to write 'packages'?",
    )
  })
})

describe('builders', () => {
  const plain = new Snippets()
  const file = plain.add(`import { image, layer } from 'ov'
const tools = image({ name: 'tools', base: 'debian:13', builds: ['pixi', 'npm'] })
image({ name: 'a', base: 'debian:13', builder: { pixi: tools, aur: 'elsewhere' } })
image({ name: 'a', base: 'debian:13', builder: { pixie: tools } })
image({ name: 'a', base: 'debian:13', builder: { pixi: layer({ name: 'l', version: '2026.1.1' }) } })
image({ name: 'a', base: 'debian:13', builds: ['pixie'] })
layer({ name: 'a', version: '2026.1.1', pixi: 'pixi.toml', npm: 'package.json', aur: { packages: ['yay'], replaces: ['x'] } })
layer({ name: 'a', version: '2026.1.1', pac: { packages: ['x'], repos: [{ name: 'x' }] } })
`)
  it('IMG-20 LAY-43 LAY-52 what builds and what is built is typed', () => {
    expect(plain.messages(file).map(({ line, at }) => `${line} ${at}`)).toEqual([
      '4 pixie',
      '5 pixi',
      "6 'pixie'",
      "8 { name: 'x' }",
    ])
  })

  const own = new Snippets()
  const extended = own.add(`import { defineBuilder, image, layer, type AnyImage } from 'ov'
declare module 'ov' {
  interface BuilderManifests {
    hugo?: string
  }
  interface BuilderImages {
    hugo?: AnyImage
  }
}
const hugo = defineBuilder({ name: 'hugo', detect: [['hugo.toml', 'content/']], stage: ({ home }) => [{ workdir: home }] })
const tools = image({ name: 'tools', base: 'debian:13', builds: [hugo, 'npm', 'hugo'] })
layer({ name: 'a', version: '2026.1.1', hugo: 'hugo.toml' })
image({ name: 'a', base: 'debian:13', builder: { hugo: tools } })
layer({ name: 'a', version: '2026.1.1', hugo: 1 })
`)
  it('IMG-25 a builder of the project adds its field to layers and its key to images', () => {
    expect(own.messages(extended).map(({ line, at }) => `${line} ${at}`)).toEqual(['14 hugo'])
  })
})
