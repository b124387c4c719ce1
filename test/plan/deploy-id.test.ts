import { expect, it } from 'vitest'
import { deployId } from '../../src/plan/deploy-id.ts'

const layers = ['ripgrep', 'uv']
const coder = { image: 'fedora-coder', layers }

it('PLAN-27 the check values of the worked example', () => {
  expect(deployId({ target: 'host', ...coder })).toBe('d82bd699b78655f7')
  expect(deployId({ target: 'pod:my-dev', ...coder })).toBe('140e4ad38781a27d')
  expect(deployId({ target: 'host', ...coder, addLayers: ['my-extras'] })).toBe('ca2efeb41f5b1ac0')
})

it('PLAN-27 order, overlays and the border between the two lists count', () => {
  const ids = [
    { target: 'host', ...coder },
    { target: 'host', image: 'fedora-coder', layers: ['uv', 'ripgrep'] },
    { target: 'host', image: 'fedora-coder', layers: ['ripgrep'], addLayers: ['uv'] },
    { target: 'host', image: 'fedora-coder', layers: [], addLayers: layers },
    { target: 'host', image: 'fedora-coder', layers: ['ripgrepuv'] },
    { target: 'pod:a', ...coder },
    { target: 'pod:b', ...coder },
  ].map(deployId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(deployId({ target: 'host', ...coder, addLayers: [] })).toBe(ids[0])
})
