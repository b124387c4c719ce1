import { hash } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { ProjectLocation } from './discover.ts'

/** SHA-256 as hex. */
export const sha256 = (data: string | Uint8Array): string => hash('sha256', data)

/** Room that most files fit into, so that hashing a thousand of them makes no garbage. */
const room = Buffer.allocUnsafeSlow(256 * 1024)

/** Hash of a file's bytes, or undefined where there is no such file. */
export function hashFile(path: string): string | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    let filled = 0
    for (let count; (count = readSync(descriptor, room, filled, room.length - filled, filled)) > 0;) filled += count
    return sha256(filled < room.length ? room.subarray(0, filled) : readFileSync(path))
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** What a path leads to; undefined where that is nothing, a circle of links included. */
export function statFile(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/** Hash of a file's bytes, with a mark when it may be executed; undefined where there is no such file. */
export function fingerprintFile(path: string): string | undefined {
  const stat = statFile(path)
  // A pipe would be waited for.
  const hash = stat?.isFile() === true ? hashFile(path) : undefined
  return hash === undefined ? undefined : `${hash}${(stat!.mode & 0o111) === 0 ? '' : ' x'}`
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
  /** Files of the project that import each other. */
  readonly circle: readonly string[]
}

type Fingerprint = readonly (readonly [path: string, hash: string | null])[]

interface BundleRecord {
  readonly recipe: string
  readonly folder: string
  readonly key: string
  readonly circle: readonly string[]
  readonly files: Fingerprint
  readonly listings: Fingerprint
}

const fingerprint = (paths: readonly string[], print: (path: string) => string | undefined): Fingerprint =>
  paths.map((path) => [path, print(path) ?? null])

const holds = (prints: Fingerprint, print: (path: string) => string | undefined) =>
  prints.every(([path, was]) => (print(path) ?? null) === was)

/** The folders and everything above them. */
function withParents(folders: Iterable<string>): string[] {
  const all = new Set<string>()
  for (const folder of folders)
    for (let at = folder; !all.has(at); at = dirname(at)) {
      all.add(at)
      if (dirname(at) === at) break
    }
  return [...all].sort()
}

/** Configuration files that change what an import means, those that they extend included. */
function configurationOf(folders: readonly string[]): string[] {
  const all = new Set(folders.map((folder) => join(folder, 'package.json')))
  const open = folders.map((folder) => join(folder, 'tsconfig.json'))
  for (let file; (file = open.pop()) !== undefined;) {
    if (all.has(file)) continue
    all.add(file)
    open.push(...extendedBy(file))
  }
  return [...all]
}

/** Files that a tsconfig may extend; which of the spellings is meant need not be known. */
function extendedBy(file: string): string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  const given = /"extends"\s*:\s*("[^"]*"|\[[^\]]*\])/.exec(text)?.[1] ?? ''
  return [...given.matchAll(/"([^"]*)"/g)].flatMap(([, name = '']) => {
    const at = name.startsWith('.') || isAbsolute(name) ? resolve(dirname(file), name) : packageFile(file, name)
    return at === undefined ? [] : [at, `${at}.json`]
  })
}

function packageFile(from: string, name: string): string | undefined {
  const { resolve: find } = createRequire(from)
  for (const spelling of [name, `${name}.json`, `${name}/tsconfig.json`])
    try {
      return find(spelling)
    } catch {
      continue
    }
  return undefined
}

function makeWritable(folder: string): void {
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.W_OK)
  }
}

const isInstalled = (path: string) => path.includes('/node_modules/')

/** What ov remembers of a project outside of it. It is never needed: without a place to write, everything is made anew. */
export class ProjectCache {
  readonly directory: string
  readonly #recipe: string
  readonly #root: string
  /**
   * Hashes of inputs, taken before esbuild reads them: what changes in between differs from its hash ever after, and is bundled once more.
   */
  readonly #taken = new Map<string, string | undefined>()

  constructor(location: ProjectLocation, recipe: string) {
    this.#recipe = sha256(recipe)
    this.#root = location.root
    const home = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
    const wanted = join(home, 'ov', 'projects', sha256(JSON.stringify([location.root, location.entries])).slice(0, 24))
    try {
      makeWritable(wanted)
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
    if (record?.recipe !== this.#recipe) return undefined
    for (const [path] of record.files) this.#taken.set(path, hashFile(path))
    if (!holds(record.files, this.#hash) || !holds(record.listings, hashListing)) return undefined
    const found = this.#bundle(record)
    return existsSync(found.file) && existsSync(found.map) ? found : undefined
  }

  readonly #hash = (path: string): string | undefined =>
    this.#taken.has(path) ? this.#taken.get(path) : hashFile(path)

  /** Takes a fresh bundle in, with the fingerprints of everything it was made from. */
  keepBundle(folder: string, files: readonly string[], circle: readonly string[], began: number): CachedBundle {
    const folders = withParents(files.map((file) => dirname(file)))
    const prints = fingerprint([...new Set([...files, ...configurationOf(folders)])].sort(), this.#hash)
    const key = sha256(JSON.stringify([this.#recipe, prints]))
    const kept = `b-${key.slice(0, 24)}`
    this.#keep(folder, join(this.directory, kept))
    this.#sweep(kept)
    // What lies above the project changes without meaning anything, but for packages that are installed there.
    const used = new Set(files.map((file) => dirname(file)))
    const own = folders.filter((path) => !isInstalled(`${path}/`))
    const listed = own.filter((path) => used.has(path) || `${path}/`.startsWith(`${this.#root}/`))
    const listings = fingerprint([...listed, ...own.map((path) => join(path, 'node_modules'))].sort(), hashListing)
    const record: BundleRecord = { recipe: this.#recipe, folder: kept, key, circle, files: prints, listings }
    // A file that was saved meanwhile may have been read before that: such a bundle serves this run only.
    if (files.every((file) => (statFile(file)?.mtimeMs ?? 0) < began)) this.write('bundle', record)
    return this.#bundle(record)
  }

  /** Puts a bundle in its place. One that is there already, with the same content, may be in use by another ov. */
  #keep(folder: string, place: string): void {
    const complete = existsSync(join(place, 'bundle.mjs')) && existsSync(join(place, 'bundle.mjs.map'))
    if (complete) return
    rmSync(place, { recursive: true, force: true })
    try {
      renameSync(folder, place)
    } catch (error) {
      // Another ov was faster.
      if (!existsSync(join(place, 'bundle.mjs'))) throw error
    }
  }

  /** Removes old bundles. Another ov may be running one of the last just now. */
  #sweep(kept: string): void {
    const made = (name: string) => statFile(join(this.directory, name))?.mtimeMs ?? 0
    const old = readdirSync(this.directory)
      .filter((name) => name.startsWith('b-') && name !== kept)
      .sort((a, b) => made(b) - made(a))
      .slice(3)
    for (const name of old) rmSync(join(this.directory, name), { recursive: true, force: true })
  }

  #bundle(record: BundleRecord): CachedBundle {
    const folder = join(this.directory, basename(record.folder))
    return {
      file: join(folder, 'bundle.mjs'),
      map: join(folder, 'bundle.mjs.map'),
      key: record.key,
      circle: record.circle,
    }
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
    try {
      writeFileSync(aside, JSON.stringify(record))
      renameSync(aside, file)
    } catch {
      rmSync(aside, { force: true }) // then the next run remembers nothing
    }
  }
}
