/** Files that bring the environment of layers into the deploying user's shells. (HOST-28 to HOST-30) */
import { quoteSingle } from '../../format/index.ts'
import type { ShellHookStep } from '../ir.ts'
import type { HostFacts } from './facts.ts'

/** A value for a shell's assignment, in quotes only where it has to be. (HOST-28) */
function value(text: string): string {
  if (text === '') return "''"
  return /[\s"'`$*?[\](){}<>|&;\\!]/.test(text) ? quoteSingle(text) : text
}

/** The file of a layer's variables and directories of `PATH`. (HOST-28, HOST-54) */
export function envFileText({
  layerName,
  envVars,
  pathAdd,
}: Pick<ShellHookStep, 'layerName' | 'envVars' | 'pathAdd'>): string {
  const exports = Object.keys(envVars)
    .sort()
    .map((name) => `export ${name}=${value(envVars[name] ?? '')}`)
  // In double quotes: what PATH is when the file is read comes after.
  const path = pathAdd.length === 0 ? [] : [`export PATH="${pathAdd.map(inDoubleQuotes).join(':')}:$PATH"`]
  return [`# overthink env for layer ${layerName} — managed by ov; do not edit`, ...exports, ...path, ''].join('\n')
}

const inDoubleQuotes = (text: string): string => text.replace(/[\\"`$]/g, '\\$&')

/** The file of the variables that a deploy itself sets, read after those of the layers. (DEP-58) */
export const deployEnvFile = (home: string, key: string): string =>
  `${home}/.config/overthink/env.d/zz-deploy-${key.replace(/[/:]/g, '-')}.env`

/** Where the block that reads these files goes, and what is in it. (HOST-29, HOST-30) */
export function sourcingBlocks({
  loginShell,
  user: { home },
  bashProfiles,
}: HostFacts): { path: string; body: string }[] {
  const folder = `${home}/.config/overthink/env.d`
  if (loginShell === 'fish')
    return [
      {
        path: `${home}/.config/fish/conf.d/overthink.fish`,
        body: `for f in ${folder}/*.env\n  if test -r $f\n    source $f\n  end\nend`,
      },
    ]
  const files = loginShell === 'zsh' ? ['.zshenv'] : ['.profile', ...bashProfiles]
  // Without a file, zsh would take the pattern for a mistake; and a last test that fails would end a shell with `set -e`. (HOST-55)
  const pattern = loginShell === 'zsh' ? '*.env(N)' : '*.env'
  const body = `for f in ${folder}/${pattern}; do [ ! -r "$f" ] || . "$f"; done`
  return files.map((file) => ({ path: `${home}/${file}`, body }))
}
