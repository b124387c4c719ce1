// Makes dist/: the program as split chunks, the texts it need not compute, the DSL as one module, and the DSL's types.
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const { version, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
rmSync('dist', { recursive: true, force: true })
const common = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.12',
  charset: 'utf8',
  logLevel: 'warning',
}
// Packages in CommonJS call require() for Node's own modules.
const banner = "import{createRequire as __ov_cr}from'node:module';const require=__ov_cr(import.meta.url);"
// An import of Node's own modules reads every one of their exports, those included that are only made when they are read.
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/, namespace: 'file' }, ({ path, importer }) =>
      importer.startsWith(resolve('src')) ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /./, namespace: 'builtin' }, async ({ path }) => {
      const { default: module } = await import(path)
      const names = Object.entries(Object.getOwnPropertyDescriptors(module))
        .filter(([name, { get }]) => get === undefined && /^[A-Za-z_]\w*$/.test(name))
        .map(([name]) => `export const ${name} = /* @__PURE__ */ (() => module.${name})()`)
      return {
        contents: [
          // Where this is missing, Node is too old, and all that happens is a message that says so.
          `const module = /* @__PURE__ */ (process.getBuiltinModule ?? Object)('${path}')`,
          ...names,
          'export default module',
        ].join('\n'),
      }
    })
  },
}
const program = {
  ...common,
  minifySyntax: true,
  minifyWhitespace: true,
  // x11 and usocket: dbus-next asks for them only with addresses that ov never gives it. cpu-features: ssh2 does without it.
  external: ['esbuild', 'x11', 'usocket', 'cpu-features'],
  define: {
    __OV_VERSION__: JSON.stringify(version),
    __OV_ESBUILD_VERSION__: JSON.stringify(dependencies.esbuild),
    __filename: 'import.meta.filename',
    __dirname: 'import.meta.dirname',
  },
  plugins: [builtins],
}
const { metafile } = await build({
  ...program,
  entryPoints: ['src/cli.ts'],
  outdir: 'dist',
  banner: { js: banner },
  splitting: true,
  chunkNames: '[name]-[hash]',
  metafile: true,
})
// Every file would make its own require(); few have a use for it.
for (const name of readdirSync('dist')) {
  const text = readFileSync(`dist/${name}`, 'utf8').replace(`${banner}\n`, '')
  if (!/\brequire[(.]/.test(text)) writeFileSync(`dist/${name}`, text)
}
await join(['src/cli.ts', 'src/commands/open.ts', 'src/commands/synth.ts'])

/** Leaves imports as they are, under other paths. */
function leaveOut(otherPath) {
  return {
    name: 'leave-out',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path }) => {
        const other = otherPath(path)
        return other ? { path: other, external: true } : undefined
      })
    },
  }
}

/** Puts the chunks that every run needs into one file: each one that is loaded costs as much as all of their code. */
async function join(entries) {
  const { outputs } = metafile
  const chunks = new Set()
  const add = (path) => {
    if (chunks.has(path)) return
    chunks.add(path)
    for (const one of outputs[path].imports) if (one.kind === 'import-statement' && !one.external) add(one.path)
  }
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entries.includes(entryPoint)) add(path)
  const names = [...chunks].map((path) => basename(path))
  const { outputFiles } = await build({
    ...common,
    minifySyntax: true,
    minifyWhitespace: true,
    stdin: {
      contents: names.map((name, index) => `export * as c${index} from './${name}'`).join('\n'),
      resolveDir: 'dist',
    },
    plugins: [leaveOut((path) => !names.includes(basename(path)) && path)],
    write: false,
  })
  for (const [index, path] of [...chunks].entries()) {
    const all = outputs[path].exports
    if (all.length === 0) rmSync(path)
    else writeFileSync(path, `import{c${index}}from"./cli.js";export const{${all.join(',')}}=c${index};\n`)
  }
  writeFileSync('dist/cli.js', outputFiles[0].contents)
}

// What is known now need not be computed at each start, by a parser that takes longer to load than Node itself.
const texts = 'dist/texts.mjs'
await build({ ...program, entryPoints: ['src/commands/build-texts.ts'], outfile: texts })
const { staticTexts } = await import(pathToFileURL(texts).href)
writeFileSync('dist/texts.json', JSON.stringify(staticTexts()))
rmSync(texts)

await build({ ...common, entryPoints: ['dsl/index.ts'], outfile: 'dist/dsl/index.js' })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'scripts/tsconfig.dsl.json'], {
  stdio: 'inherit',
})
// Ambient declarations are no output of tsc: they are copied, and the reference to them made to point there.
cpSync('dsl/text-imports.d.ts', 'dist/dsl/text-imports.d.ts')
const door = 'dist/dsl/index.d.ts'
writeFileSync(door, readFileSync(door, 'utf8').replace(/(<reference path=")[^"]*(text-imports\.d\.ts")/, '$1./$2'))
