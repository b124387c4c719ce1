import type Kdbxweb from 'kdbxweb'
import { checkHeader, unreadable } from './kdbx-header.ts'
import { loadLibrary } from './kdbx-library.ts'
import { contentOf, KdbxTree, type XmlNode } from './kdbx-tree.ts'
import { StoreProblem } from './store.ts'

/** What opens a file: a password, a key file, or both. */
export type KdbxKey = Kdbxweb.KdbxCredentials

/** What a new file costs whoever guesses at its password. (CRED-44) */
const NEW = { memory: 64 * 1024 ** 2, rounds: 10, lanes: 2 } as const

const SECONDS_BEFORE_1970 = 62_135_596_800n

/** The key that a password makes, with the content of a key file; with one, the password may be empty. */
export async function makeKey(password: string, keyFile?: { path: string; content: Uint8Array }): Promise<KdbxKey> {
  const { KdbxCredentials, ProtectedValue } = await loadLibrary()
  try {
    const secret = password === '' && keyFile ? null : ProtectedValue.fromString(password)
    return await new KdbxCredentials(secret, keyFile && toBuffer(keyFile.content)).ready
  } catch {
    throw new StoreProblem(
      'unavailable',
      `${keyFile?.path} is no key file that can be read`,
      'name the right one: ov settings set secrets.kdbx_key_file FILE',
    )
  }
}

/** Looks at all that a file shows without its password, and comes back with what decrypts it: with undefined when the key is wrong. (CRED-43) */
export async function readSealed(
  content: Uint8Array,
  path: string,
): Promise<(key: KdbxKey) => Promise<KdbxDatabase | undefined>> {
  const library = await loadLibrary()
  const data = toBuffer(content)
  const unlessUnreadable = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof StoreProblem) throw error
      const code = error instanceof library.KdbxError ? error.code : undefined
      if (code === library.Consts.ErrorCodes.InvalidKey) return undefined
      // Its own messages can have parts of the file in them.
      throw unreadable(path, code)
    }
  }
  await unlessUnreadable(() => checkHeader(library, data, path))
  return async (key) => {
    const kdbx = await unlessUnreadable(() => library.Kdbx.load(data, key, { preserveXml: true }))
    if (!kdbx) return undefined
    const file = (kdbx.xml as { readonly documentElement: XmlNode } | undefined)?.documentElement
    const tree = KdbxTree.of(file, {
      protect: (text) => library.ProtectedValue.fromString(text),
      now: () => timeText(kdbx.versionMajor),
    })
    if (!file || !tree) throw unreadable(path)
    keepXml(kdbx, file)
    return new KdbxDatabase(tree, kdbx, path)
  }
}

/** A KeePass file that is open. */
export class KdbxDatabase {
  readonly tree: KdbxTree
  readonly #kdbx: Kdbxweb.Kdbx
  readonly #path: string

  constructor(tree: KdbxTree, kdbx: Kdbxweb.Kdbx, path: string) {
    this.tree = tree
    this.#kdbx = kdbx
    this.#path = path
  }

  /** Encrypts it, with the version and the key derivation that it had. (CRED-44) */
  async encode(): Promise<Uint8Array> {
    try {
      return new Uint8Array(await this.#kdbx.save())
    } catch {
      // Such as elements nested so deep that they can be read, but not written.
      throw new StoreProblem(
        'unavailable',
        `${this.#path} can't be written anew`,
        'save it with KeePassXC, and try again',
      )
    }
  }
}

/** A new file: KDBX 4, with Argon2id, and the groups for credentials. The library's own choice costs a guesser too little. (CRED-44, CRED-64) */
export async function newDatabase(key: KdbxKey): Promise<Uint8Array> {
  const { Consts, Int64, Kdbx, VarDictionary } = await loadLibrary()
  const kdbx = Kdbx.create(key, 'ov')
  kdbx.setKdf(Consts.KdfId.Argon2id)
  const { UInt32, UInt64 } = VarDictionary.ValueType
  kdbx.header.kdfParameters?.set('M', UInt64, Int64.from(NEW.memory))
  kdbx.header.kdfParameters?.set('I', UInt64, Int64.from(NEW.rounds))
  kdbx.header.kdfParameters?.set('P', UInt32, NEW.lanes)
  const root = kdbx.getDefaultGroup()
  root.name = 'Root'
  const ov = kdbx.createGroup(root, 'ov')
  for (const name of ['vnc', 'secret', 'enc']) kdbx.createGroup(ov, name)
  return new Uint8Array(await kdbx.save())
}

/**
 * Has the library write the XML as it stands, instead of what its model of it makes, and forgets. Attachments are numbered anew
 * by the library, each different one once: the references to them have to say the new numbers.
 */
function keepXml(kdbx: Kdbxweb.Kdbx, file: XmlNode): void {
  if (kdbx.versionMajor >= 4)
    for (const value of elements(file, 'Value')) {
      const hash = kdbx.binaries.getByRef({ ref: value.getAttribute('Ref') ?? '' })?.hash
      const ref = hash === undefined ? undefined : kdbx.binaries.getRefByHash(hash)?.ref
      if (ref !== undefined) value.setAttribute('Ref', ref)
    }
  const document: unknown = kdbx.xml
  kdbx.buildXml = () => {
    Object.assign(kdbx, { xml: document })
    const hash = kdbx.meta.headerHash
    // The header is new at each save, and version 3.1 says in the XML what it is.
    if (kdbx.versionMajor < 4 && hash)
      for (const node of elements(file, 'HeaderHash')) node.textContent = Buffer.from(hash).toString('base64')
  }
}

/** All elements of a name, however deep they are. */
function elements(file: XmlNode, tagName: string): readonly XmlNode[] {
  const all = [file]
  for (const node of all) for (const one of contentOf(node)) if (one.tagName !== undefined) all.push(one)
  return all.filter((node) => node.tagName === tagName)
}

/** Version 4 counts seconds since the year 1, version 3.1 writes them out. */
function timeText(version: number): string {
  const now = new Date()
  if (version < 4) return now.toISOString().replace(/\.\d+/, '')
  const seconds = Buffer.alloc(8)
  seconds.writeBigInt64LE(BigInt(Math.floor(now.getTime() / 1000)) + SECONDS_BEFORE_1970)
  return seconds.toString('base64')
}

/** The library takes no part of a larger buffer, which Node's own often are. (CRED-44) */
const toBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
