// Makes dist/: the program as split chunks, the texts it need not compute, the DSL as one module, and the DSL's types.
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
const program = {
  ...common,
  minifySyntax: true,
  minifyWhitespace: true,
  external: ['esbuild'],
  define: {
    __OV_VERSION__: JSON.stringify(version),
    __OV_ESBUILD_VERSION__: JSON.stringify(dependencies.esbuild),
    __filename: 'import.meta.filename',
    __dirname: 'import.meta.dirname',
  },
  banner: { js: banner },
}
await build({
  ...program,
  entryPoints: ['src/cli.ts'],
  outdir: 'dist',
  splitting: true,
  chunkNames: '[name]-[hash]',
})
// Every file would make its own require(); few have a use for it.
for (const name of readdirSync('dist')) {
  const text = readFileSync(`dist/${name}`, 'utf8').replace(`${banner}\n`, '')
  if (!/\brequire\b/.test(text)) writeFileSync(`dist/${name}`, text)
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
