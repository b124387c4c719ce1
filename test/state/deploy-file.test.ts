import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { DiagnosticError, type Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { DeployFile, updateDeployFile } from '../../src/state/deploy-file/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'ov-deploy-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const fileOf = (text?: string): string => {
  const path = join(folder, `deploy-${++count}.yml`)
  if (text !== undefined) writeFileSync(path, text)
  return path
}
const read = (text: string) => DeployFile.read(fileOf(text))
const update = (deployFile: string, change: (file: DeployFile) => void) =>
  updateDeployFile({ deployFile }, 'test', change)

function refusal(text: string): Diagnostic {
  try {
    read(text)
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]!
    throw error
  }
  throw new Error('it was read')
}

const FULL = `# my machine
version: 4
deploy:
  # photos
  immich:
    target: pod
    image: immich
    # for the phone
    tunnel: {provider: tailscale, private: all}
    ports: ["2283:2283"]
    env: ["LOG_LEVEL=debug", "B=2"] # both
    volumes:
      # never plain
      - {name: library, type: encrypted, mine: kept}
      - {name: import, type: bind, host: /mnt/nas/import}
    security: {memory_max: 6g, cpus: "2.5"}
    nested:
      child: {image: x}
    added_by_me: [1, 2]
  immich/eu:
    image: immich
provides:
  env: [{name: URL, value: "http://ov-immich", source: immich}]
notes: keep me
`

describe('deploy.yml', () => {
  it('POD-11 POD-12 an entry is read in full', () => {
    const { entries, provides } = read(FULL)
    expect([...entries.keys()]).toEqual(['immich', 'immich/eu'])
    expect(entries.get('immich')).toEqual({
      target: 'pod',
      image: 'immich',
      tunnel: { provider: 'tailscale', private: 'all' },
      ports: ['2283:2283'],
      env: ['LOG_LEVEL=debug', 'B=2'],
      volumes: [
        { name: 'library', type: 'encrypted' },
        { name: 'import', type: 'bind', host: '/mnt/nas/import' },
      ],
      security: { memoryMax: '6g', cpus: '2.5' },
    })
    expect(provides.env).toEqual([{ name: 'URL', value: 'http://ov-immich', source: 'immich' }])
  })

  it('POD-13 POD-T19 a change of one field leaves remarks, unknown keys and everything else alone', () => {
    const file = read(FULL)
    const entry = file.entries.get('immich')!
    file.setEntry('immich', {
      ...entry,
      env: ['LOG_LEVEL=info', 'B=2', 'C=3'],
      volumes: [{ ...entry.volumes![0]!, dataSeeded: true }, entry.volumes![1]!],
    })
    expect(file.text).toBe(
      FULL.replace('"LOG_LEVEL=debug", "B=2"', 'LOG_LEVEL=info, "B=2", C=3').replace(
        'mine: kept}',
        'mine: kept, data_seeded: true}',
      ),
    )
    file.removeEntry('immich/eu')
    expect(file.text).toContain('notes: keep me')
    expect(file.text).not.toContain('immich/eu')
  })

  it('POD-13 keys that nobody knows are told once each, with their place', () => {
    const { warnings } = read(FULL)
    expect(warnings.map(({ message }) => message.replace(/^.*yml: /, ''))).toEqual([
      'ov does not know notes; it stays as it is',
      'ov does not know deploy.immich.added_by_me; it stays as it is',
    ])
    expect(warnings[1]!.place).toMatchObject({ line: 19, column: 5 })
  })

  it.each([
    ['ports: 80', 'deploy "web": ports: is not a list'],
    ['ports: [[80]]', 'deploy "web": ports[0]: is not a text'],
    ['volumes: [{name: Data}]', 'deploy "web": volumes[0].name: "Data" is not a volume name'],
    [
      'volumes: [{name: d, type: crypt}]',
      'volumes[0].type: "crypt" is not a kind of volume: volume, bind or encrypted',
    ],
    ['env: [A]', 'env[0]: is not NAME=value'],
    ['security: {privileged: "yes"}', 'security.privileged: is not true or false'],
    ['tunnel: {public: [443]}', 'tunnel.provider: is not a text'],
    ['{ports: ["1:1"], port: ["2:2"]}', 'port: says the same as ports; keep one of them'],
    ['{dns: a.b, fqdn: c.d}', 'fqdn: says the same as dns; keep one of them'],
  ])('POD-13 %s is an error that names file, deploy and field', (fields, message) => {
    const body = fields.startsWith('{') ? fields : `{${fields}}`
    const diagnostic = refusal(`version: 4\ndeploy:\n  web: ${body}\n`)
    expect(diagnostic.code).toBe('OV6002')
    expect(diagnostic.message).toContain(message)
    expect(diagnostic.place).toMatchObject({ line: 3 })
  })

  it('POD-12 other spellings mean the same, and stay as they were written', () => {
    const text = `version: 4
deploy:
  web:
    target: container
    fqdn: a.b
    workspace: ~/work
    env: {A: 1, B: "x=y"}
    volume: [{name: data, type: encrypt}]
    port: ["80:80"]
    tunnel: cloudflare
`
    const file = read(text)
    expect(file.entries.get('web')).toEqual({
      target: 'pod',
      dns: 'a.b',
      env: ['A=1', 'B=x=y'],
      volumes: [
        { name: 'data', type: 'encrypted' },
        { name: 'workspace', type: 'bind', host: '~/work', path: '/workspace' },
      ],
      ports: ['80:80'],
      tunnel: { provider: 'cloudflare', public: 'all' },
    })
    file.setEntry('web', { ...file.entries.get('web')!, ports: ['81:80'] })
    expect(file.text).toContain('port: [81:80]')
    expect(file.text).not.toContain('ports:')
  })

  it.each([
    ['images', 'images: {web: {}}\n'],
    ['images beside deploy', 'deploy: {}\nimages: {web: {}}\n'],
    ['deployment', 'deployment: {}\n'],
    ['deploys', 'deploys: {}\n'],
  ])('POD-14 POD-T1 an old root is refused: %s', (_, text) => {
    const { code, message, remedy } = refusal(text)
    expect(code).toBe('OV6004')
    expect(remedy).toMatch(/^run: ov migrate/)
    if (text.includes('images'))
      expect(message).toContain(
        'legacy top-level `images:` field detected — run `ov migrate local-deploy` to convert; the field was renamed to `deploy:` in the 2026-04 unified-config cutover (encryption guarantees disappear silently otherwise)',
      )
  })
  it('POD-14 a nested `images` is nobody’s business', () => {
    expect([...read('deploy: {web: {eval: [{images: 1}]}}\n').entries.keys()]).toEqual(['web'])
  })

  it('POD-07 two keys of one container are refused, and neither is written', () => {
    expect(refusal('deploy: {a-b: {}, a/b: {}}\n').message).toContain(
      '"a-b" and "a/b" would both have the unit ov-a-b.service',
    )
    const file = read('deploy: {a-b: {image: x}}\n')
    expect(() => file.setEntry('a/b', { image: 'a' })).toThrow('would both have the unit')
    expect(file.changed).toBe(false)
  })

  it.each([
    ['a tab', 'deploy:\n\tweb: {}\n'],
    ['a key twice', 'deploy: {web: {}, web: {}}\n'],
    ['no map', '- 1\n'],
    ['an open quote', 'deploy: {"web\n'],
    ['an alias of nothing', 'deploy: {web: *x}\n'],
    ['another version', 'version: 9\n'],
    [
      'an explosion of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, at) => `${name}: &${name} [${`*${'abcdefg'[at]},`.repeat(9)}]`).join('\n')}\n`,
    ],
  ])('POD-16 POD-T7 %s: an error that names the file, and a writer leaves it alone', async (_, text) => {
    const path = fileOf(text)
    expect(() => DeployFile.read(path)).toThrow(path)
    await expect(update(path, (file) => file.setEntry('web', { image: 'web' }))).rejects.toThrow(
      'test: refusing to write — deploy.yml load failed: ',
    )
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('POD-06 POD-16 a new file is for this user only, and nothing is left beside it', async () => {
    const path = fileOf()
    await update(path, (file) => file.setEntry('web', { target: 'pod', image: 'web', env: ['A= %"\'\n é'] }))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(DeployFile.read(path).entries.get('web')!.env).toEqual(['A= %"\'\n é'])
    expect(existsSync(join(folder, `.deploy.yml.tmp.${process.pid}`))).toBe(false)
  })

  it('POD-16 what changes nothing writes nothing, however it is indented', async () => {
    const path = fileOf('deploy:\n      web:\n            image:    web\n')
    const before = statSync(path).ino
    await update(path, (file) => file.setEntry('web', { image: 'web' }))
    expect(statSync(path).ino).toBe(before)
  })

  it('POD-17 an empty entry is not made', async () => {
    const path = fileOf('deploy: {a: {image: a}}\n')
    await update(path, (file) => file.setEntry('b', {}))
    expect([...DeployFile.read(path).entries.keys()]).toEqual(['a'])
  })

  it('POD-148 the file goes with its last entry, unless something else is in it', async () => {
    const path = fileOf('version: 4\ndeploy: {a: {image: a}}\n')
    await update(path, (file) => file.removeEntry('a'))
    expect(existsSync(path)).toBe(false)
    const kept = fileOf('deploy: {a: {image: a}}\nprovides: {env: [{name: A, value: b, source: c}]}\n')
    await update(kept, (file) => file.removeEntry('a'))
    expect(DeployFile.read(kept).provides.env).toHaveLength(1)
  })

  it('POD-16 two hundred writers at once lose no entry', async () => {
    const path = fileOf('# first line\n')
    await Promise.all(
      Array.from({ length: 200 }, (_, at) => update(path, (file) => file.setEntry(`d${at}`, { image: `i${at}` }))),
    )
    const { entries, text } = DeployFile.read(path)
    expect(entries.size).toBe(200)
    expect(text).toContain('# first line')
  }, 60_000)

  it('POD-13 whatever else is in an entry comes through a change of its image', () => {
    const value = fc.jsonValue({ maxDepth: 3 }).filter((one) => !JSON.stringify(one).includes('__proto__'))
    const key = fc
      .string({ minLength: 1 })
      .filter((one) => one !== '__proto__' && !/^(images|deploy|deploys|deployment|version|provides)$/.test(one))
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (extra) => {
        const unknown = Object.fromEntries(Object.entries(extra).map(([name, one]) => [`x ${name}`, one]))
        const file = read(JSON.stringify({ ...unknown, deploy: { web: { ...unknown, image: 'old' } } }))
        file.setEntry('web', { image: 'new' })
        const again = read(file.text)
        expect(again.entries.get('web')).toEqual({ image: 'new' })
        const shown = DeployFile.read(fileOf(file.text))
        expect(shown.warnings).toHaveLength(2 * Object.keys(unknown).length)
      }),
    )
  })
})
