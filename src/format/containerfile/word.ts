import { requireRepresentable, Unrepresentable } from '../representable.ts'

/** An image, stage, user, flag value or name: one word without quoting; `${NAME}` in it is live. */
export function plainWord(context: string, text: string): string {
  requireRepresentable(context, text, /[\s"'\\`#]|^--/)
  if (text === '') throw new Unrepresentable(context, 'an empty text')
  return text
}

/**
 * A path as the builder's word expansion reads it, in COPY (its JSON form too) and WORKDIR: `${NAME}` live, quotes,
 * backslashes and every other `$` literal.
 */
export function pathWord(path: string): string {
  requireRepresentable('Containerfile path', path)
  return path.replace(/\$\{[A-Za-z_]\w*\}|[\\"'$]/g, (found) => (found.length > 1 ? found : `\\${found}`))
}

/** Undoes `pathWord`. */
export function readPathWord(word: string): string {
  return word.replace(/\\([^])/g, '$1')
}

/**
 * A COPY source in which `*`, `?` and `[` mean themselves: builders match sources as glob patterns. buildah matches what it found once more,
 * unescaped, so no pattern finds a backslash.
 */
export function globLiteral(path: string): string {
  requireRepresentable('a COPY source', path, /\\/)
  return path.replace(/[*?[]/g, '[$&]')
}
