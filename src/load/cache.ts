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
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { ProjectLocation } from './discover.ts'
import type { BundleFormat } from './recipe.ts'

/** SHA-256 as hex. (A run that finds nothing changed compares stamps and texts, and never loads Node's crypto module.) */
export const sha256 = (data: string | Uint8Array): string =>
  process.getBuiltinModule('node:crypto').hash('sha256', data)

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
    return statSync(path, { throwIfNoEntry: false })
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
  /** Path of its compiled code, which may be missing. */
  readonly code: string
  /** Folder of the project. */
  readonly root: string
  /** Changes with every byte of every input. */
  readonly key: string
  /** Files of the project that import each other. */
  readonly circle: readonly string[]
}

/**
 * A file or folder as it was: its print, and the stamp under which it certainly is what it was. The stamp holds the time of the last change to
 * the file or to what is known of it, which no program can set; without a stamp, only the print tells.
 */
export type Seen = [path: string, print: string | null, stamp: Stamp | null]
type Stamp = readonly [changed: number, size: number, inode: number]

/** The kernel's clock for files ticks slowly, and that of a file server may be late: of a change this fresh, another one may look the same. */
const FRESH = 2000

const isFresh = ({ ctimeMs }: Stats, now: number) => now - ctimeMs < FRESH
const stampOf = ({ ctimeMs, size, ino }: Stats): Stamp => [ctimeMs, size, ino]
const bears = ({ ctimeMs, size, ino }: Stats, stamp: Stamp | null) =>
  stamp !== null && ctimeMs === stamp[0] && size === stamp[1] && ino === stamp[2]

type Print = (path: string) => string | null | undefined

/** Takes a look at a file. */
export function see(path: string, print: Print): Seen {
  // The stamp is taken first: a change in between makes it an old one.
  const stat = statFile(path)
  return [path, print(path) ?? null, stat && !isFresh(stat, Date.now()) ? stampOf(stat) : null]
}

/** Whether files are what they were. Those that only their print could tell get their new stamps, and `restamped` is called. */
export function stillSo(seen: readonly Seen[], print: Print, restamped: () => void): boolean {
  const now = Date.now()
  return seen.every((one) => {
    const stat = statFile(one[0])
    if (stat && bears(stat, one[2])) return true
    if ((print(one[0]) ?? null) !== one[1]) return false
    if (stat && !isFresh(stat, now)) {
      one[2] = stampOf(stat)
      restamped()
    }
    return true
  })
}

/** Name of a bundle's file, which tells what it is. */
export const bundleFile = (format: BundleFormat) => (format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs')

interface BundleRecord {
  readonly recipe: string
  readonly folder: string
  readonly file: string
  readonly key: string
  readonly circle: readonly string[]
  readonly files: readonly Seen[]
  readonly listings: readonly Seen[]
}

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
  const { resolve: find } = process.getBuiltinModule('node:module').createRequire(from)
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

/** A file name that says what it is for, as long as file systems let it. */
const folderName = (text: string) => {
  const name = text.replace(/[^A-Za-z0-9._-]/g, (found) =>
    found === '/' ? '+' : `=${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return name.length < 200 ? name : sha256(text)
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
    this.#recipe = recipe
    this.#root = location.root
    const home = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
    const wanted = join(home, 'ov', 'projects', folderName([location.root, ...location.entries].join(',')))
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
    let restamped = false
    const restamp = () => (restamped = true)
    const hash = (path: string) => {
      const taken = hashFile(path)
      this.#taken.set(path, taken)
      return taken
    }
    // Every file is looked at, also behind one that differs: the hashes are needed then.
    const same = record.files.map((file) => {
      if (!this.#taken.has(file[0])) this.#taken.set(file[0], file[1] ?? undefined)
      return stillSo([file], hash, restamp)
    })
    if (same.includes(false) || !stillSo(record.listings, hashListing, restamp)) return undefined
    const found = this.#bundle(record)
    if (!existsSync(found.file) || !existsSync(found.map)) return undefined
    if (restamped) this.write('bundle', record)
    return found
  }

  readonly #hash = (path: string): string | undefined =>
    this.#taken.has(path) ? this.#taken.get(path) : hashFile(path)

  /** Takes a fresh bundle in, with the fingerprints of everything it was made from. */
  keepBundle(
    folder: string,
    file: string,
    files: readonly string[],
    circle: readonly string[],
    began: number,
  ): CachedBundle {
    const folders = withParents(files.map((file) => dirname(file)))
    const seen = [...new Set([...files, ...configurationOf(folders)])].sort().map((path) => see(path, this.#hash))
    const key = sha256(JSON.stringify([this.#recipe, seen.map(([path, print]) => [path, print])]))
    const kept = `b-${key.slice(0, 24)}`
    this.#keep(folder, join(this.directory, kept), file)
    this.#sweep(kept)
    // What lies above the project changes without meaning anything, but for packages that are installed there.
    const used = new Set(files.map((file) => dirname(file)))
    const own = folders.filter((path) => !isInstalled(`${path}/`))
    const listed = own.filter((path) => used.has(path) || `${path}/`.startsWith(`${this.#root}/`))
    const listings = [...listed, ...own.map((path) => join(path, 'node_modules'))]
      .sort()
      .map((path) => see(path, hashListing))
    const record: BundleRecord = { recipe: this.#recipe, folder: kept, file, key, circle, files: seen, listings }
    // A file that was saved meanwhile may have been read before that: such a bundle serves this run only.
    if (seen.every(([file]) => (statFile(file)?.ctimeMs ?? 0) < began)) this.write('bundle', record)
    return this.#bundle(record)
  }

  /** Puts a bundle in its place. One that is there already, with the same content, may be in use by another ov. */
  #keep(folder: string, place: string, file: string): void {
    const complete = existsSync(join(place, file)) && existsSync(join(place, `${file}.map`))
    if (complete) return
    rmSync(place, { recursive: true, force: true })
    try {
      renameSync(folder, place)
    } catch (error) {
      // Another ov was faster.
      if (!existsSync(join(place, file))) throw error
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
    const file = join(this.directory, basename(record.folder), basename(record.file))
    return {
      file,
      map: `${file}.map`,
      code: `${file}.code`,
      root: this.#root,
      key: record.key,
      circle: record.circle,
    }
  }

  /** A JSON record, or undefined where it is missing or damaged. */
  read<T>(name: string): T | undefined {
    return this.readWith<T>(name)?.record
  }

  /** A record, and what was kept with it. */
  readWith<T>(name: string): { readonly record: T; readonly part: Uint8Array } | undefined {
    try {
      const all = readFileSync(join(this.directory, `${name}.json`))
      const end = all.indexOf('\n')
      return { record: JSON.parse(all.toString('utf8', 0, end)) as T, part: all.subarray(end + 1) }
    } catch {
      return undefined
    }
  }

  /** Keeps a record, and bytes with it, in one file: of two ovs, one writes all of it. */
  write(name: string, record: unknown, part: Uint8Array = Buffer.alloc(0)): void {
    const file = join(this.directory, `${name}.json`)
    const aside = `${file}.${process.pid}`
    try {
      writeFileSync(aside, Buffer.concat([Buffer.from(`${JSON.stringify(record)}\n`), part]))
      renameSync(aside, file)
    } catch {
      rmSync(aside, { force: true }) // then the next run remembers nothing
    }
  }
}
