import { StringDecoder } from 'node:string_decoder'
import { execa } from 'execa'
import type { Clock, Executor, RunOptions, RunResult } from '../executor.ts'

/** This machine. Programs get their arguments as a list, never through a shell. */
export const localExecutor: Executor = {
  async run(argv, options: RunOptions = {}): Promise<RunResult> {
    const { stdin, cwd, env, onLine, signal, bound = false } = options
    const [program = '', ...args] = bound ? ['setpriv', '--pdeathsig', 'TERM', '--', ...argv] : argv
    const child = execa(program, args, {
      reject: false,
      stripFinalNewline: false,
      ...(stdin === undefined ? { stdin: 'ignore' as const } : { input: stdin }),
      ...(cwd !== undefined && { cwd }),
      ...(env && { env }),
      // podman removes what it was building on SIGTERM; SIGKILL follows only when it hangs.
      ...(signal && { cancelSignal: signal, forceKillAfterDelay: 10_000 }),
    })
    if (onLine)
      for (const stream of ['stdout', 'stderr'] as const) {
        const decoder = new StringDecoder('utf8')
        let rest = ''
        child[stream].on('data', (chunk: Buffer) => {
          const lines = (rest + decoder.write(chunk)).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) onLine(line, stream)
        })
        child[stream].on('end', () => rest !== '' && onLine(rest, stream))
      }
    const result = await child
    const missing = (result as { code?: string }).code === 'ENOENT'
    if (signal?.aborted) signal.throwIfAborted()
    return {
      exitCode: missing ? 127 : (result.exitCode ?? 128),
      stdout: String(result.stdout ?? ''),
      stderr: missing ? `${argv[0]}: not found` : String(result.stderr ?? ''),
    }
  },
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
}
