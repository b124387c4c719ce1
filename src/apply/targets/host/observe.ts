import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import type { Wanted } from '../../../plan/host/wanted.ts'
import type { Executor } from '../../executor.ts'

/** What is at a path. */
export interface Seen {
  readonly type: 'missing' | 'file' | 'directory' | 'link' | 'other'
  /** Octal, without the type. */
  readonly mode: string
  /** By numbers and by names: `1000:1000`, `op:op`. */
  readonly owners: readonly [string, string]
  /** SHA-256 of a file. */
  readonly hash: string
  /** Where a link leads. */
  readonly target: string
  /** Folders above it that are not there, outermost first. */
  readonly missing: readonly string[]
}

/** Looks at paths, one per word of standard input that ends with NUL. One line for each, in the same order. */
const LOOK = String.raw`
set -u
while IFS= read -r -d '' path; do
  missing=
  if [ -L "$path" ]; then type=link
  elif [ -f "$path" ]; then type=file
  elif [ -d "$path" ]; then type=directory
  elif [ -e "$path" ]; then type=other
  else
    type=missing
    above=$(dirname -- "$path")
    while [ ! -d "$above" ]; do
      missing=$(printf '%s' "$above" | base64 -w0),$missing
      above=$(dirname -- "$above")
    done
  fi
  stat=; hash=; target=
  if [ $type != missing ]; then stat=$(stat -c '%a %u:%g %U:%G' -- "$path") || stat='? ? ?'; fi
  if [ $type = file ]; then hash=$(sha256sum <"$path" 2>/dev/null | cut -c1-64) || hash='?'; fi
  if [ $type = link ]; then target=$(readlink -n -- "$path" | base64 -w0); fi
  printf '%s\t%s\t%s\t%s\t%s\n' "$type" "$stat" "$hash" "$target" "$missing"
done
`

/** Looks at paths of a machine, and changes nothing. */
export async function look(paths: readonly string[], executor: Executor): Promise<Seen[]> {
  if (paths.length === 0) return []
  const { exitCode, stdout, stderr } = await executor.run(['bash', '-c', LOOK, 'ov'], {
    stdin: paths.map((path) => `${path}\0`).join(''),
  })
  if (exitCode !== 0) throw notLooked(exitCode, stderr)
  const decoded = (text: string) => Buffer.from(text, 'base64').toString()
  return stdout
    .split('\n')
    .slice(0, paths.length)
    .map((line) => {
      const [type = 'missing', stat = '', hash = '', target = '', missing = ''] = line.split('\t')
      const [mode = '', ids = '', names = ''] = stat.split(' ')
      return {
        type: type as Seen['type'],
        mode,
        owners: [ids, names],
        hash,
        target: decoded(target),
        missing: missing
          .split(',')
          .filter((part) => part !== '')
          .map(decoded),
      }
    })
}

export const notLooked = (exitCode: number, stderr: string): DiagnosticError =>
  new DiagnosticError([
    {
      code: 'OV5007',
      severity: 'error',
      message: `the machine could not be looked at (exit code ${exitCode})`,
      output: stderr.trim().split('\n'),
      remedy: 'it needs bash, coreutils, grep and util-linux; nothing was changed',
    },
  ])

/** Whether a path is as it is wanted. */
export function isAsWanted(
  wanted: Exclude<Wanted, { kind: 'block' }>,
  seen: Seen,
  hashOf: (text: string) => string,
): boolean {
  const owned = seen.owners.includes(wanted.owner ?? '0:0')
  const sameMode = (mode: string) => Number.parseInt(seen.mode, 8) === Number.parseInt(mode, 8)
  switch (wanted.kind) {
    case 'made':
      return seen.type !== 'missing'
    case 'directory':
      // Whose an existing folder is, is not for a layer to say. (HOST-65)
      return seen.type === 'directory' && (wanted.mode === undefined || sameMode(wanted.mode))
    case 'link':
      return seen.type === 'link' && seen.target === wanted.target
    case 'text':
      return seen.type === 'file' && seen.hash === hashOf(wanted.text) && sameMode(wanted.mode) && owned
    case 'copy':
      return seen.type === 'file' && seen.hash === wanted.hash && sameMode(wanted.mode) && owned
  }
}

/** A text; undefined where there is none, or who asks may not read it. */
export async function readText(path: string, executor: Executor): Promise<string | undefined> {
  const script = '[ -f "$1" ] || exit 3; base64 -w0 <"$1"'
  const { exitCode, stdout } = await executor.run(['sh', '-c', script, 'ov', path])
  return exitCode === 0 ? Buffer.from(stdout, 'base64').toString() : undefined
}
