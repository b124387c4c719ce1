import { createCipheriv } from 'node:crypto'
import type Kdbxweb from 'kdbxweb'

export type Library = typeof Kdbxweb

let loading: Promise<Library> | undefined

/** The library that reads and writes KeePass files, once a file is opened: most commands need none of it. */
export function loadLibrary(): Promise<Library> {
  return (loading ??= (async () => {
    const [{ default: kdbxweb }, { default: hashes }] = await Promise.all([import('kdbxweb'), import('hash-wasm')])
    const { CryptoEngine, KeyEncryptorAes, XmlUtils } = kdbxweb
    // It has no Argon2 of its own. (CRED-44)
    CryptoEngine.setArgon2Impl(async (password, salt, memorySize, iterations, hashLength, parallelism, type) => {
      const derive = type === CryptoEngine.Argon2TypeArgon2id ? hashes.argon2id : hashes.argon2d
      const hash = await derive({
        password: new Uint8Array(password),
        salt: new Uint8Array(salt),
        memorySize,
        iterations,
        hashLength,
        parallelism,
        outputType: 'binary',
      })
      return new Uint8Array(hash).buffer
    })
    Object.assign(KeyEncryptorAes, { encrypt: deriveWithAes })
    // It takes tabs in texts for control characters, and leaves them out: as references they get through. (CRED-41)
    const parse = XmlUtils.parse as (xml: string) => unknown
    Object.assign(XmlUtils, { parse: (xml: string) => parse(referToTabs(xml)) })
    return kdbxweb
  })())
}

const BLOCK = 16
const CHUNK = 65_536

/**
 * Encrypts both halves of a key with AES, again and again. Chained to each other, blocks of zeros are just that; the library does the same
 * in small pieces, and takes four times as long: KeePassXC's files of version 3.1 have 50 million rounds.
 */
function deriveWithAes(key: Uint8Array, seed: Uint8Array | ArrayBuffer, rounds: number): Promise<Uint8Array> {
  const zeros = Buffer.alloc(BLOCK * CHUNK)
  const derive = (half: Uint8Array): Uint8Array => {
    const cipher = createCipheriv('aes-256-cbc', new Uint8Array(seed), half)
    let last = half
    for (let left = rounds; left > 0; left -= CHUNK)
      last = cipher.update(left < CHUNK ? zeros.subarray(0, BLOCK * left) : zeros).subarray(-BLOCK)
    return last
  }
  return Promise.resolve(Buffer.concat([derive(key.subarray(0, BLOCK)), derive(key.subarray(BLOCK))]))
}

/** Between the tags of an element that has no others in it. */
const LEAF = /(<[^/<>][^<>]*>)([^<]*)(?=<\/)/g

const referToTabs = (xml: string): string =>
  xml.replace(LEAF, (all, tag: string, text: string) =>
    text.includes('\t') ? tag + text.replaceAll('\t', '&#9;') : all,
  )
