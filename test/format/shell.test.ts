import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ansiC, bashWords, quoteSingle, shellWord, Unrepresentable, urlWord } from '../../src/format/index.ts'
import { anyText, manyTexts } from './texts.ts'

/** What a real shell makes of the words. */
function readBack(shell: string, words: readonly string[]): string[] {
  const input = words.map((word) => `printf '%s\\0' ${word}\n`).join('')
  const { stdout, stderr } = spawnSync(shell, ['-s'], { input, env: { A: 'live value' } })
  expect(stderr.toString()).toBe('')
  return stdout.toString().split('\0').slice(0, -1)
}

/** `${A}` is set, every other variable is not. */
function fillIn(text: string): string {
  return text.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => (name === 'A' ? 'live value' : ''))
}

/** A live value in a bare word would be split at its blank: the caller's promise is that paths have none. */
const isBareLive = (text: string) => shellWord(text) === text && text.includes('${')

describe.each(['/bin/bash', '/bin/sh'])('%s', (shell) => {
  it('LAY-19 reads a single-quoted script back byte for byte', () => {
    fc.assert(
      fc.property(manyTexts, (texts) => {
        expect(readBack(shell, texts.map(quoteSingle))).toEqual(texts)
      }),
      { numRuns: 10 },
    )
  })

  it('LAY-33 reads a word back with ${NAME} filled in and all else literal', () => {
    fc.assert(
      fc.property(manyTexts, (all) => {
        const texts = all.filter((text) => !isBareLive(text))
        expect(readBack(shell, texts.map(shellWord))).toEqual(texts.map(fillIn))
      }),
      { numRuns: 10 },
    )
  })

  it('LAY-33 reads a URL back with ${NAME} filled in and all else literal', () => {
    fc.assert(
      fc.property(manyTexts, (texts) => {
        expect(readBack(shell, texts.map(urlWord))).toEqual(texts.map(fillIn))
      }),
      { numRuns: 10 },
    )
  })
})

it('LAY-13 cmd text reaches a real bash byte for byte through one physical line', () => {
  fc.assert(
    fc.property(manyTexts, (texts) => {
      expect(texts.map(ansiC).join('')).not.toMatch(/[\n\r\t]/)
      expect(readBack('/bin/bash', texts.map(ansiC))).toEqual(texts)
    }),
    { numRuns: 10 },
  )
})

it('LAY-13 escapes as the requirement spells it', () => {
  expect(ansiC('BUILD_ARCH=$(uname -m)\nset -e\necho \'a\\b\'\t"c"\r\x01')).toBe(
    String.raw`$'BUILD_ARCH=$(uname -m)\nset -e\necho \x27a\\b\x27\t"c"\r\x01'`,
  )
})

it.each([
  ['/usr/local/bin', '/usr/local/bin'],
  ['/opt/${ARCH}/bin:x@y%z+a=b,c.d_e-f', '/opt/${ARCH}/bin:x@y%z+a=b,c.d_e-f'],
  ['{}', '{}'],
  ['', '""'],
  ['/a b', '"/a b"'],
  ['/a b/${ARCH}', '"/a b/${ARCH}"'],
  ['/a$b', '"/a\\$b"'],
  ['a"b`c\\d', '"a\\"b\\`c\\\\d"'],
  ['/srv/{a,b}', '"/srv/{a,b}"'],
  ['~root/x', '"~root/x"'],
  ['/a/b~', '/a/b~'],
  ["it's!", `"it's!"`],
])('LAY-33 quotes %s', (text, word) => {
  expect(shellWord(text)).toBe(word)
})

it('LAY-33 a URL keeps ${NAME} live and escapes any other $', () => {
  expect(urlWord('https://x/${V}/a?b=$c&d=$')).toBe('"https://x/${V}/a?b=\\$c&d=\\$"')
})

it('LAY-33 the parser reads every printer back', () => {
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      for (const print of [quoteSingle, shellWord, urlWord, ansiC]) {
        expect(bashWords(texts.map(print).join(' '))).toEqual(texts)
      }
    }),
  )
})

it.each(['a | b', '$(id)', '"$HOME"', '"`id`"', "'open", '"open', '*', 'a;b', "$'\\q'"])(
  'LAY-33 the parser refuses %s',
  (line) => {
    expect(() => bashWords(line)).toThrow(SyntaxError)
  },
)

it('LAY-33 refuses what no shell word can hold', () => {
  for (const print of [quoteSingle, shellWord, urlWord, ansiC]) {
    expect(() => print('a\0b')).toThrow(Unrepresentable)
    expect(() => print('a\ud800b')).toThrow(RangeError)
  }
})
