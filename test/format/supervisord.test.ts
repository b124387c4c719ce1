import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type IniSection,
  parseIni,
  printIni,
  readSupervisordEnvironment,
  readSupervisordValue,
  supervisordEnvironment,
  supervisordValue,
  Unrepresentable,
} from '../../src/format/index.ts'
import { anyText, manyTexts } from './texts.ts'

/** How supervisord 4 reads a file: its INI settings, its `%` expansion, its environment splitting. */
const READER = `
import configparser, json, shlex, sys
ini = configparser.RawConfigParser(inline_comment_prefixes=(';', '#'), strict=False)
ini.read_string(sys.stdin.read())
def pairs(text):
    lexer = shlex.shlex(text)
    lexer.wordchars += '/.+-():'
    tokens = list(lexer)
    return {k: v.strip('"\\'') for k, v in zip(tokens[0::4], tokens[2::4])}
names = {'here': '/etc', 'ENV_A': 'live'}
out = []
for name in ini.sections():
    section = {key: value % names for key, value in ini.items(name)}
    if 'environment' in section: section['environment'] = pairs(section['environment'])
    out.append(section)
print(json.dumps(out))
`

function readAsSupervisord(sections: readonly IniSection[]): Record<string, unknown>[] {
  const { stdout, stderr } = spawnSync('python3', ['-X', 'utf8', '-c', READER], { input: printIni(sections).text })
  expect(stderr.toString()).toBe('')
  return JSON.parse(stdout.toString()) as Record<string, unknown>[]
}

/** Without live `%(`, and without line ends. */
const isPlain = (text: string) => !/%\(|[\n\r]/.test(text)
const hasSpelling = (text: string) => isPlain(text) && !/^["']|["']$|".*'|'.*"/.test(text)

it('LAY-70 supervisord reads every value back', () => {
  fc.assert(
    fc.property(manyTexts, (all) => {
      const texts = all.filter(isPlain)
      const sections = texts.map((text, index) => ({
        name: `program:p${String(index)}`,
        entries: [{ key: 'command', value: supervisordValue(text) }],
      }))
      expect(readAsSupervisord(sections)).toEqual(texts.map((command) => ({ command })))
    }),
    { numRuns: 4 },
  )
})

it('LAY-70 supervisord reads every environment value back that it has a spelling for', () => {
  fc.assert(
    fc.property(manyTexts, (all) => {
      const texts = all.filter(hasSpelling)
      const sections = texts.map((text, index) => ({
        name: `program:p${String(index)}`,
        entries: [{ key: 'environment', value: supervisordEnvironment({ K: text, B: 'x', Z: '' }) }],
      }))
      expect(readAsSupervisord(sections)).toEqual(texts.map((K) => ({ environment: { B: 'x', K, Z: '' } })))
    }),
    { numRuns: 4 },
  )
})

it('LAY-70 %(ENV_A)s stays live, any other % is doubled', () => {
  const value = supervisordValue('run %(ENV_A)s 100% %d')
  expect(value).toBe('run %(ENV_A)s 100%% %%d')
  expect(readAsSupervisord([{ name: 'program:x', entries: [{ key: 'command', value }] }])).toEqual([
    { command: 'run live 100% %d' },
  ])
})

it('LAY-70 a ; or # after a blank does not start a comment', () => {
  expect(supervisordValue("sh -c 'a ; b' #c;d")).toBe("sh -c 'a %(here).0s; b' %(here).0s#c;d")
})

it('LAY-70 the readers undo the printers', () => {
  fc.assert(
    fc.property(anyText.filter(isPlain), (text) => {
      expect(readSupervisordValue(supervisordValue(text))).toBe(text)
      if (hasSpelling(text)) {
        expect(readSupervisordEnvironment(supervisordEnvironment({ B: text, A: 'x' }))).toEqual({ A: 'x', B: text })
      }
    }),
  )
})

it('LAY-67 environment is sorted and double-quoted', () => {
  expect(supervisordEnvironment({ K2: 'v2', K: 'v' })).toBe('K="v",K2="v2"')
  expect(supervisordEnvironment({ K: 'say "hi" \\ 5%' })).toBe(`K='say "hi" \\ 5%%'`)
})

it.each(['a\nb', 'a\rb', 'a\0b'])('LAY-70 rejects %j', (text) => {
  expect(() => supervisordValue(text)).toThrow(Unrepresentable)
  expect(() => supervisordEnvironment({ K: text })).toThrow(Unrepresentable)
})

it.each(['"', `it's "x"`, 'ends"', "'starts"])('LAY-70 refuses the environment value %s', (text) => {
  expect(() => supervisordEnvironment({ K: text })).toThrow(Unrepresentable)
})

it('LAY-67 a fragment keeps its order, knows its authors and parses back', () => {
  const sections = [
    {
      name: 'program:web',
      author: 'w',
      entries: [
        { key: 'command', value: '/usr/local/bin/web.sh', author: 'c' },
        { key: 'autostart', value: 'true' },
        { key: 'stdout_logfile', value: '/dev/fd/1' },
      ],
    },
    { name: 'eventlistener:e', entries: [{ key: 'events', value: 'PROCESS_STATE' }] },
  ]
  const { text, lines } = printIni(sections)
  expect(text).toBe(
    '[program:web]\ncommand=/usr/local/bin/web.sh\nautostart=true\nstdout_logfile=/dev/fd/1\n\n' +
      '[eventlistener:e]\nevents=PROCESS_STATE\n',
  )
  expect(lines).toEqual(['w', 'c', undefined, undefined, undefined, undefined, undefined])
  expect(printIni(parseIni(text)).text).toBe(text)
})

it.each(['a=b\n', '[x]\n continued\n', '[x]\n; comment\n'])('LAY-67 the parser refuses %j', (text) => {
  expect(() => parseIni(text)).toThrow(SyntaxError)
})
