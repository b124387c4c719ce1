/** Layers inside of a running container: everything lands there, and nothing on the machine around it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const PROJECT = `import { cmd, copy, host, image, layer, pod, write } from 'ov'
import { stock } from './stock.ts'
const workspace = image({ name: 'workspace', base: stock })
export const box = pod({ name: 'box', image: workspace })
export const files = layer({
  name: 'files',
  version: '2026.331.900',
  deb: { packages: ['tree'] },
  env: { GREETING: 'hello' },
  tasks: [
    copy('files/run.sh', { to: '/usr/local/bin/run-files' }),
    write('/etc/files.conf', { content: 'a = 1\\n' }),
    write('~/mine.conf', { content: 'b = 2\\n', user: '\${USER}' }),
    cmd('id -un > /srv/who; cat > /srv/delimiter <<"OV_TEXT"\\nOV_TEXT_\\n\`x\` $HOME\\nOV_TEXT\\n'),
  ],
})
export const tools = host({ name: 'tools', inside: box, layers: [files], installOpts: { allowRootTasks: true } })
export const more = host({ name: 'more', inside: tools, layers: [layer({ name: 'more', version: '2026.331.900', tasks: [write('/etc/more.conf', { content: 'm' })] })] })
`
let machine: TestMachine
let project: TestProject
const inside = (script: string) => machine.sh(`podman exec -i ov-box bash -c '${script}'`)

beforeAll(async () => {
  machine = await startMachine('nested')
  project = await machine.project('nested', { 'layers.ts': PROJECT, 'files/run.sh': '#!/bin/sh\necho run\n' })
  await machine.sh('sudo apt-get update -q >/dev/null; podman network exists ov || :')
})
afterAll(() => machine?.bed.down())

it('DEP-31 DEP-35 DEP-36 DEP-33 DEP-38 HOST-43 HOST-56 HOST-61 HOST-64 a host deploy inside of a pod is applied there, and nowhere else', async () => {
  const early = await project.ov('apply tools')
  expect(early.exitCode).toBe(1)
  expect(early.stderr).toContain('container ov-box is not running')
  await project.done('apply box')
  // Images hold no archive: whoever installs packages in a container says which.
  await machine.sh(
    'podman exec --user 0 ov-box rm -rf /etc/apt && podman cp /etc/apt ov-box:/etc/apt && podman exec --user 0 ov-box apt-get update -q >/dev/null',
  )
  const before = await machine.sh('dpkg-query -W; ls -A ~ ~/.config; cat ~/.profile; ls -A /etc /usr/local/bin')
  const { stderr } = await project.done('apply')
  expect(stderr).toContain('tools: 6 changes')
  // What others live in comes first.
  expect(stderr.indexOf('more: ')).toBeGreaterThan(stderr.indexOf('tools: 6 changes'))
  expect(await inside('cat /etc/files.conf ~/mine.conf /srv/who /srv/delimiter; run-files; command -v tree')).toBe(
    'a = 1\nb = 2\nroot\nOV_TEXT_\n`x` $HOME\nrun\n/usr/bin/tree',
  )
  expect(
    await inside(
      'stat -c %u ~/mine.conf /etc/files.conf; ls ~/.config/overthink/installed/layers; . ~/.config/overthink/env.d/files.env; echo $GREETING',
    ),
  ).toBe('1000\n0\nfiles.json\nmore.json\nhello')
  expect(await machine.sh('dpkg-query -W; ls -A ~ ~/.config; cat ~/.profile; ls -A /etc /usr/local/bin')).toBe(before)
  expect((await project.done('apply')).stderr).toContain('tools: no change')
  expect((await project.ov('diff')).exitCode).toBe(0)
})

it('HOST-50 HOST-61 it is taken back there, and a container that is gone took it along', async () => {
  expect((await project.done('deploy del more --dry-run')).stdout).toMatch(/would tear down host deploy [0-9a-f]{16}/)
  await project.done('destroy more tools')
  expect(await inside('ls /etc/files.conf /etc/more.conf ~/mine.conf /usr/bin/tree 2>/dev/null || echo gone')).toBe(
    'gone',
  )
  await project.done('apply')
  await machine.sh(
    'systemctl --user restart ov-box; podman exec --user 0 ov-box rm -rf /etc/apt && podman cp /etc/apt ov-box:/etc/apt && podman exec --user 0 ov-box apt-get update -q >/dev/null',
  )
  const { stdout, exitCode } = await project.ov('diff tools')
  expect(exitCode).toBe(2)
  expect(stdout).toContain('host tools: create')
  expect((await project.done('apply tools')).stderr).toContain('tools: 6 changes')
})

it('DEP-32 DEP-45 what lives nowhere is told', async () => {
  for (const [deploy, message] of [
    [`host({ name: 'x', inside: 'nobody', layers: [files] })`, 'no deployment named "nobody"'],
    [`host({ name: 'x', inside: box, host: 'db', layers: [files] })`, 'has both inside and host'],
    [`host({ name: 'x', inside: 'x', layers: [files] })`, 'it lives inside itself: x → x'],
  ] as const) {
    await project.put({
      'deploy.ts': `import { host } from 'ov'\nimport { box, files } from './layers.ts'\nexport const x = ${deploy}\n`,
    })
    const { exitCode, stderr } = await project.ov('apply x')
    expect(exitCode).toBe(1)
    expect(stderr).toContain(message)
  }
})
