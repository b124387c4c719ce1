import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { execa } from 'execa'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import type { Clock, Held, LocalExecutor, RunOptions, RunResult } from '../executor.ts'

/**
 * Runs a program until it ends, or until standard input does: then its whole process group is asked to end, and made to after a minute, which
 * mmdebstrap may need to take away what it has unpacked. A pipe from ov ends
 * however ov does. (Asking the program alone is not enough: mmdebstrap leaves signals to its children.)
 */
const BOUND = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ trap '' TERM; cat <&3; kill -TERM 0; sleep 60; kill -KILL 0; } >/dev/null 2>&1 &
watcher=$!
trap : TERM
wait $child; code=$?
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
kill -KILL $watcher
exit $code`

/** This machine. Programs get their arguments as a list, never through a shell. */
export const localExecutor: LocalExecutor = {
  attach,
  hold,
  async run(argv, options: RunOptions = {}): Promise<RunResult> {
    const { stdin, terminal = false, bytes = false, cwd, env, onLine, signal, bound = false } = options
    const [program = '', ...args] = bound ? ['sh', '-c', BOUND, 'ov', ...argv] : argv
    const tty = terminal ? openSync('/dev/tty', 'r+') : undefined
    const child = execa(program, args, {
      reject: false,
      stripFinalNewline: false,
      ...(bytes && { encoding: 'latin1' as const }),
      ...(bound
        ? { stdin: 'pipe' as const, detached: true }
        : tty !== undefined
          ? { stdin: tty as unknown as 'inherit', stderr: ['pipe' as const, 'inherit' as const] }
          : stdin === undefined
            ? { stdin: 'ignore' as const }
            : { input: stdin }),
      ...(cwd !== undefined && { cwd }),
      ...(env && { env }),
      ...(signal && !bound && { cancelSignal: signal, forceKillAfterDelay: 10_000 }),
    })
    const release = () => void child.stdin?.end()
    if (bound) signal?.addEventListener('abort', release, { once: true })
    if (onLine) for (const name of ['stdout', 'stderr'] as const) eachLine(child[name], (line) => onLine(line, name))
    if (bound) child.nodeChildProcess?.once('exit', release)
    const result = await child
    if (tty !== undefined) closeSync(tty)
    signal?.removeEventListener('abort', release)
    const missing = (result as { code?: string }).code === 'ENOENT'
    if (signal?.aborted) signal.throwIfAborted()
    return {
      exitCode: missing ? 127 : (result.exitCode ?? 128),
      stdout: String(result.stdout ?? ''),
      stderr: missing ? `${argv[0]}: not found` : String(result.stderr ?? ''),
    }
  },
}

/** All that is in a folder, as a tar archive. */
export const archiveOf = (folder: string): Readable =>
  // Node throws away what nobody has begun to read when a program ends.
  spawn('tar', ['-cf', '-', '-C', folder, '.'], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout.pipe(new PassThrough())

/** Hears each line of a stream as it comes. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
  stream.on('end', () => rest !== '' && onLine(rest))
}

async function hold([program = '', ...args]: readonly string[], waiting?: () => void): Promise<Held> {
  const child = spawn(program, args, { stdio: 'pipe' })
  return held(
    {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      end: new Promise((done) => {
        child.once('error', () => done(127))
        child.once('close', (code) => done(code ?? 128))
      }),
    },
    program,
    waiting,
  )
}

/** A program on whatever machine, until its first line; and then until it is let go. */
export async function held(
  {
    stdin,
    stdout,
    stderr,
    end,
  }: { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable; readonly end: Promise<number> },
  program: string,
  waiting: (() => void) | undefined,
): Promise<Held> {
  const patience = waiting && setTimeout(waiting, 500)
  let said = ''
  stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  // It may be gone before what it is told arrives.
  stdin.on('error', () => {})
  try {
    const line = await Promise.race([
      new Promise<string>((heard) => eachLine(stdout, heard)),
      end.then((code) => {
        throw new DiagnosticError([
          {
            code: code === 127 ? 'OV5004' : 'OV5007',
            severity: 'error',
            message: code === 127 ? `the program "${program}" is missing` : `${program} ended with ${code}`,
            output: said.trim().split('\n'),
            remedy: 'what is said above has to be corrected first; nothing was changed',
          },
        ])
      }),
    ])
    return {
      line,
      release: async () => {
        stdin.end()
        await end
      },
    }
  } finally {
    clearTimeout(patience)
  }
}

/** Signals of the terminal reach the program as well; ov waits for what it makes of them. */
async function attach(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
  ends?: AbortSignal,
): Promise<number> {
  const options = { reject: false, stdio: 'inherit', env, ...(ends && { cancelSignal: ends }) } as const
  const { exitCode, signal, code } = (await execa(program, args, options)) as {
    exitCode?: number
    signal?: NodeJS.Signals
    code?: string
  }
  if (code === 'ENOENT') return 127
  return exitCode ?? 128 + (signal === undefined ? 0 : (constants.signals[signal] ?? 0))
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
}
