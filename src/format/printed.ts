/** A rendered file and, line by line, who wrote it: the origin side map is made from `lines`. */
export interface Printed<Author> {
  /** The file, LF line ends, final newline. */
  readonly text: string
  /** One element for each physical line of `text`; `undefined` where nobody in particular wrote the line. */
  readonly lines: readonly (Author | undefined)[]
}

/** Joins chunks (each without its last newline) into a file whose every physical line keeps its chunk's author. */
export function joinChunks<Author>(chunks: readonly { text: string; author: Author | undefined }[]): Printed<Author> {
  const lines: (Author | undefined)[] = []
  let text = ''
  for (const chunk of chunks) {
    text += `${chunk.text}\n`
    let end = -1
    do {
      lines.push(chunk.author)
      end = chunk.text.indexOf('\n', end + 1)
    } while (end !== -1)
  }
  return { text, lines }
}
