import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeployEntry } from '../../../src/model/deploy-entry.ts'
import { threeWay, withoutOverride } from '../../../src/plan/pod/three-way.ts'

const V1: DeployEntry = {
  image: 'web',
  env: ['LOG=info', 'MODE=a'],
  ports: ['8088:8080'],
  volumes: [{ name: 'data', type: 'bind', host: '/srv/data' }],
  security: { memoryMax: '1g', cpus: '2' },
}

describe('a typed deploy and deploy.yml, three-way', () => {
  // [what, the machine's entry, the project now, the entry that comes of it, the overrides]
  const table: [string, DeployEntry | undefined, DeployEntry, DeployEntry, string[]][] = [
    ['nothing there yet: the project decides', undefined, V1, V1, []],
    ['nothing changed anywhere', V1, V1, V1, []],
    ['the project changes what nobody touched', V1, { ...V1, network: 'net' }, { ...V1, network: 'net' }, []],
    ['the project takes a field away', V1, { ...V1, security: { cpus: '2' } }, { ...V1, security: { cpus: '2' } }, []],
    [
      'a variable that the operator changed stays, its neighbours follow',
      { ...V1, env: ['LOG=debug', 'MODE=a'] },
      { ...V1, env: ['LOG=warn', 'MODE=b'] },
      { ...V1, env: ['LOG=debug', 'MODE=b'] },
      ['env.LOG'],
    ],
    [
      'a variable that the operator added stays',
      { ...V1, env: ['LOG=info', 'MODE=a', 'MINE=1'] },
      V1,
      { ...V1, env: ['LOG=info', 'MODE=a', 'MINE=1'] },
      ['env.MINE'],
    ],
    [
      'a variable that the operator removed stays away',
      { ...V1, env: ['LOG=info'] },
      V1,
      { ...V1, env: ['LOG=info'] },
      ['env.MODE'],
    ],
    [
      'a limit that was set by a flag stays, the others follow',
      { ...V1, security: { memoryMax: '6g', cpus: '2' } },
      { ...V1, security: { memoryMax: '2g', cpus: '4' } },
      { ...V1, security: { memoryMax: '6g', cpus: '4' } },
      ['security.memoryMax'],
    ],
    [
      'a host port that was set by a flag stays',
      { ...V1, ports: ['9000:8080'] },
      { ...V1, ports: ['8089:8080', '53:53/udp'] },
      { ...V1, ports: ['9000:8080', '53:53/udp'] },
      ['ports.8080'],
    ],
    [
      'another backing that the operator chose stays',
      { ...V1, volumes: [{ name: 'data', type: 'encrypted' }] },
      V1,
      { ...V1, volumes: [{ name: 'data', type: 'encrypted' }] },
      ['volumes.data'],
    ],
    [
      'the operator and the project change to the same',
      { ...V1, network: 'n' },
      { ...V1, network: 'n' },
      { ...V1, network: 'n' },
      [],
    ],
  ]
  it.each(table)('POD-10 POD-19 %s', (_, local, project, entry, overrides) => {
    const result = threeWay(local === undefined ? [] : [V1], local, project)
    expect(result.entry).toEqual(entry)
    expect(result.overrides.map(({ path }) => path)).toEqual(overrides)
  })

  it('POD-10 an entry that was there before the project is the operator’s', () => {
    const { entry, overrides } = threeWay([], { image: 'web', env: ['LOG=debug'] }, V1)
    expect(entry.env).toEqual(['LOG=debug', 'MODE=a'])
    expect(overrides).toEqual([{ path: 'env.LOG', local: 'LOG=debug', project: 'LOG=info' }])
  })

  it('POD-10 an apply that was cut short leaves no override behind, wherever it was cut', () => {
    const V2 = { ...V1, env: ['LOG=warn', 'MODE=a'] }
    const V3 = { ...V1, env: ['LOG=error', 'MODE=a'] }
    for (const written of [V1, V2]) expect(threeWay([V2, V1], written, V3)).toEqual({ entry: V3, overrides: [] })
  })

  it('POD-49 what was put into a volume stays known, also of one that nobody names', () => {
    const state = { dataSeeded: true, dataSource: 'web:1' }
    const local: DeployEntry = {
      ...V1,
      volumes: [
        { name: 'data', type: 'bind', host: '/srv/data', ...state },
        { name: 'cache', type: 'volume', ...state },
      ],
    }
    const { entry, overrides } = threeWay([V1], local, V1)
    expect(entry).toEqual(local)
    expect(overrides).toEqual([])
  })

  it('POD-68 ports that were found are nobody’s word: they are found anew', () => {
    const { entry } = threeWay([V1], { ...V1, resolvedPort: ['1:8080'] }, V1)
    expect(entry).toEqual(V1)
  })

  it('POD-105 sidecars change value by value', () => {
    const with_ = (env: Record<string, string>): DeployEntry => ({ image: 'web', sidecars: { tailscale: { env } } })
    const { entry, overrides } = threeWay(
      [with_({ A: '1', B: '1' })],
      with_({ A: '2', B: '1' }),
      with_({ A: '1', B: '2' }),
    )
    expect(entry).toEqual(with_({ A: '2', B: '2' }))
    expect(overrides.map(({ path }) => path)).toEqual(['sidecars.tailscale.env.A'])
  })

  it('POD-148 one override is dropped, and the value follows the project again', () => {
    const local = { ...V1, env: ['LOG=debug', 'MODE=a', 'MINE=1'] }
    const reset = withoutOverride(local, V1, 'env.LOG')!
    expect(reset.env).toEqual(['LOG=info', 'MODE=a', 'MINE=1'])
    const V2 = { ...V1, env: ['LOG=warn', 'MODE=a'] }
    expect(threeWay([V1], reset, V2).entry.env).toEqual(['LOG=warn', 'MODE=a', 'MINE=1'])
    expect(withoutOverride(reset, V1, 'env.LOG')).toBeUndefined()
    expect(withoutOverride(local, V1, 'env')!.env).toEqual(V1.env)
  })

  const entries = fc.record(
    {
      image: fc.constantFrom('a', 'b'),
      network: fc.constantFrom('x', 'y'),
      env: fc.uniqueArray(fc.constantFrom('A=1', 'A=2', 'B=1', 'B=2', 'C=%$"'), { selector: (one) => one[0] }),
      security: fc.record(
        { cpus: fc.constantFrom('1', '2'), memoryMax: fc.constantFrom('1g', '2g') },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<DeployEntry>
  const full = (entry: DeployEntry) =>
    Object.fromEntries(
      Object.entries(entry)
        .filter(([, value]) => typeof value === 'string' || Object.keys(value as object).length > 0)
        .map(([field, value]) => [field, field === 'env' ? [...(value as string[])].sort() : value]),
    )
  it('POD-10 untouched entries follow the project, whatever it says; what was merged once is merged for good', () => {
    fc.assert(
      fc.property(entries, entries, entries, (applied, local, project) => {
        expect(full(threeWay([applied], applied, project).entry)).toEqual(full(project))
        const { entry } = threeWay([applied], local, project)
        expect(full(threeWay([project], entry, project).entry)).toEqual(full(entry))
      }),
    )
  })
})
