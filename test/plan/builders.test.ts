import { expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

interface PlanJson {
  readonly images: readonly {
    readonly name: string
    readonly plans: readonly { readonly Steps: readonly Readonly<Record<string, unknown>>[] }[]
  }[]
}

it('PLAN-19 LAY-26 IMG-22 the plan says what is built with which image, and where', async () => {
  const project = new Workspace({
    'images.ts': `import { build, cmd, image, layer } from 'ov'
const arch = image({ name: 'arch', base: 'archlinux:latest', distro: 'arch', version: '2026.1.1' })
const demo = layer({
  name: 'demo', version: '2026.1.1', aur: { packages: ['yay'] }, npm: 'web/package.json', cargo: 'web/Cargo.toml',
  tasks: [cmd('a'), build(), cmd('b')],
})
export const app = image({ name: 'app', base: arch, build: ['pac', 'aur'], layers: [demo], builder: { aur: arch, npm: arch } })
`,
    'web/package.json': '{}',
    'web/Cargo.toml': '',
    'web/src/main.rs': '',
  })
  const { code, stdout, stderr } = await project.run('synth', '--json')
  expect(code, stderr).toBe(0)
  const image = (JSON.parse(stdout) as PlanJson).images.find(({ name }) => name === 'app')
  const steps = image!.plans[0]!.Steps
  expect(steps.map(({ Kind, Builder, Scope }) => [Kind, Builder, Scope])).toEqual([
    ['Builder', 'aur', 'system'],
    ['Task', undefined, 'system'],
    ['Builder', 'cargo', 'user'],
    ['Builder', 'npm', 'user'],
    ['Task', undefined, 'system'],
  ])
  expect(steps[0]).toMatchObject({
    BuilderImage: 'arch',
    Format: 'aur',
    Artifacts: [{ containerPath: '/tmp/aur-pkgs/', hostPath: '/tmp/aur-pkgs/', chown: '' }],
    RawInstallContext: ['pacman -U --noconfirm /tmp/aur-pkgs/*.pkg.tar.zst', 'rm -rf /tmp/aur-pkgs'],
  })
  expect(steps[2]).toMatchObject({ BuilderImage: '', Format: '', Artifacts: [] })
  expect(steps[2]).not.toHaveProperty('RawStageContext')
  expect(steps[3]).toMatchObject({
    BuilderImage: 'arch',
    Artifacts: [{ containerPath: '/home/user', hostPath: '/home/user', chown: '1000:1000' }],
    RawInstallContext: [],
    Origin: 'images.ts:5:21',
  })
  expect(steps[3]!['RawStageContext']).toContainEqual({ copy: 'web/package.json', to: 'package.json' })
})

it('IMG-188 inspect says which images build for it, and what it builds', async () => {
  const project = new Workspace({
    'images.ts': `import { image } from 'ov'
const arch = image({ name: 'arch', base: 'archlinux:latest', distro: 'arch', version: '2026.1.1', builds: ['aur', 'npm'] })
export const app = image({ name: 'app', base: arch, builder: { aur: arch, npm: 'arch' } })
`,
  })
  const inspect = async (...args: string[]) => (await project.run('image', 'inspect', ...args)).stdout
  expect(JSON.parse(await inspect('app'))).toMatchObject({ builder: { aur: 'arch', npm: 'arch' }, builds: [] })
  expect(await inspect('arch', '--format', 'builds')).toBe('aur\nnpm\n')
})
