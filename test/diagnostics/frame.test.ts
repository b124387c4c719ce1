import { describe, it, expect } from 'vitest'
import fc from 'fast-check'
import { codeFrame, visible, type FrameOptions } from '../../src/diagnostics/frame.ts'

type At = Parameters<typeof codeFrame>[1]
const plain = (source: string, place: At, options: Partial<FrameOptions> = {}) =>
  codeFrame(source, place, { color: false, ...options })

const SOURCE = ["import { layer } from 'ov'", '', 'export const web = layer({', "  name: 'Web',", '})', ''].join('\n')

describe('codeFrame', () => {
  it('marks the range between two lines of context', () => {
    expect(`\n${plain(SOURCE, { line: 4, column: 9, length: 5 }, { message: 'lowercase only' })}\n`).toBe(`
  2 │
  3 │ export const web = layer({
> 4 │   name: 'Web',
    │         ^~~~~ lowercase only
  5 │ })
`)
  })

  it('marks the name at a place without length', () => {
    expect(`\n${plain(SOURCE, { line: 3, column: 20, length: 0 }, { context: 0 })}\n`).toBe(`
> 3 │ export const web = layer({
    │                    ^~~~~
`)
  })

  it('aligns line numbers of different length', () => {
    const source = Array.from({ length: 12 }, (_, index) => `line${index + 1}`).join('\n')
    expect(`\n${plain(source, { line: 9, column: 1, length: 1 }, { context: 1 })}\n`).toBe(`
   8 │ line8
>  9 │ line9
     │ ^
  10 │ line10
`)
  })

  it.each<[string, string, At, string[]]>([
    ['a tab', '\tto: 1', { line: 1, column: 6, length: 1 }, ['> 1 │     to: 1', '    │         ^']],
    ['a tab in the middle', 'ab\tto', { line: 1, column: 4, length: 2 }, ['> 1 │ ab  to', '    │     ^~']],
    ['a marked tab', 'a\tb', { line: 1, column: 2, length: 1 }, ['> 1 │ a   b', '    │  ^~~']],
    ['CJK', "n = '漢字', x", { line: 1, column: 11, length: 1 }, ["> 1 │ n = '漢字', x", '    │             ^']],
    ['marked CJK', "'漢字'", { line: 1, column: 1, length: 4 }, ["> 1 │ '漢字'", '    │ ^~~~~~']],
    ['Hangul', '한글 x', { line: 1, column: 4, length: 1 }, ['> 1 │ 한글 x', '    │      ^']],
    ['fullwidth', 'ＡＢ x', { line: 1, column: 4, length: 1 }, ['> 1 │ ＡＢ x', '    │      ^']],
    ['emoji', "'🚀' x", { line: 1, column: 6, length: 1 }, ["> 1 │ '🚀' x", '    │      ^']],
    ['joined emoji', "'👩‍👩‍👧' x", { line: 1, column: 12, length: 1 }, ["> 1 │ '👩‍👩‍👧' x", '    │      ^']],
    ['a flag', '🇨🇭 x', { line: 1, column: 6, length: 1 }, ['> 1 │ 🇨🇭 x', '    │    ^']],
    [
      'combining marks',
      'e\u0301e\u0301 x',
      { line: 1, column: 6, length: 1 },
      ['> 1 │ e\u0301e\u0301 x', '    │    ^'],
    ],
    [
      'an escape',
      "'\x1b[31m' x",
      { line: 1, column: 9, length: 1 },
      [String.raw`> 1 │ '\x1b[31m' x`, '    │            ^'],
    ],
    ['a marked escape', '\x07x', { line: 1, column: 1, length: 1 }, [String.raw`> 1 │ \x07x`, '    │ ^~~~']],
    ['reordering', "'\u202e' x", { line: 1, column: 5, length: 1 }, [String.raw`> 1 │ '\u202e' x`, '    │          ^']],
    [
      'half a pair',
      "'\ud83d' x",
      { line: 1, column: 5, length: 1 },
      [String.raw`> 1 │ '\ud83d' x`, '    │          ^'],
    ],
    ['beyond the end', 'ab', { line: 1, column: 99, length: 5 }, ['> 1 │ ab', '    │   ^']],
    ['a too long mark', 'ab cd', { line: 1, column: 4, length: 99 }, ['> 1 │ ab cd', '    │    ^~']],
    ['column 0', 'ab', { line: 1, column: 0, length: 1 }, ['> 1 │ ab', '    │ ^']],
    ['an empty line', '', { line: 1, column: 1 }, ['> 1 │', '    │ ^']],
  ])('keeps the squiggle under the text: %s', (_title, source, place, expected) => {
    expect(plain(source, place).split('\n')).toEqual(expected)
  })

  it.each(['\n', '\r\n', '\r', '\u2028'])('counts the line end %j as V8 does', (end) => {
    expect(`\n${plain(['a', 'b', 'c', ''].join(end), { line: 2, column: 1, length: 1 })}\n`).toBe(`
  1 │ a
> 2 │ b
    │ ^
  3 │ c
`)
  })

  it('is empty where the source has no such line', () => {
    expect(plain('a', { line: 2, column: 1 })).toBe('')
    expect(plain('a', { line: 0, column: 1 })).toBe('')
  })

  it('shows a window of a 10 000 character line', () => {
    const source = `${'x'.repeat(5000)}MARK${'y'.repeat(5000)}`
    expect(plain(source, { line: 1, column: 5001, length: 4 }).split('\n')).toEqual([
      `> 1 │ …${'x'.repeat(78)}MARK${'y'.repeat(76)}…`,
      `    │ ${' '.repeat(79)}^~~~`,
    ])
  })

  it.each<[string, number, number, string[]]>([
    ['start', 1, 3, [`> 1 │ ${'0123456789'.repeat(3)}01234…`, '    │ ^~~']],
    ['middle', 51, 2, [`> 1 │ …${'3456789'}${'0123456789'.repeat(2)}0123456…`, `    │ ${' '.repeat(18)}^~`]],
    ['end', 98, 3, [`> 1 │ …56789${'0123456789'.repeat(3)}`, `    │ ${' '.repeat(33)}^~~`]],
    ['more than fits', 51, 50, [`> 1 │ …6789${'0123456789'.repeat(3)}…`, `    │ ${' '.repeat(5)}^${'~'.repeat(29)}`]],
  ])('windows to the width asked for: %s', (_title, column, length, expected) => {
    expect(plain('0123456789'.repeat(10), { line: 1, column, length }, { width: 42 }).split('\n')).toEqual(expected)
  })

  it('cuts long lines around the marked one at their end', () => {
    const source = `${'a'.repeat(300)}\nb\n`
    expect(plain(source, { line: 2, column: 1 }).split('\n')).toEqual([
      `  1 │ ${'a'.repeat(159)}…`,
      '> 2 │ b',
      '    │ ^',
    ])
  })

  it('paints only when told', () => {
    const frame = codeFrame(
      'ab\ncd',
      { line: 1, column: 1, length: 2 },
      { color: true, tone: 'yellow', message: '\x1b' },
    )
    expect(frame.replaceAll('\x1b', 'ESC').split('\n')).toEqual([
      'ESC[33m>ESC[39m ESC[1m1ESC[22m ESC[2m│ESC[22m ab',
      String.raw`    ESC[2m│ESC[22m ESC[1mESC[33m^~ESC[39mESC[22m ESC[33m\x1bESC[39m`,
      '  ESC[2m2ESC[22m ESC[2m│ESC[22m cd',
    ])
  })

  it('never emits a control character and never fails', () => {
    const piece = fc.constantFrom(
      'a',
      '漢',
      '🚀',
      '\t',
      '\x1b[2J',
      '\r',
      '\n',
      '\u2066',
      '\u0301',
      '\ud800',
      'x'.repeat(400),
    )
    const place = fc.record({ line: fc.integer({ max: 9 }), column: fc.integer({ max: 900 }), length: fc.nat(600) })
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), place, (pieces, at) => {
        const lines = plain(pieces.join(''), at).split('\n')
        for (const line of lines) expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2066]/)
        for (const line of lines) expect(line.length).toBeLessThan(400)
      }),
    )
  })
})

describe('visible', () => {
  it.each([
    ['plain – 漢字 🚀', 'plain – 漢字 🚀'],
    ['\x1b]0;title\x07', String.raw`\x1b]0;title\x07`],
    ['a\r\n\tb', String.raw`a\r\n\tb`],
    ['\x9b31m\x7f', String.raw`\x9b31m\x7f`],
    ['\u202egnp.exe', String.raw`\u202egnp.exe`],
  ])('spells out what would move the cursor or reorder text: %j', (text, expected) => {
    expect(visible(text)).toBe(expected)
  })
})
