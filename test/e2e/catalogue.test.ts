import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ROOT } from '../../scripts/catalogue/facts.ts'
import { FOLDER, startCatalogue, type CatalogueMachine } from '../catalogue/machine.ts'
import { startMachine } from './machine.ts'

/** What needs a deploy of its own to be tried: access by key, and containers in a container. */
const MORE = `import { image, pod } from 'ov'
import { shell, debian } from './images.ts'
import { containerNesting } from './layers.ts'

const nested = image({ name: 'nested', base: debian, layers: [containerNesting] })
export const inner = pod({ name: 'inner', image: nested })
export const jump = pod({ name: 'jump', image: shell, ports: { 2222: 8022 } })
`
const OWN = `import { join } from 'node:path'
import { image } from 'ov'
import { debian } from './images.ts'
import { ovItself } from './layers.ts'

export const withOv = image({ name: 'with-ov', base: debian, layers: [ovItself(join(import.meta.dirname, 'packed'))] })
`
const HELLO = `import { image, layer, mkdir } from 'ov'
const hello = layer({ name: 'hello', version: '2026.1.1', tasks: [mkdir('/hello')] })
export const it = image({ name: 'hello', base: 'docker.io/library/debian:13', distro: ['debian:13', 'debian'], layers: [hello] })
`

let catalogue: CatalogueMachine
const sh = (script: string) => catalogue.machine.sh(script)
const ov = async (...args: string[]) => {
  const { stderr, exitCode } = await catalogue.ov(...args)
  expect(exitCode, stderr).toBe(0)
  return stderr
}
beforeAll(async () => {
  catalogue = await startCatalogue('catalogue', startMachine)
  await catalogue.machine.bed.put(`${FOLDER}/more.ts`, MORE)
})
afterAll(() => catalogue?.machine.bed.down())

describe('the starter catalogue, built and run', () => {
  it('LAY-103 its demo deploys are applied, and the checks of their layers pass in their images', async () => {
    await ov('apply')
    for (const image of ['web', 'cache', 'database']) {
      const { passed, skipped, failed } = await catalogue.check(image)
      expect({ image, skipped, failed }).toEqual({ image, skipped: 0, failed: [] })
      expect(passed).toBeGreaterThan(3)
    }
  })
  it('LAY-78 they answer, and their data is still there for the next container', async () => {
    const web = 'curl -fsS --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:8081/'
    expect(await sh(web)).toContain('nginx')
    const sql = (text: string) =>
      sh(
        `for i in $(seq 30); do podman exec ov-demo-database psql -qtAc ${JSON.stringify(text)} && break; sleep 1; done`,
      )
    await sql('create table kept as select 42 as answer')
    await sh('podman exec ov-demo-cache valkey-cli set answer 42')
    await sh('systemctl --user restart ov-demo-database ov-demo-cache')
    expect(await sql('select answer from kept')).toBe('42')
    expect(
      await sh('for i in $(seq 30); do podman exec ov-demo-cache valkey-cli get answer && break; sleep 1; done'),
    ).toBe('42')
  })
  it('PostgreSQL takes no one from the network without a password', async () => {
    expect(await sh('podman exec ov-demo-database psql -h 127.0.0.1 -w -c "select 1" 2>&1 || true')).toContain(
      'no password supplied',
    )
  })
  it('sshd lets in who has the key, and nobody else, under the same host key after a restart', async () => {
    await ov('apply', 'jump', '-p', 'more.ts')
    await sh(
      'ssh-keygen -q -t ed25519 -N "" -f ~/key && podman exec -i ov-jump sh -c "cat > ~/.ssh/authorized_keys" < ~/key.pub',
    )
    const ssh = (options: string) =>
      sh(
        `ssh -p 8022 -i ~/key -o BatchMode=yes -o UserKnownHostsFile=~/known ${options} user@127.0.0.1 id -un 2>&1 || true`,
      )
    await sh('for i in $(seq 30); do ssh-keyscan -p 8022 127.0.0.1 2>/dev/null | grep -q ssh && break; sleep 1; done')
    expect(await ssh('-o StrictHostKeyChecking=accept-new')).toMatch(/^user$/m)
    await sh('systemctl --user restart ov-jump')
    await sh('for i in $(seq 30); do ssh-keyscan -p 8022 127.0.0.1 2>/dev/null | grep -q ssh && break; sleep 1; done')
    expect(await ssh('-o StrictHostKeyChecking=yes')).toBe('user')
    await sh('podman exec ov-jump rm /home/user/.ssh/authorized_keys')
    expect(await ssh('-o StrictHostKeyChecking=yes')).toContain('Permission denied (publickey)')
  })
  it('ov runs in an image of its own making', async () => {
    const packed = await mkdtemp(join(tmpdir(), 'ov-packed-'))
    onTestFinished(() => rm(packed, { recursive: true }))
    await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', packed, '--loglevel=error'], { cwd: ROOT })
    const [tarball = ''] = await readdir(packed)
    await catalogue.machine.bed.put(`${FOLDER}/packed/${tarball}`, await readFile(join(packed, tarball)))
    await catalogue.machine.bed.put(`${FOLDER}/own.ts`, OWN)
    await ov('image', 'build', 'with-ov', '-p', 'own.ts')
    await catalogue.machine.bed.put('project/layers.ts', HELLO)
    const plan = await sh(
      `podman run --rm -v /usr/local/bin/node:/opt/node:ro -e OV_NODE=/opt/node -v ~/project:/project:ro -w /project \
        $(podman images -q localhost/with-ov | head -1) ov synth --json`,
    )
    expect((JSON.parse(plan) as { images: { name: string }[] }).images.map(({ name }) => name)).toEqual(['hello'])
  })
  it('LAY-83 Podman builds and runs containers inside a container', async () => {
    await ov('apply', 'inner', '-p', 'more.ts')
    const inside = (script: string) => catalogue.machine.sh('podman exec -i ov-inner sh', { stdin: script })
    expect(await inside('podman info --format "{{.Store.GraphDriverName}}"')).toBe('overlay')
    await inside(
      'tar -C / -chf - $(ldd /usr/bin/id | grep -o "/[^ ]*") usr/bin/id 2>/dev/null | podman import --quiet - localhost/small',
    )
    expect(await inside('podman run --rm --user 7 localhost/small /usr/bin/id -u')).toBe('7')
    expect(
      await inside(`printf 'FROM localhost/small\\nRUN ["/usr/bin/id", "-u"]\\n' | podman build --no-cache - 2>&1`),
    ).toMatch(/^0$/m)
  })
})
