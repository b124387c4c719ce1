import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError, type Diagnostic } from '../../diagnostics/diagnostic.ts'
import { makeFolder } from '../../state/atomic.ts'
import { attempt } from '../../state/attempt.ts'
import type { Executor, RunResult } from '../executor.ts'
import type { EncryptedVolume } from './places.ts'
import { leftovers, volumeState } from './state.ts'

/** The passphrase does not open the volume. */
export class WrongPassphrase extends Error {
  readonly volume: string
  constructor(volume: string) {
    super(`the passphrase does not open the encrypted volume "${volume}"`)
    this.volume = volume
  }
}

/** What gocryptfs takes at most. (ENC-32) */
const LONGEST = 2048

/** Why a text can't be a passphrase: gocryptfs reads one line. Undefined when it can. (ENC-32) */
export function badPassphrase(passphrase: string): string | undefined {
  if (passphrase === '') return 'it is empty'
  if (/[\0\r\n]/.test(passphrase)) return 'it contains a line break or a NUL'
  return Buffer.byteLength(passphrase) > LONGEST ? `it is longer than ${LONGEST} bytes` : undefined
}

/** Makes the directories of a volume and, in the first of them, an empty vault. (ENC-11, ENC-33) */
export async function initVolume(volume: EncryptedVolume, passphrase: string, executor: Executor): Promise<void> {
  for (const path of [volume.cipher, volume.plain]) attempt(path, () => makeFolder(path, 0o700))
  for (const path of await leftovers(volume)) attempt(path, () => rmSync(path))
  const result = await withPassphrases([passphrase], (stdin) =>
    executor.run(['gocryptfs', '-init', '-q', '--', volume.cipher], { stdin }),
  )
  if (result.exitCode !== 0) throw failed(volume, 'can not be initialized', result)
}

/**
 * Mounts a volume in a scope of its own, which outlives ov, the service and its restarts. A scope that a dead mount has left behind is taken
 * away, and then it is tried once more; a scope is never stopped because gocryptfs itself refused: that would unmount what another process has
 * mounted in the meantime. (ENC-43 to ENC-45, ENC-65)
 */
export async function mountVolume(volume: EncryptedVolume, passphrase: string, executor: Executor): Promise<void> {
  const { cipher, plain, unit } = volume
  attempt(plain, () => makeFolder(plain, 0o700))
  refuseEndless(volume, 'can not be mounted')
  const mount = () =>
    withPassphrases([passphrase], (stdin) =>
      executor.run(
        [
          ...['systemd-run', '--scope', '--user', '--quiet', `--unit=${unit.replace(/\.scope$/, '')}`, '--'],
          ...['gocryptfs', '-q', '-allow_other', cipher, plain],
        ],
        { stdin },
      ),
    )
  if (await isLoaded(unit, executor)) await removeScope(volume, executor)
  let result = await mount()
  if (/already loaded or has a fragment file/.test(result.stderr)) {
    // Whoever has the scope may be about to mount it, or has.
    if ((await volumeState(volume)) === 'mounted') return
    await removeScope(volume, executor)
    result = await mount()
  }
  if (result.exitCode !== 0 && (await volumeState(volume)) === 'mounted') return
  if (result.exitCode === 12) throw new WrongPassphrase(volume.name)
  if (result.exitCode !== 0) throw failed(volume, 'can not be mounted', result)
}

/** Unmounts a volume, and ends its scope. One that a program here uses stays as it is. (ENC-47) */
export async function unmountVolume(volume: EncryptedVolume, deploy: string, executor: Executor): Promise<void> {
  const result = await executor.run(['fusermount3', '-u', volume.plain])
  if (result.exitCode !== 0) {
    const busy = /busy/i.test(result.stderr)
    throw report({
      message: `encrypted volume "${volume.name}" ${busy ? 'is in use, and stays mounted' : 'can not be unmounted'}`,
      output: lines(result.stderr),
      remedy: busy
        ? `stop what uses it: ov stop ${deploy}; a shell or file manager in ${volume.plain} uses it, too`
        : 'see what fusermount3 says',
    })
  }
  await executor.run(['systemctl', '--user', 'stop', volume.unit])
}

/** Takes away a mount whose daemon is dead. (ENC-43) */
export async function detachStale(volume: EncryptedVolume, executor: Executor): Promise<void> {
  await executor.run(['fusermount3', '-u', '-z', volume.plain])
  await removeScope(volume, executor)
}

/** Changes the passphrase of a volume. Both go in as lines: with `-extpass` gocryptfs would ask twice for the same, and change nothing. (ENC-49) */
export async function changePassphrase(
  volume: EncryptedVolume,
  from: string,
  to: string,
  executor: Executor,
): Promise<void> {
  refuseEndless(volume, 'keeps its passphrase')
  // A change that a full disk has cut short leaves what would stop all later ones.
  attempt(volume.cipher, () => rmSync(`${configOf(volume)}.tmp`, { force: true }))
  const result = await withPassphrases([from, to], (stdin) =>
    executor.run(['gocryptfs', '-passwd', '-q', '--', volume.cipher], { stdin }),
  )
  if (result.exitCode === 12) throw new WrongPassphrase(volume.name)
  if (result.exitCode !== 0) throw failed(volume, 'keeps its passphrase', result)
}

/** What gocryptfs allows as `-scryptn` at most, and far more than what it writes for the rest. */
const MOST = { N: 2 ** 28, R: 64, P: 64, KeyLen: 64 }

/** gocryptfs computes for hours when a damaged configuration tells it to. */
function refuseEndless(volume: EncryptedVolume, what: string): void {
  const file = configOf(volume)
  let cost: Readonly<Record<string, unknown>>
  try {
    ;({ ScryptObject: cost } = JSON.parse(readFileSync(file, 'utf8')) as { ScryptObject: typeof cost })
    if (Object.entries(MOST).every(([name, most]) => !(Number(cost[name]) > most))) return
  } catch {
    // It says that itself.
    return
  }
  throw damaged(volume, what, [])
}

const configOf = ({ cipher }: EncryptedVolume): string => join(cipher, 'gocryptfs.conf')

const damaged = (volume: EncryptedVolume, what: string, output: readonly string[]): DiagnosticError =>
  report({
    message: `encrypted volume "${volume.name}" ${what}: ${configOf(volume)} is damaged, or of a newer gocryptfs`,
    output,
    remedy: 'restore it from backup; without it the data can not be read',
  })

/** Hands lines to a program through its standard input, and forgets them. (ENC-30, ENC-37) */
async function withPassphrases(
  passphrases: readonly string[],
  run: (stdin: Uint8Array) => Promise<RunResult>,
): Promise<RunResult> {
  const stdin = Buffer.from(passphrases.map((one) => `${one}\n`).join(''))
  try {
    return await run(stdin)
  } finally {
    stdin.fill(0)
  }
}

async function isLoaded(unit: string, executor: Executor): Promise<boolean> {
  const { stdout } = await executor.run(['systemctl', '--user', 'show', '-p', 'LoadState,ActiveState', unit])
  return /^LoadState=loaded$/m.test(stdout) && !/^ActiveState=inactive$/m.test(stdout)
}

async function removeScope({ unit }: EncryptedVolume, executor: Executor): Promise<void> {
  await executor.run(['systemctl', '--user', 'stop', unit])
  await executor.run(['systemctl', '--user', 'reset-failed', unit])
}

/** What went wrong, and what to do about it, by the exit code of gocryptfs. */
function failed(volume: EncryptedVolume, what: string, { exitCode, stderr }: RunResult) {
  const { name, cipher, plain } = volume
  // What follows a panic is where in gocryptfs it was.
  const output = lines(stderr.replace(/^(?:panic|fatal error): .*/ms, ''))
  const said = (message: string, remedy: string) =>
    report({ message: `encrypted volume "${name}" ${what}: ${message}`, output, remedy })
  if (exitCode === 127)
    return said(
      `${/systemd-run/.test(stderr) ? 'systemd-run' : 'gocryptfs'} is not installed`,
      'install gocryptfs and fuse3; ov doctor lists what is missing',
    )
  if (/Failed to (connect|start transient|create bus)|No medium found|user manager/i.test(stderr))
    return said(
      'this user has no systemd manager, and without its scope the mount would end with the session',
      'log in through systemd (ssh or a console, not su), or let it run always: loginctl enable-linger',
    )
  switch (exitCode) {
    case 6:
      return said(`${cipher} is not empty`, 'its configuration file is lost: restore gocryptfs.conf from backup')
    case 10:
      return said(
        `there are plain files in ${plain}, which would be hidden`,
        `move them away, mount it, and move them back`,
      )
    case 11:
    case 23:
      if (/permission denied/i.test(stderr))
        return said(`${configOf(volume)} can not be read`, `see whose it is: ls -l ${cipher}`)
      if (/no such file/i.test(stderr))
        return said(`${configOf(volume)} is missing`, 'run ov config for the deploy first')
      return damaged(volume, what, output)
    // no version of gocryptfs that this one knows; and what a panic of Go ends with
    case 27:
    case 2:
      return damaged(volume, what, output)
    case 19:
      return /user_allow_other/.test(stderr)
        ? said('its container may not see it', 'add the line user_allow_other to /etc/fuse.conf (as root)')
        : said('FUSE does not mount it', 'see what gocryptfs says; ov doctor looks at /dev/fuse')
    default:
      return said(`gocryptfs ended with ${exitCode}`, 'see what it says')
  }
}

const lines = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')

const report = (diagnostic: Pick<Diagnostic, 'message' | 'remedy' | 'output'>): DiagnosticError =>
  new DiagnosticError([{ code: 'OV5030', severity: 'error', ...diagnostic }])
