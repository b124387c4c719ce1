import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { PinnedDownload, PinnedImage, Pins } from '../model/pins.ts'
import { byName } from '../model/project.ts'
import { writeAtomic } from './atomic.ts'

/**
 * The file that pins what comes from outside. JSON: node reads it without a library on the way of every synth, any tool can, and with one value
 * to a line its changes read and merge like those of other lock files.
 */
export const LOCK_FILE = 'ov.lock'

/** Version of its layout. */
const LOCK_VERSION = 1

type Json = Readonly<Record<string, unknown>>

/** `ov.lock` of a project: what it pins, and all else that is in it, for versions of ov that know more. */
export class LockFile {
  readonly #path: string
  readonly #raw: Json
  readonly pins: Pins

  private constructor(path: string, raw: Json, pins: Pins) {
    this.#path = path
    this.#raw = raw
    this.pins = pins
  }

  /** Reads it; a project without one pins nothing. */
  static read(root: string): LockFile {
    const path = join(root, LOCK_FILE)
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return new LockFile(path, {}, { images: {}, downloads: {} })
    }
    const raw = parse(text)
    const images = section(raw, 'images', checkImage)
    const downloads = section(raw, 'downloads', checkDownload)
    return new LockFile(path, raw, { images, downloads })
  }

  /** The same with other pins. An entry keeps what ov does not know of it. */
  with(pins: Pins): LockFile {
    return new LockFile(this.#path, this.#raw, pins)
  }

  /** Its text: what ov knows in a fixed order, then the rest by name. */
  get text(): string {
    const { lockVersion: _, images: __, downloads: ___, ...rest } = this.#raw
    const document = {
      lockVersion: LOCK_VERSION,
      images: entries(this.pins.images, this.#raw['images'], ['digest', 'users']),
      downloads: entries(this.pins.downloads, this.#raw['downloads'], ['sha256']),
      ...Object.fromEntries(Object.entries(rest).sort(([a], [b]) => byName(a, b))),
    }
    return `${JSON.stringify(document, undefined, 2)}\n`
  }

  write(): void {
    writeAtomic(this.#path, this.text, { show: LOCK_FILE })
  }
}

/** Entries by name, with the fields ov knows first; those of the file that ov does not know stay. */
function entries(pins: Readonly<Record<string, object>>, raw: unknown, fields: readonly string[]): Json {
  const before = isObject(raw) ? raw : {}
  return Object.fromEntries(
    Object.entries(pins)
      .sort(([a], [b]) => byName(a, b))
      .map(([name, pin]) => {
        const old = before[name]
        const unknown = isObject(old) ? Object.entries(old).filter(([field]) => !fields.includes(field)) : []
        const known = fields.flatMap((field) => {
          const value = (pin as Json)[field]
          return value === undefined ? [] : [[field, sorted(value)] as const]
        })
        return [name, Object.fromEntries([...known, ...unknown.sort(([a], [b]) => byName(a, b))])]
      }),
  )
}

const sorted = (value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => byName(a, b))) : value

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const bad = (what: string, remedy = `correct it, or take the file from the last commit: git checkout ${LOCK_FILE}`) =>
  new DiagnosticError([{ code: 'OV1011', severity: 'error', message: `${LOCK_FILE}: ${what}`, remedy }])

function parse(text: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw bad('this is not JSON')
  }
  if (!isObject(value)) throw bad('this is not an object')
  if (value['lockVersion'] !== LOCK_VERSION)
    throw bad(
      `it has lockVersion ${JSON.stringify(value['lockVersion'])}, and this ov knows ${LOCK_VERSION}`,
      'use the ov that wrote it, or a newer one',
    )
  return value
}

/** What comes out of here is written into Containerfiles and scripts, so it is exactly what it may be. */
function section<Pin>(raw: Json, name: string, check: (entry: Json) => Pin | string): Record<string, Pin> {
  const given = raw[name] ?? {}
  if (!isObject(given)) throw bad(`${name} is not an object`)
  return Object.fromEntries(
    Object.entries(given).map(([key, entry]) => {
      const pin = isObject(entry) ? check(entry) : 'is not an object'
      if (typeof pin === 'string') throw bad(`${name}[${JSON.stringify(key)}] ${pin}`)
      return [key, pin]
    }),
  )
}

function checkImage({ digest, users }: Json): PinnedImage | string {
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) return 'has no digest "sha256:…"'
  if (users === undefined) return { digest }
  if (!isObject(users)) return 'has users that are no object'
  for (const [uid, user] of Object.entries(users)) {
    if (!/^\d+$/.test(uid)) return `has a user ${JSON.stringify(uid)}, which is no uid`
    if (user === null) continue
    const { name, gid, home } = isObject(user) ? user : {}
    if (typeof name !== 'string' || !isAccountName(name) || !Number.isInteger(gid) || !isHome(home))
      return `has a user ${uid} without name, gid or home`
  }
  return { digest, users: users as NonNullable<PinnedImage['users']> }
}

/** Whether a name of an account can be written into a Containerfile. (useradd(8)) */
export const isAccountName = (name: string): boolean => /^[a-z_][a-z0-9_-]*$/i.test(name)

/** Whether it is a home directory that can be written there. */
export const isHome = (home: unknown): home is string => typeof home === 'string' && /^\/[\w@%+=:,./-]*$/.test(home)

function checkDownload({ sha256 }: Json): PinnedDownload | string {
  const isSum = (sum: unknown) => typeof sum === 'string' && /^[0-9a-f]{64}$/.test(sum)
  const all = isObject(sha256) ? Object.entries(sha256) : [['any', sha256] as const]
  if (!all.every(([name, sum]) => /^[a-z0-9]+$/.test(name) && isSum(sum))) return 'has no sha256'
  return { sha256: sha256 as PinnedDownload['sha256'] }
}
