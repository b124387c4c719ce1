import { requireRepresentable, Unrepresentable } from '../representable.ts'
import { printComment } from './comment.ts'
import { printCopy } from './copy.ts'
import type { EnvPair, Instruction } from './instruction.ts'
import { printLabel } from './label.ts'
import { printRun } from './run.ts'
import { bareValue, envValue, isBare, quoteLiteral } from './text.ts'
import { pathWord, plainWord } from './word.ts'

/** One instruction without its last newline; throws Unrepresentable for what no Containerfile can say. */
export function printInstruction(instruction: Instruction): string {
  switch (instruction.kind) {
    case 'comment':
      return printComment(instruction.text)
    case 'blank':
      return ''
    case 'arg':
      return `ARG ${printArg(instruction.name, instruction.value)}`
    case 'from':
      return `FROM ${printFrom(instruction.image, instruction.stage)}`
    case 'env':
      return `ENV ${printPairs(instruction.pairs)}`
    case 'expose':
      return `EXPOSE ${printPort(instruction.port)}`
    case 'user':
      return `USER ${plainWord('USER', instruction.user)}`
    case 'workdir':
      return `WORKDIR ${printDirectory(instruction.path)}`
    case 'copy':
      return printCopy(instruction)
    case 'run':
      return printRun(instruction)
    case 'label':
      return printLabel(instruction)
  }
}

function printArg(name: string, value: string | undefined): string {
  requireName(name)
  if (value === undefined) return name
  return `${name}=${isBare(value) ? value : quoteLiteral(value)}`
}

function printFrom(image: string, stage: string | undefined): string {
  const from = plainWord('FROM image', image)
  return stage === undefined ? from : `${from} AS ${plainWord('FROM stage', stage)}`
}

function printPairs(pairs: readonly EnvPair[]): string {
  if (pairs.length === 0) throw new Unrepresentable('ENV', 'no variables')
  return pairs
    .map(({ name, value, quoting }) => {
      requireName(name)
      return `${name}=${quoting === 'bare' ? bareValue(value) : envValue(value)}`
    })
    .join(' ')
}

function printPort(port: string): string {
  if (!/^\d+(?:-\d+)?(?:\/(?:tcp|udp|sctp))?$/.test(port)) throw new Unrepresentable('EXPOSE', JSON.stringify(port))
  return port
}

/** The whole rest of the line is the path; its ends are trimmed before quotes count. */
function printDirectory(path: string): string {
  requireRepresentable('WORKDIR', path, /\n|^\s|\s$|\\$|^$/)
  return pathWord(path)
}

/** The names all readers take: an `=` or a blank would move the border between name and value. */
function requireName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
    throw new Unrepresentable('Containerfile variable name', JSON.stringify(name))
  }
}
