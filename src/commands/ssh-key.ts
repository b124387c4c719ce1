import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fillHome } from '../apply/volumes/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { makeFolder } from '../state/atomic.ts'
import type { Machine } from './machine.ts'

/** Keys that people usually have, the one to take first. (VM-32) */
const USUAL = ['id_ed25519.pub', 'id_rsa.pub', 'id_ecdsa.pub']

/** What `--ssh-key` means: public keys, one on a line; undefined for `none`. A key that ov makes is made once for all deploys. (POD-28, VM-32) */
export async function publicKeys(source: string, machine: Machine): Promise<string | undefined> {
  const { home, sshKey } = machine.paths
  if (source === 'none') return undefined
  if (source === 'generate') {
    if (!existsSync(`${sshKey}.pub`)) await generate(sshKey, machine)
    return read(`${sshKey}.pub`)
  }
  if (source !== 'auto') return read(resolve(fillHome(source, home)))
  const folder = join(home, '.ssh')
  const there = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.pub')) : []
  const found = USUAL.find((name) => there.includes(name)) ?? there.sort()[0]
  if (found === undefined)
    throw failure(`there is no public key in ${folder}`, 'write --ssh-key generate, or name a file: --ssh-key PATH')
  return read(join(folder, found))
}

async function generate(path: string, { executor, say }: Machine): Promise<void> {
  makeFolder(dirname(path))
  const { exitCode, stderr } = await executor.run([
    'ssh-keygen',
    '-q',
    '-t',
    'ed25519',
    '-N',
    '',
    '-C',
    'ov',
    '-f',
    path,
  ])
  if (exitCode !== 0)
    throw failure(
      `ssh-keygen makes no key: ${stderr.trim()}`,
      'install the client of OpenSSH, or name a key of your own',
    )
  say(`Made the key ${path}`)
}

function read(path: string): string {
  let text
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw failure(`the public key ${path} can't be read`, 'correct the path', cause)
  }
  // Whoever names the wrong one of the two files would hand out the key itself.
  const bad = text.split('\n').find((line) => !/^(?:ssh|ecdsa|sk)-[\w@.-]+ [\w+/=]+(?: .*)?$/.test(line))
  if (bad === undefined) return text
  throw failure(`${path} is no public key of OpenSSH`, 'name the file that ends in .pub')
}

const failure = (message: string, remedy: string, cause?: unknown): DiagnosticError =>
  new DiagnosticError([{ code: 'OV1008', severity: 'error', message, remedy }], { cause })
