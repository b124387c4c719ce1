import type { Fields } from '../baked.ts'
import { fail, MissingTool, pass, script, type Outcome, type Target } from '../target.ts'

/** Asks every package manager that is there; lines of name and version of what is installed. */
const LOOK = `found=
if command -v dpkg-query >/dev/null; then found=1
  dpkg-query -W -f '\${db:Status-Status}\\t\${Package}\\t\${Version}\\n' "$1" 2>/dev/null | while IFS='	' read -r status name version; do
    [ "$status" = installed ] && printf '%s\\t%s\\n' "$name" "$version"
  done
fi
if command -v rpm >/dev/null; then found=1
  rpm -q --qf '%{NAME}\\t%{VERSION}-%{RELEASE}\\n' "$1" 2>/dev/null
fi
if command -v pacman >/dev/null; then found=1
  pacman -Q "$1" 2>/dev/null | while read -r name version; do printf '%s\\t%s\\n' "$name" "$version"; done
fi
if command -v apk >/dev/null; then found=1
  apk list --installed "$1" 2>/dev/null | while read -r full _; do
    case $full in "$1"-[0-9]*) printf '%s\\t%s\\n' "$1" "\${full#"$1"-}" ;; esac
  done
fi
[ -n "$found" ] || exit 4
exit 0`

/** `1:2.3-4` is version 2.3. */
const upstream = (version: string): string => version.replace(/^\d+:/, '').replace(/-[^-]*$/, '')

/** A package, by the exact name that is installed. */
export async function probePackage(check: Fields<'package'>, target: Target): Promise<Outcome> {
  const { package: name, installed = true, versions } = check
  if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(name)) return fail('is not the name of a package')
  const { exitCode, stdout } = await script(target, LOOK, name)
  if (exitCode === 4) throw new MissingTool('dpkg-query, rpm, pacman or apk')
  const seen = stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([found]) => found === name)
    .map(([, version = '']) => version)
  if (!installed) return seen.length === 0 ? pass() : fail(`is installed (${seen.join(', ')})`)
  if (seen.length === 0) return fail('is not installed')
  if (versions !== undefined && !seen.some((one) => versions.includes(one) || versions.includes(upstream(one))))
    return fail(`version is ${seen.join(', ')}, not ${versions.join(' or ')}`)
  return pass()
}
