import { requireRepresentable, Unrepresentable } from '../representable.ts'
import { findHeredoc } from './heredoc.ts'
import type { ExecRunInstruction, ShellRunInstruction } from './instruction.ts'

/** A command, or a command whose arguments stand one per line (packages). */
export type RunStep = string | { readonly command: string; readonly items: readonly string[] }

const LINE_BREAK = ' \\\n    '
const MOUNT = /^--mount=[^\s"'\\]+$/

/** The RUN layout of IMG-30…33: mounts, then steps, each on a 4-space line, joined by `&&`; items on 6-space lines. */
export function runLines(mounts: readonly string[], steps: readonly RunStep[]): ShellRunInstruction {
  const texts = steps.map((step) =>
    typeof step === 'string' ? step : [step.command, ...step.items].join(' \\\n      '),
  )
  const layout = mounts.length > 0 ? 'block' : 'line'
  return { kind: 'run', form: 'shell', layout, mounts, text: texts.join(` &&${LINE_BREAK}`) }
}

/** Prints a RUN, or refuses text that a Containerfile reader would change on its way to the shell. */
export function printRun(run: ShellRunInstruction | ExecRunInstruction): string {
  for (const mount of run.mounts) {
    requireRepresentable('RUN mount', mount)
    if (!MOUNT.test(mount)) throw new Unrepresentable('RUN mount', JSON.stringify(mount))
  }
  if (run.form === 'exec') return ['RUN', ...run.mounts, printArgv(run.argv)].join(' ')
  requireShellText(run.text)
  const separator = run.layout === 'block' ? LINE_BREAK : ' '
  return `RUN ${[...run.mounts, run.text].join(separator)}`
}

/** Reads what follows `RUN `, continued lines included. */
export function parseRun(rest: string): ShellRunInstruction | ExecRunInstruction {
  const mounts: string[] = []
  let text = rest
  let layout: 'line' | 'block' = 'line'
  for (let match; (match = /^(--mount=[^\s"'\\]+)( \\\n {4}| )/.exec(text)); text = text.slice(match[0].length)) {
    mounts.push(match[1] ?? '')
    layout = match[2] === ' ' ? 'line' : 'block'
  }
  const argv = layout === 'line' ? readArgv(text) : undefined
  return argv ? { kind: 'run', form: 'exec', mounts, argv } : { kind: 'run', form: 'shell', layout, mounts, text }
}

function printArgv(argv: readonly string[]): string {
  if (argv.length === 0) throw new Unrepresentable('RUN', 'an empty command')
  for (const word of argv) requireRepresentable('RUN argument', word)
  return JSON.stringify(argv)
}

function readArgv(text: string): string[] | undefined {
  if (!text.startsWith('["') || !text.endsWith('"]')) return undefined
  try {
    return JSON.parse(text) as string[]
  } catch {
    return undefined
  }
}

function requireShellText(text: string): void {
  requireRepresentable('RUN text', text, /^\s|\s$|^--|^$/)
  const lines = text.split('\n')
  lines.forEach((line, index) => {
    const isLast = index === lines.length - 1
    if (!isLast && !line.endsWith('\\')) throw new Unrepresentable('RUN text', 'a line break that is not continued')
    if (isLast && line.endsWith('\\')) throw new Unrepresentable('RUN text', 'a backslash at its end')
    if (/^\s*\\?$/.test(line)) throw new Unrepresentable('RUN text', 'an empty line')
    // Builders drop such a line from the middle of a command, whatever the quotes around it say.
    if (index > 0 && /^\s*#/.test(line)) throw new Unrepresentable('RUN text', `the comment line ${line.trim()}`)
  })
  const joined = text.replaceAll('\\\n', '')
  const heredoc = findHeredoc(joined)
  if (heredoc !== undefined) throw new Unrepresentable('RUN text', `the heredoc ${heredoc}`)
  if (startsAsArray(joined)) throw new Unrepresentable('RUN text', 'a leading JSON array')
}

/** imagebuilder decodes a leading JSON array and ignores what follows it; `[ -L /x ]` is none. */
function startsAsArray(text: string): boolean {
  if (!text.startsWith('[')) return false
  for (let end = text.indexOf(']'); end !== -1; end = text.indexOf(']', end + 1)) {
    try {
      JSON.parse(text.slice(0, end + 1))
      return true
    } catch {
      continue
    }
  }
  return false
}
