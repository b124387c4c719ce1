import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { attempt } from './attempt.ts'

export interface AtomicOptions {
  /** For this user only, and on the disk before anything else happens. */
  readonly keep?: boolean
  /** What a message calls the file; default: its path. */
  readonly show?: string
  /** Where the new text is put first, in the same folder; default: a name made of the file's. */
  readonly aside?: string
}

/** Replaces a file in one step: readers see the old text or the new one, and a disk that fills up leaves the old one. */
export function writeAtomic(
  file: string,
  text: string | Uint8Array,
  { keep = false, show, aside }: AtomicOptions = {},
): void {
  attempt(show ?? file, () => {
    makeFolder(dirname(file))
    const write = (aside: string) => {
      const descriptor = openSync(aside, 'w', keep ? 0o600 : 0o666)
      try {
        // One write(2) may store less than it was given; this goes on until all of it is stored.
        writeFileSync(descriptor, text)
        if (keep) fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
    }
    replaceFile(file, write, aside)
  })
}

/** Makes a folder and those above it. (Node's own recursive way reports a read-only file system as a missing folder.) */
export function makeFolder(folder: string, mode = 0o777): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder), mode)
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Somebody else may have made it in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Has a file made beside the one it replaces. */
export function replaceFile(file: string, make: (aside: string) => void, aside = `${file}.${process.pid}.part`): void {
  try {
    make(aside)
    renameSync(aside, file)
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  }
}

/** Whether a file is what another process is making beside one that it replaces. */
export function isBeingMade(name: string): boolean {
  const [, pid] = /\.(\d+)\.part$/.exec(name) ?? []
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Removes a file, and what killed writers of it have left beside it. */
export function removeFile(file: string): void {
  const folder = dirname(file)
  if (!existsSync(folder)) return
  attempt(file, () => {
    for (const name of readdirSync(folder))
      if (name === basename(file) || (name.startsWith(`${basename(file)}.`) && /\.\d+\.part$/.test(name)))
        rmSync(join(folder, name), { force: true })
  })
}
