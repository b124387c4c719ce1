import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'

/** Files that make a folder a project; those that exist are its entries. */
const ENTRY_FILES = ['layers.ts', 'images.ts', 'deploy.ts'] as const

export interface ProjectLocation {
  /** Absolute path of the project's folder. */
  readonly root: string
  /** Entry files, relative to the root. */
  readonly entries: readonly string[]
}

const entriesIn = (folder: string) => ENTRY_FILES.filter((name) => existsSync(join(folder, name)))

/** Finds the project: the file or folder given, or the nearest folder upwards from `from` that holds an entry file. */
export function discover(from: string, given?: string): ProjectLocation {
  if (given !== undefined) {
    const path = resolve(from, given)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isFile()) return { root: dirname(path), entries: [basename(path)] }
    if (stat?.isDirectory() && entriesIn(path).length > 0) return { root: path, entries: entriesIn(path) }
    throw new DiagnosticError([
      {
        code: 'OV1001',
        severity: 'error',
        message: stat ? `"${given}" holds none of ${ENTRY_FILES.join(', ')}` : `there is no file or folder "${given}"`,
        remedy: 'name a TypeScript file, or a folder with one of these files',
      },
    ])
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const entries = entriesIn(folder)
    if (entries.length > 0) return { root: folder, entries }
    if (dirname(folder) === folder) break
  }
  throw new DiagnosticError([
    {
      code: 'OV1001',
      severity: 'error',
      message: `no project here: neither this folder nor one above it holds ${ENTRY_FILES.join(', ')}`,
      remedy: 'go to your project, or name its file or folder as an argument',
    },
  ])
}
