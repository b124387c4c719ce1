/** What BuildKit and imagebuilder make of a Containerfile, written from the behaviour of their readers. */

/** Logical lines: comments and empty lines dropped even inside a command, `\` at a line end joined, ends trimmed. */
export function readLogicalLines(text: string): string[] {
  const logical: string[] = []
  let open: string | undefined
  for (const physical of text.split('\n')) {
    const line = open === undefined ? physical.trimStart() : physical
    if (/^\s*(?:#|$)/.test(line)) continue
    const continued = /\\[ \t]*$/.test(line)
    open = (open ?? '') + (continued ? line.replace(/\\[ \t]*$/, '') : line)
    if (continued) continue
    logical.push(open.trim())
    open = undefined
  }
  return logical
}

/** The `name=value` words of ENV and LABEL: split at blanks outside quotes, quotes and escapes kept. */
export function splitPairs(rest: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < rest.length; at += 1) {
    let char = rest.charAt(at)
    if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push(word)
      word = ''
      continue
    }
    if (quote === '' && /["']/.test(char)) quote = char
    else if (char === quote) quote = ''
    else if (char === '\\' && quote !== "'") {
      word += char
      char = rest.charAt((at += 1))
    }
    word += char
  }
  return word === '' ? words : [...words, word]
}

/** Word expansion: quotes removed, escapes undone, `$NAME` and `${NAME}` filled in outside single quotes. */
export function expandWord(word: string, env: Readonly<Record<string, string>>): string {
  const DOLLAR = /\$(?:\{(\w+)\}|([A-Za-z_]\w*|\d)?)/y
  let result = ''
  let quote = ''
  for (let at = 0; at < word.length; at += 1) {
    const char = word.charAt(at)
    if (quote === "'" ? char === "'" : char === '"' || (char === "'" && quote === '')) quote = quote === '' ? char : ''
    else if (quote === "'") result += char
    else if (char === '$') {
      DOLLAR.lastIndex = at
      const match = DOLLAR.exec(word)
      if (!match) throw new Error(`bad substitution in ${word}`)
      const name = match[1] ?? match[2]
      result += name === undefined ? '$' : (env[name] ?? '')
      at = DOLLAR.lastIndex - 1
    } else if (char !== '\\') result += char
    else {
      const next = word.charAt((at += 1))
      result += quote === '' || /["$\\]/.test(next) ? next : `\\${next}`
    }
  }
  if (quote !== '') throw new Error(`open quote in ${word}`)
  return result
}
