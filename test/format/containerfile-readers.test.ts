import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Instruction, literalText, liveText, printContainerfile } from '../../src/format/index.ts'
import { expandWord, readLogicalLines, splitPairs } from './builder.ts'
import { anyText, NASTY } from './texts.ts'

const ENV = { A: 'live value', PATH: '/bin' }
const fillIn = (text: string) => text.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: 'A') => ENV[name] ?? '')

/** The arguments of a printed instruction as a builder sees them, and proof that it stays one logical line. */
function argumentsOf(instruction: Instruction): string {
  const { text } = printContainerfile([{ instruction: { kind: 'user', user: 'root' } }, { instruction }])
  const lines = readLogicalLines(text)
  expect(lines).toHaveLength(2)
  return (lines[1] ?? '').replace(/^[A-Z]+ /, '')
}

const pairValue = (instruction: Instruction) => {
  const words = splitPairs(argumentsOf(instruction))
  expect(words).toHaveLength(1)
  return expandWord((words[0] ?? '').slice('K='.length), ENV)
}

const oneLine = fc.oneof(anyText, fc.constantFrom(...NASTY)).map((text) => text.replaceAll('\n', ' '))

describe('a builder reads', () => {
  it('LAY-62 an ENV value literally', () => {
    fc.assert(
      fc.property(oneLine, (value) => {
        const pairs = [{ name: 'K', value: literalText(value), quoting: 'double' as const }]
        expect(pairValue({ kind: 'env', pairs })).toBe(value)
      }),
    )
  })

  it('LAY-28 a var with its references filled in and all else literal', () => {
    fc.assert(
      fc.property(oneLine, (value) => {
        const pairs = [{ name: 'K', value: liveText(value), quoting: 'double' as const }]
        expect(pairValue({ kind: 'env', pairs })).toBe(fillIn(value))
      }),
    )
  })

  it('IMG-144 a label value literally, in either quoting', () => {
    fc.assert(
      fc.property(oneLine, fc.constantFrom('single' as const, 'double' as const), (value, quoting) => {
        expect(pairValue({ kind: 'label', name: 'K', value, quoting })).toBe(value)
      }),
    )
  })

  it('LAY-33 COPY paths with references filled in and all else literal', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 2, maxLength: 4 }), (texts) => {
        const paths = texts.map((text) => `x${text}`)
        const args = argumentsOf({ kind: 'copy', sources: paths.slice(1), to: paths[0] ?? '' })
        const words = args.startsWith('[') ? (JSON.parse(args) as string[]) : args.split(/[\t\v\f\r ]+/)
        expect(words.map((word) => expandWord(word, ENV))).toEqual([...paths.slice(1), paths[0] ?? ''].map(fillIn))
      }),
    )
  })

  it('IMG-60 a WORKDIR with references filled in and all else literal', () => {
    fc.assert(
      fc.property(oneLine, (text) => {
        const path = `/${text}x`
        expect(expandWord(argumentsOf({ kind: 'workdir', path }), ENV)).toBe(fillIn(path))
      }),
    )
  })
})
