import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const deploy = (
  note = 'note',
  word = 'one',
  version = '2026.320.1200',
) => `import { cmd, copy, image, layer, pod, service, write } from 'ov'
import { stock } from './stock.ts'

const version = '${version}'
export const left = layer({
  name: 'left',
  version,
  files: ['left.txt'],
  tasks: [cmd('cp /ctx/left.txt /left.done'), copy('left.txt', { to: '/left.txt' })],
})
export const right = layer({
  name: 'right',
  version,
  files: ['right.txt'],
  tasks: [cmd('cp /ctx/right.txt /right.done'), write('/right.note', { content: '${note}' })],
  services: [service({ name: 'talk', exec: "sh -c 'echo ${word} > /tmp/word; exec sleep 1000000'" })],
})
export const one = image({ name: 'one', base: stock, layers: [left] })
export const both = image({ name: 'both', base: stock, layers: [left, right] })
export const a = pod({ name: 'a', image: one })
export const b = pod({ name: 'b', image: both })
`

let machine: TestMachine
let project: TestProject
beforeAll(async () => {
  machine = await startMachine('cache')
  project = await machine.project('cache', {
    'deploy.ts': deploy(),
    'package.json': '{ "name": "not-a-manifest-of-any-layer" }',
    'left.txt': 'left',
    'right.txt': 'right',
  })
  await project.done('apply')
})
afterAll(() => machine?.bed.down())

/** Steps of the last build of an image that were run anew, in its last stage. */
const steps = async (image: string) => {
  const log = await machine.sh(`cat ~/.local/state/ov/logs/build-${image}.log`)
  const all = log.split(/^(?=(?:\[\d+\/\d+\] )?STEP )/m).filter((step) => /^(\[\d+\/\d+\] )?STEP/.test(step))
  // What others are built on is built first, and then gets its metadata.
  const isFrom = (step: string) => /STEP \d+\/\d+: FROM/.test(step)
  const start = all.findLastIndex((step) => isFrom(step) && !step.includes(`FROM localhost/ov-content/${image}:`))
  return all
    .slice(start + 1)
    .filter((step) => !isFrom(step) && !step.includes('Using cache'))
    .map((step) => /STEP \d+\/\d+: (\S+)/.exec(step)![1]!)
}
const read = (deploy: string, path: string) => machine.sh(`podman exec ov-${deploy} cat ${path}`)

it('LAY-05 LAY-06 editing the file of one layer reruns no step of another, a package.json beside them or not', async () => {
  await project.put({ 'right.txt': 'right, edited' })
  const { stderr } = await project.done('apply')
  // What both begin with is an image of its own.
  expect(stderr).not.toMatch(/^(one|stock-left): built/m)
  expect(stderr).toMatch(/^a: no change$/m)
  expect((await steps('both')).slice(0, 2)).toEqual(['RUN', 'COPY'])
  expect(await read('b', '/right.done')).toBe('right, edited')
  await project.put({ 'package.json': '{ "name": "edited" }' })
  expect((await project.done('apply')).stderr).toContain('nothing to change')
})

it('LAY-14 a step reads the files of now: in a second image with the layer, and after going back', async () => {
  for (const text of ['left, edited', 'left']) {
    await project.put({ 'left.txt': text })
    await project.done('apply')
    for (const deploy of ['a', 'b']) {
      expect(await read(deploy, '/left.done')).toBe(text)
      expect(await read(deploy, '/left.txt')).toBe(text)
    }
  }
})

it('IMG-75 an init is put together from the services of now, also after going back', async () => {
  for (const word of ['two', 'one']) {
    await project.put({ 'deploy.ts': deploy('note', word) })
    await project.done('apply')
    expect(await read('b', '/tmp/word')).toBe(word)
  }
})

it('LAY-17 editing written content reruns its COPY, and no step before it', async () => {
  await project.put({ 'deploy.ts': deploy('a note') })
  await project.done('apply')
  expect((await steps('both'))[0]).toBe('COPY')
  expect(await read('b', '/right.note')).toBe('a note')
})

it('IMG-54 editing what is only a label reruns only LABEL lines', async () => {
  await project.put({ 'deploy.ts': deploy('a note', 'one', '2026.321.1200') })
  await project.done('apply')
  for (const image of ['one', 'both']) expect([...new Set(await steps(image))]).toEqual(['LABEL'])
})

it('the log of the last build of each image is kept', async () => {
  expect(await machine.sh('ls ~/.local/state/ov/logs')).toBe('build-both.log\nbuild-one.log\nbuild-stock-left.log')
  expect(await machine.sh('stat -c %a ~/.local/state/ov/logs/build-one.log')).toBe('600')
})

it('IMG-54 IMG-161 editing labels, checks and ports of a base reruns no step of it, nor of what is built on it', async () => {
  interface Edit {
    readonly alias?: string
    readonly check?: string
    readonly port?: number
    readonly note?: string
    readonly first?: string
  }
  const chain = ({ alias = 'one', check = '/first', port = 8001, note = 'note', first = 'first' }: Edit) =>
    `import { cmd, copy, image, layer, write } from 'ov'
import { stock } from './stock.ts'
const version = '2026.320.1200'
const first = layer({
  name: 'first', version, files: ['file'], ports: [${port}],
  tasks: [cmd('echo ${first} > /first', { comment: 'EXPOSE 1' }), copy('file', { to: '/file' })],
  eval: [{ file: '${check}' }],
})
const second = layer({ name: 'second', version, tasks: [cmd('cp /first /second'), write('/note', { content: '${note}' })] })
const above = layer({ name: 'above', version, ports: [9999], env: { ABOVE: '1' }, tasks: [cmd('cat /second > /above')] })
export const ground = image({ name: 'ground', base: stock, layers: [first, second], aliases: { x: '${alias}' } })
export const top = image({ name: 'top', base: ground, layers: [above] })
`
  const chained = await machine.project('chain', { 'images.ts': chain({}), file: 'x' })
  /** What runs anew, by image; nothing is said of an image that is not built. */
  const edit = async (what: Edit) => {
    await chained.put({ 'images.ts': chain(what) })
    const { stderr } = await chained.done('image build')
    const built = ['ground', 'top'].filter((name) => new RegExp(`^${name}: built`, 'm').test(stderr))
    const counts = built.map(async (name) => {
      const all = await steps(name)
      return [name, Object.fromEntries(['RUN', 'COPY'].map((kind) => [kind, all.filter((one) => one === kind).length]))]
    })
    return Object.fromEntries(await Promise.all(counts)) as object
  }
  // docs/performance.md has these as a table.
  expect(await edit({})).toEqual({ ground: { RUN: 2, COPY: 2 }, top: { RUN: 1, COPY: 0 } })
  expect(await edit({})).toEqual({})
  expect(await edit({ alias: 'two' })).toEqual({ ground: { RUN: 0, COPY: 0 } })
  const unchanged = { ground: { RUN: 0, COPY: 0 }, top: { RUN: 0, COPY: 0 } }
  // The labels of both say it.
  expect(await edit({ check: '/file' })).toEqual(unchanged)
  expect(await edit({ port: 8002 })).toEqual(unchanged)
  expect(await edit({ note: 'edited' })).toEqual({ ground: { RUN: 0, COPY: 1 }, top: { RUN: 1, COPY: 0 } })
  expect(await edit({ first: 'edited' })).toEqual({ ground: { RUN: 2, COPY: 2 }, top: { RUN: 1, COPY: 0 } })
  const newest = async (name: string) =>
    (await machine.sh(`podman images --format '{{.Repository}}:{{.Tag}}' localhost/${name} | head -1`)).trim()
  expect(await machine.sh(`podman run --rm ${await newest('top')} cat /above`)).toBe('edited')
  // One is enough.
  expect(await machine.sh('podman images -q --filter reference=localhost/ov-content/ground | wc -l')).toBe('1')

  // The written Containerfiles make the same images in any builder.
  await chained.done('synth')
  for (const name of ['ground', 'top'])
    await machine.sh(
      `cd ${chained.folder} && podman build -q -f .build/${name}/Containerfile -t plain/${name} --build-arg BASE_IMAGE="$(sed -n 's/^ARG BASE_IMAGE=//p' .build/${name}/Containerfile | sed 's#^ground:.*#plain/ground#; s#^stock:.*#${await newest('stock')}#')" .`,
    )
  const config = async (reference: string) => {
    const text = await machine.sh(`podman image inspect --format '{{json .Config}}' ${reference}`)
    const { Labels, ...rest } = JSON.parse(text) as { Labels: Record<string, string> }
    const own = Object.entries(Labels).filter(([name]) => !/build_inputs$|^io\.buildah/.test(name))
    return { ...rest, Labels: Object.fromEntries(own) }
  }
  for (const name of ['ground', 'top']) expect(await config(await newest(name))).toEqual(await config(`plain/${name}`))
})
