import path from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { root, Snippets } from './harness.ts'

const snippets = new Snippets()
const catalogue = `import { definePackageFormat, image, layer } from 'ov'
const version = '2026.144.1443'
export const supervisord = layer({ name: 'supervisord', version })
export const nginx = layer({ name: 'nginx', version, ports: [8080, 9000, 'udp:53'], volumes: { certs: '/certs' } })
export const files = layer({ name: 'files', version, volumes: { library: '/library', mail: '/mail', cache: '/cache' } })
export const ripgrep = layer({ name: 'ripgrep', version })
export const fd = layer({ name: 'fd', version })
export const jq = layer({ name: 'jq', version })
export const database = layer({ name: 'database', version, envRequires: { DATABASE_URL: 'where the database is' } })
export const debian = image({ name: 'debian', base: 'docker.io/library/debian:13' })
export const web = image({ name: 'web', base: debian, layers: [nginx, files] })
export const shop = image({ name: 'shop', base: web, layers: [database] })
export const apk = definePackageFormat({ name: 'apk', commands: () => ({ install: [] }) })
`
const catalogueNames = [...catalogue.matchAll(/export const (\w+)/g)].map(([, name = '']) => name)
snippets.add(catalogue, 'catalogue.ts')

/** For an example that is a field: the call it belongs into, and what else that call needs. */
const calls = {
  layer: { name: `'example'`, version: `'2026.144.1443'` },
  image: { name: `'example'`, base: 'debian' },
  pod: { name: `'example'`, image: 'web' },
  host: { name: `'example'` },
  debootstrap: { suite: `'trixie'` },
  defineBuilder: { name: `'example'` },
  definePackageFormat: { name: `'example'`, commands: '() => ({ install: [] })' },
} as const
type Call = keyof typeof calls
/** Where the examples of an interface's fields belong; those of a function go by its file. */
const callOf: Readonly<Record<string, Call>> = {
  LayerSpec: 'layer',
  PackageSections: 'layer',
  BuilderManifests: 'layer',
  BuilderSpec: 'defineBuilder',
  PackageFormatSpec: 'definePackageFormat',
  CheckCommon: 'layer',
  PackageCheck: 'layer',
  HttpCheck: 'layer',
  'tasks.ts': 'layer',
  ImageSpec: 'image',
  'image.ts': 'image',
  DebootstrapSpec: 'debootstrap',
  PodFields: 'pod',
  HostFields: 'host',
  MaySetEnv: 'pod',
  MustSetEnv: 'pod',
  Sidecar: 'pod',
  'pod.ts': 'pod',
}

function asModule(example: string, owner: string): string {
  if (/^(export |import )/.test(example)) return example
  if (!/^\w+:/.test(example)) return `export const example = ${example}`
  const call = callOf[owner]
  if (!call) throw new Error(`say in callOf where an example of ${owner} belongs`)
  const needs = owner === 'MustSetEnv' ? { ...calls.pod, image: 'shop' } : calls[call]
  const others = Object.entries(needs).filter(([field]) => !new RegExp(`^${field}:`, 'm').test(example))
  const fields = [...others.map(([field, value]) => `${field}: ${value}`), example]
  return `export const example = ${call}({ ${fields.join(', ')} })`
}

function withImports(module: string): string {
  const words = new Set(module.match(/\b[A-Za-z]\w*/g))
  const declared = new Set([...module.matchAll(/const (\w+)/g)].map(([, name]) => name))
  const wanted = (names: readonly string[]) => names.filter((name) => words.has(name) && !declared.has(name)).join(', ')
  return `import { ${wanted(functions)} } from 'ov'\nimport { ${wanted(catalogueNames)} } from './catalogue.ts'\n${module}\n`
}

/** Every docstring of the DSL with what it stands on. */
interface Documented {
  /** `LayerSpec.ports`, `cmd`. */
  readonly name: string
  /** Interface of a field, file of anything else. */
  readonly owner: string
  readonly summary: string
  readonly examples: readonly string[]
}
function documented(source: ts.SourceFile): Documented[] {
  const found: Documented[] = []
  const visit = (node: ts.Node, owner: string) => {
    if (ts.isInterfaceDeclaration(node)) owner = node.name.text
    // Fields of an object type inside a field are explained there.
    const isField = ts.isPropertySignature(node) && ts.isInterfaceDeclaration(node.parent)
    if (
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isFunctionDeclaration(node) ||
      isField
    ) {
      const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
      const name = node.name?.getText(source) ?? ''
      found.push({
        name: isField ? `${owner}.${name}` : name,
        owner,
        summary: docs.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join('\n'),
        examples: ts
          .getJSDocTags(node)
          .filter((tag) => tag.tagName.text === 'example')
          .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? ''),
      })
    }
    ts.forEachChild(node, (child) => visit(child, owner))
  }
  visit(source, path.basename(source.fileName))
  return found
}

const program = snippets.program()
const checker = program.getTypeChecker()
const door = checker.getSymbolAtLocation(program.getSourceFile(path.join(root, 'dsl/index.ts'))!)
const exported = checker.getExportsOfModule(door!)
const resolved = exported.map((symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
)
const functions = resolved.filter(({ flags }) => flags & ts.SymbolFlags.Function).map(({ name }) => name)
const all = program
  .getSourceFiles()
  .filter(({ fileName }) => path.dirname(fileName) === path.join(root, 'dsl') && !fileName.endsWith('.d.ts'))
  .flatMap(documented)

const examples = all.flatMap(({ name, owner, examples: texts }) =>
  texts.map((example) => {
    const text = withImports(asModule(example, owner))
    return { name, example, text, file: snippets.add(text) }
  }),
)

describe('authoring contract: every example in a docstring compiles', () => {
  it.each(examples)('$name: $example', ({ file, text }) => {
    expect(snippets.messages(file), text).toEqual([])
  })

  it('there are examples to check', () => {
    expect(examples.length).toBeGreaterThan(50)
  })
})

describe('authoring contract: everything is explained where it is written', () => {
  it('each exported function has a docstring with an example', () => {
    const bare = functions.filter((name) => {
      const doc = all.find((one) => one.name === name)
      return !doc?.summary || doc.examples.length === 0
    })
    expect(functions).toContain('layer')
    expect(bare).toEqual([])
  })

  it('each exported type has a docstring', () => {
    const types = resolved.filter(({ flags }) => flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias))
    expect(types.filter((type) => type.getDocumentationComment(checker).length === 0).map(({ name }) => name)).toEqual(
      [],
    )
  })

  it('each field that people write or are given says what it means', () => {
    /** Made by ov, and not documented for users. */
    const internal = new Set(['CallSite', 'Entity', 'Distro', 'PackageFormat', 'Builder', 'Init'])
    const fields = all.filter(
      ({ owner, name }) => name.startsWith(`${owner}.`) && !internal.has(owner) && !name.endsWith(']'),
    )
    expect(fields.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['LayerSpec.volumes', 'ImageSpec.base', 'PodFields.ports', 'MustSetEnv.env']),
    )
    expect(fields.filter(({ summary }) => !summary).map(({ name }) => name)).toEqual([])
  })
})
