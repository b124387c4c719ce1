import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

const project = () =>
  new Workspace({
    'images.ts': `import { debootstrap, image, layer } from 'ov'
const version = '2026.1.1'
const tools = layer({ name: 'tools', version, env: { A: '1' } })
const web = layer({ name: 'web', version, depends: [tools], env: { B: '1' } })
const shop = layer({ name: 'shop', version, depends: [tools], env: { C: '1' } })
export const suite = layer({ name: 'suite', version, layers: [web, shop] })
const on = { base: debootstrap({ suite: 'trixie' }) }
export const one = image({ name: 'one', ...on, layers: [web] })
export const two = image({ name: 'two', ...on, layers: [shop] })
export const top = image({ name: 'top', base: two, layers: [] })
export const far = image({ name: 'far', base: 'quay.io/a/b:1', distro: 'debian', version, layers: [suite] })
`,
  })

describe('graph', () => {
  it('IMG-80 as Mermaid: who needs what, with the images that ov makes', async () => {
    const { code, stdout } = await project().run('graph')
    expect(code).toBe(0)
    expect(stdout).toBe(`flowchart LR
  layer_shop("shop"):::layer
  layer_suite("suite"):::layer
  layer_tools("tools"):::layer
  layer_web("web"):::layer
  image_debian_tools["debian-tools"]:::auto
  base_debian_trixie[("debian trixie")]:::base
  image_far["far"]:::image
  base_quay_io_a_b_1[("quay.io/a/b:1")]:::base
  image_one["one"]:::image
  image_top["top"]:::image
  image_two["two"]:::image
  layer_shop --> layer_tools
  layer_suite --> layer_web
  layer_suite --> layer_shop
  layer_web --> layer_tools
  image_debian_tools --> base_debian_trixie
  image_debian_tools --> layer_tools
  image_far --> base_quay_io_a_b_1
  image_far --> layer_tools
  image_far --> layer_web
  image_far --> layer_shop
  image_one --> image_debian_tools
  image_one --> layer_web
  image_top --> image_two
  image_two --> image_debian_tools
  image_two --> layer_shop
  classDef image stroke-width:2px
  classDef auto stroke-width:2px,stroke-dasharray:4
`)
  })
  it('IMG-80 of named things it shows these, and what they need', async () => {
    const { stdout } = await project().run('graph', 'top', '--json')
    const { nodes } = JSON.parse(stdout) as { nodes: { id: string }[] }
    expect(nodes.map(({ id }) => id)).toEqual([
      'layer_shop',
      'layer_tools',
      'image_debian_tools',
      'base_debian_trixie',
      'image_top',
      'image_two',
    ])
    expect(await project().run('graph', 'web')).toMatchObject({
      stdout: expect.stringContaining('layer_tools') as string,
    })
  })
  it('IMG-80 as a picture, the same each time: a box for each, an arrow for each need', async () => {
    const [first, second] = await Promise.all([project().cli(['graph', '--svg']), project().cli(['graph', '--svg'])])
    expect(first).toEqual(second)
    expect(first.stdout.match(/<rect /g)).toHaveLength(11)
    expect(first.stdout.match(/<path d="M[\d. ]+( L[\d. ]+)+" marker-end/g)).toHaveLength(15)
    expect(first.stdout).not.toContain('NaN')
    expect(first.stdout).toContain('>quay.io/a/b:1</text>')
  })
  it('LAY-59 what is not there is said, with what may be meant', async () => {
    const { code, stderr } = await project().run('graph', 'wbe')
    expect(code).toBe(1)
    expect(stderr).toContain('there is no image or layer "wbe" (did you mean "web"?)')
  })
})

it('LAY-110 what draws is not loaded by anything else', () => {
  const text = readFileSync(join(import.meta.dirname, '../../dist/cli.js'), 'utf8')
  expect(text).not.toContain('marker-end')
})
