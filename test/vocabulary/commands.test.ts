import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import type { RunStep, StageStep } from '../../dsl/vocabulary.ts'
import { runLines } from '../../src/format/index.ts'
import { npm } from '../../src/vocabulary/npm.ts'
import { pac } from '../../src/vocabulary/pac.ts'
import { pixi } from '../../src/vocabulary/pixi.ts'
import { Workspace } from '../harness.ts'

const context = {
  layer: 'demo',
  directory: '/ctx',
  manifest: '',
  files: [],
  user: 'user',
  home: '/home/user',
  uid: 1000,
  gid: 1000,
}
const runs = (steps: readonly StageStep[]) => steps.flatMap((step) => ('run' in step ? [step.run] : []))

/** Runs steps as an image build does, with `sh`; the named programs only note how they were called. */
function run(project: Workspace, steps: readonly RunStep[], programs: Readonly<Record<string, string>> = {}) {
  const bin = project.path('bin')
  mkdirSync(bin, { recursive: true })
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${project.path('calls')}\n${body}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const text = runLines([], steps).text.replaceAll('/etc/pacman.conf', project.path('pacman.conf'))
  const { status } = spawnSync('/bin/sh', ['-c', text], {
    cwd: project.root,
    env: { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` },
  })
  const calls = project.has('calls') ? project.read('calls').trim().split('\n') : []
  return { done: status === 0, calls }
}

it('IMG-40 IMG-T22 npm installs each dependency, and nothing at all where there is none', () => {
  const [install = []] = runs(npm.stage!(context))
  const some = new Workspace({ 'package.json': '{ "dependencies": { "a": "*", "@b/c": "^1.2", "d": "github:x/y" } }' })
  expect(run(some, install, { npm: '' })).toEqual({ done: true, calls: ['npm install -g a @b/c@^1.2 d@github:x/y'] })
  expect(some.has('package.json')).toBe(false)
  for (const text of ['{}', '{ "dependencies": {} }', '{ "devDependencies": { "a": "*" } }'])
    expect(run(new Workspace({ 'package.json': text }), install, { npm: '' })).toEqual({ done: true, calls: [] })
})
it('LAY-T10 a package.json that is none, or a failing npm, fails the step', () => {
  const [install = []] = runs(npm.stage!(context))
  expect(run(new Workspace({ 'package.json': '{' }), install, { npm: '' })).toEqual({ done: false, calls: [] })
  const good = new Workspace({ 'package.json': '{ "dependencies": { "a": "*" } }' })
  expect(run(good, install, { npm: 'exit 1' }).done).toBe(false)
})

it('IMG-38 pixi solves for the libc of the image, unless the manifest says for which', () => {
  const [libc = [], install = []] = runs(pixi.stage!({ ...context, manifest: 'pixi.toml', files: ['pixi.toml'] }))
  const silent = new Workspace({ 'pixi.toml': '[project]\nname = "x"\n' })
  expect(run(silent, libc).done).toBe(true)
  expect(silent.read('pixi.toml')).toBe(
    '[project]\nname = "x"\n\n[system-requirements]\nlibc = { family = "glibc", version = "2.39" }\n',
  )
  const told = new Workspace({ 'pixi.toml': '[system-requirements]\nlibc = "2.17"\n' })
  expect(run(told, libc).done).toBe(true)
  expect(told.read('pixi.toml')).toBe('[system-requirements]\nlibc = "2.17"\n')
  expect(run(told, install, { pixi: 'exit 1' })).toEqual({ done: false, calls: ['pixi install'] })
})
it('IMG-38 LAY-52 nothing is appended to manifests that are no pixi.toml', () => {
  for (const manifest of ['pyproject.toml', 'environment.yml'])
    expect(runs(pixi.stage!({ ...context, manifest, files: [manifest] }))).toHaveLength(1)
})

it('IMG-38 an environment.yml is imported by whichever command pixi has for it', () => {
  const [install = []] = runs(pixi.stage!({ ...context, manifest: 'environment.yml', files: [] }))
  const calls = (pixi: string) => run(new Workspace({ 'environment.yml': '' }), install, { pixi })
  const one = 'pixi project import environment.yml'
  expect(calls('')).toEqual({ done: true, calls: [one, 'pixi install'] })
  const other = 'pixi init --import environment.yml'
  expect(calls('[ "$1" != project ]')).toEqual({ done: true, calls: [one, other, 'pixi install'] })
  expect(calls('[ "$1" = install ]')).toEqual({ done: false, calls: [one, other] })
})

const section = {
  packages: ['x'],
  keys: ['K1'],
  repos: [{ name: 'r', server: String.raw`https://s/100%\n/$repo/$arch`, key: 'K2' }],
}
const quote = (word: string) => `"${word}"`
it('IMG-32 pacman.conf gets a repository as it was written', () => {
  const { prepare = [] } = pac.commands(section, { install: 'pacman -Syu', quote })
  const project = new Workspace({ 'pacman.conf': '[options]\n' })
  expect(run(project, prepare, { 'pacman-key': '' })).toEqual({
    done: true,
    calls: ['--recv-keys K1', '--lsign-key K1', '--recv-keys K2', '--lsign-key K2', '--populate'].map(
      (words) => `pacman-key ${words}`,
    ),
  })
  expect(readFileSync(project.path('pacman.conf'), 'utf8')).toBe(
    `[options]\n[r]\nServer = ${section.repos[0]!.server}\nSigLevel = Optional TrustAll\n`,
  )
})
it('IMG-32 LAY-T10 a key that is not received fails the step, a keyring that is not populated does not', () => {
  const { prepare = [], install } = pac.commands(section, { install: 'pacman -Syu', quote })
  const failing = (words: string) => ({ 'pacman-key': `case "$*" in *${words}*) exit 1;; esac`, pacman: '' })
  const steps = [...prepare, ...install]
  const lost = run(new Workspace(), steps, failing('K2'))
  expect(lost.done).toBe(false)
  expect(lost.calls).not.toContain('pacman -Syu x')
  expect(run(new Workspace(), steps, failing('--populate'))).toMatchObject({ done: true })
})
