/** JSON texts are YAML scalars of one line, so that none of them needs a spelling of its own. */
const scalar = (value: unknown): string => JSON.stringify(value)

/** Data as YAML in block style: maps, lists, texts, numbers, true and false. */
export function printYaml(value: unknown): string {
  return `${lines(value).join('\n')}\n`
}

function lines(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [scalar(value)]
  const list = Array.isArray(value)
  const entries = list
    ? (value as unknown[]).map((one) => ['-', one] as const)
    : Object.entries(value as Readonly<Record<string, unknown>>).map(
        ([key, one]) => [`${/^[A-Za-z]\w*$/.test(key) ? key : scalar(key)}:`, one] as const,
      )
  if (entries.length === 0) return [list ? '[]' : '{}']
  return entries.flatMap(([head, one]) => {
    const [first = '', ...rest] = lines(one)
    const nested = typeof one === 'object' && one !== null && Object.keys(one).length > 0
    if (!nested) return [`${head} ${first}`]
    if (list) return [`${head} ${first}`, ...rest.map((line) => `  ${line}`)]
    return [head, ...[first, ...rest].map((line) => `  ${line}`)]
  })
}
