import { parseCopy } from './copy.ts'
import type { EnvPair, Instruction } from './instruction.ts'
import { parseLabel } from './label.ts'
import { printInstruction } from './print-instruction.ts'
import { parseRun } from './run.ts'
import { liveText, readQuoted } from './text.ts'
import { readPathWord } from './word.ts'

/**
 * Reads what `printContainerfile` writes, and nothing else: a line in any other form is a SyntaxError with its number,
 * never a guess.
 */
export function parseContainerfile(text: string): Instruction[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new SyntaxError(`line ${String(lines.length + 1)}: no newline at the end`)
  const instructions: Instruction[] = []
  for (let start = 0; start < lines.length;) {
    const source = takeLogicalLine(lines, start)
    instructions.push(parseStrictly(source, start + 1))
    start += source.split('\n').length
  }
  return instructions
}

function takeLogicalLine(lines: readonly string[], start: number): string {
  let end = start
  if (!lines[start]?.startsWith('#')) while (/\\[ \t]*$/.test(lines[end] ?? '')) end += 1
  return lines.slice(start, end + 1).join('\n')
}

function parseStrictly(source: string, line: number): Instruction {
  const keyword = /^[^ ]*/.exec(source)?.[0] ?? ''
  try {
    const instruction = parseInstruction(keyword, source)
    if (printInstruction(instruction) !== source) throw new SyntaxError('not in the form ov writes')
    return instruction
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error
    throw new SyntaxError(`line ${String(line)}: ${error.message}`, { cause: error })
  }
}

function parseInstruction(keyword: string, source: string): Instruction {
  const rest = source.slice(keyword.length + 1)
  if (source === '') return { kind: 'blank' }
  switch (keyword) {
    case '#':
      return { kind: 'comment', text: rest }
    case 'ARG':
      return parseArg(rest)
    case 'FROM': {
      const [image = '', stage] = rest.split(' AS ')
      return stage === undefined ? { kind: 'from', image } : { kind: 'from', image, stage }
    }
    case 'ENV':
      return { kind: 'env', pairs: parsePairs(rest) }
    case 'EXPOSE':
      return { kind: 'expose', port: rest }
    case 'USER':
      return { kind: 'user', user: rest }
    case 'WORKDIR':
      return { kind: 'workdir', path: readPathWord(rest) }
    case 'COPY':
      return parseCopy(rest)
    case 'RUN':
      return parseRun(rest)
    case 'LABEL':
      return parseLabel(rest)
    default:
      throw new SyntaxError(`unknown instruction ${JSON.stringify(keyword)}`)
  }
}

function parseArg(rest: string): Instruction {
  const [, name = '', quoted, bare] = /^([^=]*)(?:=(?:"([^]*)"|([^]*)))?$/.exec(rest) ?? []
  if (quoted === undefined) return { kind: 'arg', name, ...(bare === undefined ? {} : { value: bare }) }
  const [part = { literal: '' }, ...others] = readQuoted(quoted)
  if (others.length > 0 || 'ref' in part) throw new SyntaxError('an ARG default holds no references')
  return { kind: 'arg', name, value: part.literal }
}

function parsePairs(rest: string): EnvPair[] {
  const pairs: EnvPair[] = []
  for (const match of rest.matchAll(/([^= ]+)=(?:"((?:[^"\\]|\\[^])*)"|([^ "]*))(?: |$)/g)) {
    const [, name = '', quoted, bare = ''] = match
    pairs.push({
      name,
      value: quoted === undefined ? liveText(bare) : readQuoted(quoted),
      quoting: quoted === undefined ? 'bare' : 'double',
    })
  }
  return pairs
}
