import {
  chmodSync,
  copyFileSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fingerprintFile, hashFile } from '../load/cache.ts'
import type { FileTree, OutputFile } from '../synth/tree.ts'
import { isBeingMade, makeFolder, replaceFile } from './atomic.ts'
import { attempt } from './attempt.ts'

export interface WriteResult {
  readonly written: readonly string[]
  readonly removed: readonly string[]
  readonly unchanged: number
}

/**
 * Makes the output folder hold exactly these files. A file that is right already is not touched; each other one is replaced in one step,
 * so that nobody ever reads half of it; what is no longer declared goes.
 */
export function writeTree(root: string, folder: string, files: FileTree): WriteResult {
  const written: string[] = []
  const made = new Set<string>()
  const clear = new Set<string>()
  let unchanged = 0
  for (const [path, file] of files) {
    const target = join(root, path)
    const parent = dirname(path)
    if (!clear.has(parent)) attempt(parent, () => makeWay(root, folder, parent))
    clear.add(parent)
    if (isCurrent(target, file)) {
      unchanged++
      continue
    }
    attempt(path, () => {
      if (!made.has(parent)) makeFolder(dirname(target))
      made.add(parent)
      if (lstatSync(target, { throwIfNoEntry: false })?.isDirectory()) rmSync(target, { recursive: true })
      if (file.kind === 'text') replaceFile(target, (aside) => writeFileSync(aside, file.text))
      else copyInto(file.from, target, file.executable)
    })
    written.push(path)
  }
  const removed = sweep(root, folder, files)
  return { written, removed, unchanged }
}

function isCurrent(target: string, file: OutputFile): boolean {
  try {
    if (!lstatSync(target).isFile()) return false
    if (file.kind === 'text') return readFileSync(target, 'utf8') === file.text
    const executable = (statSync(target).mode & 0o111) !== 0
    return executable === file.executable && hashFile(target) === file.hash
  } catch {
    return false
  }
}

/** Files below a folder as they are, by path relative to the root; none where there is no such folder. */
export function listTree(root: string, folder: string): Map<string, { path: string; hash: string }> {
  const names = statSync(join(root, folder), { throwIfNoEntry: false })
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    : []
  return new Map(
    names.sort().flatMap((name) => {
      const path = join(root, folder, name)
      const hash = fingerprintFile(path)
      return hash === undefined ? [] : [[`${folder}/${name}`, { path, hash }]]
    }),
  )
}

function copyInto(from: string, target: string, executable: boolean): void {
  replaceFile(target, (aside) => {
    copyFileSync(from, aside)
    chmodSync(aside, executable ? 0o755 : 0o644)
  })
}

/** A file or link may stand where a folder has to be: the output is ov's own, so it makes way, and nothing is written through a link. */
function makeWay(root: string, folder: string, path: string): void {
  const parts = path.slice(folder.length).split('/').slice(1)
  let at = join(root, folder)
  if (statSync(at, { throwIfNoEntry: false })?.isFile()) rmSync(at)
  for (const part of parts) {
    at = join(at, part)
    const stat = lstatSync(at, { throwIfNoEntry: false })
    if (!stat) return
    if (!stat.isDirectory()) rmSync(at)
  }
}

/** Removes files that are not declared, and the folders that this empties. */
function sweep(root: string, folder: string, files: FileTree): string[] {
  const removed: string[] = []
  const visit = (path: string): boolean => {
    let left = 0
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`
      if (entry.isDirectory()) {
        if (!visit(below)) left++
      } else if (files.has(below) || isBeingMade(entry.name)) left++
      else {
        attempt(below, () => rmSync(join(root, below)))
        removed.push(below)
      }
    }
    if (left > 0) return false
    attempt(path, () => rmdirSync(join(root, path)))
    return true
  }
  if (statSync(join(root, folder), { throwIfNoEntry: false })) visit(folder)
  return removed.sort()
}
