import { SHELLS, type ShellName } from '../../../format/index.ts'
import { distroTags, glibcVersion, readOsRelease, type HostFacts } from '../../../plan/host/facts.ts'
import type { Executor } from '../../executor.ts'
import { notLooked } from './observe.ts'

/** Looks at a machine, and changes nothing. Each answer is a name, a tab, and base64, so that nothing in it can be taken for another. */
const PROBE = `
say() { printf '%s\\t' "$1"; base64 | tr -d '\\n'; echo; }
printf %s "$(id -un)" | say user
printf %s "$(id -u)" | say uid
printf %s "$(id -g)" | say gid
entry=$(getent passwd "$(id -u)" 2>/dev/null || grep "^$(id -un):" /etc/passwd)
printf %s "$(printf %s "$entry" | cut -d: -f6)" | say home
printf %s "$(printf %s "$entry" | cut -d: -f7)" | say shell
printf %s "$HOME" | say HOME
uname -m | say machine
cat /etc/os-release 2>/dev/null | say os-release
ldd --version 2>/dev/null | head -n 1 | say ldd
[ ! -d /run/systemd/system ] || echo yes | say systemd
for shell in ${SHELLS.join(' ')}; do ! command -v "$shell" >/dev/null 2>&1 || printf '%s\\n' "$shell"; done | say shells
for file in .bash_profile .bash_login; do
  if [ -r "$HOME/$file" ]; then grep -q '\\.profile' "$HOME/$file" || printf '%s\\n' "$file"; break; fi
done | say profiles
`

/** What is known of a machine. (HOST-01, HOST-03, HOST-29, DEP-46) */
export async function probe(executor: Executor): Promise<HostFacts> {
  const { exitCode, stdout, stderr } = await executor.run(['sh', '-s'], { stdin: PROBE })
  if (exitCode !== 0) throw notLooked(exitCode, stderr)
  return readProbe(stdout)
}

/** Reads what {@link probe} prints. */
function readProbe(stdout: string): HostFacts {
  const found = new Map(
    stdout.split('\n').flatMap((line) => {
      const [name, value] = line.split('\t')
      return name === undefined || value === undefined ? [] : [[name, Buffer.from(value, 'base64').toString()] as const]
    }),
  )
  const text = (name: string) => (found.get(name) ?? '').trim()
  const lines = (name: string) =>
    text(name)
      .split('\n')
      .filter((line) => line !== '')
  const glibc = glibcVersion(text('ldd'))
  const shell = text('shell').replace(/^.*\//s, '')
  return {
    tags: distroTags(readOsRelease(found.get('os-release') ?? '')),
    machine: text('machine'),
    user: {
      name: text('user'),
      uid: Number(text('uid')),
      gid: Number(text('gid')),
      home: text('home') || text('HOME'),
      adopted: true,
    },
    shells: lines('shells') as ShellName[],
    loginShell: shell === 'zsh' || shell === 'fish' ? shell : 'bash',
    bashProfiles: lines('profiles'),
    ...(glibc !== undefined && { glibc }),
    systemd: text('systemd') === 'yes',
  }
}
