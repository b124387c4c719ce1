import { describe, it, expect } from 'vitest'
import fc from 'fast-check'
import { locateField, segmentsOf } from '../../src/diagnostics/locate.ts'

const WEB = `import { layer, copy, cmd as run } from 'ov'
import * as ov from 'ov'
const dest = '/y' as const
const first = [run('a'), copy('b', { to: dest })] as const
const tasks = [...first, run('c')]
const base = { user: 'me', shell: { zsh: 'z' } }
const web = layer({
  name: 'web',
  'version': \`1\`,
  env: { PATH: 'x', ['HO' + 'ME']: '1', LAST: 'l' },
  volumes: [{ name: 'a/b', path: 'rel' }, volume('c/d', { path: 'r2' })],
  ports: { 8080: 'http', "53/udp": dns },
  tasks: [
    ...tasks,
    copy('x', { to: 'rel', mode: '9' }),
    run(\`echo
      hi\`, { user: 3 }),
    { mkdir: '/m', mode: mode() },
    ...other(),
    run('z'),
  ] satisfies Task[],
  rpm: { // comment
    repos: [{ name: 'ms', 'gpg-key': ('k')! }] },
  ...base,
  over: { ...base, user: 'you' },
  under: { user: 'you', ...unknown() },
  frozen: Object.freeze([{ a: 1 }]),
  member: base.shell,
  method() { return 1 },
  image: ov.image({ name: 'inner', layers: [layer({ name: 'deep' })] }),
  cycle,
})
const cycle = cycle2
const cycle2 = { ...cycle }
`

/** The call is the first one spelt like this; the answer is what stands in the range. */
function mark(source: string, callee: string, field: string, which: 'value' | 'key' = 'value'): string {
  const lines = source.split(/\r\n|\n/)
  const line = lines.findIndex((text) => text.includes(callee))
  const column = (lines[line] ?? '').indexOf(callee)
  const found = locateField(source, { line: line + 1, column: column + 1 }, field, { which })
  if (!found) return 'nothing'
  const text = (lines[found.line - 1] ?? '').slice(found.column - 1)
  expect(found.length).toBeLessThanOrEqual(text.length)
  return `${found.line}:${found.column} ${text.slice(0, found.length)}`
}

describe('locateField: values', () => {
  it.each([
    ['name', "8:9 'web'"],
    ['version', '9:14 `1`'],
    ['env.PATH', "10:16 'x'"],
    ['env.LAST', "10:47 'l'"],
    ['volumes["a/b"].path', "11:34 'rel'"],
    ['volumes["c/d"].path', "11:65 'r2'"],
    ['volumes["a/b"]', "11:13 { name: 'a/b', path: 'rel' }"],
    ['ports[8080]', "12:18 'http'"],
    ['ports["53/udp"]', '12:36 dns'],
    ['tasks', '13:10 ['],
    ['tasks[0].cmd', "4:20 'a'"],
    ['tasks[1].to', "3:14 '/y'"],
    ['tasks[2].cmd', "5:30 'c'"],
    ['tasks[3].copy', "15:10 'x'"],
    ['tasks[3].to', "15:21 'rel'"],
    ['tasks[4].cmd', '16:9 `echo'],
    ['tasks[4].user', '17:20 3'],
    ['tasks[5].mkdir', "18:14 '/m'"],
    ['tasks[5].mode', '18:26 mode()'],
    ['rpm', '22:8 {'],
    ['rpm.repos[0].gpg-key', "23:39 'k'"],
    ['rpm.repos[0]["gpg-key"]', "23:39 'k'"],
    ['user', "6:22 'me'"],
    ['shell.zsh', "6:42 'z'"],
    ['over.user', "25:26 'you'"],
    ['over.shell.zsh', "6:42 'z'"],
    ['frozen[0].a', '27:31 1'],
    ['member.zsh', "6:42 'z'"],
    ['method', '29:3 method() { return 1 }'],
    ['image.name', "30:27 'inner'"],
    ['image.layers[0].name', "30:59 'deep'"],
  ])('LAY-111 %s', (field, expected) => {
    expect(mark(WEB, 'layer({', field)).toBe(expected)
  })

  it.each([
    ['no such field', 'depends', '7:13 layer'],
    ['no path at all', '', '7:13 layer'],
    ['a path that cannot be read', '$$[', '7:13 layer'],
    ['no such property', 'over.group', "25:9 { ...base, user: 'you' }"],
    ['a name that may be computed', 'env.HOME', "10:8 { PATH: 'x', ['HO' + 'ME']: '1', LAST: 'l' }"],
    ['a path into a string', 'env.PATH.deep', "10:16 'x'"],
    ['a spread that may override', 'under.user', "26:10 { user: 'you', ...unknown() }"],
    ['an index behind a spread', 'tasks[6].cmd', '13:10 ['],
    ['no such modifier', 'tasks[3].caps', "15:5 copy('x', { to: 'rel', mode: '9' })"],
    ['no such list entry', 'volumes["zz"].path', "11:12 [{ name: 'a/b', path: 'rel' }, volume('c/d', { path: 'r2' })]"],
    ['no such index', 'rpm.repos[7].name', "23:12 [{ name: 'ms', 'gpg-key': ('k')! }]"],
    ['a circle', 'cycle.deep', '34:16 { ...cycle }'],
  ])('stops at what is certain: %s', (_title, field, expected) => {
    expect(mark(WEB, 'layer({', field)).toBe(expected)
  })
})

describe('locateField: keys', () => {
  it.each([
    ['name', '8:3 name'],
    ['version', "9:3 'version'"],
    ['env.PATH', '10:10 PATH'],
    ['tasks[1].to', '4:38 to'],
    ['tasks[3].mode', '15:28 mode'],
    ['tasks[3].copy', '15:5 copy'],
    ['tasks[4].cmd', '16:5 run'],
    ['tasks[3]', "15:5 copy('x', { to: 'rel', mode: '9' })"],
    ['rpm.repos[0].gpg-key', "23:27 'gpg-key'"],
    ['volumes["a/b"]', "11:21 'a/b'"],
    ['cycle', '31:3 cycle'],
  ])('LAY-120 %s', (field, expected) => {
    expect(mark(WEB, 'layer({', field, 'key')).toBe(expected)
  })
})

describe('locateField: which call', () => {
  const at = (source: string, line: number, column: number, field = 'f') => {
    const found = locateField(source, { line, column }, field)
    return found && `${found.line}:${found.column}+${found.length}`
  }

  it.each<[string, string, number, number, string]>([
    ['the name of the callee', 'layer({ f: 1 })', 1, 1, '1:12+1'],
    ['the property', 'ov.layer({ f: 1 })', 1, 4, '1:15+1'],
    ['the object before it', 'ov.layer({ f: 1 })', 1, 1, '1:15+1'],
    ['`new`', 'const x = new X({ f: 1 })', 1, 11, '1:22+1'],
    ['the parenthesis behind a parenthesised callee', '(0, ov.layer)({ f: 1 })', 1, 14, '1:20+1'],
    ['the parenthesis behind a called callee', 'make({ f: 0 })({ f: 1 })', 1, 15, '1:21+1'],
    ['type arguments', 'layer<{ a: 1 }>({ f: 1 })', 1, 1, '1:22+1'],
    ['an optional call', 'ov?.layer?.({ f: 1 })', 1, 5, '1:18+1'],
    ['a property on its own line', 'ov\n  .layer({ f: 1 })', 2, 4, '2:15+1'],
    ['the outer of two', 'image({ l: layer({ f: 1 }), f: 2 })', 1, 1, '1:32+1'],
    ['the inner of two', 'image({ l: layer({ f: 1 }), f: 2 })', 1, 12, '1:23+1'],
    ['the first of a chain', 'layer({ f: 1 }).with({ f: 2 })', 1, 1, '1:12+1'],
    ['the second of a chain', 'layer({ f: 1 }).with({ f: 2 })', 1, 17, '1:27+1'],
    ['a column a little off', 'export const a = layer({ f: 1 })', 1, 20, '1:29+1'],
    ['no column', 'export const a = layer({ f: 1 })', 1, 1, '1:29+1'],
    ['the nearest', 'a({ f: 1 }); b({ f: 2 })', 1, 13, '1:21+1'],
    ['options behind the name', "layer('web', { f: 1 })", 1, 1, '1:19+1'],
    ['options from a constant', "const o = { f: 1 }\nlayer('web', o)", 2, 1, '1:16+1'],
  ])('%s', (_title, source, line, column, expected) => {
    expect(at(source, line, column)).toBe(expected)
  })

  it.each<[string, string]>([
    ['cmd', '1:5+6'],
    ['user', '1:21+3'],
    ['env.A', '1:36+1'],
    ['mode', '1:1+3'],
  ])('starts at a task helper: %s', (field, expected) => {
    const source = "cmd('echo', { user: 'u', env: { A: 1 }, x: 2 })"
    expect(at(source, 1, 1, field)).toBe(expected)
  })

  it('follows constants of the scope the call is in', () => {
    const source = `const to = 1
function a(to: string) { return layer({ f: to }) }
function b() { const to = 2; return layer({ f: to }) }
function c() { return layer({ f: to }) }
function d() { let to = 3; return layer({ f: to }) }
function e({ to }) { return layer({ f: to }) }`
    expect([2, 3, 4, 5, 6].map((line) => at(source, line, 30))).toEqual([
      '2:44+2',
      '3:27+1',
      '1:12+1',
      '5:46+2',
      '6:40+2',
    ])
  })
})

describe('locateField: hostile sources', () => {
  it('marks the name where the source does not parse', () => {
    expect(mark('const a = layer({ name: \n ]]] }}', 'layer', 'name')).toBe('1:11 layer')
    expect(mark('const a = %%%layer', 'layer', 'name')).toBe('1:14 layer')
  })

  it('parses on after errors that can be recovered from', () => {
    expect(mark("const a = 1\nconst a = layer({ name: 'x' })", 'layer', 'name')).toBe("2:25 'x'")
  })

  it.each([
    ['no such line', 'layer({})', 9, 1],
    ['line 0', 'layer({})', 0, 1],
    ['nothing there', '\n\n', 1, 1],
    ['a column far off', '"a"', 1, 999],
    ['a column before the first', '', 1, -5],
  ])('finds nothing: %s', (_title, source, line, column) => {
    expect(locateField(source, { line, column }, 'name')).toBeUndefined()
  })

  it('marks the name where the tree is too deep for the parser', () => {
    expect(mark(`layer({ a: ${'['.repeat(100_000)}`, 'layer', 'a')).toBe('1:1 layer')
  })

  it('counts columns in UTF-16 units', () => {
    expect(mark("/* 🚀漢 */ layer({ '🚀': '漢', name: 'x' })", 'layer', 'name')).toBe("1:36 'x'")
    expect(mark("/* 🚀漢 */ layer({ '🚀': '漢', name: 'x' })", 'layer', '🚀')).toBe("1:25 '漢'")
  })

  it('clips to the first line, CRLF included', () => {
    const source = [
      '',
      'layer({',
      '  tasks: [',
      "    cmd('x',",
      "      { user: 'u' }),",
      '  ],',
      '\ttext: `a',
      'b`,',
      '})',
    ].join('\r\n')
    expect(mark(source, 'layer', 'tasks')).toBe('3:10 [')
    expect(mark(source, 'layer', 'tasks[0]')).toBe("4:5 cmd('x',")
    expect(mark(source, 'layer', 'tasks[0].user')).toBe("5:15 'u'")
    expect(mark(source, 'layer', 'text')).toBe('7:8 `a')
  })

  it('copes with long lines and deep trees', () => {
    const long = `layer({ a: '${'x'.repeat(10_000)}', name: 'y' })`
    expect(mark(long, 'layer', 'name')).toBe("1:10022 'y'")
    const deep = `layer({ a: ${"'x' + ".repeat(300)}'x', name: 'y' })`
    expect(mark(deep, 'layer', 'name')).toBe("1:1823 'y'")
  })

  it('ends on circular constants', () => {
    const source =
      'const a = [...b]\nconst b = [...a]\nconst c = d\nconst d = c\nlayer({ l: a, o: c, s: { ...e } })\nconst e = { ...e }'
    expect(mark(source, 'layer', 'l[3].x')).toMatch(/^[12]:/)
    expect(mark(source, 'layer', 'o.x')).toMatch(/^[34]:/)
    expect(mark(source, 'layer', 's.x')).toMatch(/^5:24/)
  })

  it('always answers with a range inside the source', () => {
    const place = fc.record({ line: fc.integer({ min: -1, max: 45 }), column: fc.integer({ min: -1, max: 60 }) })
    const part = fc.constantFrom(
      'tasks',
      '[1]',
      '[9]',
      '.to',
      '.env',
      '["a/b"]',
      '.cmd',
      'x',
      '[',
      '"',
      'image',
      '.layers',
    )
    fc.assert(
      fc.property(
        place,
        fc.array(part).map((parts) => parts.join('')),
        fc.nat(WEB.length),
        (at, field, end) => {
          for (const source of [WEB, WEB.slice(0, end)]) {
            const found = locateField(source, at, field)
            if (!found) continue
            const line = source.split('\n')[found.line - 1] ?? ''
            expect(found.column).toBeGreaterThan(0)
            expect(found.length).toBeGreaterThan(0)
            expect(found.column - 1 + found.length).toBeLessThanOrEqual(Math.max(line.length, 1))
          }
        },
      ),
    )
  })
})

describe('segmentsOf', () => {
  it.each<[string, (string | number)[]]>([
    ['tasks[3].to', ['tasks', 3, 'to']],
    ['volumes["a/b"].path', ['volumes', 'a/b', 'path']],
    ['env.PATH', ['env', 'PATH']],
    ['rpm.repos[0].name', ['rpm', 'repos', 0, 'name']],
    ['tags["debian:13"].packages[1]', ['tags', 'debian:13', 'packages', 1]],
    [String.raw`env["a\"]\\b"]`, ['env', String.raw`a"]\b`]],
    ["env['a.b']", ['env', 'a.b']],
    [String.raw`env["\q"]`, ['env', String.raw`\q`]],
    ['', []],
    ['a[', ['a']],
    ['a..b', ['a']],
  ])('%s', (field, expected) => {
    expect(segmentsOf(field)).toEqual(expected)
  })
})
