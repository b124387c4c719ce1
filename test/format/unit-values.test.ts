import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  execLine,
  execWord,
  expansionSafe,
  quadletEnvironment,
  quadletPlain,
  quadletWord,
  readExecLine,
  readExecWord,
  readExpansionSafe,
  readQuadletEnvironment,
  readQuadletPlain,
  readQuadletWord,
  readServiceEnvironment,
  readSpecifierSafe,
  readUnitValuePlain,
  serviceEnvironment,
  specifierSafe,
  unitValuePlain,
  Unrepresentable,
} from '../../src/format/index.ts'
import { anyText, NASTY } from './texts.ts'

/** Either the text comes back, or it was refused. */
function expectRoundTrip(text: string, write: (text: string) => string, read: (value: string) => string): boolean {
  let value
  try {
    value = write(text)
  } catch (error) {
    expect(error).toBeInstanceOf(Unrepresentable)
    return false
  }
  expect(value).not.toMatch(/[\n\r]/)
  expect(read(value)).toBe(text)
  return true
}

const environmentValue = ([name, value]: [string, string]) => {
  expect(name).toBe('K')
  return value
}

it.each<[string, (text: string) => string, (value: string) => string]>([
  ['POD-118 an Exec word', execWord, readExecWord],
  [
    'LAY-72 a [Service] Environment value',
    (v) => serviceEnvironment('K', v),
    (t) => environmentValue(readServiceEnvironment(t)),
  ],
])('%s holds every text', (_, write, read) => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(expectRoundTrip(text, write, read)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

it('POD-118 a quadlet Environment value holds every text but U+0080 and CRLF', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const held = expectRoundTrip(
        text,
        (v) => quadletEnvironment('K', v),
        (t) => environmentValue(readQuadletEnvironment(t)),
      )
      expect(held).toBe(!/\u0080|\r\n/.test(text))
    }),
    { numRuns: 500 },
  )
})

it('POD-118 a quadlet word holds every text but the empty one, a lone ; and U+0080', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const held = expectRoundTrip(text, quadletWord, readQuadletWord)
      expect(held).toBe(text !== '' && text !== ';' && !text.includes('\u0080'))
    }),
  )
})

it('POD-118 a plain value holds every text without line ends, trimmed ends or a trailing backslash', () => {
  const fits = (text: string) => !/[\n\r]|\\$/.test(text) && !/^[\s\u0085]|[\s\u0085]$/.test(text)
  fc.assert(
    fc.property(anyText, (text) => {
      expect(expectRoundTrip(text, unitValuePlain, readUnitValuePlain)).toBe(fits(text))
      expect(expectRoundTrip(text, quadletPlain, readQuadletPlain)).toBe(fits(text) && !/^"|"$|\u0080/.test(text))
    }),
  )
})

it('POD-118 % and $ come back single', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(readSpecifierSafe(specifierSafe(text))).toBe(text)
      expect(readExpansionSafe(expansionSafe(text))).toBe(text)
    }),
  )
  expect(() => readSpecifierSafe('%h')).toThrow(SyntaxError)
  expect(() => readExpansionSafe('$HOME')).toThrow(SyntaxError)
})

it('POD-118 a command line holds any arguments', () => {
  fc.assert(
    fc.property(fc.array(anyText), fc.constantFrom('', '-', '+!'), (args, prefix) => {
      const words = ['/opt/my prog%1', ...args]
      expect(readExecLine(execLine(words, prefix))).toEqual({ prefix, words })
    }),
  )
})

it.each([
  ['LOG_LEVEL', 'debug', 'LOG_LEVEL=debug'],
  ['GREETING', 'hello world', 'GREETING="hello world"'],
  ['EMPTY', '', 'EMPTY=""'],
  ['TS_LOCAL_ADDR_PORT', '[::]:9002', 'TS_LOCAL_ADDR_PORT="[::]:9002"'],
  ['X', '100%$A', 'X=100%%$$A'],
  ['X', 'a"b\\c\nd\te\x01', 'X="a\\"b\\\\c\\nd\\te\\x01"'],
  ['X', "it's", 'X="it\'s"'],
])('POD-118 Environment=%s of %j', (name, value, line) => {
  expect(quadletEnvironment(name, value)).toBe(line)
})

it('LAY-72 a [Service] Environment is quoted whole, with % doubled and $ single', () => {
  expect(serviceEnvironment('K', 'v')).toBe('"K=v"')
  expect(serviceEnvironment('K', '5% of $x "y"')).toBe('"K=5%% of $x \\"y\\""')
})

it.each([
  ['--security-opt=label=disable', '--security-opt=label=disable'],
  ['a b', '"a b"'],
  ['100%$', '100%%$$'],
])('POD-118 the quadlet word %s', (text, word) => {
  expect(quadletWord(text)).toBe(word)
})

it('POD-118 a Volume is never quoted', () => {
  expect(quadletPlain('/srv/my data/50%/$x:/data')).toBe('/srv/my data/50%%/$$x:/data')
})

it.each([[[]], [['']], [['-x']], [['@x']], [['/a\tb']], [['/a$b']]])('POD-118 refuses the program of %j', (words) => {
  expect(() => execLine(words)).toThrow(Unrepresentable)
})

it.each(['"open', "a 'b", 'a\\', '"\\q"', '\\x80', '"a" "b"'])('POD-118 readers refuse %s', (value) => {
  expect(() => readExecWord(value)).toThrow(SyntaxError)
})

it('LAY-72 systemd-analyze verify has nothing to say about a sample of values', () => {
  const texts = [...NASTY, ...fc.sample(anyText, { numRuns: 300, seed: 7 })]
  const folder = mkdtempSync(join(tmpdir(), 'ov-unit-'))
  const unit = join(folder, 'ov-sample.service')
  const lines = texts.map((text) => `Environment=${serviceEnvironment('K', text)}`)
  writeFileSync(unit, ['[Service]', `ExecStart=${execLine(['/bin/true', ...texts])}`, ...lines, ''].join('\n'))
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit])
  rmSync(folder, { recursive: true })
  expect(stderr.toString()).not.toMatch(/ov-sample|ignoring/)
})
