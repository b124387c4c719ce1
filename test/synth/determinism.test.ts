import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

/** A project with something of everything that ends up in files. */
const FILES: Readonly<Record<string, string>> = {
  'layers.ts': `import { cmd, copy, download, layer, mkdir, service, write } from 'ov'

export const supervisord = layer({ name: 'supervisord', version: '2026.1.1', deb: { packages: ['supervisor'] } })
export const ili = layer({
  name: 'ili',
  version: '2026.1.2',
  depends: [supervisord],
  env: { I: 'ı', i: 'İ', Z: 'z', A: 'ä' },
  vars: { V: '1', B: '2' },
  ports: [8080, 'udp:53'],
  volumes: { z: '/z', a: '~/a' },
  tasks: [copy('ä.txt', { to: '/opt/i' }), write('/etc/i', { content: 'İıIi\\n' }), mkdir('/x'), cmd('true'), download('https://e.org/x', { to: '/y' })],
  services: [service({ name: 'ili', exec: 'ili', env: { I: '1', i: '2' } })],
})
`,
  'images.ts': `import { image } from 'ov'
import { ili } from './layers.ts'

export const base = image({ name: 'base', base: 'debian:13', distro: ['debian:13', 'debian'], version: '2026.1.1' })
export const app = image({ name: 'app', base, layers: [ili], env: { Z: '1', A: '2' } })
`,
  'deploy.ts': `import { bind, pod } from 'ov'
import { app } from './images.ts'

export const site = pod({ name: 'site', image: app, ports: { 8080: 80, '53/udp': 53 }, volumes: { z: bind('~/z') }, env: { LATER: 'x', EARLY: 'y' } })
`,
  'ä.txt': 'text',
}

describe('IMG-71 the same sources give the same bytes', () => {
  it('IMG-53 IMG-71 PLAN-03 in another folder, time zone and locale', async () => {
    const [here, there] = [new Workspace(FILES), new Workspace(FILES)]
    const outcomes = await Promise.all([
      here.cli(['synth'], { env: { TZ: 'UTC', LC_ALL: 'C' } }),
      there.cli(['synth'], { env: { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' } }),
    ])
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: '2 images, 1 deploy: 13 written, 0 unchanged in .build\n' },
      { code: 0, stderr: '2 images, 1 deploy: 13 written, 0 unchanged in .build\n' },
    ])
    expect(there.output()).toEqual(here.output())
    const [one, two] = await Promise.all([
      here.cli(['synth', '--json'], { env: { TZ: 'UTC', LC_ALL: 'C' } }),
      there.cli(['synth', '--json'], { env: { TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8' } }),
    ])
    expect(two.stdout).toBe(one.stdout)
  })

  it('IMG-71 IMG-T26 with the declarations and keys in another order, where order means nothing', async () => {
    const layers = ['zeta', 'alpha', 'mid'].map(
      (name) =>
        `export const ${name} = layer({ name: '${name}', version: '2026.1.1', env: { ${name.toUpperCase()}: '1', SAME: 'x' }, envAccepts: { MORE: 'm', LESS: 'l' }, volumes: { ['z-${name}']: '/z', ['a-${name}']: '/a' }, vars: { V: '1', B: '2' } })`,
    )
    const build = async (order: string[], fields: string) => {
      const project = new Workspace({
        'layers.ts': `import { layer } from 'ov'\n${order.join('\n')}\n`,
        'images.ts': `import { image } from 'ov'\nimport { zeta, alpha, mid } from './layers.ts'\nexport const app = image({ ${fields} })\n`,
      })
      expect((await project.run('synth')).code).toBe(0)
      // The side maps name lines, and these did change.
      return Object.fromEntries(Object.entries(project.output()).filter(([path]) => !path.endsWith('/map.json')))
    }
    const fields = [
      "name: 'app'",
      "base: 'debian:13'",
      "distro: 'debian'",
      "env: { B: '1', A: '2' }",
      'layers: [mid, zeta, alpha]',
    ]
    const first = await build(layers, fields.join(', '))
    const second = await build(
      [...layers]
        .reverse()
        .map((text) =>
          text.replace("MORE: 'm', LESS: 'l'", "LESS: 'l', MORE: 'm'").replace("V: '1', B: '2'", "B: '2', V: '1'"),
        ),
      [...fields].reverse().join(', ').replace("B: '1', A: '2'", "A: '2', B: '1'"),
    )
    expect(second).toEqual(first)
  })

  it('IMG-71 no file holds a path of this machine, or a time', async () => {
    const project = new Workspace(FILES)
    expect((await project.run('synth')).code).toBe(0)
    const texts = Object.entries(project.output())
    const now = new Date()
    const day = [
      now.toISOString().slice(0, 10),
      String(now.getFullYear()) +
        '.' +
        String(Math.ceil((now.getTime() - Date.UTC(now.getFullYear(), 0, 1)) / 864e5)) +
        '.',
    ]
    for (const found of [project.top, ...day])
      expect(
        texts.filter(([, text]) => text.includes(found)).map(([path]) => path),
        found,
      ).toEqual([])
  })
})

it('IMG-09 IMG-143 a deploy leaves no trace in its image', async () => {
  const images = async (deploy: string) => {
    const project = new Workspace({ ...FILES, 'deploy.ts': deploy })
    const { code, stderr } = await project.run('synth')
    expect(code, stderr).toBe(0)
    return Object.fromEntries(Object.entries(project.output()).filter(([path]) => !path.startsWith('.build/_deploys/')))
  }
  const changed = FILES['deploy.ts']!.replace("LATER: 'x'", "LATER: 'y', MORE: 'z'").replace('8080: 80', '8080: 81')
  expect(await images(changed)).toEqual(await images('export {}\n'))
})

describe('IMG-171 what is below .build', () => {
  const stats = (project: Workspace) =>
    project.files().map((path) => {
      const { mtimeMs, ino } = statSync(project.path(path))
      return [path, mtimeMs, ino]
    })
  const made = async () => {
    const project = new Workspace(FILES)
    expect((await project.run('synth')).code).toBe(0)
    return project
  }

  it('IMG-171 a second synth rewrites no file, and an edit only those that it changes', async () => {
    const project = await made()
    for (const path of project.files()) utimesSync(project.path(path), 1, 1)
    const before = stats(project)
    await project.run('synth')
    expect(stats(project)).toEqual(before)
    project.write({ 'layers.ts': `${project.read('layers.ts')}\n// a remark\n` })
    await project.run('synth')
    expect(stats(project)).toEqual(before)
    project.write({ 'layers.ts': project.read('layers.ts').replace("'İıIi\\n'", "'other'") })
    expect((await project.run('synth')).stderr).toBe(
      '2 images, 1 deploy: 3 written, 1 removed, 10 unchanged in .build\n',
    )
    const after = new Map(stats(project).map(([path, ...rest]) => [path, String(rest)]))
    const changed = before.filter(([path, ...rest]) => after.get(path) !== String(rest)).map(([path]) => path)
    expect(changed.map((path) => String(path).replace(/[0-9a-f]{64}/, 'HASH'))).toEqual([
      '.build/app/Containerfile',
      '.build/app/_inline/ili/HASH',
      '.build/app/map.json',
    ])
  })

  it('IMG-171 IMG-T24 what is no longer declared goes, and so do the folders it leaves empty', async () => {
    const project = await made()
    project.write({
      'images.ts': project.read('images.ts').replace("name: 'app'", "name: 'renamed'"),
      'deploy.ts': 'export {}\n',
    })
    expect((await project.run('synth')).code).toBe(0)
    expect(project.files().filter((path) => !/^\.build\/(\.gitignore|base|renamed|_layers)/.test(path))).toEqual([])
    expect(project.has('.build/app')).toBe(false)
    expect(project.has('.build/_deploys')).toBe(false)
    project.write({ 'images.ts': project.read('images.ts').replace('layers: [ili]', 'layers: []') })
    await project.run('synth')
    expect(project.has('.build/_layers')).toBe(false)
    expect(project.has('.build/renamed/_inline')).toBe(false)
  })

  it('IMG-171 what somebody else did to it is put right', async () => {
    const project = await made()
    const before = project.output()
    writeFileSync(project.path('.build/app/Containerfile'), 'FROM scratch\n')
    await project.run('synth')
    expect(project.output()).toEqual(before)
    rmSync(project.path('.build/app/Containerfile'))
    await project.run('synth')
    expect(project.output()).toEqual(before)
    // A file where a folder has to be, and the other way round.
    rmSync(project.path('.build/app'), { recursive: true })
    writeFileSync(project.path('.build/app'), 'x')
    await project.run('synth')
    expect(project.output()).toEqual(before)
    rmSync(project.path('.build/base/Containerfile'))
    mkdirSync(project.path('.build/base/Containerfile/deep'), { recursive: true })
    writeFileSync(project.path('.build/base/Containerfile/deep/x'), 'x')
    await project.run('synth')
    expect(project.output()).toEqual(before)
    rmSync(project.path('.build'), { recursive: true })
    await project.run('synth')
    expect(project.output()).toEqual(before)
  })

  it('IMG-171 a link out of it is replaced, not followed', async () => {
    const project = await made()
    const before = project.output()
    project.write({ 'precious/Containerfile': 'mine' })
    rmSync(project.path('.build/app'), { recursive: true })
    project.link('.build/app', '../precious')
    await project.run('synth')
    expect(project.read('precious/Containerfile')).toBe('mine')
    expect(project.output()).toEqual(before)
  })

  it('IMG-170 IMG-171 git ignores it, and nothing else of the project is touched', async () => {
    const project = new Workspace({ ...FILES, '.containerignore': 'mine\n', '.dockerignore': 'mine\n' })
    const before = project.files('.')
    await project.run('synth')
    expect(project.read('.build/.gitignore')).toBe('*\n')
    expect(project.files('.').filter((path) => !path.startsWith('.build/'))).toEqual(before)
    expect(project.read('.containerignore')).toBe('mine\n')
  })

  it('IMG-173 while there is an error, what was there before stays complete', async () => {
    const project = await made()
    const before = stats(project)
    project.write({ 'layers.ts': project.read('layers.ts').replace("mkdir('/x')", "mkdir('x')") })
    expect((await project.run('synth')).code).toBe(1)
    expect(stats(project)).toEqual(before)
  })
})
