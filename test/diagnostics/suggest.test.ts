import { describe, it, expect } from 'vitest'
import fc from 'fast-check'
import { suggest } from '../../src/diagnostics/suggest.ts'

const FIELDS = [
  'name',
  'version',
  'tasks',
  'vars',
  'env',
  'pathAppend',
  'volumes',
  'aliases',
  'services',
  'envRequires',
  'repositories',
  'ports',
  'directory',
  'to',
  'user',
]

describe('suggest', () => {
  it.each([
    ['path_append', 'pathAppend'],
    ['path-append', 'pathAppend'],
    ['PathAppend', 'pathAppend'],
    ['path_apend', 'pathAppend'],
    ['PATH_APPEND', 'pathAppend'],
    ['volume', 'volumes'],
    ['alias', 'aliases'],
    ['env_require', 'envRequires'],
    ['repository', 'repositories'],
    ['vesrion', 'version'],
    ['direktori', 'directory'],
    ['nmae', 'name'],
    ['prots', 'ports'],
    ['tp', 'to'],
    ['USER', 'user'],
  ])('LAY-120 %s → %s', (word, expected) => {
    expect(suggest(word, FIELDS)).toBe(expected)
  })

  it.each(['zzz', 'xy', 'description', '', '_', 'x', 'dockerfile', 'verzzz'])('LAY-120 nothing is like %j', (word) => {
    expect(suggest(word, FIELDS)).toBeUndefined()
  })

  it('says nothing about a word that is known', () => {
    expect(suggest('to', ['to', 'tp'])).toBeUndefined()
  })

  it('prefers the spelling that differs least, then the alphabet', () => {
    expect(suggest('fooBar', ['foobar', 'foo_baz'])).toBe('foobar')
    expect(suggest('foobar', ['FOOBAR', 'fooBar'])).toBe('fooBar')
    expect(suggest('color', ['colors', 'colour'])).toBe('colors')
    expect(suggest('worker', ['wonker', 'wooker'])).toBe('wonker')
  })

  it('does not depend on the order of the candidates', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '_', 's'), maxLength: 8 })
    fc.assert(
      fc.property(word, fc.array(word), (typed, candidates) => {
        expect(suggest(typed, candidates.toReversed())).toBe(suggest(typed, candidates))
      }),
    )
  })
})
