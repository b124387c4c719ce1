import { joinChunks, type Printed } from '../printed.ts'
import { requireRepresentable, Unrepresentable } from '../representable.ts'
import { requirePlain } from './plain.ts'
import type { Unit, UnitLine, UnitSection } from './unit.ts'

/** Prints a unit that `parseUnit` reads back; values must be encoded by the functions of this folder already. */
export function printUnit<Author>(unit: Unit<Author>): Printed<Author> {
  const chunks = [
    ...unit.head.map(chunkLine),
    ...unit.sections.flatMap((section) => [chunkHeader(section), ...section.lines.map(chunkLine)]),
  ]
  const { text, lines } = joinChunks(chunks)
  return { text: unit.unterminated ? text.slice(0, -1) : text, lines }
}

/** The canonical text of a line, refused where systemd or podman would read something else. */
export function printUnitLine(line: UnitLine<unknown>): string {
  switch (line.kind) {
    case 'blank':
      return ''
    case 'comment':
      requireRepresentable('unit file comment', line.text, /[\n\r]/)
      return line.text === '' ? '#' : `# ${line.text}`
    case 'entry':
      if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(line.key))
        throw new Unrepresentable('unit file key', JSON.stringify(line.key))
      requirePlain(`unit file ${line.key}`, line.value)
      return `${line.key}=${line.value}`
  }
}

/** The canonical header line. */
export function printUnitHeader(name: string): string {
  requireRepresentable('unit file section', name, /^$|[[\]\p{Cc}]/u)
  return `[${name}]`
}

function chunkLine<Author>(line: UnitLine<Author>): { text: string; author: Author | undefined } {
  return { text: line.raw ?? printUnitLine(line), author: line.author }
}

function chunkHeader<Author>(section: UnitSection<Author>): { text: string; author: Author | undefined } {
  return { text: section.raw ?? printUnitHeader(section.name), author: section.author }
}
