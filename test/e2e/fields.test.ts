import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine } from './machine.ts'

const DEPLOY = `import { cmd, image, layer, pod, service, write } from 'ov'
import { stock } from './stock.ts'

const version = '2026.320.1200'
const files = layer({
  name: 'files', version, volumes: { notes: '~/notes' },
  data: [{ src: 'notes', volume: 'notes' }, { src: 'more', volume: 'notes', dest: 'sub' }],
})
export const data = image({ name: 'data', dataImage: true, layers: [files] })

const socat = layer({
  name: 'socat', version, deb: { packages: ['socat'] },
  tasks: [write('/usr/local/bin/relay-wrapper', { mode: '0755', content: '#!/bin/sh\\nexec socat "TCP-LISTEN:$1,bind=$(hostname -i),fork,reuseaddr" "TCP:127.0.0.1:$1"\\n' })],
})
const page = layer({
  name: 'page', version, ports: [9222], portRelay: [9222],
  tasks: [write('/srv/index.html', { content: 'through the relay\\n' })],
  services: [service({ name: 'page', exec: '/usr/bin/busybox httpd -f -p 127.0.0.1:9222 -h /srv', restart: 'always' })],
})
const taken = layer({ name: 'taken', version, extract: [{ source: 'localhost/donor:1', path: '/usr/bin/busybox', dest: '/opt/taken/busybox' }] })
const greeting = layer({
  name: 'greeting', version,
  tasks: [cmd('id -u > ~/mine', { user: '\${USER}' })],
  shell: { init: 'export GREETING="hello from \${SHELL_NAME}"', pathAppend: ['/opt/taken'] },
  aliases: { hi: 'echo hi' },
  hooks: { postEnable: 'true' },
  capabilities: { ociLabels: { 'org.example.note': 'a "note"' } },
})
export const all = image({ name: 'all', base: stock, layers: [files, socat, page, taken, greeting] })
export const deploy = pod({ name: 'all', image: all, ports: { 9222: 8099 } })
`

let machine: TestMachine
let stderr: string
beforeAll(async () => {
  machine = await startMachine('fields')
  const project = await machine.project('fields', {
    'deploy.ts': DEPLOY,
    'notes/one.md': 'one\n',
    'more/two.md': 'two\n',
  })
  await machine.sh('podman tag $(podman images -q localhost/stock | head -1) localhost/donor:1')
  await project.done('image build data')
  stderr = (await project.done('apply')).stderr
})
afterAll(() => machine?.bed.down())

const inside = (script: string, user = '1000') =>
  machine.sh(`podman exec -i -u ${user} ov-all bash -l`, { stdin: script })

describe('fields of layers, really built', () => {
  it('LAY-79 IMG-67 an image of data holds its files, for the account of those that take them', async () => {
    const listed = await machine.sh(
      'id=$(podman create $(podman images -q localhost/data) x) && podman export $id | tar -tv --numeric-owner; podman rm $id >/dev/null',
    )
    expect(listed).toMatch(/1000\/1000 .* data\/notes\/one\.md$/m)
    expect(listed).toMatch(/1000\/1000 .* data\/notes\/sub\/two\.md$/m)
    expect(listed).not.toContain(' etc/passwd')
  })
  it('LAY-79 IMG-66 an image with data has it staged', async () => {
    expect(await inside('cat /data/notes/one.md /data/notes/sub/two.md; stat -c %u:%g /data/notes/one.md')).toBe(
      'one\ntwo\n1000:1000',
    )
  })
  it('POD-51 POD-52 what fills a volume fills the folders in it, too', async () => {
    expect(stderr).toContain('volume notes has the data of layer files')
    expect(stderr).toContain('volume notes (sub) has the data of layer files')
    expect(await inside('cd ~/notes && find . -type f -user 1000 | sort')).toBe('./one.md\n./sub/two.md')
  })
  it('LAY-82 LAY-124 a relay reaches a service that listens on loopback only', async () => {
    expect(await machine.sh('curl -fsS --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:8099/')).toBe(
      'through the relay',
    )
    expect(await inside('supervisorctl status | sort | cut -d" " -f1', '0')).toBe('page\nrelay-9222')
  })
  it('LAY-100 IMG-62 files of another image are there, and belong to the image’s user', async () => {
    expect(await inside('stat -c %u:%g /opt/taken/busybox; /opt/taken/busybox echo works')).toBe('1000:1000\nworks')
  })
  it('LAY-98 LAY-99 login shells have the code and the path, after a task of the user, too', async () => {
    expect(
      await inside(
        'echo "$GREETING"; command -v busybox; case ":$PATH:" in *:/opt/taken:*) echo there;; esac; cat ~/mine',
      ),
    ).toBe('hello from bash\n/usr/bin/busybox\nthere\n1000')
    expect(await inside('stat -c "%a %u" /etc/profile.d/ov-greeting-bash.sh')).toBe('644 0')
  })
  it('IMG-108 IMG-120 IMG-123 labels of the image hold the text byte for byte', async () => {
    const labels = JSON.parse(await machine.sh("podman inspect ov-all --format '{{json .Config.Labels}}'")) as Record<
      string,
      string
    >
    expect(labels['org.example.note']).toBe('a "note"')
    expect(JSON.parse(labels['org.overthinkos.aliases'] ?? '')).toEqual([{ name: 'hi', command: 'echo hi' }])
    expect(JSON.parse(labels['org.overthinkos.hooks'] ?? '')).toEqual({ post_enable: 'true' })
    expect(JSON.parse(labels['org.overthinkos.port_relay'] ?? '')).toEqual([9222])
  })
})
