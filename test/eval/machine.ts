import { execFile } from 'node:child_process'
import type { RunInTarget, Target } from '../../src/eval/target.ts'

export interface FakeTarget extends Target {
  readonly asked: { readonly argv: readonly string[]; readonly options: RunInTarget }[]
}

/** A target that is this very machine, as whoever runs the tests. */
export function here(running: Target['running'] = {}, env: Readonly<Record<string, string>> = {}): FakeTarget {
  const asked: FakeTarget['asked'] = []
  return {
    running,
    asked,
    run: (argv, options) => {
      asked.push({ argv, options })
      return new Promise((done, failed) => {
        const child = execFile(
          argv[0]!,
          argv.slice(1),
          { env: { ...process.env, ...env }, timeout: options.timeout ?? 0, encoding: 'utf8' },
          (error, stdout, stderr) => {
            if (error?.killed === true) failed(new DOMException('too long', 'TimeoutError'))
            else if (error?.code === 'ENOENT') done({ exitCode: 127, stdout: '', stderr: `${argv[0]}: not found` })
            else done({ exitCode: typeof error?.code === 'number' ? error.code : error ? 128 : 0, stdout, stderr })
          },
        )
        // Programs that read nothing may be gone before.
        child.stdin?.on('error', () => {})
        child.stdin?.end(options.stdin ?? '')
      })
    },
  }
}
