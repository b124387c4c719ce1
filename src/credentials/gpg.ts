import { DiagnosticError } from '../diagnostics/diagnostic.ts'

/** Runs a program and waits; one that is missing ends with 127. */
type Run = (
  argv: readonly string[],
  options: {
    readonly stdin: Uint8Array
    /** Each character of what it prints is a byte. */
    readonly bytes: true
    readonly env?: Readonly<Record<string, string>>
  },
) => Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>

export interface GpgTools {
  readonly run: Run
  /** The terminal that passphrases of keys are asked for on, where gpg would not find it. */
  readonly terminal?: string | undefined
}

/** What opens a message. */
export interface Openers {
  /** Long ids of keys for encryption, in the order of the message. */
  readonly ids: readonly string[]
  /** A passphrase of its own does, too. */
  readonly passphrase: boolean
}

/** A public key that gpg knows. */
export interface PublicKey {
  /** Fingerprint of the key that all others of its owner hang on. */
  readonly owner: string
  readonly user: string | undefined
  /** Neither expired nor revoked. */
  readonly usable: boolean
}

/** What gpg did, in the words that are for programs (`STATUS argument …`) and in those that are for people. */
interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly status: readonly (readonly string[])[]
  readonly said: readonly string[]
}

const STATUS = '[GNUPG:] '
const NOTHING = new Uint8Array()

/** Some recipients of a message are not named in it: their ids are zeros. */
export const isHidden = (id: string): boolean => /^0+$/.test(id)

/** The program gpg. What is plain goes through pipes, and is in no argument and no file. (CRED-65) */
export class Gpg {
  readonly #tools: GpgTools

  constructor(tools: GpgTools) {
    this.#tools = tools
  }

  /** What opens a message; nobody is asked for anything. `name` is what messages call it. */
  async openers(sealed: Uint8Array, name: string): Promise<Openers> {
    const { exitCode, stdout, status, said } = await this.#gpg(['--list-only', '--list-packets'], sealed)
    const ids = argumentsOf(status, 'ENC_TO')
    const passphrase = /^:symkey enc packet:/m.test(stdout)
    if (exitCode !== 0 || (ids.length === 0 && !passphrase)) throw noMessage(name, said)
    return { ids, passphrase }
  }

  async decrypt(sealed: Uint8Array, name: string): Promise<Buffer> {
    const { terminal } = this.#tools
    const env = terminal === undefined ? {} : { GPG_TTY: terminal }
    const { exitCode, stdout, status, said } = await this.#gpg(['--decrypt'], sealed, env)
    const has = (word: string) => status.some(([first]) => first === word)
    // What was never encrypted, gpg prints as well, and calls that a success.
    if (exitCode === 0 && has('DECRYPTION_OKAY')) return Buffer.from(stdout, 'latin1')
    if (exitCode === 0) throw noMessage(name, said)
    const missing = argumentsOf(status, 'NO_SECKEY')
    const ids = argumentsOf(status, 'ENC_TO')
    if (ids.length > 0 && ids.every((id) => missing.includes(id)))
      throw failure(
        `no secret key that gpg has here opens ${name}`,
        'have one of those who can read it add your key: ov secrets gpg add-recipient KEY',
        said,
      )
    if (has('NODATA')) throw noMessage(name, said)
    throw failure(`gpg could not decrypt ${name}`, 'what gpg says tells why; the file is as it was', said)
  }

  /** Encrypts for keys: ids, fingerprints, or what gpg finds a key by. `exactly`: for nobody else, whatever gpg's own settings say. */
  async encrypt(plain: Uint8Array, keys: readonly string[], { exactly }: { exactly: boolean }): Promise<Buffer> {
    const { exitCode, stdout, status, said } = await this.#gpg(
      [
        ...['--trust-model', 'always', '--encrypt', '--armor', '--yes'],
        // A key that is not here is not looked for in the network, and who can read a file is to be seen in it.
        ...['--no-auto-key-locate', '--no-throw-keyids', ...(exactly ? ['--no-encrypt-to'] : [])],
        ...keys.flatMap((key) => ['--recipient', key]),
      ],
      plain,
    )
    if (exitCode === 0) return Buffer.from(stdout, 'latin1')
    const [, reason, ...words] = status.find(([word]) => word === 'INV_RECP') ?? []
    if (reason === undefined)
      throw failure('gpg could not encrypt', 'what gpg says tells why; nothing was written', said)
    const key = words.join(' ').replace(/!$/, '')
    throw failure(
      reason === '1' ? `gpg knows no public key ${key}` : `nothing can be encrypted for the key ${key}`,
      reason === '1'
        ? 'import it first: gpg --import FILE; gpg --list-keys shows those that are known'
        : 'gpg --list-keys shows whether it has expired, or was revoked',
      said,
    )
  }

  /** Those of the keys that gpg knows, by the ids that are asked for. */
  async publicKeys(ids: readonly string[]): Promise<ReadonlyMap<string, PublicKey>> {
    if (ids.length === 0) return new Map()
    const { stdout } = await this.#gpg(['--with-colons', '--list-keys', '--', ...ids], NOTHING)
    return readKeys(Buffer.from(stdout, 'latin1').toString())
  }

  async #gpg(args: readonly string[], stdin: Uint8Array, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    // Status goes where what gpg says goes: standard output may be the text of somebody else.
    const argv = ['gpg', '--batch', '--status-fd', '2', ...args]
    const { exitCode, stdout, stderr } = await this.#tools.run(argv, { stdin, bytes: true, env })
    if (exitCode === 127)
      throw new DiagnosticError([
        {
          code: 'OV5004',
          severity: 'error',
          message: 'gpg is not installed',
          remedy: 'install gnupg with your package manager',
        },
      ])
    const lines = Buffer.from(stderr, 'latin1').toString().trimEnd().split('\n')
    return {
      exitCode,
      stdout,
      status: lines.filter((line) => line.startsWith(STATUS)).map((line) => line.slice(STATUS.length).split(' ')),
      said: lines.filter((line) => !line.startsWith(STATUS) && line !== ''),
    }
  }
}

/** The first argument of every status of that name. */
const argumentsOf = (status: Outcome['status'], name: string): string[] =>
  status.flatMap(([word, argument]) => (word === name && argument !== undefined ? [argument] : []))

/** Reads `gpg --with-colons --list-keys`: each key with its user and the subkeys that hang on it. (doc/DETAILS of GnuPG) */
function readKeys(listing: string): Map<string, PublicKey> {
  const keys = new Map<string, PublicKey>()
  let group: string[] = []
  const amend = (change: Partial<PublicKey>) => {
    for (const id of group) keys.set(id, { ...keys.get(id)!, ...change })
  }
  for (const fields of listing.split('\n').map((line) => line.split(':'))) {
    const [kind, validity = '', , , id = '', , , , , text = ''] = fields
    const usable = !/[idre]/.test(validity)
    if (kind === 'pub') group = []
    if (kind === 'pub' || kind === 'sub') {
      // A subkey comes after what is known of its owner.
      const { owner, user } = keys.get(group[0] ?? '') ?? { owner: '', user: undefined }
      keys.set(id, { owner, user, usable })
      group.push(id)
    }
    if (kind === 'fpr' && group.length === 1) amend({ owner: text })
    if (kind === 'uid' && usable && keys.get(group[0] ?? '')?.user === undefined) amend({ user: unescaped(text) })
  }
  return keys
}

/** Colons are escaped because fields end there; control characters stay escaped, because a terminal would act on them. */
const unescaped = (text: string): string => text.replaceAll(String.raw`\x3a`, ':')

const noMessage = (name: string, said: readonly string[]): DiagnosticError =>
  failure(
    `${name} is not a message that gpg has encrypted, or not all of one`,
    'bring it back from a copy, or move it away and encrypt anew: ov secrets gpg encrypt',
    said,
  )

/** (CRED-65) */
export function failure(message: string, remedy: string, output: readonly string[] = []): DiagnosticError {
  return new DiagnosticError([
    { code: 'OV6011', severity: 'error', message, remedy, ...(output.length > 0 && { output }) },
  ])
}
