import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kdbxweb from 'kdbxweb'
import { onTestFinished } from 'vitest'
import { makeKey } from '../../src/credentials/kdbx-database.ts'
import { KdbxStore } from '../../src/credentials/kdbx.ts'
import type { Password, PasswordSource } from '../../src/credentials/master-password.ts'
import { StoreProblem } from '../../src/credentials/store.ts'

export const PASSWORD = 'the master password'

/** A folder that goes away with the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ov-kdbx-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs keepassxc-cli, which reads passwords from standard input, a line each; what it prints. */
export function keepassxc(argv: readonly string[], ...lines: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('keepassxc-cli', argv, {
    input: lines.map((line) => `${line}\n`).join(''),
    encoding: 'utf8',
    env: { ...process.env, HOME: '/nonexistent', QT_QPA_PLATFORM: 'offscreen', QT_HASH_SEED: '0' },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(`keepassxc-cli ${argv.join(' ')}: ${stderr}`)
  return stdout
}

/** What `keepassxc-cli show` says is the value. */
export const valueByKeepassxc = (path: string, name: string, password = PASSWORD): string =>
  keepassxc(['show', '-q', '-s', '-a', 'Password', path, name], password).slice(0, -1)

export type Kind = 3 | 'aes' | 'argon2d' | 'argon2id'

/** A file that costs next to nothing to open: version 3.1, or 4 with one of its key derivations. */
export async function makeCheap(
  path: string,
  kind: Kind = 'argon2id',
  fill: (kdbx: kdbxweb.Kdbx) => unknown = () => {},
): Promise<void> {
  const { Consts, Int64, Kdbx, VarDictionary } = kdbxweb
  const { UInt32, UInt64 } = VarDictionary.ValueType
  const kdbx = Kdbx.create(await makeKey(PASSWORD), 'mine')
  if (kind === 3) {
    kdbx.setVersion(3)
    kdbx.header.keyEncryptionRounds = 500
  } else {
    kdbx.setKdf(kind === 'aes' ? Consts.KdfId.Aes : kind === 'argon2d' ? Consts.KdfId.Argon2d : Consts.KdfId.Argon2id)
    const parameters = kdbx.header.kdfParameters!
    if (kind === 'aes') parameters.set('R', UInt64, Int64.from(500))
    else {
      parameters.set('M', UInt64, Int64.from(16 * 1024))
      parameters.set('I', UInt64, Int64.from(1))
      parameters.set('P', UInt32, 1)
    }
  }
  await fill(kdbx)
  writeFileSync(path, new Uint8Array(await kdbx.save()))
}

/** Where the header of a file ends. */
export function headerEnd(content: Uint8Array): number {
  const stream = new kdbxweb.BinaryStream(new Uint8Array(content).buffer)
  return kdbxweb.KdbxHeader.read(stream, new kdbxweb.KdbxContext({ kdbx: new kdbxweb.Kdbx() })).endPos!
}

/** Corrects the checksum of a header of version 4, as whoever changes it can; of one that can't be read, there is none. */
export function rehashed(content: Buffer): Buffer {
  let end: number
  try {
    end = headerEnd(content)
  } catch {
    return content
  }
  const header = content.subarray(0, end)
  return Buffer.concat([header, createHash('sha256').update(header).digest(), content.subarray(end + 32)])
}

/** Reads a file with the library alone. */
export async function readWithLibrary(content: Uint8Array, password = PASSWORD): Promise<kdbxweb.Kdbx> {
  return kdbxweb.Kdbx.load(new Uint8Array(content).buffer, await makeKey(password))
}

/** Knows passwords, says them one by one, and counts. */
export class Answers implements PasswordSource {
  readonly #answers: readonly string[]
  asked = 0
  readonly told: string[] = []
  constructor(...answers: readonly string[]) {
    this.#answers = answers
  }
  get(): Promise<Password | undefined> {
    const value = this.#answers[this.asked++]
    return Promise.resolve(value === undefined ? undefined : { value, from: 'that was entered' })
  }
  worked({ value }: Password): Promise<void> {
    this.told.push(`worked: ${value}`)
    return Promise.resolve()
  }
  failed({ value }: Password): Promise<void> {
    this.told.push(`failed: ${value}`)
    return Promise.resolve()
  }
}

/** The store over a file whose password is known. */
export const storeOf = (path: string, password: PasswordSource = new Answers(PASSWORD), keyFile?: string): KdbxStore =>
  new KdbxStore({ path, password, keyFile })

/** Lines of a program of its own that make `store`, over a file that `makeCheap` has made. */
export const makeStoreElsewhere = (path: string): string => `
import { KdbxStore } from ${JSON.stringify(join(import.meta.dirname, '../../src/credentials/kdbx.ts'))}
const password = {
  get: () => Promise.resolve({ value: ${JSON.stringify(PASSWORD)}, from: 'that was entered' }),
  worked: () => Promise.resolve(),
  failed: () => Promise.resolve(),
}
const store = new KdbxStore({ path: ${JSON.stringify(path)}, password })
`

/** What a promise fails with, which has to be a problem of the store. */
export async function problemOf(promise: Promise<unknown>): Promise<StoreProblem> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )
  if (error instanceof StoreProblem) return error
  throw error
}
