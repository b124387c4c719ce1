import { closeSync, openSync } from 'node:fs'
import { ReadStream, WriteStream } from 'node:tty'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'

/** Asks on the controlling terminal, whatever stdin is; without one it fails at once, with the remedy. */
export async function confirm(question: string): Promise<boolean> {
  let input: number
  let output: number
  try {
    input = openSync('/dev/tty', 'r')
    output = openSync('/dev/tty', 'w')
  } catch (cause) {
    throw new DiagnosticError(
      [
        {
          code: 'OV5009',
          severity: 'error',
          message: 'there is no terminal to ask for a confirmation',
          remedy: 'add --yes when you are sure',
        },
      ],
      { cause },
    )
  }
  const prompts = await import('@clack/prompts')
  const reader = new ReadStream(input)
  const writer = new WriteStream(output)
  try {
    return (await prompts.confirm({ message: question, initialValue: false, input: reader, output: writer })) === true
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
