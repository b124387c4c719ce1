export * from './containerfile/index.ts'
export { type IniSection, parseIni, printIni } from './ini.ts'
export { joinChunks, type Printed } from './printed.ts'
export { Unrepresentable } from './representable.ts'
export { bashWords } from './shell-words.ts'
export { simpleCommands } from './shell-commands.ts'
export { SHELLS, shellProfile, type ShellName } from './shell-profile.ts'
export { ansiC, quoteSingle, shellWord, urlWord } from './shell.ts'
export {
  readSupervisordEnvironment,
  readSupervisordValue,
  supervisordEnvironment,
  supervisordValue,
} from './supervisord.ts'
export * from './unitfile/index.ts'
