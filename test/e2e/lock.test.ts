import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'
import { REGISTRY, startRegistry } from './registry.ts'

const BASE = `${REGISTRY}/team/base:1`
const URL = 'http://127.0.0.1:8111'

const files = (note: string, more = '') => ({
  'deploy.ts': `import { cmd, download, image, layer, write } from 'ov'
import { stock } from './stock.ts'
const version = '2026.320.1200'
const note = layer({ name: 'note', version, tasks: [write('/note', { content: ${JSON.stringify(note)} }), ${more}] })
export const app = image({ name: 'app', base: '${BASE}', build: 'deb', layers: [note] })
export const other = image({ name: 'other', base: stock })
`,
})
const GET = `download('${URL}/tool-\${ARCH}', { to: '/opt/tool', checksum: 'lock' }), download('${URL}/plain', { to: '/opt/plain', checksum: 'lock' })`

interface Lock {
  readonly images: Record<string, { readonly digest: string; readonly users?: unknown }>
  readonly downloads: Record<string, { readonly sha256: unknown }>
}

let machine: TestMachine
let project: TestProject
const lockText = () => machine.sh('cat ~/lock/ov.lock')
const lock = async () => JSON.parse(await lockText()) as Lock
const inImage = (command: string) =>
  machine.sh(`podman run --rm localhost/app:$(podman images --format '{{.Tag}}' localhost/app | head -1) ${command}`)
/** A list of two platforms, pushed under the base's name; the local names go. */
const publish = (marker: string) =>
  machine.sh(`set -e; cd ~/base; printf 'FROM localhost/stock:%s\\nUSER root\\nRUN usermod -l alice -d /srv/alice -m user; groupmod -g 1234 user; echo ${marker} > /marker\\n' \
      $(podman images --format '{{.Tag}}' localhost/stock | head -1) > Containerfile
    podman build -q -t built:${marker} . >/dev/null
    podman build -q --platform linux/arm64 -t arm:${marker} -f - >/dev/null <<< 'FROM scratch'
    podman manifest create list:${marker} containers-storage:localhost/built:${marker} >/dev/null
    podman manifest add --arch arm64 list:${marker} containers-storage:localhost/arm:${marker} >/dev/null
    podman manifest push --quiet --all list:${marker} docker://${BASE}; podman manifest rm list:${marker} >/dev/null; podman rmi built:${marker} arm:${marker} >/dev/null`)
const requests = async () => (await machine.sh('cat ~/requests 2>/dev/null || true')).split('\n').filter(Boolean)
const serve = (name: string, text: string) => machine.sh(`mkdir -p ~/www && printf ${text} > ~/www/${name}`)

beforeAll(async () => {
  machine = await startMachine('lock')
  await startRegistry(machine)
  await machine.sh('mkdir ~/base')
  await publish('one')
  project = await machine.project('lock', files('first'))
  await machine.bed.put(
    'server.cjs',
    `const { createServer } = require('node:http'); const { appendFileSync, readFileSync } = require('node:fs')
createServer((request, response) => { appendFileSync('/home/op/requests', request.url + '\\n'); response.end(readFileSync('/home/op/www' + request.url)) }).listen(8111, '127.0.0.1')`,
  )
  await machine.sh('setsid node ~/server.cjs >/dev/null 2>&1 & sleep 0.5')
})
afterAll(() => machine?.bed.down())

describe('bases from a registry', () => {
  it('IMG-18 --check says that nothing is pinned, and changes nothing', async () => {
    const { exitCode, stderr } = await project.ov('lock --check')
    expect([exitCode, stderr]).toEqual([2, `${BASE}: not in ov.lock`])
    expect(await machine.sh('ls ~/lock; podman images -q 127.0.0.1:5000/team/base')).not.toContain('ov.lock')
  })
  it('IMG-06 IMG-18 a build pins a base it meets: the digest of all platforms, and the account in it', async () => {
    const { stderr } = await project.done('image build app')
    expect(stderr).toContain(`pulling ${BASE}\nov.lock: 1 pin written; commit it\n`)
    const { images } = await lock()
    const list = await machine.sh(
      `curl -fsSI -H 'Accept: application/vnd.oci.image.index.v1+json' http://${REGISTRY}/v2/team/base/manifests/1 | tr -d '\\r' | sed -n 's/^Docker-Content-Digest: //p'`,
    )
    expect(images).toEqual({
      [BASE]: { digest: list, users: { 1000: { name: 'alice', gid: 1234, home: '/srv/alice' } } },
    })
    expect(await inImage("sh -c 'id -un; id -g; pwd; cat /marker /note'")).toBe('alice\n1234\n/srv/alice\none\nfirst')
  })
  it('IMG-18 what is pinned is left alone: nothing is built, and the file is not touched', async () => {
    const before = await machine.sh('stat -c "%i %Y" ~/lock/ov.lock')
    expect((await project.done('image build app')).stderr).toMatch(/^app: \S+ is up to date$/m)
    expect((await project.done('lock')).stderr).toBe(`${BASE}: pinned`)
    expect((await project.ov('lock --check')).exitCode).toBe(0)
    expect(await machine.sh('stat -c "%i %Y" ~/lock/ov.lock')).toBe(before)
  })
  it('IMG-18 synth reads the file, and needs neither network nor podman', async () => {
    await machine.sh('rm -rf ~/lock/.build ~/few; mkdir ~/few; ln -s /usr/bin/* ~/few/; rm ~/few/podman ~/few/curl')
    const synth = () =>
      machine.sh('PATH=/home/op/few:/usr/local/bin; ! type podman && unshare --user --map-root-user --net ov synth', {
        cwd: project.folder,
      })
    await synth()
    const { digest } = (await lock()).images[BASE]!
    const base = () => machine.sh("sed -n 's/^ARG BASE_IMAGE=//p' ~/lock/.build/app/Containerfile")
    expect(await base()).toBe(`${BASE}@${digest}`)
    const moved = `sha256:${'0'.repeat(64)}`
    const text = await lockText()
    await machine.sh(`sed -i s/${digest}/${moved}/ ~/lock/ov.lock`)
    await synth()
    expect(await base()).toBe(`${BASE}@${moved}`)
    await machine.bed.put(`${project.folder}/ov.lock`, `${text}\n`)
  })
  it('IMG-18 a name that stands for another image today changes nothing, until it is updated', async () => {
    const before = (await lock()).images[BASE]!.digest
    await publish('two')
    await machine.sh(`podman pull -q ${BASE} >/dev/null`)
    await project.put(files('second'))
    await project.done('image build app')
    expect(await inImage('cat /marker /note')).toBe('one\nsecond')
    await machine.sh(`podman rmi -f $(podman images -q ${REGISTRY}/team/base) >/dev/null 2>&1; true`)
    await project.put(files('third'))
    expect((await project.done('image build app')).stderr).toContain(`pulling ${BASE}@${before}`)
    expect(await inImage('cat /marker /note')).toBe('one\nthird')

    const { stderr } = await project.done(`lock --update ${BASE}`)
    const after = (await lock()).images[BASE]!.digest
    expect(stderr).toBe(`pulling ${BASE}\n${BASE}: ${before} -> ${after}`)
    await project.done('image build app')
    expect(await inImage('cat /marker /note')).toBe('two\nthird')
  })
  it('IMG-18 a pinned image that is gone is an error, and the file stays as it is', async () => {
    const gone = `sha256:${'1'.repeat(64)}`
    const text = await lockText()
    await machine.sh(`sed -i 's/"digest": .*/"digest": "${gone}",/' ~/lock/ov.lock`)
    const changed = await lockText()
    const { exitCode, stderr } = await project.ov('image build app')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV5020')
    expect(stderr).toContain(`${BASE} is pinned to ${gone}, which is not to be had`)
    expect(stderr).toContain('the name stands for sha256:')
    expect(stderr).toContain('deploy.ts:5:')
    expect(stderr).toContain(`ov lock --update ${BASE}`)
    expect(await lockText()).toBe(changed)
    await machine.bed.put(`${project.folder}/ov.lock`, `${text}\n`)
  })
  it('IMG-18 a base that nobody has is an error at the line that names it', async () => {
    await project.put({ 'deploy.ts': files('x')['deploy.ts'].replace(BASE, `${REGISTRY}/team/none:1`) })
    const text = await lockText()
    const { exitCode, stderr } = await project.ov('image build app')
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/OV5021[^]*deploy\.ts:5:/)])
    expect(await lockText()).toBe(text)
  })
  it('IMG-18 names that are none are wrong usage', async () => {
    await project.put(files('third'))
    expect(await project.ov('lock --update nobody')).toMatchObject({
      exitCode: 64,
      stderr: `nothing from outside is called "nobody"; known are ${BASE}`,
    })
  })
})

describe('checksums of downloads', () => {
  const key = `${URL}/tool-\${ARCH}`
  let arch: string
  let sum: (text: string) => Promise<string>
  beforeAll(async () => {
    arch = (await machine.sh('uname -m')) === 'x86_64' ? 'amd64' : 'arm64'
    sum = (text) => machine.sh(`printf ${text} | sha256sum | cut -c1-64`)
    await serve(`tool-${arch}`, 'tool')
    await serve('plain', 'plain')
    await project.put(files('third', GET))
  })

  it('LAY-19 are pinned by a build that meets them, for this architecture, and hold in it', async () => {
    const { stderr } = await project.done('image build app')
    expect(stderr).toContain('ov.lock: 2 pins written; commit it')
    expect((await lock()).downloads).toEqual({
      [`${URL}/plain`]: { sha256: await sum('plain') },
      [key]: { sha256: { [arch]: await sum('tool') } },
    })
    expect(await inImage('cat /opt/tool /opt/plain')).toBe('toolplain')
    const asked = await requests()
    expect((await project.done('image build app')).stderr).toContain('app: localhost/app')
    expect(await requests()).toEqual(asked)
  })
  it('LAY-19 another file than the pinned one fails the build, and is not kept', async () => {
    const get = `download('${URL}/later', { to: '/opt/later', checksum: 'lock' })`
    await serve('later', 'old')
    await project.put(files('third', get))
    await project.done('lock')
    await serve('later', 'new')
    const text = await lockText()
    const { exitCode, stderr } = await project.ov('image build app')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV5020')
    expect(stderr).toContain(
      `checksum mismatch: ${URL}/later is sha256:${await sum('new')}, ov.lock says sha256:${await sum('old')}`,
    )
    expect(stderr).toContain('deploy.ts:4:')
    expect(stderr).toContain(`ov lock --update ${URL}/later`)
    expect(await lockText()).toBe(text)

    await project.done(`lock --update ${URL}/later`)
    await project.done('image build app')
    expect(await inImage('cat /opt/later')).toBe('new')
    expect((await project.done('lock')).stderr).toContain(`${URL}/plain: no longer used; its pin can be deleted`)
  })
  it('LAY-19 a checksum in the task holds without the file', async () => {
    await serve('own', 'own')
    const get = (of: string) => `download('${URL}/own', { to: '/opt/own', checksum: 'sha256:${of}' })`
    const text = await lockText()
    await project.put(files('third', get(await sum('other'))))
    const { exitCode, stderr } = await project.ov('image build app')
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('the task says sha256:')])
    await project.put(files('third', get(await sum('own'))))
    await project.done('image build app')
    expect(await inImage('cat /opt/own')).toBe('own')
    expect(await lockText()).toBe(text)
  })
})
