import {
  createCipheriv,
  createDecipheriv,
  createDiffieHellmanGroup,
  hkdfSync,
  randomBytes,
  type DiffieHellmanGroup,
} from 'node:crypto'
import { BusError, DISCONNECTED, malformedReply, TIMEOUT } from './bus-error.ts'
import { asBytes, asPath, asTuple } from './bus-values.ts'
import type { Bus } from './bus.ts'

const ROOT = '/org/freedesktop/secrets'
const SERVICE = 'org.freedesktop.Secret.Service'
const ALGORITHM = 'dh-ietf1024-sha256-aes128-cbc-pkcs7'

/** A secret on the bus, `(oayays)`: the session that it is meant for, the parameters of its encryption, its bytes, and what they are. */
export type WireSecret = readonly [session: string, parameters: Buffer, value: Buffer, contentType: string]

/** Secrets on their way between this process and the keyring. It ends with the connection. (CRED-29) */
export interface Session {
  readonly path: string
  seal(value: string): WireSecret
  /** Throws `BusError` when it is malformed, or meant for another session. */
  open(secret: unknown): string
}

/** What the two modes differ in. */
interface Cipher {
  encrypt(value: Buffer): readonly [parameters: Buffer, value: Buffer]
  decrypt(parameters: Buffer, value: Buffer): Buffer
}

/** Of this process: the check of the group takes longer than all the rest. */
let keys: DiffieHellmanGroup | undefined

/** Opens a session whose secrets are encrypted, or a plain one where the keyring knows no other: all must know that. (CRED-29) */
export async function openSession(bus: Bus): Promise<Session> {
  try {
    keys ??= createDiffieHellmanGroup('modp2')
    const [theirs, path] = await bus.call(ROOT, SERVICE, 'OpenSession', 'sv', [
      ALGORITHM,
      bus.variant('ay', keys.generateKeys()),
    ])
    const key = asBytes(theirs, 'OpenSession')
    return sessionOf(asPath(path, 'OpenSession'), encrypted(sharedKey(keys, key)))
  } catch (error) {
    // Whatever it makes of the first question, NotSupported or anything else: the second one is what every keyring understands.
    if (!(error instanceof BusError) || GONE.has(error.errorName)) throw error
  }
  const [, path] = await bus.call(ROOT, SERVICE, 'OpenSession', 'sv', ['plain', bus.variant('s', '')])
  return sessionOf(asPath(path, 'OpenSession'), PLAIN)
}

/** Nobody is there for a second question. */
const GONE = new Set([DISCONNECTED, TIMEOUT])

function sessionOf(path: string, { encrypt, decrypt }: Cipher): Session {
  return {
    path,
    seal: (value) => [path, ...encrypt(Buffer.from(value)), 'text/plain; charset=utf8'],
    open: (secret) => {
      const [session, parameters, value] = asTuple(secret, 4, 'GetSecret')
      // With the key of another one, nonsense might come out.
      if (asPath(session, 'GetSecret') !== path) throw malformedReply('GetSecret', 'meant for this session')
      return decode(decrypt(asBytes(parameters, 'GetSecret'), asBytes(value, 'GetSecret')))
    },
  }
}

/** As much as its bytes are: neither a mark at their beginning nor anything else is left out. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformedReply('GetSecret', 'text in UTF-8')
  }
}

const PLAIN: Cipher = {
  encrypt: (value) => [Buffer.alloc(0), value],
  decrypt: (_, value) => value,
}

const encrypted = (key: Buffer): Cipher => ({
  encrypt: (value) => {
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-128-cbc', key, iv)
    return [iv, Buffer.concat([cipher.update(value), cipher.final()])]
  },
  decrypt: (iv, value) => {
    try {
      const decipher = createDecipheriv('aes-128-cbc', key, iv)
      return Buffer.concat([decipher.update(value), decipher.final()])
    } catch {
      throw malformedReply('GetSecret', 'encrypted for this session')
    }
  },
})

/** The key is made of all 128 bytes of the shared number, those that are 0 at its beginning included. */
function sharedKey(keys: DiffieHellmanGroup, theirs: Buffer): Buffer {
  let secret: Buffer
  try {
    secret = keys.computeSecret(theirs)
  } catch {
    throw malformedReply('OpenSession', 'a public key')
  }
  const padded = Buffer.concat([Buffer.alloc(Math.max(0, 128 - secret.length)), secret])
  return Buffer.from(hkdfSync('sha256', padded, '', '', 16))
}
