export { commentLines } from './comment.ts'
export { findHeredoc } from './heredoc.ts'
export type {
  CopyInstruction,
  EnvPair,
  ExecRunInstruction,
  Instruction,
  LabelInstruction,
  ShellRunInstruction,
} from './instruction.ts'
export { labelScalar } from './label.ts'
export { parseContainerfile } from './parse.ts'
export { type Authored, printContainerfile } from './print.ts'
export { runLines, type RunStep } from './run.ts'
export { envValue, literalText, liveText, type Text, type TextPart } from './text.ts'
export { globLiteral, pathWord } from './word.ts'
