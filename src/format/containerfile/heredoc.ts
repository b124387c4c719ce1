const PIECE = /'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^]|[^\s'"\\]/y
const OPENING = /^\d*<<-?[^<]*$/

/**
 * The word of a shell-form RUN that BuildKit or buildah would take for the start of a heredoc, and so swallow the
 * lines after it; `undefined` when there is none. Unbalanced quotes count, because then nobody can tell.
 */
export function findHeredoc(text: string): string | undefined {
  if (!text.includes('<<')) return undefined
  let word = ''
  for (let at = 0; at < text.length;) {
    PIECE.lastIndex = at
    const piece = PIECE.exec(text)?.[0]
    if (piece === undefined) {
      if (!/\s/.test(text.charAt(at))) return text.slice(at)
      if (OPENING.test(word)) return word
      word = ''
      at += 1
    } else {
      word += piece
      at = PIECE.lastIndex
    }
  }
  return OPENING.test(word) ? word : undefined
}
