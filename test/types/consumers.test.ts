import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { declarations } from './emit.ts'
import { root } from './harness.ts'

const project = mkdtempSync(path.join(tmpdir(), 'ov-consumer-'))
const installed = path.join(project, 'node_modules/ov')

const CATALOGUE = `import { image, layer, pod, bind, provided, write, type Layer } from 'ov'
import motd from './motd.txt'
export const database = layer({ name: 'database', version: '2026.1.1', volumes: { data: '/data' }, ports: ['tcp:5432'], envRequires: { PASSWORD: 'x' } })
export const app = layer({ name: 'app', version: '2026.1.1', depends: [database], ports: [80], directory: import.meta.dirname, tasks: [write('/etc/motd', { content: motd })] })
export const web = image({ name: 'web', base: 'docker.io/library/debian:13', layers: [app] })
export const site = pod({ name: 'site', image: web, ports: { 80: 8080, 5432: 'auto' }, volumes: { data: bind('/srv') }, env: { PASSWORD: provided() } })
export const known: Layer<'data', 80 | 5432, 'PASSWORD', never, never> = app
declare module 'ov' {
  interface PackageSections {
    apk?: { packages: readonly string[] }
  }
}
export const alpine = layer({ name: 'alpine', version: '2026.1.1', apk: { packages: ['curl'] } })
`
const MISTAKES = `import { pod, bind } from 'ov'
import { web } from './catalogue.EXT'
export const a = pod({ name: 'a', image: web, env: { PASSWORD: '' }, volumes: { dat: bind() } })
export const b = pod({ name: 'b', image: web, env: {} })
export const c = pod({ name: 'c', image: web, env: { PASSWORD: '' }, ports: { 81: 80 } })
`
const SAYS = `mistakes.ts(3,81): error TS2561: Object literal may only specify known properties, but 'dat' does not exist in type '{ readonly data?: Backing; }'. Did you mean to write 'data'?
mistakes.ts(4,47): error TS2322: Type '{}' is not assignable to type 'DeployEnv<"PASSWORD", never>'.
  Property 'PASSWORD' is missing in type '{}' but required in type '{ readonly PASSWORD: EnvValue; }'.
mistakes.ts(5,79): error TS2353: Object literal may only specify known properties, and '81' does not exist in type '{ readonly 5432?: PortTarget; readonly 80?: PortTarget; }'.`

beforeAll(() => {
  // As it is installed: the manifest and the declarations, nothing else.
  mkdirSync(path.join(installed, 'dist/dsl'), { recursive: true })
  cpSync(path.join(root, 'package.json'), path.join(installed, 'package.json'))
  for (const [file, text] of declarations()) writeFileSync(path.join(installed, 'dist/dsl', file), text)

  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'infra', private: true, type: 'module' }))
  writeFileSync(path.join(project, 'motd.txt'), 'welcome\n')
  writeFileSync(path.join(project, 'catalogue.ts'), CATALOGUE)
  writeFileSync(path.join(project, 'mistakes.ts'), MISTAKES.replace('EXT', 'ts'))
  for (const { name, options } of PROJECTS) {
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2024'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      // The declarations themselves are checked too.
      skipLibCheck: false,
      allowImportingTsExtensions: true,
      noEmit: true,
      ...options,
    }
    writeFileSync(path.join(project, `${name}.json`), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  }
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

const PROJECTS = [
  { name: 'bundler-installed', options: { module: 'esnext', moduleResolution: 'bundler' } },
  { name: 'nodenext-installed', options: { module: 'nodenext', moduleResolution: 'nodenext' } },
  {
    // What `ov init` writes for a project that installs nothing.
    name: 'nodenext-paths',
    options: {
      module: 'nodenext',
      moduleResolution: 'nodenext',
      paths: { ov: ['./node_modules/ov/dist/dsl/index.d.ts'] },
    },
  },
]
const COMPILERS = [
  { compiler: 'TypeScript 6', program: 'typescript', also: ['--stableTypeOrdering'] },
  { compiler: 'TypeScript 7', program: 'typescript7', also: [] },
]
const ALL = COMPILERS.flatMap((one) => PROJECTS.map(({ name }) => ({ ...one, name })))

describe('a project that uses the package', () => {
  it.concurrent.each(ALL)(
    'authoring contract: $compiler, $name: what is right compiles, what is wrong is said',
    async ({ program, also, name }) => {
      const tsc = path.join(root, 'node_modules', program, 'bin/tsc')
      const args = [tsc, '-p', `${name}.json`, '--pretty', 'false', ...also]
      const { stdout } = await execa(process.execPath, args, { cwd: project, reject: false })
      expect(stdout).toBe(SAYS)
    },
  )
})
