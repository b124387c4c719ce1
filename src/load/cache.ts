import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { ProjectLocation } from './discover.ts'

/** SHA-256 as hex. */
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** Hash of a file's bytes, or undefined where there is no such file. */
export function hashFile(path: string): string | undefined {
  try {
    return sha256(readFileSync(path))
  } catch {
    return undefined
  }
}

/** Names in a folder, hashed: a file that comes or goes could change what an import means. Hidden ones never do. */
function hashListing(folder: string): string | undefined {
  try {
    return sha256(
      readdirSync(folder)
        .filter((name) => !name.startsWith('.'))
        .sort()
        .join('\0'),
    )
  } catch {
    return undefined
  }
}

export interface CachedBundle {
  /** Path of the bundle. */
  readonly file: string
  /** Path of its source map. */
  readonly map: string
  /** Changes with every byte of every input. */
  readonly key: string
}

type Fingerprint = readonly (readonly [path: string, hash: string | null])[]

interface BundleRecord {
  readonly recipe: string
  readonly folder: string
  readonly key: string
  readonly files: Fingerprint
  readonly listings: Fingerprint
}

const fingerprint = (paths: readonly string[], hash: (path: string) => string | undefined): Fingerprint =>
  paths.map((path) => [path, hash(path) ?? null])

const holds = (prints: Fingerprint, hash: (path: string) => string | undefined) =>
  prints.every(([path, was]) => (hash(path) ?? null) === was)

/** Configuration files that change what an import means, in every folder from the inputs upwards. */
function configurationOf(folders: ReadonlySet<string>): string[] {
  const all = new Set<string>()
  for (const folder of folders)
    for (let at = folder; !all.has(at); at = dirname(at)) {
      all.add(at)
      if (dirname(at) === at) break
    }
  return [...all].sort().flatMap((folder) => [join(folder, 'tsconfig.json'), join(folder, 'package.json')])
}

/** What ov remembers of a project outside of it. It is never needed: without a place to write, everything is made anew. */
export class ProjectCache {
  readonly directory: string
  readonly #recipe: string

  constructor(location: ProjectLocation, recipe: string) {
    this.#recipe = sha256(recipe)
    const home = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
    const wanted = join(home, 'ov', 'projects', sha256(JSON.stringify([location.root, location.entries])).slice(0, 24))
    try {
      mkdirSync(wanted, { recursive: true, mode: 0o700 })
      writeFileSync(join(wanted, '.writable'), '')
      this.directory = wanted
    } catch {
      const temporary = mkdtempSync(join(tmpdir(), 'ov-'))
      process.on('exit', () => rmSync(temporary, { recursive: true, force: true }))
      this.directory = temporary
    }
  }

  /** The bundle of the last run, if nothing that went into it has changed since. */
  findBundle(): CachedBundle | undefined {
    const record = this.read<BundleRecord>('bundle')
    if (record?.recipe !== this.#recipe || !holds(record.files, hashFile) || !holds(record.listings, hashListing))
      return undefined
    return this.#bundle(record)
  }

  /** Takes a fresh bundle in, with the fingerprints of everything it was made from. */
  keepBundle(folder: string, files: readonly string[]): CachedBundle {
    const folders = new Set(files.filter((file) => !file.includes('/node_modules/')).map((file) => dirname(file)))
    const prints = fingerprint([...files, ...configurationOf(folders)].sort(), hashFile)
    const key = sha256(JSON.stringify([this.#recipe, prints]))
    const kept = `b-${key.slice(0, 24)}`
    rmSync(join(this.directory, kept), { recursive: true, force: true })
    renameSync(folder, join(this.directory, kept))
    for (const name of readdirSync(this.directory))
      if (name.startsWith('b-') && name !== kept) rmSync(join(this.directory, name), { recursive: true, force: true })
    const listings = fingerprint([...folders].sort(), hashListing)
    const record: BundleRecord = { recipe: this.#recipe, folder: kept, key, files: prints, listings }
    this.write('bundle', record)
    return this.#bundle(record)
  }

  #bundle(record: BundleRecord): CachedBundle {
    const folder = join(this.directory, basename(record.folder))
    return { file: join(folder, 'bundle.mjs'), map: join(folder, 'bundle.mjs.map'), key: record.key }
  }

  /** A JSON record, or undefined where it is missing or damaged. */
  read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(this.directory, `${name}.json`), 'utf8')) as T
    } catch {
      return undefined
    }
  }

  write(name: string, record: unknown): void {
    const file = join(this.directory, `${name}.json`)
    const aside = `${file}.${process.pid}`
    writeFileSync(aside, JSON.stringify(record))
    renameSync(aside, file)
  }
}
