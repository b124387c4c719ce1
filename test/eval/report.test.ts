import { describe, expect, it } from 'vitest'
import { evaluateAll, type Verdict } from '../../src/eval/evaluate.ts'
import { readChecks } from '../../src/eval/baked.ts'
import { summary, verdictDocument, verdictTap, verdictText, verdictYaml } from '../../src/eval/report.ts'
import { printYaml } from '../../src/format/yaml.ts'

const verdict = (more: Partial<Verdict>): Verdict => ({
  status: 'pass',
  message: '',
  id: '',
  verb: 'file',
  section: 'layer',
  origin: 'layer:web',
  subject: '/x',
  description: '',
  ...more,
})
const ALL = [
  verdict({ id: 'there' }),
  verdict({
    status: 'fail',
    verb: 'command',
    subject: 'set -e\nfalse # no',
    message: 'exit status is 1:\n"a"',
    description: 'why',
  }),
  verdict({ status: 'skip', verb: 'dns', subject: '', message: 'not known # yet' }),
]

describe('EVAL-21 verdicts', () => {
  it('EVAL-21 for people', () => {
    expect(ALL.map(verdictText)).toEqual([
      '✓ file /x',
      '✗ command set -e …: exit status is 1: "a"\n    why\n    from layer:web',
      '⚠ dns: not known # yet',
    ])
    expect(summary(ALL)).toBe('1 passed · 1 failed · 1 skipped')
  })
  it('EVAL-21 as TAP, with the plan first', () => {
    expect(verdictTap(ALL)).toBe(`TAP version 13
1..3
ok 1 - file /x
not ok 2 - command set -e false \\# no
  ---
  message: "exit status is 1:\\n\\"a\\""
  origin: "layer:web"
  ...
ok 3 - dns # SKIP not known # yet`)
  })
  it('EVAL-21 as one document', () => {
    expect(verdictDocument('localhost/web:1', ALL.slice(0, 1))).toEqual({
      schemaVersion: 1,
      image: 'localhost/web:1',
      passed: 1,
      failed: 0,
      skipped: 0,
      checks: [
        {
          id: 'there',
          verb: 'file',
          status: 'pass',
          section: 'layer',
          origin: 'layer:web',
          subject: '/x',
          message: '',
        },
      ],
    })
    expect(verdictYaml('localhost/web:1', [])).toBe(
      'schemaVersion: 1\nimage: "localhost/web:1"\npassed: 0\nfailed: 0\nskipped: 0\nchecks: []\n',
    )
  })
  it('EVAL-21 YAML of lists in maps in lists', () => {
    expect(printYaml({ a: [1, 'no', true, null, [2, 3], {}, { 'b c': { d: 'x\n' }, e: [] }], 'f:': -1 })).toBe(`a:
  - 1
  - "no"
  - true
  - null
  - - 2
    - 3
  - {}
  - "b c":
      d: "x\\n"
    e: []
"f:": -1
`)
  })
})

describe('EVAL-20 all checks run', () => {
  it('EVAL-20 in order; only looks at what is at rest run side by side', async () => {
    const order = ['file', 'package', 'command', 'file', 'file', 'file', 'file', 'file', 'process', 'http']
    const { checks } = readChecks({ layer: order.map((verb, index) => ({ [verb]: String(index) })) })
    let running: number[] = []
    const together: number[][] = []
    const told: string[] = []
    await evaluateAll(
      checks,
      async (check) => {
        const index = checks.indexOf(check)
        running.push(index)
        await new Promise((done) => setTimeout(done, index === 3 ? 20 : 5))
        if (running.length > 0) together.push(running)
        running = []
        return verdict({ subject: String(index), status: 'fail' })
      },
      ({ subject }) => told.push(subject),
    )
    expect(told).toEqual(order.map((_, index) => String(index)))
    expect(together).toEqual([[0, 1], [2], [3, 4, 5, 6, 7], [8], [9]])
  })
})
