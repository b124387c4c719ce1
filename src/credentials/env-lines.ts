import { quoteSingle } from '../format/index.ts'
import { parseEnvFile } from '../plan/pod/env.ts'

/** Names that every shell can have. */
export const isShellName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

/** The variable of a line, as the reader of files of variables sees it; undefined for remarks and everything else. */
const variableOf = (line: string): readonly [name: string, value: string] | undefined =>
  // A name alone would be that of a variable outside of the file.
  parseEnvFile(line, () => undefined)
    .entries()
    .next().value

/** Names of the variables that a text has. */
export const namesIn = (text: string): string[] => [...parseEnvFile(text, () => undefined).keys()]

/** A text with a variable in it, where an older value stood, or at its end; undefined for a value that a line can't hold. Other lines stay. (CRED-65) */
export function withVariable(text: string, name: string, value: string): string | undefined {
  const line = `${name}=${quoted(value)}`
  const read = variableOf(line)
  if (/[\n\0]/.test(line) || read?.[0] !== name || read[1] !== value) return undefined
  const lines = text.split('\n')
  const places = lines.flatMap((one, index) => (variableOf(one)?.[0] === name ? [index] : []))
  const [first] = places
  if (first === undefined) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
  // The last one counts: earlier ones would only keep an old value.
  return lines
    .map((one, index) => (index === first ? `${line}${one.endsWith('\r') ? '\r' : ''}` : one))
    .filter((_, index) => index === first || !places.includes(index))
    .join('\n')
}

/** Only where the value would be read as another one without them: not every reader takes quotes off. */
function quoted(value: string): string {
  if (variableOf(`A=${value}`)?.[1] === value) return value
  return value.includes("'") ? `"${value}"` : `'${value}'`
}

/** A text without a variable. */
export const withoutVariable = (text: string, name: string): string =>
  text
    .split('\n')
    .filter((line) => variableOf(line)?.[0] !== name)
    .join('\n')

/** What a shell sets the variables of a text with, and the numbers of lines whose variables no shell can have. (CRED-65) */
export function shellExports(text: string): { readonly lines: readonly string[]; readonly leftOut: readonly number[] } {
  const variables = new Map<string, string>()
  const leftOut: number[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const [name, value] = variableOf(line) ?? []
    if (name === undefined || value === undefined) continue
    if (isShellName(name) && !value.includes('\0')) variables.set(name, value)
    else leftOut.push(index + 1)
  }
  return { lines: [...variables].map(([name, value]) => `export ${name}=${quoteSingle(value)}`), leftOut }
}
