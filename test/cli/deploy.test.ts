import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

/** A home with a deploy.yml, and ov in it. */
function home(text?: string) {
  const place = new Workspace({})
  const folder = join(place.top, 'config/ov')
  const file = join(folder, 'deploy.yml')
  mkdirSync(folder, { recursive: true })
  if (text !== undefined) writeFileSync(file, text)
  const env = { XDG_CONFIG_HOME: join(place.top, 'config'), HOME: place.top }
  return {
    place,
    file,
    read: () => readFileSync(file, 'utf8'),
    files: () => readdirSync(folder).sort(),
    ov: (...args: string[]) => place.cli(args, { env }),
  }
}

const OLD = `# of this machine
version: 3
images:
  app:
    workspace: ~/work
    bind_mounts:
      - {name: mail, path: /mail, encrypted: true}
      - {name: pics, host: /srv/pics, path: /pics}
    ports: ["80:80"]
    mine: 1
provides:
  env: [{name: A, value: b, source: app}]
`

describe('ov migrate local-deploy', () => {
  it('POD-14 POD-15 POD-T1 an old file is refused, then converted; a copy stays, and a second time is nothing', async () => {
    const one = home(OLD)
    const refused = await one.ov('deploy', 'show', 'app')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('run: ov migrate local-deploy')
    expect((await one.ov('migrate', 'local-deploy')).code).toBe(0)
    expect(one.read()).toBe(`# of this machine
version: 4
provides:
  env: [{name: A, value: b, source: app}]
deploy:
  app:
    ports: ["80:80"]
    mine: 1
    target: pod
    image: app
    volumes:
      - type: encrypted
        name: mail
        path: /mail
      - type: bind
        name: pics
        host: /srv/pics
        path: /pics
      - type: bind
        name: workspace
        host: ~/work
        path: /workspace
`)
    const [backup] = one.files().filter((name) => /^deploy\.yml\.bak\.\d+$/.test(name))
    expect(readFileSync(join(one.file, '..', backup!), 'utf8')).toBe(OLD)
    expect(statSync(one.file).mode & 0o777).toBe(0o600)
    const before = one.read()
    expect((await one.ov('migrate', 'local-deploy')).stderr).toBe('nothing to migrate\n')
    expect(one.read()).toBe(before)
    expect((await one.ov('deploy', 'show', 'app')).stdout).toContain('type: encrypted')
  })

  it('POD-15 a name under both roots is an error, and nothing is written', async () => {
    const text = 'images: {app: {}}\ndeploy: {app: {}}\n'
    const one = home(text)
    const { code, stderr } = await one.ov('migrate', 'local-deploy')
    expect(code).toBe(1)
    expect(stderr).toContain('"app" stands both under images and under deploy')
    expect(one.read()).toBe(text)
    const both = home('images: {app: {x: 1}}\ndeploy: {other: {image: o}}\n')
    await both.ov('migrate', 'local-deploy')
    expect((await both.ov('deploy', 'show', 'other')).stdout).toContain('image: o')
    expect((await both.ov('deploy', 'show', 'app')).stdout).toContain('x: 1')
  })
})

const TWO = `version: 4
deploy:
  web: {image: web, env: [A=1], mine: kept}
  web/eu: {image: web, ports: ["1:1"]}
provides:
  env: [{name: A, value: b, source: web}]
`

describe('ov deploy', () => {
  it('POD-145 POD-149 show and path', async () => {
    const none = home()
    expect((await none.ov('deploy', 'show')).stdout).toBe('No deploy.yml configured\n')
    expect((await none.ov('deploy', 'path')).stdout).toBe(`${none.file}\n`)
    const one = home(TWO)
    expect((await one.ov('deploy', 'show')).stdout).toBe(TWO)
    expect((await one.ov('deploy', 'show', 'web', '-i', 'eu')).stdout).toBe(
      'deploy:\n  web/eu:\n    image: web\n    ports:\n      - 1:1\n',
    )
    const absent = await one.ov('deploy', 'show', 'nope')
    expect([absent.code, absent.stdout]).toEqual([0, 'No overrides for image "nope"\n'])
  })

  it(
    'POD-16 POD-13 two hundred runs, twenty at a time, lose no entry, no remark and no key',
    { timeout: 240_000 },
    async () => {
      const one = home('# of this machine\nversion: 4\nmine: {kept: true}\ndeploy: {}\n')
      const names = Array.from({ length: 200 }, (_, at) => `d${at}`)
      for (const name of names)
        writeFileSync(
          join(one.place.top, `${name}.yml`),
          `version: 4\ndeploy:\n  ${name}: {target: pod, image: web, env: [A=${name}]}\n`,
        )
      const waiting = [...names]
      const runs = Array.from({ length: 20 }, async () => {
        for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
          const { code, stderr } = await one.ov('deploy', 'import', join(one.place.top, `${name}.yml`))
          expect(code, stderr).toBe(0)
        }
      })
      await Promise.all(runs)
      const text = one.read()
      expect(text).toContain('# of this machine\n')
      expect(text).toContain('mine: {kept: true}\n')
      const found = [...text.matchAll(/^ {2}(d\d+):\n(?: {4}.*\n)*? {4}env:\n {6}- A=(d\d+)$/gm)]
      expect(found.map(([, name, value]) => [name, value]).sort()).toEqual(names.map((name) => [name, name]).sort())
      expect(one.files()).toEqual(['deploy.yml', 'deploy.yml.lock'])
    },
  )

  it('POD-146 POD-147 POD-T19 export and import: what is exported comes back, later fields win, the rest stays', async () => {
    const one = home(TWO)
    await one.ov('deploy', 'export', 'web', '-o', join(one.place.top, 'out.yml'))
    expect((await one.ov('deploy', 'export', 'nope')).stderr).toContain('no deploy named "nope" in deploy.yml')
    const other = home(
      'deploy: {web: {image: old, network: net}, more: {image: m}}\nprovides: {env: [{name: X, value: y, source: m}]}\n',
    )
    expect((await other.ov('deploy', 'import', join(one.place.top, 'out.yml'))).stderr).toBe(
      `Imported 1 file(s) into ${other.file}\n`,
    )
    const text = other.read()
    for (const kept of ['image: web', 'network: net', 'A=1', 'more:', 'name: X']) expect(text).toContain(kept)
    const missing = await other.ov('deploy', 'import', '--image', 'nope', one.file)
    expect(missing.stderr).toContain('image "nope" not found in input files')
    await other.ov('deploy', 'import', '--replace', '--image', 'web/eu', one.file)
    expect(other.read()).not.toContain('more:')
    expect(other.read()).toContain('name: X')
    expect(other.files().filter((name) => name.includes('.bak.'))).toHaveLength(1)
    expect((await home().ov('deploy', 'export')).stderr).toBe('No deploy.yml overrides to export\n')
  })

  it('POD-148 reset: an entry, the last one, the file', async () => {
    const one = home(TWO)
    expect((await one.ov('deploy', 'reset', 'web')).stderr).toBe('Removed overrides for "web"\n')
    expect((await one.ov('deploy', 'reset', 'web')).stderr).toBe('No overrides for image "web"\n')
    await one.ov('deploy', 'reset', 'web/eu')
    expect(one.read()).toContain('provides')
    expect((await one.ov('deploy', 'reset')).stderr).toBe('Removed deploy.yml\n')
    expect((await one.ov('deploy', 'reset')).stderr).toBe('No deploy.yml to remove\n')
    const field = await home(TWO).ov('deploy', 'reset', 'web', '--field', 'env.NOPE')
    expect([field.code, field.stderr.includes('nothing under env.NOPE')]).toEqual([1, true])
  })

  it('POD-150 status: which have an entry, which a quadlet', async () => {
    const one = home(
      TWO.replace(
        'provides:',
        '  beside: {image: web, sidecars: {metrics: {image: m}}}\n  cluster: {target: k8s, image: web}\nprovides:',
      ),
    )
    const quadlets = join(one.place.top, 'config/containers/systemd')
    mkdirSync(quadlets, { recursive: true })
    for (const name of [
      'ov-web.container',
      'ov-lost.container',
      'other.container',
      'ov-beside.container',
      'ov-beside-metrics.container',
    ])
      writeFileSync(join(quadlets, name), '')
    expect((await one.ov('deploy', 'status')).stdout).toBe(
      `${'beside'.padEnd(40)} deploy.yml: yes  quadlet: yes  (ok)
${'lost'.padEnd(40)} deploy.yml: no   quadlet: yes  (no overrides)
${'web'.padEnd(40)} deploy.yml: yes  quadlet: yes  (ok)
${'web/eu'.padEnd(40)} deploy.yml: yes  quadlet: no   (stale config)
`,
    )
    expect((await home().ov('deploy', 'status')).stdout).toBe('No deploy.yml entries and no quadlet files found\n')
  })
})

describe('ov config --ssh-key', () => {
  it('POD-28 finds the usual key first, and takes nothing for a key that is none', async () => {
    const one = home()
    const ask = async (source: string) => (await one.ov('config', 'web', '--ssh-key', source)).stderr
    expect(await ask('auto')).toContain(`there is no public key in ${one.place.top}/.ssh`)
    mkdirSync(join(one.place.top, '.ssh'))
    writeFileSync(join(one.place.top, '.ssh/own.pub'), 'nothing\n')
    expect(await ask('auto')).toContain('/.ssh/own.pub is no public key of OpenSSH')
    writeFileSync(join(one.place.top, '.ssh/id_rsa.pub'), '-----BEGIN OPENSSH PRIVATE KEY-----\n')
    expect(await ask('auto')).toContain('/.ssh/id_rsa.pub is no public key of OpenSSH')
    writeFileSync(join(one.place.top, '.ssh/id_ed25519.pub'), 'ssh-ed25519 AAAAC3Nz+/= me@here\n')
    expect(await ask('auto')).not.toContain('key')
    expect(await ask('~/.ssh/nope.pub')).toContain(`the public key ${one.place.top}/.ssh/nope.pub can't be read`)
    expect(one.files()).toEqual([])
  })
})
