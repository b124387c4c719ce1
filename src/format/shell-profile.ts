import { requireRepresentable } from './representable.ts'

/** Shells whose start-up files ov writes. */
export const SHELLS = ['bash', 'zsh', 'fish', 'sh'] as const
export type ShellName = (typeof SHELLS)[number]

/** A start-up file: directories first, so that the code can already use what is in them. (LAY-99) */
export function shellProfile(shell: ShellName, directories: readonly string[], code: string): string {
  requireRepresentable('shell profile', code)
  const lines = directories.map((directory) => appendToPath(shell, directory))
  return [...lines, ...(code === '' ? [] : [code.replace(/\n+$/, '')]), ''].join('\n')
}

/** Puts a directory at the end of `PATH`, whatever characters it has. */
function appendToPath(shell: ShellName, directory: string): string {
  requireRepresentable('directory of PATH', directory, /[\n\r]/)
  if (shell === 'fish') return `fish_add_path -gP ${fishWord(directory)}`
  return `export PATH="$PATH:${directory.replace(/[\\"`$]/g, '\\$&')}"`
}

/** fish knows two escapes in single quotes: `\\` and `\'`. */
const fishWord = (text: string) =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/[\\']/g, '\\$&')}'`
