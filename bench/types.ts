import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { generateCatalogue } from '../test/types/scale.ts'
import { run, spread, type Place } from './measure.ts'

/** Seconds that the authoring contract costs an editor or a check, by what was done. */
export function typeTimes(layers: number, rounds: number, place: Place): Map<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'ov-bench-types-'))
  try {
    const dsl = join(import.meta.dirname, '../dist/dsl/index.d.ts')
    const files = generateCatalogue(layers)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const compilerOptions = {
      target: 'es2023',
      module: 'esnext',
      moduleResolution: 'bundler',
      lib: ['es2024'],
      types: [],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      paths: { ov: [dsl] },
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const times = new Map<string, number>()
    for (const [name, tool] of [
      ['type check, TypeScript 7', 'typescript7'],
      ['type check, TypeScript 6', 'typescript'],
    ] as const) {
      const require = createRequire(import.meta.url)
      const tsc = join(dirname(require.resolve(`${tool}/package.json`)), 'bin/tsc')
      const taken = Array.from({ length: rounds }, () =>
        run([process.execPath, tsc, '-p', folder], { ...place, folder }),
      )
      times.set(name, spread(taken.map(({ wall }) => wall)).median)
    }
    for (const [name, seconds] of completionTimes(folder, layers)) times.set(name, seconds)
    return times
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What an editor waits for inside `volumes: {` of a deploy: the first time, and after each further keystroke. */
function completionTimes(folder: string, layers: number): [string, number][] {
  const file = join(folder, 'typing.ts')
  const image = Math.floor(layers / 5) - 2
  const head = `import { pod } from 'ov'\nimport { image${image} } from './images.ts'\nexport const typing = pod({ name: 'typing', image: image${image}, volumes: { `
  let text = head
  let version = 0
  const config = ts.readConfigFile(join(folder, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options, fileNames } = ts.parseJsonConfigFileContent(config.config, ts.sys, folder)
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [...fileNames, file],
    getScriptVersion: (name) => (name === file ? String(version) : '0'),
    getScriptSnapshot: (name) => {
      const content = name === file ? text : ts.sys.readFile(name)
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
    },
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => (name === file ? text : ts.sys.readFile(name)),
  })
  const complete = (): number => {
    const from = performance.now()
    const found = service.getCompletionsAtPosition(file, text.length, {})?.entries ?? []
    if (!found.some(({ name }) => name.includes('data-'))) throw new Error('completion does not offer the volumes')
    return (performance.now() - from) / 1000
  }
  const first = complete()
  const next = Array.from({ length: 5 }, () => {
    version++
    text += ' '
    return complete()
  })
  service.dispose()
  return [
    ['completion, first', first],
    ['completion, next keystroke', spread(next).median],
  ]
}
