import type { CommandSpec, Context } from './command.ts'
import { COMMANDS } from './table.ts'

const long = (command: CommandSpec) =>
  (command.options ?? []).flatMap((option) => /--[a-z-]+/.exec(option.flags)?.[0] ?? []).concat('--help')

const SCRIPTS: Readonly<Record<string, () => string>> = {
  bash: () =>
    [
      '_ov() {',
      '  local cur=${COMP_WORDS[COMP_CWORD]}',
      '  if [ "$COMP_CWORD" = 1 ]; then',
      `    COMPREPLY=($(compgen -W "${COMMANDS.map((command) => command.name).join(' ')}" -- "$cur"))`,
      '    return',
      '  fi',
      '  local words=',
      '  case ${COMP_WORDS[1]} in',
      ...COMMANDS.map((command) => `    ${command.name}) words="${long(command).join(' ')}" ;;`),
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
      '  if (( CURRENT == 2 )); then',
      '    local -a commands=(',
      ...COMMANDS.map((command) => `      '${command.name}:${command.summary.replaceAll("'", "'\\''")}'`),
      '    )',
      "    _describe 'command' commands",
      '    return',
      '  fi',
      '  case ${words[2]} in',
      ...COMMANDS.map(
        (command) =>
          `    ${command.name}) _arguments ${long(command)
            .map((flag) => `'${flag}'`)
            .join(' ')} '*:file:_files' ;;`,
      ),
      '  esac',
      '}',
      'compdef _ov ov',
    ].join('\n'),
  fish: () =>
    COMMANDS.flatMap((command) => [
      `complete -c ov -n __fish_use_subcommand -a ${command.name} -d '${command.summary.replaceAll("'", "\\'")}'`,
      ...long(command).map(
        (flag) => `complete -c ov -n '__fish_seen_subcommand_from ${command.name}' -l ${flag.slice(2)}`,
      ),
    ]).join('\n'),
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
