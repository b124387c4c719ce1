// Makes dist/: the program as split chunks, the DSL as one module, and the DSL's types.
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
const program = {
  ...common,
  splitting: true,
  chunkNames: '[name]-[hash]',
  minifySyntax: true,
  minifyWhitespace: true,
  external: ['esbuild'],
  define: {
    __OV_VERSION__: JSON.stringify(version),
    __OV_ESBUILD_VERSION__: JSON.stringify(dependencies.esbuild),
    __filename: 'import.meta.filename',
    __dirname: 'import.meta.dirname',
  },
  // Packages in CommonJS call require() for Node's own modules.
  banner: { js: "import{createRequire as __ov_cr}from'node:module';const require=__ov_cr(import.meta.url);" },
}
await build({ ...program, entryPoints: ['src/cli.ts'], outdir: 'dist' })

// The help of every command, so that showing it needs no parser.
const help = 'dist/help.mjs'
await build({ ...program, splitting: false, entryPoints: ['src/commands/main.ts'], outfile: help })
const { HELP_WIDTH, helpTexts } = await import(pathToFileURL(help).href)
writeFileSync('dist/help.json', JSON.stringify({ width: HELP_WIDTH, texts: helpTexts() }))
rmSync(help)

await build({ ...common, entryPoints: ['dsl/index.ts'], outfile: 'dist/dsl/index.js' })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'scripts/tsconfig.dsl.json'], {
  stdio: 'inherit',
})
// Ambient declarations are no output of tsc: they are copied, and the reference to them made to point there.
cpSync('dsl/text-imports.d.ts', 'dist/dsl/text-imports.d.ts')
const door = 'dist/dsl/index.d.ts'
writeFileSync(door, readFileSync(door, 'utf8').replace(/(<reference path=")[^"]*(text-imports\.d\.ts")/, '$1./$2'))
