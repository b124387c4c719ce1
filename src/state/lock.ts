import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { makeFolder } from './atomic.ts'
import { attempt } from './attempt.ts'

/**
 * Holds an exclusive flock(2) while `work` runs. A child of util-linux's `flock` holds it: it ends with ov, however ov ends, and it excludes
 * every other program that locks the same file.
 */
export async function withLock<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  attempt(file, () => {
    makeFolder(dirname(file), 0o700)
    closeSync(openSync(file, 'a', 0o600))
  })
  const child = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const patience = setTimeout(waiting, 500)
  try {
    await new Promise<void>((held, fail) => {
      child.stdout.once('data', () => held())
      child.once('error', (cause) =>
        fail(
          new DiagnosticError(
            [
              {
                code: 'OV5004',
                severity: 'error',
                message: 'the program "flock" is missing',
                remedy: 'install util-linux',
              },
            ],
            { cause },
          ),
        ),
      )
      child.once('exit', (code) => fail(new Error(`flock ended with ${code}`)))
    })
    clearTimeout(patience)
    return await work()
  } finally {
    clearTimeout(patience)
    child.removeAllListeners('exit')
    child.stdin.end()
  }
}
