import fc from 'fast-check'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bind, image, layer, pod, volume } from '../../dsl/index.ts'
import { parseContainerfile, parseUnit } from '../../src/format/index.ts'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { NASTY } from '../format/texts.ts'
import { DiagnosticError, pipeline } from '../pipeline.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ov-fuzz-'))
  mkdirSync(join(root, 'folder'))
  for (const name of ['file', 'folder/a b', 'folder/[x]*?']) writeFileSync(join(root, name), name)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('${HOME}', '${A}', '${ARCH}', '${USER}', '~', '${TYPO}', 'EOF', '\0'),
)
const words = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('a', 'b-c', 'x1', 'web') }, text)
/** Mostly what fits, sometimes anything. */
const mostly = <T>(fitting: fc.Arbitrary<T>): fc.Arbitrary<T | string> =>
  fc.oneof({ weight: 9, arbitrary: fitting }, { weight: 1, arbitrary: text })
const path = mostly(
  fc.tuple(fc.constantFrom('/', '~/', '${HOME}/', '/opt/', '${A}/'), text).map((parts) => parts.join('')),
)
const variables = fc.dictionary(mostly(fc.constantFrom('A', 'B', 'LONG_NAME', 'z')), text, { maxKeys: 3 })
const user = mostly(fc.constantFrom('root', '0', '${USER}', '500', '1:2', 'immich', '${A}'))
const mode = mostly(fc.constantFrom('0644', '0755', '${A}'))
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(shape: T, required: (keyof T & string)[]) =>
  fc.record(shape, { requiredKeys: required })

const task = fc.oneof(
  some({ cmd: text, user, cache: fc.array(path, { maxLength: 2 }), env: variables, comment: text }, ['cmd']),
  some({ mkdir: path, user, mode, comment: text }, ['mkdir']),
  some(
    {
      copy: mostly(fc.constantFrom('file', 'folder', './folder/a b', 'folder/[x]*?')),
      to: path,
      user,
      mode,
      comment: text,
    },
    ['copy', 'to'],
  ),
  some({ write: path, content: text, user, mode, comment: text }, ['write', 'content']),
  some({ link: path, target: text, user, comment: text }, ['link', 'target']),
  some(
    {
      download: fc.tuple(fc.constantFrom('https://e.org/'), text).map((parts) => parts.join('')),
      to: path,
      user,
      mode,
      extract: fc.constantFrom('none', 'tar.gz', 'zip', 'sh'),
      include: fc.array(text, { maxLength: 2 }),
      env: variables,
      comment: text,
    },
    ['download', 'to'],
  ),
  some({ setcap: path, caps: mostly(fc.constantFrom('', 'cap_net_raw+ep')), comment: text }, ['setcap']),
)
const service = some(
  {
    name: words,
    exec: text,
    env: variables,
    restart: fc.constantFrom('no', 'always', 'on-failure'),
    workingDirectory: text,
    user: text,
    after: fc.array(words, { maxLength: 2 }),
    stdout: fc.constantFrom('journal', 'none', 'file:/x y'),
    stopTimeout: fc.constantFrom('5s', 3),
  },
  ['name', 'exec'],
)
const layerSpec = some(
  {
    deb: some(
      { packages: fc.array(words, { minLength: 1, maxLength: 3 }), options: fc.array(text, { maxLength: 1 }) },
      ['packages'],
    ),
    vars: fc.dictionary(fc.constantFrom('A', 'B'), fc.oneof(text, fc.constantFrom('/v', '0700', '${B}')), {
      maxKeys: 2,
    }),
    tasks: fc.array(task, { maxLength: 4 }),
    env: variables,
    pathAppend: fc.array(path, { maxLength: 2 }),
    services: fc.array(service, { maxLength: 2 }),
    ports: fc.array(fc.constantFrom(80, 443, 'udp:53', 'tcp:22'), { maxLength: 3 }),
    volumes: fc.dictionary(words, path, { maxKeys: 2 }),
    envAccepts: fc.dictionary(fc.constantFrom('A', 'B'), text, { maxKeys: 2 }),
    envProvides: fc.dictionary(fc.constantFrom('U'), text, { maxKeys: 1 }),
    security: some(
      {
        capAdd: fc.array(text, { maxLength: 2 }),
        devices: fc.array(text, { maxLength: 1 }),
        shmSize: fc.constantFrom('1g', '2m'),
      },
      [],
    ),
    status: fc.constantFrom('working', 'broken'),
    info: text,
    aliases: fc.dictionary(words, text, { maxKeys: 2 }),
    hooks: some({ postEnable: text, preRemove: text }, []),
    mcpProvides: fc.dictionary(words, text, { maxKeys: 1 }),
    mcpRequires: fc.dictionary(words, text, { maxKeys: 1 }),
    route: some({ host: mostly(fc.constantFrom('a.localhost', 'B.example.org')), port: fc.constantFrom(80, 8080) }, [
      'host',
      'port',
    ]),
    portRelay: fc.array(fc.constantFrom(80, 443), { maxLength: 1 }),
    data: fc.array(
      some({ src: mostly(fc.constantFrom('folder', './folder/')), volume: words, dest: text }, ['src', 'volume']),
      { maxLength: 2 },
    ),
    extract: fc.array(
      some({ source: mostly(fc.constantFrom('x:1', 'y')), path, dest: path }, ['source', 'path', 'dest']),
      {
        maxLength: 2,
      },
    ),
    shell: some({ init: text, pathAppend: fc.array(path, { maxLength: 2 }), fish: some({ init: text, path }, []) }, []),
    capabilities: some(
      {
        ociLabels: fc.dictionary(words, text, { maxKeys: 2 }),
        initSystemHint: mostly(fc.constantFrom('supervisord', 'systemd')),
      },
      [],
    ),
  },
  ['tasks'],
)

/** Which other layers a layer needs, by name. */
const graph = fc.array(
  fc.tuple(layerSpec, fc.array(fc.nat(4), { maxLength: 2 }), fc.constantFrom('depends', 'layers')),
  {
    minLength: 1,
    maxLength: 4,
  },
)

type Spec = Record<string, unknown>
interface Program {
  readonly layers: readonly Spec[]
  readonly image: Spec
  readonly pods: readonly Spec[]
}

/** The program, with entities made from the specs. */
function declare({ layers, image: imageSpec, pods }: Program) {
  const made = layers.map((spec) =>
    layer({ ...spec, pathAppend: ['/x', ...((spec['pathAppend'] as []) ?? [])] } as never),
  )
  const supervisord = layer({ name: 'supervisord', version: '2026.1.1', deb: { packages: ['supervisor'] } })
  const socat = layer({ name: 'socat', version: '2026.1.1', deb: { packages: ['socat'] } })
  const traefik = layer({ name: 'traefik', version: '2026.1.1', env: { TRAEFIK: '1' } })
  const app = image({ ...imageSpec, layers: [supervisord, socat, traefik, ...made] } as never)
  return { made, app, pods: pods.map((spec) => pod({ ...spec, image: app } as never)) }
}

/** What a spec can't do without. */
const KEPT = ['name', 'version', 'base', 'distro']

/** Takes out what a diagnostic is about, as its author would. */
function remove(program: Program, { entity, field }: Diagnostic): boolean {
  const specs = [...program.layers, program.image, ...program.pods]
  const kinds = [...program.layers.map(() => 'layer'), 'image', ...program.pods.map(() => 'pod')]
  const spec = specs.find((one, index) => entity === `${kinds[index]} ${JSON.stringify(one['name'])}`)
  const [, top, list, key] = /^(\w+)(?:\[(\d+)\]|\.([^.[]+)|\["(?:.*)"\])?/s.exec(field ?? '') ?? []
  if (!spec) return false
  if (top === undefined || top === 'name' || top === 'version') {
    // What the complaint names has nothing left to blame: then it came from a layer.
    const blamed = [spec, program.image, ...program.layers].find((one) =>
      Object.keys(one).some((name) => !KEPT.includes(name)),
    )
    for (const name of Object.keys(blamed ?? {})) if (!KEPT.includes(name)) delete blamed![name]
    return blamed !== undefined
  }
  const value = spec[top]
  if (list !== undefined && Array.isArray(value))
    value.splice(top === 'pathAppend' ? Number(list) - 1 : Number(list), 1)
  else if (key !== undefined && typeof value === 'object' && value !== null && key in value) delete (value as Spec)[key]
  else delete spec[top]
  return true
}

it(
  'LAY-33 LAY-111 IMG-144 POD-118 whatever is written: a diagnostic that names it, or files that read back',
  { timeout: 60_000 },
  () => {
    const runs = Number(process.env['OV_FUZZ_RUNS'] ?? 60)
    let written = 0
    fc.assert(
      fc.property(
        graph,
        fc.constantFrom('debian', 'fedora'),
        variables,
        fc.dictionary(fc.constantFrom('A', 'B', 'C'), text, { maxKeys: 3 }),
        text,
        (layers, distro, env, podEnv, info) => {
          const program: Program = structuredClone({
            layers: layers.map(([spec, needs, field], index) => ({
              ...(spec as object),
              name: `l${index}`,
              version: '2026.1.1',
              [field]: [...new Set(needs.map((one) => `l${one % layers.length}`))],
            })),
            image: { name: 'app', base: 'x:1', distro, env, info },
            pods: [
              { name: 'plain', env: podEnv, info },
              { name: 'bound', volumes: { a: bind(info), web: volume() } },
            ],
          })
          // Each round takes out what was complained about, until nothing is left to complain about.
          for (let round = 0; round < 60; round++) {
            try {
              const { files } = pipeline(declare(program), root)
              written++
              for (const [name, file] of files) {
                if (file.kind !== 'text') continue
                if (name.endsWith('/Containerfile')) parseContainerfile(file.text)
                if (name.endsWith('.container')) parseUnit(file.text)
                expect(name.split('/')).not.toContain('..')
              }
              return
            } catch (error) {
              if (!(error instanceof DiagnosticError)) throw error
              const [first] = error.diagnostics.filter(({ severity }) => severity === 'error')
              expect(first && remove(program, first), JSON.stringify(error.diagnostics)).toBe(true)
            }
          }
          throw new Error(`no end of complaints: ${JSON.stringify(program)}`)
        },
      ),
      { numRuns: runs, seed: Number(process.env['OV_FUZZ_SEED'] ?? 20261120), endOnFailure: true },
    )
    expect(written).toBe(runs)
  },
)
