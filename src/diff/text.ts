import { createTwoFilesPatch } from 'diff'

/** A unified diff of a file; `undefined` is a file that is not there. Empty when nothing differs. */
export function textDiff(path: string, before: string | undefined, after: string | undefined): string {
  if (before === after) return ''
  const patch = createTwoFilesPatch(
    before === undefined ? '/dev/null' : path,
    after === undefined ? '/dev/null' : path,
    before ?? '',
    after ?? '',
    '',
    '',
    { context: 3 },
  )
  // Names are said twice, and underlined; times are not ours to show.
  return patch
    .split('\n')
    .filter((line, index) => index > 1 || !/^(Index: .*|=+)$/.test(line))
    .map((line) => line.replace(/\t$/, ''))
    .join('\n')
}
