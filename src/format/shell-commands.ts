/**
 * The simple commands of a shell script, each as its words, for a look at what it does. Quotes and here-documents are heeded; what a shell would
 * only know when it runs (variables, substitutions) stays as it is written. Good enough for advice, not for anything that must be right.
 */
export function simpleCommands(script: string): string[][] {
  const commands: string[][] = []
  let words: string[] = []
  let word = ''
  let open = false
  const endWord = () => {
    if (open) words.push(word)
    word = ''
    open = false
  }
  const endCommand = () => {
    endWord()
    if (words.length > 0) commands.push(words)
    words = []
  }
  const text = withoutHereDocuments(script.replace(/\\\n/g, ' '))
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === "'" || char === '"') {
      const end = closing(text, at)
      word += text.slice(at + 1, end)
      open = true
      at = end
    } else if (char === '\\') {
      word += text[++at] ?? ''
      open = true
    } else if (char === '#' && !open) {
      while (at + 1 < text.length && text[at + 1] !== '\n') at++
    } else if (/[\n;&|()]/.test(char)) endCommand()
    else if (/\s/.test(char)) endWord()
    else {
      word += char
      open = true
    }
  }
  endCommand()
  return commands.map(withoutPrefix).filter((one) => one.length > 0)
}

/** Where a quote ends. */
function closing(text: string, start: number): number {
  const quote = text[start]
  let at = start + 1
  while (at < text.length && text[at] !== quote) at += quote === '"' && text[at] === '\\' ? 2 : 1
  return at
}

/** The text of a here-document is no command. */
function withoutHereDocuments(text: string): string {
  const kept: string[] = []
  let until: string | undefined
  for (const line of text.split('\n')) {
    if (until !== undefined) {
      if (line.trim() === until) until = undefined
      continue
    }
    kept.push(line)
    until = /(?<!<)<<-?\s*(['"]?)([A-Za-z_]\w*)\1/.exec(line)?.[2]
  }
  return kept.join('\n')
}

const PREFIXES = new Set([
  'sudo',
  'exec',
  'env',
  'time',
  'if',
  'then',
  'else',
  'elif',
  'while',
  'do',
  '!',
  '{',
  'command',
])

/** What stands before the program: variables, keywords, programs that only run another one. */
function withoutPrefix(words: readonly string[]): string[] {
  const start = words.findIndex((word) => !PREFIXES.has(word) && !/^[A-Za-z_]\w*=/.test(word))
  return start === -1 ? [] : words.slice(start)
}
