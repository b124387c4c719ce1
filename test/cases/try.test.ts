import { it } from 'vitest'
import { Workspace } from '../harness.ts'
it('x', async () => {
  const w = new Workspace({ 'layers.ts': `import { layer, image } from 'ov'
const e = new Error('x').stack
export const a = layer({ name: 'a', version: '2026.1.1', description: e + JSON.stringify(layer({name:'x', version: '1'})[Symbol.for('ov.origin')]), tasks: [{ mkdri: '/x' }] })
export const b = image({ name: 'b', base: 'debian:13', layers: [a] })
throw new Error(a.description)` })
  const r = await w.run('synth')
  console.error(r.stderr)
})
