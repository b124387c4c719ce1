import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localExecutor } from '../apply/executors/local.ts'
import { failure } from '../credentials/gpg.ts'
import { attempt } from '../state/attempt.ts'

/**
 * Has the user edit a text that nobody else may see. Whatever happens, the file that the editor works on is overwritten and removed, and so is
 * what editors leave beside it. (CRED-65)
 */
export async function editText(text: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  const folder = privateFolder()
  const clear = () => clearFolder(folder)
  // A second signal ends ov without waiting for anything.
  process.once('exit', clear)
  try {
    const file = join(folder, 'secrets.env')
    attempt(file, () => writeFileSync(file, text, { mode: 0o600 }))
    const { VISUAL, EDITOR } = process.env
    const editor = VISUAL || EDITOR || 'vi'
    // There may be arguments, as in `code --wait`, and variables before it. What ov asks to end is the editor then, no shell around it.
    const argv = ['sh', '-c', `exec env ${editor} "$1"`, 'sh', file]
    const code = await leavingInterrupts(() => localExecutor.attach(argv, {}, signal))
    signal.throwIfAborted()
    if (code !== 0) throw unedited(`the editor ended with exit code ${code}: ${editor}`)
    if (!existsSync(file)) throw unedited(`the editor left no file: ${editor}`)
    return readFileSync(file)
  } finally {
    process.off('exit', clear)
    clear()
  }
}

/** For this user alone, and in memory where the machine has a place for that. */
function privateFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR']
  const parent = runtime && existsSync(runtime) ? runtime : tmpdir()
  return attempt(parent, () => mkdtempSync(join(parent, 'ov-edit-')))
}

function clearFolder(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) overwrite(join(entry.parentPath, entry.name))
  rmSync(folder, { recursive: true, force: true })
}

function overwrite(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    writeSync(descriptor, new Uint8Array(statSync(file).size))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** What Ctrl-C means is for the editor to say while it has the terminal. */
async function leavingInterrupts<Result>(work: () => Promise<Result>): Promise<Result> {
  const listeners = process.listeners('SIGINT')
  const ignore = () => {}
  process.on('SIGINT', ignore)
  for (const listener of listeners) process.off('SIGINT', listener)
  try {
    return await work()
  } finally {
    for (const listener of listeners) process.on('SIGINT', listener)
    process.off('SIGINT', ignore)
  }
}

const unedited = (message: string) =>
  failure(message, 'nothing was changed; VISUAL or EDITOR names the editor that is used')
