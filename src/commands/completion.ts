import type { CommandSpec, Context } from './command.ts'
import { COMMANDS, GROUPS } from './table.ts'

const long = (command: CommandSpec) =>
  (command.options ?? []).flatMap((option) => /--[a-z-]+/.exec(option.flags)?.[0] ?? []).concat('--help')

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

const wordsOf = ({ name }: { readonly name: string }) => name.split(' ')

/** Words that others follow; `config` is a command as well. */
const groups = [
  ...new Set(
    COMMANDS.map(wordsOf).flatMap((words) => words.slice(1).map((_, index) => words.slice(0, index + 1).join(' '))),
  ),
]

/** What can follow the words of a group; those of the group without words follow `ov`. */
function words(group: string): { name: string; summary: string }[] {
  const length = group === '' ? 0 : group.split(' ').length
  return [...Object.entries(GROUPS).map(([name, summary]) => ({ name, summary })), ...COMMANDS]
    .filter((one) => wordsOf(one).length === length + 1 && (group === '' || one.name.startsWith(`${group} `)))
    .map((one) => ({ name: wordsOf(one)[length] ?? '', summary: one.summary }))
}

/** The longer name is the one that is meant. */
const byLength = COMMANDS.toSorted((a, b) => wordsOf(b).length - wordsOf(a).length)

const seen = (words: string) => `__fish_seen_subcommand_from ${words}`

/** Groups in the group of a command: `secrets gpg set` has all words of `secrets set`, and is another one. */
function groupsBeside(command: CommandSpec): string[] {
  const parent = wordsOf(command).slice(0, -1).join(' ')
  const names = parent === '' ? [] : words(parent).map(({ name }) => name)
  return names.filter((name) => groups.includes(`${parent} ${name}`))
}

const SCRIPTS: Readonly<Record<string, () => string>> = {
  bash: () =>
    [
      '_ov() {',
      '  local cur=${COMP_WORDS[COMP_CWORD]} names= words=',
      '  case "${COMP_WORDS[*]:1:COMP_CWORD-1}" in',
      ...['', ...groups].map((group) => {
        const names = words(group).map(({ name }) => name)
        return `    "${group}") names="${names.join(' ')}" ;;`
      }),
      '  esac',
      '  if [[ -n $names && $cur != -* ]]; then',
      '    COMPREPLY=($(compgen -W "$names" -- "$cur"))',
      '    return',
      '  fi',
      '  case "${COMP_WORDS[*]:1} " in',
      ...byLength.map((command) => `    "${command.name} "*) words="${long(command).join(' ')}" ;;`),
      '  esac',
      '  case $cur in',
      '    -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;',
      '    *) COMPREPLY=($(compgen -f -- "$cur")) ;;',
      '  esac',
      '}',
      'complete -o filenames -F _ov ov',
    ].join('\n'),
  zsh: () =>
    [
      '#compdef ov',
      '_ov() {',
      '  local -a commands',
      '  case "${words[2,CURRENT-1]}" in',
      ...['', ...groups].map((group) => {
        const names = words(group).map(({ name, summary }) => quoted(`${name}:${summary}`))
        return `    ${quoted(group)}) commands=(${names.join(' ')}) ;;`
      }),
      '  esac',
      '  if (( $#commands )) && [[ ${words[CURRENT]} != -* ]]; then',
      "    _describe 'command' commands",
      '    return',
      '  fi',
      '  case "${words[2,-1]} " in',
      ...byLength.map((command) => {
        const flags = long(command).map((flag) => `'${flag}'`)
        return `    ${quoted(`${command.name} `)}*) _arguments ${flags.join(' ')} '*:file:_files' ;;`
      }),
      '  esac',
      '}',
      'compdef _ov ov',
    ].join('\n'),
  fish: () =>
    [
      ...words('').map(
        ({ name, summary }) =>
          `complete -c ov -n __fish_use_subcommand -a ${name} -d '${summary.replaceAll("'", "\\'")}'`,
      ),
      ...groups.flatMap((group) => {
        const names = words(group)
        const known = names.map(({ name }) => name).join(' ')
        const condition = [...group.split(' ').map(seen), `not ${seen(known)}`].join('; and ')
        return names.map(
          ({ name, summary }) => `complete -c ov -n '${condition}' -a ${name} -d '${summary.replaceAll("'", "\\'")}'`,
        )
      }),
      ...COMMANDS.flatMap((command) => {
        const others = groupsBeside(command).map((word) => `not ${seen(word)}`)
        const condition = [...wordsOf(command).map(seen), ...others].join('; and ')
        return long(command).map((flag) => `complete -c ov -n '${condition}' -l ${flag.slice(2)}`)
      }),
    ].join('\n'),
}

/** The scripts by command line. The build keeps these texts. */
export const completionTexts = (): Record<string, string> =>
  Object.fromEntries(Object.entries(SCRIPTS).map(([shell, make]) => [`completion ${shell}`, `${make()}\n`]))

/** `ov completion`: a script made from the command table. */
export function run(context: Context, _options: object, shell: string): Promise<number> {
  const script = SCRIPTS[shell]
  if (!script) {
    context.say(`no completion for "${shell}"; known are ${Object.keys(SCRIPTS).join(', ')}`)
    return Promise.resolve(64)
  }
  context.result(script())
  return Promise.resolve(0)
}
