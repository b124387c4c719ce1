import { existsSync, readFileSync } from 'node:fs'
import { isMap, parseDocument, type Document } from 'yaml'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'

/** What `config.yml` says; a file that can't be read is an error, never an empty one. */
export function readConfigFile(path: string): Document {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const document = parseDocument(text, { stringKeys: true })
  const [problem] = document.errors
  // The text around the mistake may hold a value: only what kind of mistake it is, and where, is told.
  if (problem || (document.contents !== null && !isMap(document.contents)))
    throw new DiagnosticError([
      {
        code: 'OV6008',
        severity: 'error',
        message: `${path} is not the YAML it should be${problem?.linePos ? ` (line ${problem.linePos[0].line})` : ''}`,
        remedy: 'correct it; nothing is read from it or written to it until then',
      },
    ])
  return document
}
