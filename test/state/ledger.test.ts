import { describe, expect, it } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import {
  mergeOps,
  mergeSteps,
  printRecord,
  readLedger,
  withoutDeploy,
  type LayerRecord,
} from '../../src/state/ledger.ts'

const LAYER: LayerRecord = {
  layer: 'uv',
  version: '2026.100.0800',
  deployed_by: ['a'],
  deployed_at: '2026-04-21T08:00:00Z',
  steps: [{ kind: 'SystemPackages', summary: 'rpm: 1 packages (install)', completed_at: '2026-04-21T08:00:00Z' }],
  reverse_ops: [{ kind: 'package-remove', format: 'rpm', targets: ['python3-pip'] }],
}

describe('the ledger of a machine', () => {
  it('HOST-33 HOST-35 HOST-36 records are read and written with what is not known in them, and without what is empty', () => {
    const text = `${JSON.stringify({ ...LAYER, unknown: { deep: [1] }, steps: [{ ...LAYER.steps![0]!, more: 'x' }] }, undefined, 2)}\n`
    const { layers } = readLedger(new Map([['layers/uv.json', text]]), 'ledger')
    expect(printRecord(layers.get('uv')!)).toBe(text)
    expect(printRecord({ ...LAYER, steps: [], deployed_by: [], builder_image: '' })).toBe(
      `${JSON.stringify({ layer: 'uv', version: LAYER.version, deployed_by: [], deployed_at: LAYER.deployed_at, reverse_ops: LAYER.reverse_ops }, undefined, 2)}\n`,
    )
  })

  it.each([
    ['layers/uv.json', '', 'it is empty'],
    ['layers/uv.json', '{"layer": "uv", "depl', 'JSON'],
    ['layers/uv.json', '[]', 'expected object'],
    ['layers/uv.json', '{"layer": "uv", "deployed_at": "x"}', 'deployed_by'],
    ['layers/uv.json', JSON.stringify({ ...LAYER, reverse_ops: [{ targets: ['x'] }] }), 'reverse_ops.0.kind'],
    ['deploys/x.json', '{"deploy_id": "x", "target": "host", "layer": "uv", "image": "", "deployed_at": "x"}', 'layer'],
  ])('HOST-36 %s that holds %s stops everything', (path, text, why) => {
    const read = () => readLedger(new Map([[path, text]]), '/home/me/.config/overthink/installed')
    expect(read).toThrow(DiagnosticError)
    expect(read).toThrow(`/home/me/.config/overthink/installed/${path} can't be read: `)
    expect(read).toThrow(why)
  })

  it('HOST-40 what is done again is recorded once, and what was known first stays', () => {
    const first = { kind: 'rm-file-system', targets: ['/a'], extra: { backup: '/b' } }
    expect(
      mergeOps(
        [first],
        [
          { kind: 'rm-file-system', targets: ['/a'] },
          { kind: 'rm-file-system', targets: ['/c'] },
        ],
      ),
    ).toEqual([first, { kind: 'rm-file-system', targets: ['/c'] }])
    expect(mergeOps([first], [{ ...first, scope: 1 }])).toHaveLength(2)
    const step = { kind: 'Task', summary: 'cmd', completed_at: '1' }
    expect(mergeSteps([step], [{ ...step, completed_at: '2' }])).toEqual([{ ...step, completed_at: '2' }])
  })

  it('HOST-39 a layer is there as long as a deploy has it', () => {
    expect(withoutDeploy({ ...LAYER, deployed_by: ['a', 'b'] }, 'a')?.deployed_by).toEqual(['b'])
    expect(withoutDeploy(LAYER, 'a')).toBeUndefined()
    expect(withoutDeploy(LAYER, 'unknown')).toEqual(LAYER)
  })
})
