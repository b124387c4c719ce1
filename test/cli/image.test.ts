import { describe, expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

const project = () =>
  new Workspace({
    'deploy.ts': `import { image, layer, pod, service } from 'ov'
const base = layer({ name: 'base', version: '2026.1.1', status: 'working', env: { A: '1' }, volumes: { z: '/z', a: '~/a' } })
const web = layer({ name: 'web', version: '2026.2.1', depends: [base], tags: { debian: { packages: ['x'] } }, services: [service({ name: 'two', usePackaged: 'two' }), service({ name: 'one', usePackaged: 'one' })] })
const more = layer({ name: 'more', version: '2026.1.1', status: 'broken', info: 'x', depends: [base], env: { B: '1' }, aliases: { y: 'z -y', x: 'z' }, route: { host: 'm.example.org', port: 80 } })
const on = { base: 'docker.io/library/debian:13', distro: ['debian:13', 'debian'], init: 'systemd' } as const
export const site = image({ name: 'site', ...on, layers: [web], registry: 'r.example/a', ports: ['8080:80'] })
export const other = image({ name: 'other', ...on, layers: [more] })
export const off = image({ name: 'off', ...on, layers: [more], enabled: false })
export const deployed = pod({ name: 'deployed', image: site })
`,
  })

describe('image list', () => {
  it.each([
    ['', 'other [broken]\nsite [testing]\n'],
    ['images', 'other [broken]\nsite [testing]\n'],
    ['targets', 'debian-base [auto]\nother [broken]\nsite [testing]\n'],
    ['layers', 'base\nmore [broken]\nweb [testing]\n'],
    ['services', 'web\ttwo\nweb\tone\n'],
    ['volumes', 'base\ta\t~/a\nbase\tz\t/z\n'],
    ['aliases', 'more\tx\tz\nmore\ty\tz -y\n'],
    ['routes', 'more\thost=m.example.org\tport=80\n'],
  ])('LAY-114 IMG-188 %s', async (what, text) => {
    const found = await project().run('image', 'list', ...(what === '' ? [] : [what]))
    expect(found).toMatchObject({ code: 0, stdout: text })
  })
  it('LAY-114 as JSON', async () => {
    const { stdout } = await project().run('image', 'list', 'targets', '--json')
    const { targets } = JSON.parse(stdout) as { targets: unknown[] }
    expect(targets[0]).toEqual({ name: 'debian-base', auto: true, status: 'working' })
  })
  it('LAY-114 of something else is wrong usage', async () => {
    const { code, stderr } = await project().run('image', 'list', 'imges')
    expect(code).toBe(64)
    expect(stderr).toBe(
      'there is no list of "imges"; known are images, targets, layers, services, volumes, aliases, routes\n',
    )
  })
})

describe('image inspect', () => {
  it('IMG-188 prints what the image came to', async () => {
    const { code, stdout } = await project().run('image', 'inspect', 'site')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      name: 'site',
      version: '2026.2.1',
      base: 'debian-base',
      auto: false,
      registry: 'r.example/a',
      tag: 'auto',
      user: 'user',
      uid: 1000,
      gid: 1000,
      home: '/home/user',
      userAdopted: false,
      distro: ['debian:13', 'debian'],
      build: ['deb'],
      layers: ['web'],
      ports: ['8080:80'],
      init: 'systemd',
      status: 'testing',
    })
  })
  it.each([
    ['layers', 'web\n'],
    ['distro', 'debian:13\ndebian\n'],
    ['home', '/home/user\n'],
    ['uid', '1000\n'],
    ['layerVersions', '{"base":"2026.1.1","web":"2026.2.1"}\n'],
  ])('IMG-188 --format %s', async (field, text) => {
    expect(await project().run('image', 'inspect', 'site', '--format', field)).toMatchObject({ code: 0, stdout: text })
  })
  it('IMG-05 IMG-188 says what is wrong with the question', async () => {
    expect((await project().run('image', 'inspect', 'sites')).stderr).toContain(
      'unknown image "sites" (did you mean "site"?)',
    )
    expect((await project().run('image', 'inspect', 'off')).stderr).toContain('image "off" is disabled')
    const { code, stderr } = await project().run('image', 'inspect', 'site', '--format', 'layer')
    expect(code).toBe(64)
    expect(stderr).toContain('an image has no field "layer"; known are name, version, base')
  })
})

describe('image validate', () => {
  it('LAY-110 says what is there, and writes nothing', async () => {
    const workspace = project()
    const { code, stdout, stderr } = await workspace.run('image', 'validate')
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: '3 layers, 3 images and 1 deploy are valid\n',
    })
    expect(workspace.has('.build')).toBe(false)
  })
  it('LAY-110 finds what is wrong', async () => {
    const workspace = project()
    workspace.write({ 'deploy.ts': workspace.read('deploy.ts').replace("'2026.2.1'", "'2'") })
    const { code, stderr } = await workspace.run('image', 'validate')
    expect(code).toBe(1)
    expect(stderr).toContain('version must be CalVer format')
  })
})

describe('image generate', () => {
  it('IMG-71 IMG-152 IMG-171 writes what synth writes, under a tag that is given', async () => {
    const workspace = project()
    const base = () => /^ARG BASE_IMAGE=(.*)$/m.exec(workspace.read('.build/site/Containerfile'))?.[1]
    expect(await workspace.run('image', 'generate', '--tag', '2026.9.1')).toMatchObject({ code: 0 })
    expect(base()).toBe('debian-base:2026.9.1')
    const output = workspace.output()
    expect((await workspace.run('synth', '--tag', '2026.9.1')).stderr).toContain('are up to date')
    expect(workspace.output()).toEqual(output)
    await workspace.run('image', 'generate')
    expect(base()).toBe('debian-base:2026.1.1')
  })
})

describe('commands of a group', () => {
  it('LAY-110 the group alone shows its commands', async () => {
    const { stderr, stdout } = await project().run('image')
    expect(stdout + stderr).toContain('inspect [options] <image>')
  })
  it('LAY-110 a wrong one is wrong usage', async () => {
    const { code, stderr } = await project().run('image', 'lits')
    expect(code).toBe(64)
    expect(stderr).toContain("unknown command 'lits'")
  })
})
