import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const DEPLOY = `import { cmd, copy, image, layer, pod, write } from 'ov'
import { stock } from './stock.ts'

export const left = layer({
  name: 'left',
  version: '2026.320.1200',
  description: 'left',
  tasks: [copy('left.txt', { to: '/left.txt' }), cmd('cp /left.txt /left.done')],
})
export const right = layer({
  name: 'right',
  version: '2026.320.1200',
  files: ['right.txt'],
  tasks: [cmd('cp /ctx/right.txt /right.done'), write('/right.note', { content: 'note' })],
  ports: [8080],
})
export const one = image({ name: 'one', base: stock, layers: [left] })
export const two = image({ name: 'two', base: stock, layers: [right] })
export const both = image({ name: 'both', base: stock, layers: [left, right] })
export const a = pod({ name: 'a', image: one })
export const b = pod({ name: 'b', image: two })
export const c = pod({ name: 'c', image: both })
`

let machine: TestMachine
let project: TestProject
beforeAll(async () => {
  machine = await startMachine('cache')
  project = await machine.project('cache', {
    'deploy.ts': DEPLOY,
    'package.json': '{ "name": "not-a-manifest-of-any-layer" }',
    'left.txt': 'left',
    'right.txt': 'right',
  })
  await project.done('apply')
})
afterAll(() => machine?.bed.down())

/** Steps of the last build of an image that were run anew. */
const steps = async (image: string) => {
  const log = await machine.sh(`cat ~/.local/state/ov/logs/build-${image}.log`)
  return log
    .split(/^(?=(?:\[\d+\/\d+\] )?STEP )/m)
    .filter((step) => /^(\[\d+\/\d+\] )?STEP/.test(step) && !step.includes('Using cache'))
    .map((step) => /STEP \d+\/\d+: (\S+)/.exec(step)![1]!)
}

it('LAY-05 LAY-06 editing the file of one layer builds nothing of another, a package.json beside them or not', async () => {
  await project.put({ 'left.txt': 'left, edited' })
  const { stderr } = await project.done('apply')
  expect(stderr).toMatch(/^one: built/m)
  expect(stderr).toMatch(/^both: built/m)
  expect(stderr).not.toMatch(/^two: built/m)
  expect(stderr).toMatch(/^b: no change$/m)
  await project.put({ 'package.json': '{ "name": "edited" }' })
  expect((await project.done('apply')).stderr).toContain('nothing to change')
})

it('LAY-34 editing the file of the second layer takes the first from the cache', async () => {
  await project.put({ 'right.txt': 'right, edited' })
  const { stderr } = await project.done('apply')
  expect(stderr).not.toMatch(/^one: built/m)
  const log = await machine.sh('cat ~/.local/state/ov/logs/build-both.log')
  expect(log).toMatch(/cp \/left\.txt \/left\.done"\]\n--> Using cache/)
  expect(await steps('both')).toContain('RUN')
  expect(await machine.sh('podman exec ov-c cat /right.done /left.done')).toBe('right, editedleft, edited')
})

it('LAY-17 editing written content runs its COPY and what follows', async () => {
  await project.put({ 'deploy.ts': DEPLOY.replace("content: 'note'", "content: 'a note'") })
  await project.done('apply')
  expect(await steps('two')).not.toContain('RUN')
  expect(await machine.sh('podman exec ov-b cat /right.note')).toBe('a note')
})

it('IMG-54 editing what is only a label runs only LABEL lines', async () => {
  await project.put({
    'deploy.ts': DEPLOY.replace("content: 'note'", "content: 'a note'").replace(
      /version: '2026\.320\.1200'/g,
      "version: '2026.321.1200'",
    ),
  })
  await project.done('apply')
  for (const image of ['one', 'two', 'both'])
    expect([...new Set(await steps(image))].filter((step) => step !== 'FROM')).toEqual(['LABEL'])
})

it('a new build keeps the log of the last one', async () => {
  expect(await machine.sh('ls ~/.local/state/ov/logs')).toBe('build-both.log\nbuild-one.log\nbuild-two.log')
  expect(await machine.sh('stat -c %a ~/.local/state/ov/logs/build-one.log')).toBe('600')
})
