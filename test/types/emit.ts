import path from 'node:path'
import ts from 'typescript'
import { root } from './harness.ts'

/** The declarations that the build makes of `dsl/`, file name → text, with the build's own settings. */
export function declarations(changes: ts.CompilerOptions = {}): Map<string, string> {
  const config = path.join(root, 'scripts/tsconfig.dsl.json')
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, (file) => ts.sys.readFile(file)).config,
    ts.sys,
    path.dirname(config),
    undefined,
    config,
  )
  const program = ts.createProgram(fileNames, { ...options, ...changes, outDir: root })
  const files = new Map<string, string>()
  program.emit(undefined, (file, text) => files.set(path.basename(file), text))
  // No output of the compiler: the build copies it.
  files.set('text-imports.d.ts', ts.sys.readFile(path.join(root, 'dsl/text-imports.d.ts')) ?? '')
  return new Map(
    [...files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([file, text]) => [file, text.replace(/(<reference path=")[^"]*(text-imports\.d\.ts")/, '$1./$2')]),
  )
}
