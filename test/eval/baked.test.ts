import { describe, expect, it } from 'vitest'
import { readChecks, withVariables, type BakedCheck } from '../../src/eval/baked.ts'

const read = (check: object) => readChecks({ layer: [check as never] })
const one = (check: object): BakedCheck => read(check).checks[0]!
/** The fields of a check that has a verb. */
const fields = (check: object) => {
  const found = one(check)
  return found.verb === 'other' ? found.name : found.fields
}

describe('EVAL-05 reading labels', () => {
  it('EVAL-03 EVAL-05 sections in order, and what each check says of itself', () => {
    const { checks, unknown } = readChecks({
      deploy: [{ port: 80, scope: 'deploy', origin: 'deploy-default' }],
      image: [{ file: '/b', id: 'b', description: 'why', skip: true, origin: 'image:app' }],
      layer: [{ file: '/a', timeout: '500ms', eventually: '1m30s', retry_interval: '2s', exclude_distros: ['arch'] }],
    })
    expect(unknown).toEqual([])
    expect(checks).toMatchObject([
      {
        section: 'layer',
        origin: 'layer',
        timeout: 500,
        eventually: 90_000,
        retryInterval: 2000,
        excludeDistros: ['arch'],
      },
      { section: 'image', origin: 'image:app', id: 'b', description: 'why', skip: true },
      { section: 'deploy', origin: 'deploy-default', verb: 'port', fields: { port: 80 } },
    ])
  })
  it.each<readonly [title: string, given: unknown, expected: unknown]>([
    ['lists of operators', [{ op: 'contains', value: 'x' }], [{ op: 'contains', value: 'x' }]],
    ['a bare text', 'x', [{ op: 'equals', value: 'x' }]],
    ['a bare number', 3, [{ op: 'equals', value: 3 }]],
    [
      'a list of bare texts',
      ['x', 'y'],
      [
        { op: 'equals', value: 'x' },
        { op: 'equals', value: 'y' },
      ],
    ],
    ['a map', { contains: 'x' }, [{ op: 'contains', value: 'x' }]],
    [
      'a list of maps',
      [{ not_matches: 'x' }, 'y'],
      [
        { op: 'not_matches', value: 'x' },
        { op: 'equals', value: 'y' },
      ],
    ],
    ['nothing', { op: '' }, []],
  ])('EVAL-05 matchers as %s', (_, given, expected) => {
    expect(fields({ command: 'x', stdout: given })).toMatchObject({ stdout: expected })
  })
  it('EVAL-05 EVAL-08 in contains, a bare text is contained', () => {
    expect(fields({ file: '/x', contains: ['a', { equals: 'b' }] })).toMatchObject({
      contains: [
        { op: 'contains', value: 'a' },
        { op: 'equals', value: 'b' },
      ],
    })
  })
  it('EVAL-05 EVAL-31 keys that nobody knows are listed once; what says nothing is not', () => {
    const { unknown } = readChecks({
      layer: [{ command: 'x', exit_code: 3, p50: { op: '' }, p95: {}, dns: null }] as never,
      image: [{ command: 'x', exit_code: 3, capture: 'y', from_host: false }] as never,
    })
    expect(unknown).toEqual(['capture', 'exit_code'])
  })
  it('EVAL-05 EVAL-14 a command of the host, as another program spells it', () => {
    expect(fields({ command: 'x', from_host: true })).toMatchObject({ inContainer: false })
  })
  it('EVAL-01 verbs of other programs are named; command beside them is none', () => {
    expect(one({ mcp: 'call', command: 'x' })).toMatchObject({ verb: 'other', name: 'mcp' })
    expect(read({ 'kernel-param': 'x', value: [{ op: 'equals', value: '1' }] }).unknown).toEqual([])
    expect(one({ id: 'x', skip: true })).toMatchObject({ verb: 'other', name: '', id: 'x', skip: true })
  })
  it.each<readonly [given: object, problem: string]>([
    [{ file: '/x', exists: 'no' }, 'exists is "no", which is neither true nor false'],
    [{ port: 'http' }, 'port is "http", which is no whole number'],
    [{ file: { a: 1 } }, 'file is {"a":1}, which is no text'],
    [{ package: 'x', versions: [{}] }, 'versions is [{}], which is no list of texts'],
    [{ package: 'x', package_map: ['a'] }, 'package_map is ["a"], which is no map of texts'],
    [{ command: 'x', stdout: { is: 'x' } }, 'stdout is {"is":"x"}, which is no matcher'],
    [{ command: 'x', timeout: 'soon' }, 'timeout is "soon", which is no length of time'],
    [{ file: '/x', port: 3 }, 'several verbs: file, port'],
  ])('EVAL-23 EVAL-31 a label that says %j', (given, problem) => {
    expect(one(given).problem).toBe(problem)
  })
  it('EVAL-05 numbers and texts for one another', () => {
    expect(fields({ port: '80' })).toEqual({ port: 80 })
    expect(fields({ file: '/x', mode: 644, owner: 0 })).toEqual({ file: '/x', mode: '644', owner: '0' })
    expect(fields({ package: 'x', versions: '1' })).toEqual({ package: 'x', versions: ['1'] })
  })
})

describe('EVAL-17 variables', () => {
  it('EVAL-17 every text and list of texts, but not what names, describes or matches', () => {
    const check = one({
      package: '$P',
      versions: ['$V', 'x'],
      package_map: { debian: '$M' },
      id: '$I',
      description: '$D',
      exclude_distros: ['$E'],
    })
    expect(withVariables(check, (text) => text.replace('$', '#'))).toMatchObject({
      id: '$I',
      description: '$D',
      fields: { package: '#P', versions: ['#V', 'x'], packageMap: { debian: '$M' } },
    })
    const matched = one({ command: '$C', stdout: '$S' })
    expect(withVariables(matched, () => 'x')).toMatchObject({
      fields: { command: 'x', stdout: [{ op: 'equals', value: '$S' }] },
    })
  })
})
