import { existsSync, readFileSync } from 'node:fs'
import { isMap, isScalar, parseDocument, type Document } from 'yaml'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { writeAtomic } from './atomic.ts'
import { withLock } from './lock.ts'

/** What `config.yml` says; a file that can't be read is an error, never an empty one. (CRED-10) */
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

/** The text of a value as it was written, whatever YAML takes it for: `0123` and `yes` are texts here. */
export function textAt(document: Document, place: readonly string[]): string | undefined {
  const node = document.getIn(place, true)
  if (!isScalar<string | number | boolean | bigint | null>(node) || node.value === null) return undefined
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
}

/** Changes `config.yml`: what ov does not know of it and what people noted in it stays, and it is this user's alone afterwards. (CRED-51) */
export async function updateConfigFile(path: string, change: (document: Document) => void): Promise<void> {
  await withLock(
    `${path}.lock`,
    () => {},
    () => {
      const document = readConfigFile(path)
      change(document)
      writeAtomic(path, document.toString({ lineWidth: 0 }), { keep: true })
      return Promise.resolve()
    },
  )
}
