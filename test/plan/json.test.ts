import { expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

it('LAY-98 LAY-100 PLAN-32 the plan as JSON has what is extracted, and shell code with scope and destination', async () => {
  const project = new Workspace({
    'images.ts': `import { image, layer } from 'ov'
const tools = layer({ name: 'tools', version: '2026.1.1', extract: [{ source: 'x:1', path: '/a', dest: '~/a' }], shell: { zsh: { init: 'z', path: '~/.zrc' } } })
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [tools], shell: { sh: { pathAppend: ['/x'] }, priority: 7 } })
`,
  })
  const { stdout } = await project.run('synth', '--json')
  const { images } = JSON.parse(stdout) as { images: { shell: object[]; plans: { Steps: object[] }[] }[] }
  expect(images[0]).toMatchObject({ extract: [{ layer: 'tools', source: 'x:1', path: '/a', dest: '/home/user/a' }] })
  expect(images[0]!.shell).toMatchObject([
    {
      Kind: 'ShellSnippet',
      Scope: 'system',
      Shell: 'sh',
      PathAppend: ['/x'],
      Destination: '/etc/profile.d/ov-image-app-sh.sh',
      Priority: 7,
    },
  ])
  expect(images[0]!.plans[0]!.Steps).toMatchObject([
    { Kind: 'ShellSnippet', Scope: 'user-profile', Shell: 'zsh', Snippet: 'z', Destination: '/home/user/.zrc' },
  ])
})
