import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockIn, BrokenFence, withBlock, withoutBlock } from '../../src/format/fence.ts'

const NOTE = '(managed by ov; do not edit inside this block)'
const BLOCK = `# overthink:begin foo ${NOTE}\nbody\n# overthink:end foo\n`

describe('a block in somebody’s file', () => {
  it.each([
    ['an empty file', '', BLOCK],
    ['a file', 'a\n', `a\n\n${BLOCK}`],
    ['one without a last line break', 'a', `a\n\n${BLOCK}`],
    ['an older block', `a\n\n${BLOCK.replace('body', 'old\nlines')}b\n`, `a\n\n${BLOCK}b\n`],
    [
      'a block of a longer name',
      `# overthink:begin foobar ${NOTE}\nx\n# overthink:end foobar\n`,
      `# overthink:begin foobar ${NOTE}\nx\n# overthink:end foobar\n\n${BLOCK}`,
    ],
  ])('HOST-30 HOST-31 HOST-53 is put into %s', (_, before, after) => {
    expect(withBlock(before, 'foo', 'body\n')).toBe(after)
    expect(withBlock(after, 'foo', 'body')).toBe(after)
    expect(blockIn(after, 'foo')).toBe('body')
  })

  const lines = fc.array(
    fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('', '#', 'overthink:end foo', '# overthink:end foobar', 'x'.repeat(5_000)),
    ),
    { maxLength: 6 },
  )
  const texts = lines.map((some) => some.map((line) => `${line.replaceAll('\n', '')}\n`).join(''))
  it('HOST-31 HOST-32 HOST-53 goes without a trace, whatever is around it', () => {
    fc.assert(
      fc.property(texts, texts, (text, body) => {
        const block = body.replaceAll('overthink:end foo\n', '')
        expect(withoutBlock(withBlock(text, 'foo', block), 'foo')).toBe(text)
        const both = withBlock(withBlock(text, 'foo', block), '', 'global')
        expect(withoutBlock(withoutBlock(both, 'foo'), '')).toBe(text)
        expect(withoutBlock(withoutBlock(both, ''), 'foo')).toBe(text)
        expect(blockIn(both, '')).toBe('global')
      }),
    )
  })

  it.each([
    ['begins and does not end', `a\n# overthink:begin foo ${NOTE}\nb\n`, 2],
    ['ends and does not begin', 'a\nb\n# overthink:end foo\n', 3],
    ['begins twice', `# overthink:begin foo ${NOTE}\n# overthink:begin foo ${NOTE}\n# overthink:end foo\n`, 1],
  ])('HOST-53 one that %s is refused', (_, text, line) => {
    for (const change of [
      () => withBlock(text, 'foo', 'x'),
      () => withoutBlock(text, 'foo'),
      () => blockIn(text, 'foo'),
    ])
      expect(change).toThrow(expect.objectContaining({ line }))
    expect(() => withBlock(text, 'foo', 'x')).toThrow(BrokenFence)
    expect(withoutBlock(text, 'bar')).toBe(text)
  })
})
