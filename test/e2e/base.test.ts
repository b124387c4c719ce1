import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const DEPLOY = `import { cmd, debootstrap, image, layer, pod } from 'ov'

const one = layer({ name: 'one', version: '2026.320.1200', tasks: [cmd('echo made > /made')] })
export const small = image({ name: 'small', base: debootstrap({ suite: 'trixie', include: ['ca-certificates'] }), layers: [one] })
export const deploy = pod({ name: 'small', image: small })
`

let machine: TestMachine
let project: TestProject
beforeAll(async () => {
  machine = await startMachine('base')
  project = await machine.project('base', { 'deploy.ts': DEPLOY })
})
afterAll(() => machine?.bed.down())

const bases = async () =>
  (await machine.sh("podman images --format '{{.Repository}}:{{.Tag}}' | grep ov-base")).split('\n')

it('without mmdebstrap there is a message, and nothing is built', async () => {
  await machine.sh('mkdir ~/few; for p in /usr/bin/*; do ln -s $p ~/few/; done; rm ~/few/mmdebstrap')
  const { exitCode, stderr } = await project.ov('apply', { env: { PATH: '/home/op/few:/usr/local/bin' } })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('mmdebstrap is not installed; it makes the base debian trixie')
  expect(stderr).toContain('OV5004')
})

it('a SIGKILL while the base is made leaves none, and the next apply makes it', async () => {
  const before = await bases()
  await machine.sh(`cd ~/base; setsid bash -c 'ov apply > ~/out 2>&1' &
    for i in $(seq 100); do pgrep -f '[/]usr/bin/mmdebstrap' >/dev/null && break; sleep 0.1; done; sleep 3
    kill -KILL $(pgrep -f '^node /opt/ov' | head -1)`)
  await expect.poll(() => machine.sh("pgrep -fc '[/]usr/bin/mmdebstrap' || true"), { timeout: 70_000 }).toBe('0')
  expect(await bases()).toEqual(before)
  const { stderr } = await project.done('apply')
  expect(stderr).toMatch(/^making the base localhost\/ov-base\/debian:trixie-[0-9a-f]{12}$/m)
  expect(await bases()).toHaveLength(before.length + 1)
  expect(await machine.sh("ls /tmp | grep -E '^(ov-|mmdebstrap)' || true")).toBe('')
})

it('the base holds nothing of this machine, and builds use its archive all the same', async () => {
  const inside = (script: string) => machine.sh('podman exec -i -u 0 ov-small sh', { stdin: script })
  expect(
    await inside('cat /made; find /etc/apt -type f -size +0 -name "*.sources" -o -name "95machine" -size +0'),
  ).toBe('made')
  expect(
    await inside('cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null; find /usr/share/man -type f'),
  ).toBe('')
  expect(await inside('dpkg -s ca-certificates curl | grep -c "^Status: install ok installed"')).toBe('2')
})

it('--refresh-base makes it anew', async () => {
  const id = () => machine.sh("podman inspect ov-small --format '{{.Image}}'")
  const before = await id()
  const { stderr } = await project.done('apply --refresh-base')
  expect(stderr).toContain('making the base')
  expect(stderr).toMatch(/^small: running/m)
  expect(await id()).not.toBe(before)
  expect((await project.done('apply')).stderr).toContain('nothing to change')
})
