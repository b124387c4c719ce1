import type Kdbxweb from 'kdbxweb'
import type { Library } from './kdbx-library.ts'
import { StoreProblem } from './store.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3

/** What a file may cost to open: the header that says so can be anybody's, and is believed before the password is tried. */
const LIMITS = {
  argon2: { memory: GIB, rounds: 1000, lanes: 64, memoryTimesRounds: 32 * GIB },
  aes: { rounds: 100_000_000 },
} as const

/** The only one that is implemented; files of the one before are years old. */
const ARGON2_VERSION = 0x13

const AES_BLOCK = 16
const HASH = 32

/** Looks at all that a file shows without its password: none is asked for a file that can't be opened. (CRED-43) */
export function checkHeader(library: Library, data: ArrayBuffer, path: string): void {
  const { BinaryStream, Consts, Kdbx, KdbxContext, KdbxHeader } = library
  const header = KdbxHeader.read(new BinaryStream(data), new KdbxContext({ kdbx: new Kdbx() }))
  const ciphers: readonly (string | undefined)[] = Object.values(Consts.CipherId)
  if (!ciphers.includes(header.dataCipherUuid?.id)) throw unreadable(path, Consts.ErrorCodes.Unsupported)
  checkCost(library, header, path)
  const body = new DataView(data, header.endPos)
  if (!(header.versionMajor < 4 ? body.byteLength > 0 && body.byteLength % AES_BLOCK === 0 : isComplete(body)))
    throw unreadable(path)
}

/** Version 4: two checksums of the header, then blocks, each after its checksum and its length, and an empty one. */
function isComplete(body: DataView): boolean {
  let at = 2 * HASH
  while (at + HASH + 4 <= body.byteLength) {
    const length = body.getUint32(at + HASH, true)
    at += HASH + 4 + length
    if (length === 0) return true
  }
  return false
}

/** Looks at what deriving the key would take, before it is done. */
function checkCost(library: Library, header: Kdbxweb.KdbxHeader, path: string): void {
  const { ErrorCodes, KdfId } = library.Consts
  const number = (name: string): number => Number(header.kdfParameters?.get(name) ?? 0)
  switch (kdfOf(header, KdfId.Aes)) {
    case KdfId.Aes: {
      const rounds = header.versionMajor < 4 ? (header.keyEncryptionRounds ?? 0) : number('R')
      if (rounds > LIMITS.aes.rounds) throw tooExpensive(path, `AES with ${rounds} rounds`)
      return
    }
    case KdfId.Argon2d:
    case KdfId.Argon2id: {
      const [memory, rounds, lanes] = [number('M'), number('I'), number('P')]
      const { argon2 } = LIMITS
      const tooMuch = memory > argon2.memory || memory * rounds > argon2.memoryTimesRounds
      if (tooMuch || rounds > argon2.rounds || lanes > argon2.lanes)
        throw tooExpensive(path, `Argon2 with ${Math.ceil(memory / MIB)} MiB, ${rounds} rounds, ${lanes} lanes`)
      if (number('V') === ARGON2_VERSION) return
    }
  }
  throw unreadable(path, ErrorCodes.Unsupported)
}

/** How the key is derived; version 3.1 has one way only. */
function kdfOf(header: Kdbxweb.KdbxHeader, only: string): string {
  const id = header.kdfParameters?.get('$UUID')
  if (header.versionMajor < 4) return only
  return id instanceof ArrayBuffer ? Buffer.from(id).toString('base64') : ''
}

const tooExpensive = (path: string, what: string): StoreProblem =>
  new StoreProblem(
    'unavailable',
    `${path} asks for an absurd key derivation: ${what}`,
    'see where the file comes from; KeePassXC changes it under Database Security, Encryption Settings',
  )

/** Messages by the library's codes; whatever else it stumbles over is damage. */
const UNREADABLE: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  BadSignature: ['is no KeePass file of the kind .kdbx', 'name another one: ov settings set secrets.kdbx_path FILE'],
  InvalidVersion: ['is of a version of KDBX that ov does not know', 'save it as KDBX 4.0 with KeePassXC'],
  Unsupported: [
    'uses a cipher or key derivation that ov does not know',
    'change it to AES or ChaCha20, and Argon2 or AES, with KeePassXC',
  ],
}

/** A file that can't be opened, whatever the password. */
export function unreadable(path: string, code = ''): StoreProblem {
  const [message, remedy] = UNREADABLE[code] ?? ['is damaged or cut short', 'restore it from a backup']
  return new StoreProblem('unavailable', `${path} ${message}`, remedy)
}
