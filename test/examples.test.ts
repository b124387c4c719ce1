import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Workspace } from './harness.ts'

const ROOT = join(import.meta.dirname, '..')
const EXAMPLES = readdirSync(join(ROOT, 'examples'))

describe('examples', () => {
  it.each(EXAMPLES)('IMG-171 %s is synthesised, with nothing to complain about', async (name) => {
    const project = new Workspace()
    cpSync(join(ROOT, 'examples', name), project.root, { recursive: true })
    const { code, stderr } = await project.run('synth')
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^\d+ images?, \d+ deploys?: [^\n]*\n$/)
    // Hosts have no files of their own: what is installed depends on the machine.
    const hosts = ['fleet', 'workstation'].includes(name)
    expect(project.files().some((file) => file.endsWith('/Containerfile'))).toBe(!hosts)
  })
  it('LAY-45 LAY-49 IMG-26 the layers of multi-distro install what each distro calls them', async () => {
    const project = new Workspace()
    cpSync(join(ROOT, 'examples/multi-distro'), project.root, { recursive: true })
    await project.run('synth')
    const installed = (image: string) =>
      [...project.read(`.build/${image}/Containerfile`).matchAll(/^ {6}([a-z0-9.-]+)(?: \\|$| &&)/gm)].map(
        ([, name]) => name,
      )
    expect(installed('fedora')).toEqual(['ripgrep', 'fzf', 'fd-find', 'python3', 'python3-pip'])
    expect(installed('debian')).toEqual(['ripgrep', 'fzf', 'fd-find', 'python3', 'python3-venv'])
    expect(installed('ubuntu')).toEqual(['ripgrep', 'fzf', 'fd-find', 'python3.12', 'python3.12-venv'])
    expect(installed('arch')).toEqual(['ripgrep', 'fzf', 'fd', 'python', 'python-pip'])
  })
})
