import { requireRepresentable } from './representable.ts'

/** Shells whose start-up files ov writes. */
export const SHELLS = ['bash', 'zsh', 'fish', 'sh'] as const
export type ShellName = (typeof SHELLS)[number]

/** What only the shell itself passes, where others read its file, too. (bash called as sh is bash.) */
const GUARDS: Readonly<Record<ShellName, string>> = {
  bash: '[ -n "${BASH_VERSION-}" ] || return 0',
  zsh: '[ -n "${ZSH_VERSION-}" ] || return 0',
  sh: '[ -z "${BASH_VERSION-}${ZSH_VERSION-}" ] || return 0',
  fish: '',
}

/** A start-up file: directories first, so that the code can already use what is in them. `shared` files are read by all POSIX shells. (LAY-99) */
export function shellProfile(shell: ShellName, directories: readonly string[], code: string, shared = false): string {
  requireRepresentable('shell profile', code)
  const guard = shared ? GUARDS[shell] : ''
  const lines = directories.map((directory) => appendToPath(shell, directory))
  return [...(guard === '' ? [] : [guard]), ...lines, ...(code === '' ? [] : [code.replace(/\n+$/, '')]), ''].join('\n')
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
