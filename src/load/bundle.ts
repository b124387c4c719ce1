import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.ts'
import { bundleFile, type CachedBundle, type ProjectCache } from './cache.ts'
import { filesInCircles, type ImportGraph } from './circle.ts'
import type { ProjectLocation } from './discover.ts'
import { DSL, entrySource, esbuildOptions, FORMATS, META, TEXT_EXTENSIONS, type BundleFormat } from './recipe.ts'

const require = createRequire(import.meta.url)

/** The native program, run directly: esbuild's JavaScript API costs as much again as the bundling itself. */
function esbuildBinary(): string {
  const name = `@esbuild/${process.platform}-${process.arch}/bin/esbuild`
  return createRequire(require.resolve('esbuild/package.json')).resolve(name)
}

interface Metafile {
  readonly inputs: ImportGraph
}

/** Bundles the project's entries into one file, in the cache. */
export async function bundle(location: ProjectLocation, cache: ProjectCache): Promise<CachedBundle> {
  // One level below the cache, as its final place is: the map's relative paths stay true when it is moved there.
  const work = mkdtempSync(join(cache.directory, 'bundle-'))
  const began = Date.now()
  try {
    const format = await bundleInto(work, location)
    const file = bundleFile(format)
    const { inputs } = JSON.parse(readFileSync(join(work, 'meta.json'), 'utf8')) as Metafile
    const files = Object.keys(inputs)
      .filter((input) => input !== '<stdin>')
      .map((input) => (isAbsolute(input) ? input : join(location.root, input)))
    return cache.keepBundle(work, file, files, filesInCircles(inputs), began)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Has esbuild write the bundle, its map, and its list of inputs; as a module only where it must be one. */
async function bundleInto(work: string, location: ProjectLocation): Promise<BundleFormat> {
  for (const format of FORMATS) {
    const out = join(work, bundleFile(format))
    const ok = await run(location, [
      ...esbuildOptions(location, format),
      `--outfile=${out}`,
      `--metafile=${join(work, 'meta.json')}`,
      '--sourcemap=external',
      '--log-level=silent',
      '--loader=ts',
      '--sourcefile=<stdin>',
    ])
    if (!ok) continue
    const code = readFileSync(out, 'utf8')
    const body = code.slice(code.indexOf('\n') + 1) // the banner is the first line
    // A script has no import.meta but what is put there.
    if (format === 'cjs' && /\bimport_meta\d*\b/.test(body)) continue
    if (META_PATTERN.test(body)) writeFileSync(out, await placeMeta(code, `${out}.map`, location))
    return format
  }
  throw new DiagnosticError(await explainFailure(location))
}

function run(location: ProjectLocation, args: readonly string[]): Promise<boolean> {
  return new Promise((done, fail) => {
    const child = spawn(esbuildBinary(), args, { cwd: location.root, stdio: ['pipe', 'ignore', 'ignore'] })
    child.on('error', fail)
    child.on('close', (code) => done(code === 0))
    child.stdin.on('error', () => {}) // it says itself what went wrong
    child.stdin.end(entrySource(location.entries))
  })
}

/** Bundles once more through the JavaScript API, which gives the errors as data. Only on the way to a failure. */
async function explainFailure(location: ProjectLocation): Promise<Diagnostic[]> {
  const { build } = await import('esbuild')
  const define: Record<string, string> = {}
  for (const [name, stand] of Object.entries(META)) define[`import.meta.${name}`] = stand
  try {
    await build({
      absWorkingDir: location.root,
      stdin: {
        contents: entrySource(location.entries),
        loader: 'ts',
        resolveDir: location.root,
        sourcefile: '<stdin>',
      },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node22.12',
      external: ['*.node'],
      alias: { ov: DSL },
      define,
      loader: Object.fromEntries(TEXT_EXTENSIONS.map((extension) => [`.${extension}`, 'text'])),
      logLevel: 'silent',
      logLimit: 0,
    })
  } catch (error) {
    const { errors } = error as { errors?: readonly EsbuildMessage[] }
    if (errors && errors.length > 0) return errors.map(fromEsbuild)
    throw error
  }
  throw new Error('esbuild failed, and then succeeded on the same input')
}

interface EsbuildMessage {
  readonly text: string
  readonly location: { file: string; line: number; column: number; length: number; lineText: string } | null
  readonly notes: readonly { text: string; location: EsbuildMessage['location'] }[]
}

function fromEsbuild(message: EsbuildMessage): Diagnostic {
  const place = (at: EsbuildMessage['location']) =>
    at && at.file !== '<stdin>'
      ? {
          file: at.file,
          line: at.line,
          // esbuild counts columns in bytes from 0
          column: Buffer.from(at.lineText).subarray(0, at.column).toString().length + 1,
          length: Math.max(
            1,
            Buffer.from(at.lineText)
              .subarray(at.column, at.column + at.length)
              .toString().length,
          ),
        }
      : undefined
  const at = place(message.location)
  const unresolved = message.text.startsWith('Could not resolve')
  const noExport = message.text.startsWith('No matching export')
  return {
    code: unresolved ? 'OV1003' : noExport ? 'OV1004' : 'OV1002',
    severity: 'error',
    message: message.text,
    ...(at && { place: at }),
    related: message.notes.flatMap((note) => {
      const seen = place(note.location)
      return seen ? [{ message: note.text, place: seen }] : []
    }),
    ...(unresolved && {
      remedy: /"[./]/.test(message.text)
        ? 'check the path; relative imports start at the importing file'
        : 'install the package in the project, or map the name under "paths" in its tsconfig.json',
    }),
  }
}

const META_PATTERN = new RegExp(Object.values(META).join('|'))

/** Puts the source file's own directory, name and URL where it asked for `import.meta.*`. */
async function placeMeta(code: string, map: string, location: ProjectLocation): Promise<string> {
  const { originalPositionFor, TraceMap } = await import('@jridgewell/trace-mapping')
  const trace = new TraceMap(readFileSync(map, 'utf8'))
  let line = 1
  let lineStart = 0
  let scanned = 0
  return code.replace(new RegExp(META_PATTERN, 'g'), (found, offset: number) => {
    for (let next; (next = code.indexOf('\n', scanned)) !== -1 && next < offset; scanned = next + 1) {
      line++
      lineStart = next + 1
    }
    const { source } = originalPositionFor(trace, { line, column: offset - lineStart })
    const file = source === null ? join(location.root, 'package.json') : join(dirname(map), source)
    if (found === META.url) return JSON.stringify(pathToFileURL(file).href)
    return JSON.stringify(found === META.dirname ? file.slice(0, file.lastIndexOf(sep)) : file)
  })
}
