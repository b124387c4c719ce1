import { existsSync, lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { isatty } from 'node:tty'
import { localExecutor } from '../apply/executors/local.ts'
import { isShellName, namesIn, shellExports, withoutVariable, withVariable } from '../credentials/env-lines.ts'
import { GpgFile, type Recipient } from '../credentials/gpg-file.ts'
import { failure, Gpg, isHidden } from '../credentials/gpg.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { writeAtomic } from '../state/atomic.ts'
import { userPaths } from '../state/paths.ts'
import type { Context } from './command.ts'
import { askSecret } from './confirm.ts'
import { editText } from './editor.ts'
import { piped } from './secrets.ts'

interface FileOption {
  readonly file?: string
}

/** `ov secrets gpg show` (CRED-65) */
export async function show(context: Context, options: FileOption): Promise<number> {
  const file = openFile(context, options)
  const text = textOf(await file.decrypt(), file)
  if (text !== '') context.result(text.replace(/\n$/, ''))
  return 0
}

/** `ov secrets gpg env`: what a shell evaluates. A project without the file has no secrets, which is no mistake. (CRED-65) */
export async function env(context: Context, options: FileOption): Promise<number> {
  const file = openFile(context, options)
  if (!file.isThere) return 0
  const { lines, leftOut } = shellExports(textOf(await file.decrypt(), file))
  // The name itself may be a part of a value that somebody broke into lines.
  for (const line of leftOut)
    context.say(`ov: warning: line ${line} of ${file.name} is left out: no shell can have a variable like that`)
  if (lines.length > 0) context.result(lines.join('\n'))
  return 0
}

/** `ov secrets gpg edit` (CRED-65) */
export async function edit(context: Context, options: FileOption): Promise<number> {
  const file = openFile(context, options)
  const changed = await file.change((plain) => editText(plain, context.signal), { precious: true })
  context.say(changed ? `Encrypted ${file.name} anew` : 'no change')
  return 0
}

export interface EncryptOptions extends FileOption {
  readonly recipient?: readonly string[]
  readonly force?: boolean
}

/** `ov secrets gpg encrypt`: the plain file stays, because only its owner knows who else needs it. (CRED-65) */
export async function encrypt(
  context: Context,
  { recipient = [], force, ...options }: EncryptOptions,
  source?: string,
): Promise<number> {
  const file = openFile(context, options)
  if (source !== undefined && file.is(source))
    throw failure(
      `${source} is the plain file, and would be replaced`,
      `name another one for what is encrypted: ov secrets gpg encrypt --file PATH ${source}`,
    )
  if (file.isThere && force !== true)
    throw failure(
      `${file.name} exists`,
      'change it with ov secrets gpg edit or set, name another file with --file, or replace what it holds with --force',
    )
  const plain = await plainOf(context, source)
  if (plain.length === 0)
    throw failure('there is nothing to encrypt', 'name a file with lines NAME=value, or pipe them in')
  const count = await file.encrypt(plain, recipient)
  context.say(`Encrypted ${file.name} for ${count === 1 ? '1 recipient' : `${count} recipients`}`)
  if (source !== undefined && statSync(source).isFile())
    context.say(`${source} is still there, as plain text: remove it when nothing needs it any more`)
  return 0
}

function plainOf(context: Context, source: string | undefined): Promise<Buffer> {
  if (source === undefined) {
    if (process.stdin.isTTY) context.say('Reading from the terminal; end with Ctrl-D')
    return buffer(process.stdin)
  }
  try {
    return Promise.resolve(readFileSync(source))
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw failure(`${source} can't be read (${code})`, 'name a plain file, or pipe the text in')
  }
}

export interface DecryptOptions extends FileOption {
  readonly output?: string
  readonly force?: boolean
}

/** `ov secrets gpg decrypt` (CRED-65) */
export async function decrypt(context: Context, { output, force, ...options }: DecryptOptions): Promise<number> {
  if (output === undefined) {
    context.say('say where the plain text goes: -o PATH; ov secrets gpg show prints it')
    return 64
  }
  const file = openFile(context, options)
  if (file.is(output)) throw failure(`${output} is the encrypted file itself`, 'name another one for the plain text')
  if (lstatSync(output, { throwIfNoEntry: false }) && force !== true)
    throw failure(`${output} exists`, 'name another file, or replace it with --force')
  writeAtomic(output, await file.decrypt(), { keep: true })
  context.say(`Wrote ${output}, as plain text`)
  return 0
}

/** `ov secrets gpg set`: the value is given, piped in, or asked for. (CRED-65) */
export async function set(context: Context, options: FileOption, name: string, given?: string): Promise<number> {
  if (!isShellName(name))
    throw failure(`${JSON.stringify(name)} is not the name of a variable`, 'write letters, digits and _')
  const file = openFile(context, options)
  const changed = await file.change(async (plain) => {
    const text = textOf(plain, file)
    const value = given ?? (await piped()) ?? (await askSecret(name))
    if (value === '')
      throw failure(`the value of ${name} is empty`, 'an empty value is not kept; ov secrets gpg unset removes one')
    const changed = withVariable(text, name, value)
    if (changed === undefined)
      throw failure(
        `the value of ${name} has ${value.includes('\0') ? 'NUL characters' : 'line breaks'}, which a line of ${file.name} can't hold`,
        'encode it first, for example with base64',
      )
    return Buffer.from(changed)
  })
  context.say(changed ? `Stored ${name} in ${file.name}` : 'no change')
  return 0
}

/** `ov secrets gpg unset` (CRED-65) */
export async function unset(context: Context, options: FileOption, name: string): Promise<number> {
  const file = openFile(context, options)
  await file.change((plain) => {
    const text = textOf(plain, file)
    const names = namesIn(text)
    if (!names.includes(name)) {
      const close = suggest(name, names)
      throw failure(
        `${file.name} has no ${name}${close === undefined ? '' : ` (did you mean ${close}?)`}`,
        'ov secrets gpg show prints what it has',
      )
    }
    return Buffer.from(withoutVariable(text, name))
  })
  context.say(`Removed ${name} from ${file.name}`)
  return 0
}

/** `ov secrets gpg recipients` (CRED-65) */
export async function recipients(context: Context, options: FileOption): Promise<number> {
  const { keys, passphrase } = await openFile(context, options).recipients()
  context.result([...keys.map(described), ...(passphrase ? ['a passphrase'] : [])].join('\n'))
  return 0
}

/** `ov secrets gpg add-recipient` (CRED-65) */
export async function addRecipient(context: Context, options: FileOption, key: string): Promise<number> {
  const file = openFile(context, options)
  const added = await file.add(key)
  for (const one of added) context.say(`${file.name} can be read by ${described(one)} now`)
  if (added.length === 0) context.say('no change')
  return 0
}

const described = ({ id, user }: Recipient): string => {
  if (isHidden(id)) return `${id} (hidden)`
  return user === undefined ? id : `${id} ${user}`
}

/** What is not text would not come back as it was. */
function textOf(plain: Uint8Array, { name }: GpgFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain)
  } catch {
    throw failure(`what ${name} holds is not text in UTF-8`, 'ov secrets gpg decrypt -o PATH writes it as it is')
  }
}

function openFile({ signal, say }: Context, { file = '.secrets' }: FileOption): GpgFile {
  const gpg = new Gpg({
    run: (argv, options) => localExecutor.run(argv, { ...options, signal }),
    terminal: terminalName(),
  })
  return new GpgFile({ path: file, gpg, runtime: userPaths().runtime, say })
}

/** gpg's agent asks for passphrases, and is told where by a variable; gpg itself only looks at standard input, which is a pipe here. */
function terminalName(): string | undefined {
  if (process.env['GPG_TTY']) return undefined
  const terminal = [0, 1, 2].find((descriptor) => isatty(descriptor))
  const link = `/proc/self/fd/${terminal}`
  return terminal !== undefined && existsSync(link) ? readlinkSync(link) : undefined
}
