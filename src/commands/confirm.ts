import { closeSync, openSync } from 'node:fs'
import { ReadStream, WriteStream } from 'node:tty'
import type * as Prompts from '@clack/prompts'
import type { Executor } from '../apply/executor.ts'
import type { Question } from '../apply/volumes/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'

/** Asks on the controlling terminal, whatever stdin is; without one it fails at once, with the remedy. */
export async function confirm(question: string): Promise<boolean> {
  const missing = ['there is no terminal to ask for a confirmation', 'add --yes when you are sure'] as const
  return onTerminal(...missing, async ({ confirm: ask, isCancel }, streams) => {
    const answer = await ask({ message: question, initialValue: false, ...streams })
    return isCancel(answer) ? interrupted() : answer
  })
}

/** Asks for a value that is not shown. */
export function askSecret(question: string): Promise<string> {
  const missing = [`there is no terminal to ask for ${question}`, 'store the value first: ov secrets set'] as const
  return onTerminal(...missing, async ({ password, isCancel }, streams) => {
    const answer = await password({ message: question, ...streams })
    // The question has the terminal in a mode in which Ctrl-C is a letter: it means the same as ever.
    if (isCancel(answer)) return interrupted()
    if (answer === '')
      throw new DiagnosticError([
        { code: 'OV5009', severity: 'error', message: `no value was given for ${question}`, remedy: 'run it again' },
      ])
    return answer
  })
}

/** Whether there is a terminal to ask on. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'))
    return true
  } catch {
    return false
  }
}

/**
 * systemd's own question, whose answer the kernel may keep for the next commands, along with earlier ones: all of them come back, the oldest first.
 * Without systemd, ov asks. (ENC-34, ENC-39)
 */
export async function askHidden(
  { text, id, cache }: Question,
  { executor, signal }: { readonly executor: Executor; readonly signal: AbortSignal },
): Promise<[string, ...string[]]> {
  if (!hasTerminal())
    throw new DiagnosticError([
      {
        code: 'OV5009',
        severity: 'error',
        message: `there is no terminal to ask on: ${text}`,
        remedy: 'run it in a terminal; ov config passwd takes its three lines from a pipe, too',
      },
    ])
  const accept = cache === 'use' ? ['--accept-cached', '--multiple'] : []
  const keep = cache === 'none' ? [] : [`--keyname=${id}`, ...accept]
  const { exitCode, stdout } = await executor.run(
    ['systemd-ask-password', `--id=${id}`, ...keep, '--timeout=0', '--echo=masked', text],
    { terminal: true, signal },
  )
  if (exitCode === 127) return [await askSecret(text.replace(/:$/, ''))]
  if (exitCode !== 0)
    throw new DiagnosticError([
      { code: 'OV5009', severity: 'error', message: 'the question was not answered', remedy: 'run it again' },
    ])
  return stdout.replace(/\n$/, '').split('\n') as [string, ...string[]]
}

/** Ends as after SIGINT: whoever waits for ov sees the same. */
async function interrupted(): Promise<never> {
  process.kill(process.pid, 'SIGINT')
  // Signals come between two turns of the loop.
  await new Promise((heard) => setTimeout(heard, 50))
  throw new Error('interrupted')
}

async function onTerminal<Answer>(
  message: string,
  remedy: string,
  ask: (
    prompts: typeof Prompts,
    streams: { readonly input: ReadStream; readonly output: WriteStream },
  ) => Promise<Answer>,
): Promise<Answer> {
  let input: number
  let output: number
  try {
    input = openSync('/dev/tty', 'r')
    output = openSync('/dev/tty', 'w')
  } catch (cause) {
    throw new DiagnosticError([{ code: 'OV5009', severity: 'error', message, remedy }], { cause })
  }
  const prompts = await import('@clack/prompts')
  const reader = new ReadStream(input)
  const writer = new WriteStream(output)
  try {
    return await ask(prompts, { input: reader, output: writer })
  } finally {
    reader.destroy()
    writer.destroy()
    try {
      closeSync(input)
    } catch {
      // the stream has closed it already
    }
  }
}
