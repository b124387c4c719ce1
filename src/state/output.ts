import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hashFile } from '../load/cache.ts'
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
  let unchanged = 0
  for (const [path, file] of files) {
    const target = join(root, path)
    if (isCurrent(target, file)) {
      unchanged++
      continue
    }
    attempt(path, () => {
      if (!made.has(dirname(target))) makeWay(dirname(target))
      made.add(dirname(target))
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
    if (file.kind === 'text') return readFileSync(target, 'utf8') === file.text
    const executable = (statSync(target).mode & 0o111) !== 0
    return executable === file.executable && hashFile(target) === file.hash
  } catch {
    return false
  }
}

function copyInto(from: string, target: string, executable: boolean): void {
  replaceFile(target, (aside) => {
    copyFileSync(from, aside)
    chmodSync(aside, executable ? 0o755 : 0o644)
  })
}

/** A file may stand where a folder has to be: the output is ov's own, so it makes way. */
function makeWay(folder: string): void {
  for (let at = folder; at !== dirname(at); at = dirname(at))
    if (statSync(at, { throwIfNoEntry: false })?.isFile()) {
      rmSync(at)
      break
    }
  makeFolder(folder)
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
