import { describe, expect, it } from 'vitest'
import type { Security } from '../../dsl/security.ts'
import { mergeSecurity, overlaySecurity } from '../../src/plan/security.ts'

describe('security of several layers', () => {
  it.each([
    [
      'POD-58 LAY-83 the smallest limit wins',
      [{ memoryMax: '1g' }, { memoryMax: '512m' }, { memoryMax: '2g' }],
      { memoryMax: '512m' },
    ],
    [
      'LAY-83 units are told apart',
      [{ memoryHigh: '900m' }, { memoryHigh: '1g' }, { memoryHigh: '1t' }],
      { memoryHigh: '900m' },
    ],
    ['LAY-83 bytes have no unit', [{ memoryMax: '1k' }, { memoryMax: '1000' }], { memoryMax: '1000' }],
    [
      'LAY-123 "0" counts as set, and is the smallest',
      [{ memorySwapMax: '1g' }, { memorySwapMax: '0' }],
      { memorySwapMax: '0' },
    ],
    ['LAY-83 the smallest quota of cores wins', [{ cpus: '2.5' }, { cpus: 2 }, { cpus: '10' }], { cpus: 2 }],
    [
      'LAY-83 the largest shared memory wins',
      [{ shmSize: '64m' }, { shmSize: '1g' }, { shmSize: '512m' }],
      { shmSize: '1g' },
    ],
    [
      'LAY-83 one that is privileged makes all of it so',
      [{ privileged: true }, { privileged: false }],
      { privileged: true },
    ],
    [
      'LAY-83 lists are united, each item once',
      [{ capAdd: ['A', 'B'] }, { capAdd: ['B', 'C'] }],
      { capAdd: ['A', 'B', 'C'] },
    ],
    ['LAY-83 the last namespace wins', [{ cgroupns: 'host' }, { cgroupns: 'private' }, {}], { cgroupns: 'private' }],
  ] as [string, Security[], Security][])('%s', (_, given, merged) => {
    expect(mergeSecurity(given)).toEqual(merged)
  })
})

describe('security on top of another', () => {
  it.each([
    [
      'LAY-84 replaces single values, smaller or not',
      { memoryMax: '512m', shmSize: '1g' },
      { memoryMax: '2g' },
      { memoryMax: '2g', shmSize: '1g' },
    ],
    [
      'LAY-84 LAY-T16 adds to lists, and leaves what it does not name',
      { privileged: true, capAdd: ['A'] },
      { capAdd: ['B'] },
      { privileged: true, capAdd: ['A', 'B'] },
    ],
    ['LAY-84 takes a permission away', { privileged: true }, { privileged: false }, { privileged: false }],
  ] as [string, Security, Security, Security][])('%s', (_, below, above, result) => {
    expect(overlaySecurity(below, above)).toEqual(result)
  })
})
