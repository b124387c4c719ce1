import { createHash, createHmac, randomBytes } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Executor } from '../../executor.ts'
import type { SshSettings } from './settings.ts'

/** A key that is known of a machine. (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) */
export interface KnownKey {
  readonly type: string
  /** Base64. */
  readonly key: string
  readonly revoked: boolean
  readonly place: string
}

/** What is known of a machine's keys. ssh-keygen looks: names may be patterns, or hashed. */
export async function knownKeys(
  { alias, knownHosts }: Pick<SshSettings, 'alias' | 'knownHosts'>,
  executor: Executor,
): Promise<KnownKey[]> {
  const keys: KnownKey[] = []
  for (const file of knownHosts) {
    const { stdout } = await executor.run(['ssh-keygen', '-F', alias, '-f', file])
    let line = '?'
    for (const text of stdout.split('\n')) {
      line = /^# Host .* found: line (\d+)/.exec(text)?.[1] ?? line
      const [marker, , type, key] = text.startsWith('@') ? text.split(/\s+/) : ['', ...text.split(/\s+/)]
      if (text.startsWith('#') || key === undefined || type === undefined || marker === '@cert-authority') continue
      keys.push({ type, key, revoked: marker === '@revoked', place: `${file}:${line}` })
    }
  }
  return keys
}

/** What becomes of the key that a machine shows. */
export type Verdict =
  { readonly kind: 'known' | 'unknown' } | { readonly kind: 'revoked' | 'changed'; readonly place: string }

/** Compares the key that a machine shows with what is known. */
export function judge(key: Buffer, known: readonly KnownKey[]): Verdict {
  const shown = key.toString('base64')
  const type = keyType(key)
  const same = known.filter((one) => one.key === shown)
  const revoked = same.find((one) => one.revoked)
  if (revoked) return { kind: 'revoked', place: revoked.place }
  if (same.length > 0) return { kind: 'known' }
  // Another key of the same type is a change; one of a type that was never seen would be asked for anew by ssh, too, but is no reason to trust.
  const others = known.filter((one) => !one.revoked)
  const other = others.find((one) => one.type === type) ?? others[0]
  return other ? { kind: 'changed', place: other.place } : { kind: 'unknown' }
}

/** The first string in a key is its type. (RFC 4253, 6.6) */
export const keyType = (key: Buffer): string => key.subarray(4, 4 + key.readUInt32BE(0)).toString()

/** As ssh shows it: `SHA256:…`. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

/** Keeps a key from now on. */
export async function remember(
  key: Buffer,
  { alias, knownHosts, hashKnownHosts }: Pick<SshSettings, 'alias' | 'knownHosts' | 'hashKnownHosts'>,
): Promise<string | undefined> {
  const [file] = knownHosts
  if (file === undefined) return undefined
  const salt = randomBytes(20)
  const hash = createHmac('sha1', salt).update(alias).digest('base64')
  const name = hashKnownHosts ? `|1|${salt.toString('base64')}|${hash}` : alias
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const before = await readFile(file, 'utf8').catch(() => '')
  const line = `${name} ${keyType(key)} ${key.toString('base64')}\n`
  await appendFile(file, before === '' || before.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 })
  return file
}

/** Signatures to ask for, so that the machine shows a key that is known. */
export const algorithmsFor = (known: readonly KnownKey[]): string[] => [
  ...new Set(
    known
      .filter(({ revoked }) => !revoked)
      .flatMap(({ type }) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type])),
  ),
]
