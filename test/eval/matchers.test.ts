import { describe, expect, it } from 'vitest'
import { firstMismatch, firstMismatchOfLines, mismatch } from '../../src/eval/matchers.ts'
import type { MatcherLabel } from '../../src/plan/checks.ts'

describe('EVAL-08 matchers', () => {
  it.each<readonly [op: MatcherLabel['op'], value: unknown, observed: string, problem: string | undefined]>([
    ['equals', 'a', 'a', undefined],
    ['equals', 'a', 'a\r\n\n', undefined],
    ['equals', 'a\n', 'a', undefined],
    ['equals', 'a', 'a ', '"a " is not "a"'],
    ['equals', 5, '5\n', undefined],
    ['equals', true, 'true', undefined],
    ['equals', '', '', undefined],
    ['equals', '', 'x', '"x" is not ""'],
    ['not_equals', 'a', 'b', undefined],
    ['not_equals', 'a', 'a\n', 'it is "a"'],
    ['contains', 'b', 'abc', undefined],
    ['contains', ['a', 'c'], 'abc', undefined],
    ['contains', ['a', 'x'], 'abc', '"abc" does not contain "x"'],
    ['contains', 1, 'v1', undefined],
    ['not_contains', 'x', 'abc', undefined],
    ['not_contains', ['x', 'b'], 'abc', '"abc" contains "b"'],
    ['matches', '^a.c$', 'abc\n', undefined],
    ['matches', '^B', 'abc', '"abc" does not match ^B'],
    ['matches', '(?i)^ABC', 'abc', undefined],
    ['matches', '(?im)^x$', 'a\nX\nb', undefined],
    ['matches', '(', 'abc', '"(" is not a regular expression'],
    ['not_matches', '^B', 'abc', undefined],
    ['not_matches', 'b', 'abc', '"abc" matches b'],
    ['lt', 10, ' 9.5\n', undefined],
    ['lt', 10, '10', '10 is not below 10'],
    ['le', 10, '10', undefined],
    ['le', 10, '11', '11 is above 10'],
    ['gt', 10, '1e2', undefined],
    ['gt', 10, '10', '10 is not above 10'],
    ['ge', 10, '10', undefined],
    ['ge', 10, '-11', '-11 is below 10'],
    ['ge', 10, '', '"" is not a number'],
    ['ge', 10, '0x20', '"0x20" is not a number'],
    ['ge', 'ten', '11', 'it is to be compared with "ten", which is not a number'],
  ])('EVAL-08 %s %j of %j', (op, value, observed, problem) => {
    expect(mismatch({ op, value }, observed)).toBe(problem)
  })
  it('EVAL-08 all must hold, and the first that does not is told', () => {
    const all: MatcherLabel[] = [
      { op: 'contains', value: 'a' },
      { op: 'contains', value: 'x' },
      { op: 'contains', value: 'y' },
    ]
    expect(firstMismatch(all, 'abc')).toBe('"abc" does not contain "x"')
    expect(firstMismatch(all, 'axy')).toBeUndefined()
    expect(firstMismatch(undefined, 'abc')).toBeUndefined()
  })
  it('EVAL-08 long texts are cut in messages', () => {
    expect(mismatch({ op: 'equals', value: 'x' }, 'a'.repeat(5000))).toMatch(/^"a{200}…" is not "x"$/)
  })
  it('EVAL-35 of header lines one must fit, and what is denied must not be in any', () => {
    const lines = ['content-type: text/html', 'server: x']
    expect(firstMismatchOfLines([{ op: 'matches', value: '^server' }], lines)).toBeUndefined()
    expect(firstMismatchOfLines([{ op: 'equals', value: 'server: y' }], lines)).toBe('no line is "server: y"')
    expect(firstMismatchOfLines([{ op: 'not_contains', value: 'x-powered-by' }], lines)).toBeUndefined()
    expect(firstMismatchOfLines([{ op: 'not_contains', value: 'server' }], lines)).toBe('"server: x" contains "server"')
    expect(firstMismatchOfLines([{ op: 'contains', value: 'a' }], [])).toBe('no line contains "a"')
  })
})
