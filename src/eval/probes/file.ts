import type { Fields } from '../baked.ts'
import { firstMismatch } from '../matchers.ts'
import { fail, MissingTool, pass, script, type Outcome, type Target } from '../target.ts'

/** Type bits of a mode, as stat(2) has them. */
const TYPES: Readonly<Record<number, string>> = {
  0o010000: 'fifo',
  0o020000: 'character',
  0o040000: 'directory',
  0o060000: 'block',
  0o100000: 'file',
  0o120000: 'symlink',
  0o140000: 'socket',
}

/** 3: not there, 4: no stat. */
const LOOK = `if [ ! -e "$1" ] && [ ! -L "$1" ]; then exit 3; fi
command -v stat >/dev/null || exit 4
stat -c '%f %u %g %U %G' "$1"`

/** A file or folder; links are not followed, but for their content. */
export async function probeFile(check: Fields<'file'>, target: Target): Promise<Outcome> {
  const { file, exists = true, mode, owner, groupOf, filetype, contains, sha256 } = check
  const { exitCode, stdout, stderr } = await script(target, LOOK, file)
  if (exitCode === 3) return exists ? fail('does not exist') : pass()
  if (!exists) return fail('exists')
  const asked = [mode, owner, groupOf, filetype].some((one) => one !== undefined)
  if (asked) {
    if (exitCode === 4) throw new MissingTool('stat')
    if (exitCode !== 0) return fail(stderr.trim())
    const [hex = '', uid, gid, user, group] = stdout.trim().split(' ')
    const bits = Number.parseInt(hex, 16)
    const seen = (bits & 0o7777).toString(8)
    const type = TYPES[bits & 0o170000] ?? 'unknown'
    const link = type === 'symlink' && filetype === undefined ? ' (of the link itself)' : ''
    const bare = (digits: string) => digits.replace(/^0+(?=\d)/, '')
    if (filetype !== undefined && filetype !== type) return fail(`is a ${type}, not a ${filetype}`)
    if (mode !== undefined && bare(mode) !== bare(seen))
      return fail(`mode is ${seen.padStart(4, '0')}, not ${mode}${link}`)
    if (owner !== undefined && owner !== user && owner !== uid)
      return fail(`owner is ${user} (${uid}), not ${owner}${link}`)
    if (groupOf !== undefined && groupOf !== group && groupOf !== gid)
      return fail(`group is ${group} (${gid}), not ${groupOf}${link}`)
  }
  if (contains !== undefined && contains.length > 0) {
    const read = await script(target, 'cat -- "$1"', file)
    if (read.exitCode !== 0) return fail(`can't be read: ${read.stderr.trim()}`)
    const problem = firstMismatch(contains, read.stdout)
    if (problem !== undefined) return fail(`content: ${problem}`)
  }
  if (sha256 !== undefined) {
    const sum = await script(target, 'command -v sha256sum >/dev/null || exit 4; sha256sum <"$1"', file)
    if (sum.exitCode === 4) throw new MissingTool('sha256sum')
    if (sum.exitCode !== 0) return fail(`can't be read: ${sum.stderr.trim()}`)
    const [seen = ''] = sum.stdout.split(' ')
    if (seen !== sha256.toLowerCase()) return fail(`sha256 is ${seen}, not ${sha256}`)
  }
  return pass()
}
