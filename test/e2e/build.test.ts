import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const files = (page = 'one', script = 'true') => ({
  'deploy.ts': `import { cmd, image, layer, write } from 'ov'
import { stock } from './stock.ts'

const version = '2026.320.1200'
const shared = layer({ name: 'shared', version, tasks: [cmd('date +%s%N > /made')] })
const page = layer({ name: 'page', version, depends: [shared], tasks: [write('/page', { content: ${JSON.stringify(page)} }), cmd('cat /page')] })
const shop = layer({ name: 'shop', version, depends: [shared], tasks: [cmd(${JSON.stringify(script)})] })
const alone = layer({ name: 'alone', version, tasks: [cmd('echo alone')] })
export const site = image({ name: 'site', base: stock, layers: [page] })
export const store = image({ name: 'store', base: stock, layers: [shop] })
export const other = image({ name: 'other', base: stock, layers: [alone] })
export const off = image({ name: 'off', base: stock, layers: [alone], enabled: false })
`,
})

let machine: TestMachine
let project: TestProject
beforeAll(async () => {
  machine = await startMachine('build')
  project = await machine.project('build', files())
})
afterAll(() => machine?.bed.down())

const ids = async () =>
  Object.fromEntries(
    (await machine.sh("podman images --format '{{.Repository}} {{.Id}}' --filter label=org.overthinkos.image"))
      .split('\n')
      .map((line) => line.replace('localhost/', '').split(' ')),
  ) as Record<string, string>
const inImage = (name: string, command: string) =>
  machine.sh(
    `podman run --rm localhost/${name}:$(podman images --format '{{.Tag}}' localhost/${name} | head -1) ${command}`,
  )

describe('image build', () => {
  it('IMG-180 IMG-87 builds all images, each after those it needs, what is shared once', async () => {
    const { stderr } = await project.done('image build --jobs 2')
    expect(stderr).toMatch(/^stock: localhost\/stock:\S+ is up to date$/m)
    const at = (name: string) => stderr.search(new RegExp(`^${name}: built `, 'm'))
    for (const name of ['stock-shared', 'site', 'store', 'other']) expect(at(name), name).toBeGreaterThan(-1)
    expect(at('stock-shared')).toBeLessThan(at('site'))
    expect(at('stock-shared')).toBeLessThan(at('store'))
    expect(await inImage('site', 'cat /made')).toBe(await inImage('store', 'cat /made'))
    expect(Object.keys(await ids())).not.toContain('off')
  })
  it('IMG-180 builds nothing again', async () => {
    const before = await ids()
    const { stderr } = await project.done('image build')
    expect(stderr).not.toContain('built')
    expect(stderr.match(/is up to date$/gm)).toHaveLength(5)
    expect(await ids()).toEqual(before)
  })
  it('IMG-162 IMG-180 builds what an edit reaches, and counts what it did not have to do again', async () => {
    const before = await ids()
    await project.put(files('two'))
    const { stderr } = await project.done('image build site')
    expect(stderr).toMatch(/^site: built localhost\/site:\S+ in \d+ s, [1-9]\d* of \d+ steps from the cache$/m)
    expect(stderr).not.toMatch(/^(store|other)/m)
    expect(await inImage('site', 'cat /page')).toBe('two')
    const { site: _, ...others } = await ids()
    expect(before).toMatchObject(others)
  })
  it('IMG-184 --no-cache runs every step anew', async () => {
    const before = await inImage('store', 'cat /made')
    const { stderr } = await project.done('image build store --no-cache')
    expect(stderr).not.toContain('from the cache')
    expect(await inImage('store', 'cat /made')).not.toBe(before)
  })
  it('IMG-180 a step that fails is shown where it was written, and the others are kept', async () => {
    await project.put(files('two', 'echo never; false'))
    const { exitCode, stderr } = await project.ov('image build --jobs 2')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/deploy\.ts:7:/)
    expect(stderr).toContain('image "store"')
    expect(stderr).not.toContain('has a bug')
    await project.put(files('two'))
    expect((await project.done('image build')).stderr).toMatch(/^store: /m)
  })
  it('IMG-05 IMG-180 names that are no images, and numbers that are none', async () => {
    expect((await project.ov('image build stoer')).stderr).toContain('unknown image "stoer" (did you mean "store"?)')
    expect((await project.ov('image build off')).stderr).toContain('image "off" is disabled')
    expect(await project.ov('image build --jobs 0')).toMatchObject({ exitCode: 64 })
  })
})
