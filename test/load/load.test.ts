import { chmodSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

const LAYER = "import { layer } from 'ov'\n"
/** A project whose only image has the given layers; what reached the plan is seen in its JSON. */
const IMAGE = (layers: string) =>
  `import { image } from 'ov'\nexport const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [${layers}] })\n`

interface PlanJson {
  readonly images: readonly {
    readonly name: string
    readonly origin: string
    readonly labels: Readonly<Record<string, string>>
    readonly plans: readonly {
      readonly Layer: string
      readonly Steps: readonly { readonly Kind: string; readonly Origin: string }[]
    }[]
  }[]
  readonly deploys: readonly { readonly name: string; readonly origin: string; readonly deployId: string }[]
}

async function plan(project: Workspace, ...args: string[]): Promise<PlanJson> {
  const { code, stdout, stderr } = await project.run('synth', '--json', ...args)
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as PlanJson
}
const env = (json: PlanJson) => JSON.parse(json.images[0]?.labels['org.overthinkos.env_layers'] ?? '{}') as unknown

describe('what can be imported', () => {
  it('LAY-01 files by the paths of tsconfig, packages in ESM and CommonJS, JSON, text, and what is awaited', async () => {
    const project = new Workspace({
      'tsconfig.json': '{ "extends": "./base.json" }',
      'base.json': '{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }',
      'lib/mapped.ts': "export const mapped = 'by path'\n",
      'node_modules/esm/package.json': '{ "name": "esm", "type": "module", "exports": "./main.js" }',
      'node_modules/esm/main.js': "export const esm = 'esm'\n",
      'node_modules/cjs/package.json': '{ "name": "cjs", "main": "main" }',
      'node_modules/cjs/main.js':
        "const path = require('node:path')\nmodule.exports = { cjs: path.basename('/x/cjs') }\n",
      'data.json': '{ "json": "from json" }',
      'motd.txt': 'two\tcolumns',
      'layers.ts': `${LAYER}import { mapped } from '@/mapped.ts'
import { esm } from 'esm'
import { cjs } from 'cjs'
import data from './data.json'
import motd from './motd.txt'

const late = await Promise.resolve('awaited')
export const a = layer({ name: 'a', version: '2026.1.1', env: { MAPPED: mapped, ESM: esm, CJS: cjs, JSON_: data.json, MOTD: motd, LATE: late } })
`,
      'images.ts': `import { a } from './layers.ts'\n${IMAGE('a')}`,
    })
    expect(env(await plan(project))).toEqual({
      MAPPED: 'by path',
      ESM: 'esm',
      CJS: 'cjs',
      JSON_: 'from json',
      MOTD: 'two\tcolumns',
      LATE: 'awaited',
    })
  })

  it('LAY-05 import.meta is that of the source file, and only where it stands for itself', async () => {
    const project = new Workspace({
      'lib/deep/place.ts':
        'export const dirname = import.meta.dirname\nexport const filename = import.meta.filename\nexport const url = import.meta.url\n',
      'layers.ts': `${LAYER}import * as deep from './lib/deep/place.ts'
const own = [import.meta.dirname, import.meta.filename, import.meta.url]
const text = 'import.meta.dirname and \\\`import.meta.url\\\`'
const template = \`in \${'{'}import.meta.filename}\`
export const a = layer({ name: 'a', version: '2026.1.1', env: { DEEP: deep.dirname + ' ' + deep.filename + ' ' + deep.url, OWN: own.join(' '), TEXT: text + template } })
`,
      'images.ts': `import { a } from './layers.ts'\n${IMAGE('a')}`,
    })
    const { root } = project
    const deep = `${root}/lib/deep`
    expect(env(await plan(project))).toEqual({
      DEEP: `${deep} ${deep}/place.ts file://${deep}/place.ts`,
      OWN: `${root} ${root}/layers.ts file://${root}/layers.ts`,
      TEXT: 'import.meta.dirname and `import.meta.url`in {import.meta.filename}',
    })
  })

  it('LAY-04 LAY-05 two repositories that import each other: paths start at the file that declares', async () => {
    const project = new Workspace({
      'layers.ts': `${LAYER}import { theirs } from '../their-repo/layers.ts'
export const mine = layer({ name: 'mine', version: '2026.1.1', directory: '.', depends: [theirs], tasks: [{ copy: 'same.txt', to: '/mine' }] })
export { theirs }
`,
      'common/shared.ts': `${LAYER}export const shared = layer({ name: 'shared', version: '2026.1.1', tasks: [{ copy: 'same.txt', to: '/shared' }] })\n`,
      'common/same.txt': 'of common',
      'same.txt': 'of mine',
      '../their-repo/layers.ts': `${LAYER}import { shared } from '../project/common/shared.ts'
export const theirs = layer({ name: 'theirs', version: '2026.1.1', depends: [shared], tasks: [{ copy: 'same.txt', to: '/theirs' }] })
export const placed = layer({ name: 'placed', version: '2026.1.1', directory: 'own', tasks: [{ copy: 'x', to: '/x' }] })
export const exact = layer({ name: 'exact', version: '2026.1.1', directory: import.meta.dirname + '/own', tasks: [{ copy: 'x', to: '/x' }] })
`,
      '../their-repo/same.txt': 'of theirs',
      '../their-repo/own/x': 'x of theirs',
      'images.ts': `import { mine } from './layers.ts'\nimport { exact, placed } from '../their-repo/layers.ts'\n${IMAGE('mine, placed, exact')}`,
    })
    const { code, stderr } = await project.run('synth')
    expect(code, stderr).toBe(0)
    const staged = ['shared', 'theirs', 'mine'].map((name) => project.read(`.build/_layers/${name}/same.txt`))
    expect(staged).toEqual(['of common', 'of theirs', 'of mine'])
    for (const name of ['placed', 'exact']) expect(project.read(`.build/_layers/${name}/x`)).toBe('x of theirs')
  })

  it('LAY-01 exports by name, as default, in lists and in namespaces belong to the project; importing alone builds nothing', async () => {
    const of = (name: string) => `layer({ name: '${name}', version: '2026.1.1', env: { A: '1' } })`
    const project = new Workspace({
      'catalogue.ts': `${LAYER}import { image } from 'ov'
export const used = ${of('used')}
export const unused = ${of('unused')}
export const big = image({ name: 'big', base: 'debian:13', distro: 'debian', layers: [unused] })
`,
      'space.ts': `import { image } from 'ov'
export const inner = image({ name: 'in-namespace', base: 'debian:13', distro: 'debian', version: '2026.1.1' })
`,
      'images.ts': `import { image } from 'ov'
import { used } from './catalogue.ts'
export * as space from './space.ts'
const made = (name: string) => image({ name, base: 'debian:13', distro: 'debian', layers: [used] })
export const list = [made('in-list'), [made('in-inner-list')], { deep: made('in-object') }]
export default made('default')
export const base = image({ name: 'child', base: made('only-a-base') })
`,
    })
    expect((await plan(project)).images.map((image) => image.name)).toEqual([
      'child',
      'default',
      'in-inner-list',
      'in-list',
      'in-namespace',
      'in-object',
      'only-a-base',
    ])
  })
})

describe('where a project is', () => {
  const files = {
    'images.ts':
      "import { image } from 'ov'\nexport const a = image({ name: 'a', base: 'debian:13', distro: 'debian', version: '2026.1.1' })\n",
    'sub/deep/readme': 'x',
    'other/site.ts':
      "import { image } from 'ov'\nexport const b = image({ name: 'b', base: 'debian:13', distro: 'debian', version: '2026.1.1' })\n",
  }
  it('IMG-170 the nearest folder upwards that has an entry file', async () => {
    const project = new Workspace(files)
    const { code, stderr } = await project.cli(['synth'], { cwd: project.path('sub/deep') })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 image, 0 deploys: 4 written, 0 unchanged in .build\n' })
    expect(project.has('.build/a/Containerfile')).toBe(true)
  })
  it('IMG-170 a file or a folder that is named', async () => {
    const project = new Workspace(files)
    expect((await project.run('synth', 'other/site.ts')).code).toBe(0)
    expect(project.files('other/.build')).toContain('other/.build/b/Containerfile')
    expect((await project.run('synth', '.')).code).toBe(0)
    expect(project.has('.build/a/Containerfile')).toBe(true)
  })
  it('IMG-170 places that hold none, with what to do', async () => {
    const project = new Workspace(files)
    const failures = await Promise.all([
      project.cli(['synth', 'nowhere']),
      project.cli(['synth', 'sub']),
      project.cli(['synth'], { cwd: '/' }),
    ])
    expect(failures.map(({ code }) => code)).toEqual([1, 1, 1])
    expect(failures.map(({ stderr }) => stderr.split('\n')[0])).toEqual([
      'error OV1001: there is no file or folder "nowhere"',
      'error OV1001: "sub" holds none of layers.ts, images.ts, deploy.ts',
      'error OV1001: no project here: neither this folder nor one above it holds layers.ts, images.ts, deploy.ts',
    ])
  })
})

it('LAY-110 origins are lines and columns of the source, in helpers too', async () => {
  const project = new Workspace({
    'helper.ts': `// A remark that the bundle does not have.

${LAYER}interface Options {
  readonly name: string
}
export function tool({ name }: Options) {
  return layer({ name, version: '2026.1.1', tasks: [{ mkdir: '/plain' }] })
}
`,
    'layers.ts': `${LAYER}import { mkdir } from 'ov'
import { tool } from './helper.ts'

export const made = tool({ name: 'made' })
export const a = layer({
  name: 'a',
  version: '2026.1.1',
  tasks: [
    mkdir('/ä ✓ 🦄'), mkdir('/b'),
  ],
})
`,
    'images.ts': `import { a, made } from './layers.ts'\n${IMAGE('made, a')}`,
  })
  const [image] = (await plan(project)).images
  expect(image?.origin).toBe('images.ts:3:20')
  expect(image?.plans.map(({ Layer, Steps }) => [Layer, ...Steps.map((step) => step.Origin)])).toEqual([
    ['made', 'helper.ts:8:10'],
    ['a', 'layers.ts:10:5', 'layers.ts:10:23'],
  ])
})

it('LAY-56 a chain of 3,000 layers overflows no stack', async () => {
  const project = new Workspace({
    'images.ts': `import { image, layer } from 'ov'
const layers = []
for (let n = 0; n < 3000; n++)
  layers.push(layer({ name: \`l\${n}\`, version: '2026.1.1', env: { [\`A\${n}\`]: '1' }, depends: layers.slice(-1) }))
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: layers.slice(-1) })
`,
  })
  const { code, stderr } = await project.run('synth')
  expect(code, stderr).toBe(0)
  const found = [...project.read('.build/app/Containerfile').matchAll(/^# Layer: l(\d+)$/gm)].map(([, n]) => Number(n))
  expect(found).toEqual(Array.from({ length: 3000 }, (_, n) => n))
})

it('LAY-71 a row of 400 services, each after the last, starts in that order', async () => {
  const project = new Workspace({
    'images.ts': `import { image, layer } from 'ov'
const services = Array.from({ length: 400 }, (_, n) => ({ name: \`s\${n}\`, exec: 'x', after: [\`s\${n + 1}\`] }))
const a = layer({ name: 'a', version: '2026.1.1', services })
const supervisord = layer({ name: 'supervisord', version: '2026.1.1', deb: { packages: ['supervisor'] } })
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [supervisord, a] })
`,
  })
  const { code, stderr } = await project.run('synth')
  expect(code, stderr).toBe(0)
  const found = [...project.read('.build/app/supervisor/02-a.conf').matchAll(/^priority=(\d+)$/gm)].map(([, n]) =>
    Number(n),
  )
  // The last one is after nobody: it has none of its own, and counts as 999.
  expect(found).toEqual(Array.from({ length: 399 }, (_, n) => 999 + 399 - n))
})

describe('IMG-170 what is copied from a layer', () => {
  const layers = (source: string) =>
    `import { copy, image, layer } from 'ov'
const a = layer({ name: 'a', version: '2026.1.1', tasks: [copy('${source}', { to: '/x' })] })
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [a] })
`
  const failure = async (project: Workspace) => {
    const { code, stderr } = await project.run('synth')
    expect(project.has('.build')).toBe(false)
    return { code, says: stderr.split('\n')[0] }
  }
  it('LAY-16 a link that leads out of the layer is refused, at the end of a path and in the middle of one', async () => {
    const end = new Workspace({ 'layers.ts': layers('secret') }).link('secret', '/etc/passwd')
    expect(await failure(end)).toEqual({
      code: 1,
      says: 'error OV1008: layer "a": tasks[0]: copy: "secret" is a link that leads out of .',
    })
    const middle = new Workspace({ 'layers.ts': layers('etc/passwd') }).link('etc', '/etc')
    expect(await failure(middle)).toEqual({
      code: 1,
      says: 'error OV1008: layer "a": tasks[0]: copy: "etc/passwd" is a link that leads out of .',
    })
    const within = new Workspace({ 'layers.ts': layers('folder'), 'folder/x': '1' }).link('folder/out', '../../top')
    expect(await failure(within)).toEqual({
      code: 1,
      says: 'error OV1008: layer "a": tasks[0]: copy: "folder": "folder/out" not found in .',
    })
  })
  it('LAY-16 a link within the layer is followed; one to a folder around it is refused', async () => {
    const project = new Workspace({ 'layers.ts': layers('folder'), 'folder/x': '1', real: 'by link' }).link(
      'folder/l',
      '../real',
    )
    expect((await project.run('synth')).code).toBe(0)
    expect(project.read('.build/_layers/a/folder/l')).toBe('by link')
    const circle = new Workspace({ 'layers.ts': layers('folder'), 'folder/x': '1' }).link('folder/again', '.')
    expect((await failure(circle)).says).toContain('"folder/again" is a link to a folder that contains it')
  })
  it('LAY-16 a pipe is not waited for', async () => {
    const project = new Workspace({ 'layers.ts': layers('pipe') })
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', [project.path('pipe')])
    expect((await failure(project)).says).toContain('"pipe" is neither a file nor a folder')
  })
  it('LAY-06 the execute bit comes along', async () => {
    const project = new Workspace({ 'layers.ts': layers('run.sh'), 'run.sh': '#!/bin/sh\n' })
    const mode = async () => {
      expect((await project.run('synth')).code).toBe(0)
      const { statSync } = await import('node:fs')
      return statSync(project.path('.build/_layers/a/run.sh')).mode & 0o777
    }
    expect(await mode()).toBe(0o644)
    chmodSync(project.path('run.sh'), 0o755)
    expect(await mode()).toBe(0o755)
  })
  it('LAY-05 a layer may be the whole project, without what ov and git keep there', async () => {
    const project = new Workspace({
      'layers.ts': `import { image, layer } from 'ov'
const a = layer({ name: 'a', version: '2026.1.1', directory: import.meta.dirname, env: { A: '1' } })
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [a] })
`,
      '.git/HEAD': 'x',
      'data/x': '1',
    })
    for (let times = 0; times < 3; times++) expect((await project.run('synth')).code).toBe(0)
    writeFileSync(project.path('data/y'), '2')
    expect((await project.run('synth')).code).toBe(0)
    expect(project.files('.build/_layers')).toEqual(
      ['data/x', 'data/y', 'layers.ts'].map((path) => `.build/_layers/a/${path}`),
    )
  })
})

describe('the cache', () => {
  const project = (more: Record<string, string> = {}) =>
    new Workspace({
      'layers.ts': `${LAYER}import { copy } from 'ov'
import { value } from './lib/value'
export const a = layer({ name: 'a', version: '2026.1.1', env: { VALUE: value, FROM_ENV: process.env.OV_TEST_VALUE ?? 'none' }, tasks: [copy('file', { to: '/f' })] })
`,
      'images.ts': `import { a } from './layers.ts'\n${IMAGE('a')}`,
      'lib/value/index.ts': "export const value = 'index'\n",
      file: 'content',
      ...more,
    })
  const CURRENT = /^\d+ files in \.build are up to date\n$/
  const value = (of: Workspace) => /ENV VALUE="(.*)"/.exec(of.read('.build/app/Containerfile'))?.[1]
  const synth = async (of: Workspace, environment?: Record<string, string>) => {
    const { code, stderr } = environment ? await of.cli(['synth'], { env: environment }) : await of.run('synth')
    expect(code, stderr).toBe(0)
    return stderr
  }

  it('IMG-171 an unchanged project is known again, after a new file that means nothing, too', async () => {
    const one = project()
    await synth(one)
    expect(await synth(one)).toMatch(CURRENT)
    one.write({ 'notes.md': 'x' })
    await synth(one)
    expect(await synth(one)).toMatch(CURRENT)
  })

  it('IMG-171 what changes an import or a value is noticed', async () => {
    const one = project({ 'tsconfig.json': '{ "extends": ["./base.json"] }', 'base.json': '{}' })
    await synth(one)
    expect(value(one)).toBe('index')
    // A file that now comes first.
    one.write({ 'lib/value.ts': "export const value = 'file'\n" })
    await synth(one)
    expect(value(one)).toBe('file')
    one.write({ 'lib/value.ts': "export const value = 'edited'\n" })
    await synth(one)
    expect(value(one)).toBe('edited')
    one.remove('lib/value.ts')
    await synth(one)
    expect(value(one)).toBe('index')
    // A package where there was a path, by way of a file that the configuration extends.
    one.write({
      'layers.ts': one.read('layers.ts').replace('./lib/value', 'the-value'),
      'node_modules/the-value/package.json': '{ "main": "a.js" }',
    })
    one.write({
      'node_modules/the-value/a.js': "exports.value = 'package a'\n",
      'node_modules/the-value/b.js': "exports.value = 'package b'\n",
    })
    await synth(one)
    expect(value(one)).toBe('package a')
    one.write({ 'node_modules/the-value/package.json': '{ "main": "b.js" }' })
    await synth(one)
    expect(value(one)).toBe('package b')
    one.write({ 'base.json': '{ "compilerOptions": { "paths": { "the-value": ["./lib/value/index.ts"] } } }' })
    await synth(one)
    expect(value(one)).toBe('index')
  })

  it('IMG-171 changes that keep size and time are noticed, also of files that were left alone for long', async () => {
    const one = project()
    const from = () => one.read('.build/_layers/a/file')
    await synth(one)
    // Only what is older than this is known by its stamp.
    await new Promise((done) => setTimeout(done, 2100))
    expect(await synth(one)).toMatch(CURRENT)
    expect(await synth(one)).toMatch(CURRENT)
    const change = (path: string, text: string) => {
      const { atime, mtime, size } = statSync(one.path(path))
      one.write({ [path]: text })
      utimesSync(one.path(path), atime, mtime)
      expect(statSync(one.path(path))).toMatchObject({ size, mtime })
    }
    change('file', 'CONTENT')
    expect(await synth(one)).not.toMatch(CURRENT)
    expect(from()).toBe('CONTENT')
    change('.build/_layers/a/file', 'damaged')
    expect(await synth(one)).not.toMatch(CURRENT)
    expect(from()).toBe('CONTENT')
    change('lib/value/index.ts', "export const value = 'xedni'\n")
    expect(await synth(one)).not.toMatch(CURRENT)
    expect(value(one)).toBe('xedni')
    chmodSync(one.path('file'), 0o755)
    expect(await synth(one)).not.toMatch(CURRENT)
    expect(statSync(one.path('.build/_layers/a/file')).mode & 0o111).toBe(0o111)
    // The same bytes anew are no change.
    one.write({ file: 'CONTENT' })
    expect(await synth(one)).toMatch(CURRENT)
  })

  it('IMG-171 compiled code that is damaged or of another Node is made anew', async () => {
    const one = project()
    await synth(one, {})
    expect(await synth(one, {})).toMatch(CURRENT)
    const codes = () =>
      readdirSync(join(one.top, 'cache'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.code'))
        .map((name) => join(one.top, 'cache', name))
    const [code = '', ...more] = codes()
    expect(more).toEqual([])
    const whole = readFileSync(code)
    for (const damage of [Buffer.from(''), Buffer.from('x'.repeat(5000)), whole.subarray(0, 100)]) {
      writeFileSync(code, damage)
      expect(await synth(one, {})).toMatch(CURRENT)
      expect(readFileSync(code).length).toBeGreaterThan(1000)
    }
  })

  it('IMG-171 a variable of the environment, and a copied file, are noticed', async () => {
    const one = project()
    const from = () => /ENV FROM_ENV="(.*)"/.exec(one.read('.build/app/Containerfile'))?.[1]
    await synth(one, {})
    expect(from()).toBe('none')
    await synth(one, { OV_TEST_VALUE: 'given' })
    expect(from()).toBe('given')
    expect(await synth(one, { OV_TEST_VALUE: 'given' })).toMatch(CURRENT)
    await synth(one, {})
    expect(from()).toBe('none')
    one.write({ file: 'changed' })
    await synth(one)
    expect(one.read('.build/_layers/a/file')).toBe('changed')
    one.remove('file')
    expect((await one.run('synth')).stderr).toContain('"file" not found')
  })

  it('IMG-171 functions and very deep chains are known again and compared as well', async () => {
    const vocabulary = `import { defineInit, image, layer } from 'ov'
const named = process.env.OV_TEST_VALUE ?? 'none'
export const own = defineInit({ name: 'own', fragmentDirectory: 'own', fragment: ({ name }) => name + named, config: { path: '/etc/own', header: () => '' }, entrypoint: ['own'] })
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [layer({ name: 'a', version: '2026.1.1', env: { FROM_ENV: named } })] })
`
    const chain = `import { image, layer, type Layer } from 'ov'
let last: Layer[] = []
for (let at = 0; at < 3000; at++) last = [layer({ name: 'l' + at, version: '2026.1.1', depends: last, env: { FROM_ENV: process.env.OV_TEST_VALUE ?? 'none' } })]
export const deepest = last[0]
`
    for (const text of [vocabulary, chain]) {
      const one = new Workspace({ 'layers.ts': text })
      await synth(one, {})
      expect(await synth(one, {})).toMatch(CURRENT)
      expect(await synth(one, { OV_TEST_VALUE: 'given' })).not.toMatch(CURRENT)
    }
  })

  it('IMG-171 an entity of another kind with the same fields is not taken for what it was', async () => {
    const one = new Workspace({
      'layers.ts': `import { image, layer } from 'ov'
const make = process.env.OV_TEST_VALUE === undefined ? layer : image
const a = (make as typeof layer)({ name: 'a', version: '2026.1.1', env: { A: '1' } })
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [a] })
`,
    })
    await synth(one, {})
    expect(await synth(one, {})).toMatch(CURRENT)
    const { code, stderr } = await one.cli(['synth'], { env: { OV_TEST_VALUE: '1' } })
    expect(code, stderr).toBe(1)
  })

  it('IMG-171 an entity is written as its fields, in programs as well, and other entities in it as theirs', async () => {
    const one = new Workspace({
      'layers.ts': `import { image, layer } from 'ov'
const a = layer({ name: 'a', version: '2026.1.1', env: { A: '1' } })
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [a], info: JSON.stringify({ ...a, also: [a] }) })
`,
    })
    await synth(one)
    const plain = '{"name":"a","version":"2026.1.1","env":{"A":"1"}}'
    expect(one.read('.build/app/Containerfile')).toContain(
      `LABEL org.overthinkos.info=${JSON.stringify(`${plain.slice(0, -1)},"also":[${plain}]}`)}`,
    )
    expect(await synth(one)).toMatch(CURRENT)
  })

  it('IMG-171 a cache that is damaged, gone, or a place that can not be written to, costs time only', async () => {
    const one = project()
    await synth(one)
    const folder = join(one.top, 'cache/ov/projects')
    for (const name of readdirSync(folder))
      for (const entry of readdirSync(join(folder, name)))
        if (entry.startsWith('b-')) rmSync(join(folder, name, entry), { recursive: true })
    expect(await synth(one)).toMatch(CURRENT)
    for (const name of readdirSync(folder))
      for (const entry of readdirSync(join(folder, name)))
        if (entry.endsWith('.json')) writeFileSync(join(folder, name, entry), '{"')
    await synth(one)
    rmSync(join(one.top, 'cache'), { recursive: true })
    await synth(one)
    rmSync(join(one.top, 'cache'), { recursive: true })
    writeFileSync(join(one.top, 'cache'), 'not a folder')
    await synth(one)
    expect(value(one)).toBe('index')
  })
})

it("IMG-171 several at once do not get in each other's way", async () => {
  const project = new Workspace({
    'images.ts':
      "import { image } from 'ov'\nexport const a = image({ name: 'a', base: 'debian:13', distro: 'debian', version: '2026.1.1' })\n",
  })
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => project.cli(['synth'])))
  expect(outcomes.map(({ code, stderr }) => [code, stderr.includes('bug')])).toEqual(outcomes.map(() => [0, false]))
  expect(project.files()).toHaveLength(4)
})

describe('code of the project', () => {
  const with_ = (code: string) =>
    new Workspace({
      'images.ts': `import { image } from 'ov'\n${code}\nexport const a = image({ name: 'a', base: 'debian:13', distro: 'debian', version: '2026.1.1' })\n`,
    })
  it('PLAN-32 what it prints goes to stderr, whichever way it does so', async () => {
    const project = with_(
      "console.log('log'); console.info('info'); console.table([1]); console.dir({ d: 1 }); process.stdout.write('raw\\n')",
    )
    const { code, stdout, stderr } = await project.cli(['synth', '--json'])
    expect(code).toBe(0)
    expect((JSON.parse(stdout) as PlanJson).images.map((image) => image.name)).toEqual(['a'])
    for (const text of ['log', 'info', '┌', '{ d: 1 }', 'raw']) expect(stderr).toContain(text)
  })
  it.each([
    ['process.exit(0)', 'Error: process.exit(0) would end ov before it has done anything'],
    ['await new Promise(() => {})', 'Error: the program awaits something that never happens'],
    ["void Promise.reject(new Error('nobody waits'))", 'Error: nobody waits'],
    ['throw { a: 1n }', 'the program threw { a: 1n }'],
    ['throw undefined', 'the program threw undefined'],
    ["export const trap = { get x() { throw new Error('in a getter') } }", 'Error: in a getter'],
    ['const f = (): never => f()\nf()', 'RangeError: Maximum call stack size exceeded'],
  ])('LAY-110 %s ends in a diagnostic', async (code, says) => {
    const project = with_(code)
    const found = await project.cli(['synth'])
    expect(found.stderr.split('\n')[0]).toBe(`error OV1005: ${says}`)
    expect({ code: found.code, stdout: found.stdout }).toEqual({ code: 1, stdout: '' })
    expect(project.has('.build')).toBe(false)
  })
  it('IMG-171 what it leaves running does not keep ov', async () => {
    const project = with_('setInterval(() => {}, 1000)')
    expect((await project.cli(['synth'])).code).toBe(0)
  })
  it.each([
    ['waits', 'SIGINT', 'await new Promise((done) => setTimeout(done, 60_000))'],
    ['never ends', 'SIGINT', 'for (;;) {}'],
    ['never ends', 'SIGTERM', 'for (;;) {}'],
  ] as const)('LAY-110 a program that %s is ended by %s, and nothing is written', async (_, signal, code) => {
    const project = with_(`import { writeFileSync } from 'node:fs'\nwriteFileSync('../started', '')\n${code}`)
    const found = await project.cli(['synth'], {
      started: (kill) => {
        const look = setInterval(() => project.has('../started') && (clearInterval(look), kill(signal)), 50)
      },
    })
    expect(found).toEqual({ code: signal, stdout: '', stderr: '' })
    expect(project.has('.build')).toBe(false)
  })
})
