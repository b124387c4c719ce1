import type { CommandSpec, Context } from './command.ts'
import { COMMANDS, GROUPS } from './table.ts'

const long = (command: CommandSpec) =>
  (command.options ?? []).flatMap((option) => /--[a-z-]+/.exec(option.flags)?.[0] ?? []).concat('--help')

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** What can follow `ov`, and what can follow the name of a group. */
const words = (group?: string): { name: string; summary: string }[] => [
  ...(group === undefined ? Object.entries(GROUPS).map(([name, summary]) => ({ name, summary })) : []),
  ...COMMANDS.flatMap(({ name, summary }) => {
    const [first = '', second] = name.split(' ')
    if (group === undefined) return second === undefined ? [{ name: first, summary }] : []
    return first === group && second !== undefined ? [{ name: second, summary }] : []
  }),
]
/** Words that others follow; `config` is a command as well. */
const groups = [...new Set(COMMANDS.flatMap(({ name }) => (name.includes(' ') ? [name.replace(/ .*$/, '')] : [])))]
/** The longer name is the one that is meant. */
const byLength = COMMANDS.toSorted((a, b) => b.name.split(' ').length - a.name.split(' ').length)

const SCRIPTS: Readonly<Record<string, () => string>> = {
  bash: () =>
    [
      '_ov() {',
      '  local cur=${COMP_WORDS[COMP_CWORD]} names= words=',
      '  case $COMP_CWORD/${COMP_WORDS[1]} in',
      `    1/*) names="${words()
        .map(({ name }) => name)
        .join(' ')}" ;;`,
      ...groups.map(
        (group) =>
          `    2/${group}) names="${words(group)
            .map(({ name }) => name)
            .join(' ')}" ;;`,
      ),
      '  esac',
      '  if [[ -n $names && $cur != -* ]]; then',
      '    COMPREPLY=($(compgen -W "$names" -- "$cur"))',
      '    return',
      '  fi',
      '  case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in',
      ...byLength.map(({ name, ...command }) => {
        const pattern = name.includes(' ') ? `"${name}"` : `"${name} "*`
        return `    ${pattern}) words="${long({ name, ...command }).join(' ')}" ;;`
      }),
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
      '  case $CURRENT/${words[2]} in',
      ...[undefined, ...groups].map(
        (group) =>
          `    ${group === undefined ? '2/*' : `3/${group}`}) commands=(${words(group)
            .map(({ name, summary }) => quoted(`${name}:${summary}`))
            .join(' ')}) ;;`,
      ),
      '  esac',
      '  if (( $#commands )) && [[ ${words[CURRENT]} != -* ]]; then',
      "    _describe 'command' commands",
      '    return',
      '  fi',
      '  case "${words[2]} ${words[3]}" in',
      ...byLength.map(
        (command) =>
          `    ${command.name.includes(' ') ? quoted(command.name) : `${quoted(`${command.name} `)}*`}) _arguments ${long(
            command,
          )
            .map((flag) => `'${flag}'`)
            .join(' ')} '*:file:_files' ;;`,
      ),
      '  esac',
      '}',
      'compdef _ov ov',
    ].join('\n'),
  fish: () =>
    [
      ...words().map(
        ({ name, summary }) =>
          `complete -c ov -n __fish_use_subcommand -a ${name} -d '${summary.replaceAll("'", "\\'")}'`,
      ),
      ...groups.flatMap((group) => {
        const names = words(group)
        const seen = names.map(({ name }) => name).join(' ')
        return names.map(
          ({ name, summary }) =>
            `complete -c ov -n '__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${seen}' -a ${name} -d '${summary.replaceAll("'", "\\'")}'`,
        )
      }),
      ...COMMANDS.flatMap((command) => {
        const condition = command.name
          .split(' ')
          .map((word) => `__fish_seen_subcommand_from ${word}`)
          .join('; and ')
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
