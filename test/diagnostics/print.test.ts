import { describe, it, expect } from 'vitest'
import type { Code, Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { diagnosticsToJson, formatDiagnostics, type FormatOptions } from '../../src/diagnostics/print.ts'

const FILES: Record<string, string> = {
  'layers/web.ts': `import { copy, layer } from 'ov'

export const web = layer({
  name: 'web',
  path_append: ['/opt/web/bin'],
  tasks: [
    copy('a.conf', { to: 'etc/a.conf' }),
  ],
})
`,
  'layers/old.ts': "export const old = layer({ name: 'web' })\r\n",
}

function diagnostic(fields: Omit<Diagnostic, 'code' | 'severity'> & { code?: string; severity?: 'error' | 'warning' }) {
  return { severity: 'error', ...fields, code: (fields.code ?? 'OV1042') as Code } satisfies Diagnostic
}

function text(diagnostics: readonly Diagnostic[], options: Partial<FormatOptions> = {}): string {
  return `\n${formatDiagnostics(diagnostics, { readSource: (file) => FILES[file], color: false, ...options })}`
}

const place = { file: 'layers/web.ts', line: 3, column: 20 }
const relative = diagnostic({
  entity: 'layer "web"',
  field: 'tasks[0].to',
  message: 'tasks[0]: to must be absolute, got "etc/a.conf"',
  place,
  remedy: 'Start it with "/", "~/" or a variable.',
})
const unknown = diagnostic({
  code: 'OV1007',
  entity: 'layer "web"',
  field: 'path_append',
  message: 'unknown field "path_append" (did you mean "pathAppend"?)',
  place,
})

describe('formatDiagnostics', () => {
  it('LAY-111 names entity, field, value and remedy, and shows the value', () => {
    expect(text([relative])).toBe(`
error OV1042: layer "web": tasks[0]: to must be absolute, got "etc/a.conf"
  layers/web.ts:7:26
    5 │   path_append: ['/opt/web/bin'],
    6 │   tasks: [
  > 7 │     copy('a.conf', { to: 'etc/a.conf' }),
      │                          ^~~~~~~~~~~~
    8 │   ],
    9 │ })
  help: Start it with "/", "~/" or a variable.

1 error
`)
  })

  it('LAY-120 marks the name of an unknown field', () => {
    expect(text([unknown])).toBe(`
error OV1007: layer "web": unknown field "path_append" (did you mean "pathAppend"?)
  layers/web.ts:5:3
    3 │ export const web = layer({
    4 │   name: 'web',
  > 5 │   path_append: ['/opt/web/bin'],
      │   ^~~~~~~~~~~
    6 │   tasks: [
    7 │     copy('a.conf', { to: 'etc/a.conf' }),

1 error
`)
  })

  it('shows related places', () => {
    const twice = diagnostic({
      code: 'OV1002',
      entity: 'layer "web"',
      field: 'name',
      message: 'declared twice',
      place: { file: 'layers/old.ts', line: 1, column: 20 },
      related: [
        { message: 'first declared here', place: { ...place, length: 0 } },
        { message: 'exported here', place: { file: 'gone.ts', line: 3, column: 1 } },
      ],
      remedy: 'Rename one of the two.',
    })
    expect(text([twice])).toBe(`
error OV1002: layer "web": declared twice
  layers/old.ts:1:34
  > 1 │ export const old = layer({ name: 'web' })
      │                                  ^~~~~
  note: first declared here
  layers/web.ts:3:20
  > 3 │ export const web = layer({
      │                    ^~~~~
  note: exported here
  gone.ts:3:1
  help: Rename one of the two.

1 error
`)
  })

  it('sorts by file, line, column, code and prints identical ones once', () => {
    const bare = (file: string, line: number, column: number, code: string, severity: 'error' | 'warning' = 'error') =>
      diagnostic({ code, severity, message: 'm', place: { file, line, column } })
    const shuffled = [
      bare('b.ts', 1, 1, 'OV1002'),
      bare('a.ts', 10, 1, 'OV1001'),
      bare('a.ts', 9, 2, 'OV1001', 'warning'),
      bare('b.ts', 1, 1, 'OV1001'),
      bare('a.ts', 9, 1, 'OV1003'),
      bare('b.ts', 1, 1, 'OV1002'),
      diagnostic({ code: 'OV1009', message: 'no config file' }),
    ]
    const expected = `
error OV1009: no config file

error OV1003: m
  a.ts:9:1

warning OV1001: m
  a.ts:9:2

error OV1001: m
  a.ts:10:1

error OV1001: m
  b.ts:1:1

error OV1002: m
  b.ts:1:1

5 errors, 1 warning
`
    expect(text(shuffled)).toBe(expected)
    expect(text(shuffled.toReversed())).toBe(expected)
  })

  it('sorts by the place that is shown', () => {
    expect(text([relative, unknown]).match(/layers\/web.ts:\d+/g)).toEqual(['layers/web.ts:5', 'layers/web.ts:7'])
  })

  it.each([
    [0, 0, ''],
    [1, 0, '1 error'],
    [2, 1, '2 errors, 1 warning'],
    [0, 2, '2 warnings'],
  ])('LAY-110 sums up %d errors and %d warnings', (errors, warnings, expected) => {
    const list = [
      ...Array.from({ length: errors }, (_, index) => diagnostic({ message: `e${index}` })),
      ...Array.from({ length: warnings }, (_, index) => diagnostic({ severity: 'warning', message: `w${index}` })),
    ]
    expect(text(list).trimEnd().split('\n').at(-1)).toBe(expected)
  })

  it('keeps a place that was given with its length', () => {
    const exact = { ...relative, place: { ...place, column: 14, length: 3 } }
    expect(text([exact])).toContain(`
  layers/web.ts:3:14
    1 │ import { copy, layer } from 'ov'
    2 │
  > 3 │ export const web = layer({
      │              ^~~
`)
  })

  it('does not name the entity twice', () => {
    expect(text([diagnostic({ entity: 'layer "x"', message: 'layer "x": bad' })])).toBe(
      '\nerror OV1042: layer "x": bad\n\n1 error\n',
    )
  })

  it('lets no text of the user steer the terminal', () => {
    const hostile = diagnostic({
      entity: 'layer "\x1b[2J"',
      message: 'got "a\nerror OV9999: forged\r\x9b1A"',
      place: { file: 'a\x1b]8;;http://e.org\x07.ts', line: 1, column: 1 },
      related: [{ message: 'see\n\x07', place: { file: 'b\n.ts', line: 1, column: 1 } }],
      remedy: 'use \u202eevil',
    })
    expect(text([hostile], { readSource: () => "a('\x1b[31m')" })).toBe(String.raw`
error OV1042: layer "\x1b[2J": got "a\nerror OV9999: forged\r\x9b1A"
  a\x1b]8;;http://e.org\x07.ts:1:1
  > 1 │ a('\x1b[31m')
      │ ^
  note: see\n\x07
  b\n.ts:1:1
  > 1 │ a('\x1b[31m')
      │ ^
  help: use \u202eevil

1 error
`)
  })

  it('paints errors red and warnings yellow, only when told', () => {
    const painted = text([{ ...unknown, severity: 'warning' }, relative], { color: true }).replaceAll('\x1b', 'ESC')
    expect(painted).toContain('ESC[1mESC[33mwarning OV1007:ESC[39mESC[22m ESC[1mlayer "web": unknown')
    expect(painted).toContain('ESC[1mESC[31merror OV1042:ESC[39mESC[22m ESC[1mlayer "web": tasks[0]')
    expect(painted).toContain('ESC[1mESC[33m^~~~~~~~~~~ESC[39mESC[22m')
    expect(painted).toContain('ESC[1mESC[36mhelp:ESC[39mESC[22m Start')
    expect(text([unknown, relative])).not.toContain('\x1b')
  })

  it('fits frames into a narrow terminal', () => {
    expect(text([relative], { width: 32 }).split('\n').slice(5, 7)).toEqual([
      "  > 7 │ … { to: 'etc/a.conf' }),",
      '      │         ^~~~~~~~~~~~',
    ])
  })

  it('survives sources that do not fit the place or do not parse', () => {
    expect(text([relative], { readSource: () => '' })).toContain('\n  layers/web.ts:3:20\n  help:')
    expect(text([relative], { readSource: () => '\n\nexport const web = layer({ %' })).toContain(`
  layers/web.ts:3:20
    1 │
    2 │
  > 3 │ export const web = layer({ %
      │                    ^~~~~
`)
  })
})

describe('diagnosticsToJson', () => {
  it('has one order of keys whatever the order they were given in', () => {
    const { place: _place, ...rest } = relative
    const mixed: Diagnostic = {
      place: { column: place.column, line: place.line, file: place.file },
      related: [],
      ...rest,
    }
    const expected =
      '[{"code":"OV1042","severity":"error","entity":"layer \\"web\\"","field":"tasks[0].to",' +
      '"message":"tasks[0]: to must be absolute, got \\"etc/a.conf\\"",' +
      '"place":{"file":"layers/web.ts","line":3,"column":20},' +
      '"remedy":"Start it with \\"/\\", \\"~/\\" or a variable."}]'
    expect(JSON.stringify(diagnosticsToJson([relative, mixed]))).toBe(expected)
  })

  it('refines places when it may read the sources', () => {
    const [first, second] = diagnosticsToJson([relative, unknown], { readSource: (file) => FILES[file] })
    expect(first?.place).toEqual({ file: 'layers/web.ts', line: 5, column: 3, length: 11 })
    expect(second?.place).toEqual({ file: 'layers/web.ts', line: 7, column: 26, length: 12 })
  })

  it('keeps values as they are', () => {
    expect(diagnosticsToJson([diagnostic({ message: 'a\x1b\nb' })])).toEqual([
      { code: 'OV1042', severity: 'error', message: 'a\x1b\nb' },
    ])
  })
})
