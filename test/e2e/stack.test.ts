/** The example of a stack, with what a self-hoster adds to it: all at once, through updates and a reboot, until it is gone. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BedMount } from '../bed/bed.ts'
import { makeSidecar, startMachine, type TestMachine, type TestProject } from './machine.ts'

const STACK = join(import.meta.dirname, '../../examples/stack')

/** A named volume that is filled from the image, a sidecar, and the page a second time. */
const MORE = `
import { debootstrap, image, layer, service } from 'ov'
import { supervisord } from './layers.ts'
const notes = layer({
  name: 'notes',
  version: '2026.331.800',
  depends: [supervisord],
  deb: { packages: ['busybox'] },
  ports: [8080],
  volumes: { notes: '~/notes' },
  data: [{ src: 'seed', volume: 'notes' }],
  services: [service({ name: 'notes', exec: 'busybox httpd -f -p 8080 -h /home/user/notes', restart: 'always' })],
})
export const notesImage = image({ name: 'notes', base: debootstrap({ suite: 'trixie' }), layers: [notes] })
export const noted = pod({ name: 'notes', image: notesImage, ports: { 8080: 8096 }, sidecars: { helper: { image: 'localhost/helper:latest' } } })
export const second = pod({
  name: 'visits/two',
  image: page,
  ports: { 8080: 8097 },
  env: { VALKEY_HOST: provided(kept), GREETING: 'Again' },
})
`
const ALL = 'kept visits visits/two notes'

let machine: TestMachine
let project: TestProject
const ask = (port: number, path = '') =>
  machine.sh(`curl -fsS --retry 30 --retry-all-errors --retry-delay 1 http://127.0.0.1:${port}/${path}`)
beforeAll(async () => {
  machine = await startMachine('stack', [`${STACK}:/stack:ro` as BedMount])
  project = await machine.project('stack', { 'seed/a.txt': 'seeded\n' })
  await machine.sh(`cp -r /stack/*.ts /stack/app . && cat >> deploy.ts <<'END'\n${MORE}END`, { cwd: project.folder })
  await project.done('image build notes')
  await makeSidecar(machine, 'notes', 'localhost/helper:latest')
})
afterAll(() => machine?.bed.down())

it('POD-79 POD-83 POD-40 POD-42 POD-49 a page finds its store, twice; data is there, and a sidecar beside it', async () => {
  await project.done('apply')
  expect(await ask(8095)).toBe('Hello, visitor 1')
  expect(await ask(8097)).toBe('Again, visitor 2')
  expect(await ask(8096, 'a.txt')).toBe('seeded')
  expect(await machine.sh('podman exec ov-notes-helper curl -fsS http://127.0.0.1:8080/a.txt')).toBe('seeded')
  expect((await project.done('status')).stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
    ['DEPLOY', 'STATUS'],
    ['kept', 'running'],
    ['notes', 'running'],
    ['visits', 'running'],
    ['visits/two', 'running'],
  ])
})

it('POD-59 POD-61 limits reach the units', async () => {
  expect(await machine.sh('systemctl --user show ov-kept -p CPUQuotaPerSecUSec -p MemoryMax --value | sort')).toBe(
    '1s\n536870912',
  )
})

it('POD-129 POD-56 an update takes the new image and keeps the data', async () => {
  await machine.sh(
    `sed -i 's/, visitor/, visitor number/' app/counter.py; podman exec ov-notes sh -c 'echo own > ~/notes/b'`,
    {
      cwd: project.folder,
    },
  )
  const { stderr } = await project.done('apply')
  expect(stderr).toMatch(/^kept: no change$/m)
  expect(await ask(8095)).toBe('Hello, visitor number 3')
  expect(await ask(8097)).toBe('Again, visitor number 4')
  expect(await ask(8096, 'b')).toBe('own')
})

it('POD-117 ENC-60 ENC-62 everything runs again after a reboot', async () => {
  await project.done('stop visits/two', { cwd: '/' })
  await machine.bed.reboot()
  // Its passphrase is in a file, which nothing opens at boot.
  await project.done('start kept')
  expect(await ask(8095)).toBe('Hello, visitor number 5')
  // What was stopped by hand is a unit like the others: it starts with the machine.
  expect(await ask(8097)).toBe('Again, visitor number 6')
  expect(await ask(8096, 'b')).toBe('own')
  expect(await machine.sh('podman exec ov-notes-helper curl -fsS http://127.0.0.1:8080/a.txt')).toBe('seeded')
  expect((await project.done('apply')).stderr).toContain('nothing to change')
})

it('POD-55 POD-100 POD-130 purged, nothing is left', async () => {
  await project.done(`destroy --purge --yes ${ALL}`)
  expect(
    await machine.sh(
      `podman ps -aq; podman pod ps -q; podman volume ls -q; podman secret ls -q; podman network ls --format '{{.Name}}'
       find ~/.config/containers/systemd ~/.config/systemd ~/.local/share/ov -mindepth 1 ! -type d ! -path '*/cipher/*'; grep -c gocryptfs /proc/mounts
       systemctl --user list-units 'ov-*' --all --no-legend; grep -c . ~/.config/ov/deploy.yml || true`,
    ),
  ).toBe('podman\n0')
  // Encrypted data outlives its deploy.
  expect(await machine.sh('ls ~/.local/share/ov/encrypted/ov-kept-data/cipher | wc -l')).not.toBe('0')
})
