import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import { BrokenFence } from '../../../format/fence.ts'
import type { Executor } from '../../executor.ts'

/** Writes a text, through links, with the mode that it has. */
export async function putText(path: string, text: string, executor: Executor): Promise<void> {
  const script = `umask 022
path=$(readlink -m -- "$1") && mkdir -p -- "$(dirname -- "$path")" && part=$path.ov-part &&
{ [ ! -e "$path" ] || cp -p -- "$path" "$part"; } && cat >"$part" || exit
# A connection that is lost ends the text early.
[ "$(wc -c <"$part")" -eq "$2" ] || { rm -f -- "$part"; echo 'not all of it arrived' >&2; exit 75; }
mv -f -- "$part" "$path"`
  const { exitCode, stderr } = await executor.run(['sh', '-c', script, 'ov', path, String(Buffer.byteLength(text))], {
    stdin: text,
  })
  if (exitCode !== 0)
    throw new DiagnosticError([
      {
        code: 'OV5001',
        severity: 'error',
        message: `${path} could not be written`,
        output: stderr.trim().split('\n'),
        remedy: 'what was there before is still complete',
      },
    ])
}

/** Works on the blocks of a file. One that begins and does not end is told by the file's name, and nothing of it is changed. (HOST-53) */
export function inFile<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof BrokenFence)) throw error
    throw new DiagnosticError(
      [
        {
          code: 'OV5048',
          severity: 'error',
          message: `${path}: ${error.message}`,
          remedy: 'complete the block, or delete what is left of it; the file is as it was',
        },
      ],
      { cause: error },
    )
  }
}
