/**
 * A case is one text file: its first line is the title, beginning with the requirements it proves; then come the files of a project, and
 * what ov must make of them.
 *
 *     LAY-15 adjacent mkdirs share a RUN
 *     Anything up to the first file is a remark.
 *     -- layers.ts --
 *     …
 *     -- expect .build/web/Containerfile --
 *     -- expect .build/web/Containerfile | # Layer: demo --     only the paragraph that begins with this line
 *     -- expect stderr --                                       done, and this was said
 *     -- expect failure --                                      exit 1, this was said, and not one file written
 *
 * Adding a case needs no code. `OV_UPDATE_CASES=1 npx vitest run test/cases` writes what came out into the files; read the difference.
 */
export interface Case {
  readonly title: string
  readonly head: string
  readonly files: Readonly<Record<string, string>>
  readonly expected: readonly Expectation[]
}

export interface Expectation {
  /** `stderr`, `failure`, or the path of an output file. */
  readonly of: string
  /** First line of the paragraph that counts. */
  readonly from?: string
  readonly text: string
}

const SECTION = /^-- (expect )?(.+?)(?: \| (.+))? --$/

/** Reads a case. */
export function parseCase(text: string): Case {
  const head: string[] = []
  const sections: { expect: boolean; of: string; from?: string; lines: string[] }[] = []
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const [, expect, of, from] = SECTION.exec(line) ?? []
    if (of !== undefined)
      sections.push({ expect: expect !== undefined, of, ...(from !== undefined && { from }), lines: [] })
    else (sections.at(-1)?.lines ?? head).push(line)
  }
  const body = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
  return {
    title: head[0] ?? '',
    head: body(head),
    files: Object.fromEntries(sections.filter((one) => !one.expect).map((one) => [one.of, body(one.lines)])),
    expected: sections
      .filter((one) => one.expect)
      .map(({ of, from, lines }) => ({ of, ...(from !== undefined && { from }), text: body(lines) })),
  }
}

/** Writes a case. */
export function printCase({ head, files, expected }: Case): string {
  const inputs = Object.entries(files).map(([path, text]) => `-- ${path} --\n${text}`)
  const outputs = expected.map(
    ({ of, from, text }) => `-- expect ${of}${from === undefined ? '' : ` | ${from}`} --\n${text}`,
  )
  return [head, ...inputs, ...outputs].join('')
}

/** The paragraph that begins with a line, or the whole text. */
export function paragraph(text: string, from: string | undefined): string {
  if (from === undefined) return text
  const lines = text.split('\n')
  const start = lines.indexOf(from)
  if (start === -1) return `there is no line ${JSON.stringify(from)}\n`
  const length = lines.slice(start).findIndex((line) => line === '')
  return `${lines.slice(start, length === -1 ? undefined : start + length).join('\n')}\n`
}
