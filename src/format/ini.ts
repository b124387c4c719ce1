import { joinChunks, type Printed } from './printed.ts'
import { requireRepresentable, Unrepresentable } from './representable.ts'

/** One `key=value` line; the value is encoded for its reader already. */
export interface IniEntry<Author = never> {
  readonly key: string
  readonly value: string
  readonly author?: Author
}

/** A `[name]` section with its keys in order. */
export interface IniSection<Author = never> {
  readonly name: string
  readonly entries: readonly IniEntry<Author>[]
  readonly author?: Author
}

/** Prints sections with one blank line between them; `parseIni` reads them back. */
export function printIni<Author>(sections: readonly IniSection<Author>[]): Printed<Author> {
  return joinChunks(
    sections.flatMap((section, index) => [
      ...(index > 0 ? [{ text: '', author: undefined }] : []),
      { text: printHeader(section.name), author: section.author },
      ...section.entries.map((entry) => ({ text: printEntry(entry), author: entry.author })),
    ]),
  )
}

/** Reads what `printIni` writes, and nothing else: continued lines, comments and unknown lines are SyntaxErrors. */
export function parseIni(text: string): IniSection[] {
  const sections: { name: string; entries: IniEntry[] }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    const [, name, key, value] = /^(?:\[([^[\]]+)\]|([A-Za-z_][\w.]*)=(.*))$/.exec(line) ?? []
    const section = sections.at(-1)
    if (name !== undefined) sections.push({ name, entries: [] })
    else if (section && key !== undefined && value !== undefined) section.entries.push({ key, value })
    else throw new SyntaxError(`line ${String(index + 1)}: expected [section] or key=value`)
  }
  return sections
}

function printHeader(name: string): string {
  requireRepresentable('INI section name', name, /[[\]\p{Cc}]|^\s|\s$|^$/u)
  return `[${name}]`
}

function printEntry({ key, value }: IniEntry<unknown>): string {
  if (!/^[A-Za-z_][\w.]*$/.test(key)) throw new Unrepresentable('INI key', JSON.stringify(key))
  requireRepresentable(`INI ${key}`, value, /[\n\r]/)
  return `${key}=${value}`
}
