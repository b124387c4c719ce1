import { describe, expect, it } from 'vitest'
import { image, layer } from '../../dsl/index.ts'
import type { ImagePlan, ResolvedTask, Step } from '../../src/plan/ir.ts'
import {
  batches,
  gateOf,
  isSystemPath,
  isSystemUser,
  persisted,
  reverseOps,
  scopeOf,
  venueOf,
  type ReverseOp,
} from '../../src/plan/steps.ts'
import { synthesise } from '../../src/synth/index.ts'
import { pipeline } from '../pipeline.ts'

const origin = { file: 'layers.ts', line: 1, column: 1 }

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>
const packages = (more: Partial<Of<'SystemPackages'>> = {}): Step => ({
  kind: 'SystemPackages',
  format: 'rpm',
  phase: 'install',
  packages: ['a', 'b'],
  repos: [],
  options: [],
  copr: [],
  modules: [],
  exclude: [],
  keys: [],
  caches: [],
  commands: [],
  origin,
  ...more,
})
const builder = (name: string): Step => ({
  kind: 'Builder',
  builder: name,
  builderImage: '',
  layerName: 'l',
  layerDir: 'layers/l',
  phase: 'install',
  owner: '1000:1000',
  format: name === 'aur' ? 'aur' : '',
  artifacts: [],
  binaries: [],
  caches: [],
  commands: [],
  origin,
})
const task = (resolved: ResolvedTask, user = '0'): Step => ({
  kind: 'Task',
  task: resolved,
  layerName: 'l',
  layerDir: 'layers/l',
  ctxPath: '/ctx',
  resolvedUser: { authored: user, user },
  layerVars: {},
  origin,
})
const cmd = (user?: string) => task({ verb: 'cmd', script: 'x', caches: [], env: {} }, user)
const download = (more: Partial<Extract<ResolvedTask, { verb: 'download' }>>, user?: string) =>
  task({ verb: 'download', url: 'u', extract: 'none', include: [], env: {}, caches: [], uninstall: [], ...more }, user)
const file = (dest: string): Step => ({
  kind: 'File',
  source: 's',
  dest,
  mode: '0644',
  owner: '',
  layerName: 'l',
  origin,
})
const packaged = (more: Partial<Of<'ServicePackaged'>> = {}): Step => ({
  kind: 'ServicePackaged',
  name: 'db',
  unit: 'pg.service',
  targetScope: 'system',
  enable: false,
  overridesText: '',
  overridesPath: '',
  layerName: 'l',
  priorEnabled: false,
  origin,
  ...more,
})
const custom = (more: Partial<Of<'ServiceCustom'>> = {}): Step => ({
  kind: 'ServiceCustom',
  name: 'ov-l-web.service',
  unitText: 'x',
  unitPath: '/etc/systemd/system/ov-l-web.service',
  targetScope: 'system',
  enable: false,
  layerName: 'l',
  origin,
  ...more,
})
const hook = (envFile = ''): Step => ({ kind: 'ShellHook', layerName: 'l', envVars: {}, pathAdd: [], envFile, origin })
const snippet = (destination: string, useDropin: boolean): Step => ({
  kind: 'ShellSnippet',
  layerName: 'l',
  source: 's',
  shell: 'bash',
  snippet: 'x',
  pathAppend: [],
  destination,
  marker: 'l',
  useDropin,
  priority: 50,
  origin,
})
const repo: Step = {
  kind: 'RepoChange',
  format: 'deb',
  file: '/etc/x',
  content: 'c',
  checksum: 'h',
  layerName: 'l',
  origin,
}
const apk: Step = { kind: 'ApkInstall', packages: ['p'], layerName: 'l', layerDir: 'd', origin }

const [system, user] = ['system', 'user'] as const
const rm = (kind: string, ...targets: string[]): ReverseOp[] => [
  { kind, targets, scope: kind.endsWith('system') ? system : user },
]

/** The table of PLAN 2.2: what, step, scope, venue, gate, and what takes it back. */
const TABLE: [string, Step, string, string, string | undefined, ReverseOp[]][] = [
  [
    'packages',
    packages(),
    system,
    'host-native',
    undefined,
    [{ kind: 'package-remove', format: 'rpm', targets: ['a', 'b'], scope: system }],
  ],
  ['prepare without changes', packages({ phase: 'prepare', keys: ['k'] }), system, 'host-native', undefined, []],
  [
    'prepare with a repository',
    packages({ phase: 'prepare', repos: [{ raw: {} }] }),
    system,
    'host-native',
    'allow-repo-changes',
    [],
  ],
  [
    'prepare with a COPR',
    packages({ phase: 'prepare', copr: ['a/b', 'c/d'] }),
    system,
    'host-native',
    'allow-repo-changes',
    [
      { kind: 'copr-disable', targets: ['a/b'], scope: system },
      { kind: 'copr-disable', targets: ['c/d'], scope: system },
    ],
  ],
  [
    'prepare with a module',
    packages({ phase: 'prepare', modules: ['m'] }),
    system,
    'host-native',
    'allow-repo-changes',
    [],
  ],
  ['cleanup', packages({ phase: 'cleanup', copr: ['a/b'] }), system, 'host-native', undefined, []],
  [
    'aur',
    builder('aur'),
    system,
    'container-builder',
    undefined,
    [{ kind: 'package-remove', format: 'pac', scope: system }],
  ],
  [
    'pixi',
    builder('pixi'),
    user,
    'container-builder',
    undefined,
    [{ kind: 'pixi-env-remove', scope: user, extra: { layer: 'l' } }],
  ],
  ['cargo', builder('cargo'), user, 'container-builder', undefined, [{ kind: 'cargo-uninstall', scope: user }]],
  ['npm', builder('npm'), user, 'container-builder', undefined, [{ kind: 'npm-uninstall-g', scope: user }]],
  ['cmd of root', cmd(), system, 'host-native', 'allow-root-tasks', []],
  ['cmd of a user', cmd('1000'), user, 'host-native', undefined, []],
  ['mkdir', task({ verb: 'mkdir', path: '/x' }), system, 'host-native', undefined, []],
  [
    'copy',
    task({ verb: 'copy', source: 's', to: '/x', mode: '0644' }),
    system,
    'host-native',
    undefined,
    rm('rm-file-system', '/x'),
  ],
  [
    'copy of a user',
    task({ verb: 'copy', source: 's', to: '/x', mode: '0644' }, '1000'),
    user,
    'host-native',
    undefined,
    rm('rm-file-user', '/x'),
  ],
  [
    'write',
    task({ verb: 'write', to: '/x', content: 'c', mode: '0644' }),
    system,
    'host-native',
    undefined,
    rm('rm-file-system', '/x'),
  ],
  [
    'link',
    task({ verb: 'link', path: '/x', target: 't' }),
    system,
    'host-native',
    undefined,
    rm('rm-file-system', '/x'),
  ],
  ['download', download({ to: '/x' }), system, 'host-native', undefined, rm('rm-file-system', '/x')],
  [
    'download of members',
    download({ to: '/usr/local/bin', extract: 'zip', include: ['a', 'b'] }),
    system,
    'host-native',
    undefined,
    rm('rm-file-system', '/usr/local/bin/a', '/usr/local/bin/b'),
  ],
  [
    'download with uninstall',
    download({ extract: 'sh', uninstall: ['/a'] }, '1000'),
    user,
    'host-native',
    undefined,
    rm('rm-file-user', '/a'),
  ],
  ['download of a script', download({ extract: 'sh' }), system, 'host-native', undefined, []],
  ['setcap', task({ verb: 'setcap', path: '/x', caps: '' }), system, 'host-native', undefined, []],
  ['build', task({ verb: 'build' }, '1000'), user, 'host-native', undefined, []],
  ['a file of the system', file('/etc/x'), system, 'host-native', undefined, rm('rm-file-system', '/etc/x')],
  ['a file of the user', file('/home/me/x'), user, 'host-native', undefined, rm('rm-file-user', '/home/me/x')],
  ['a packaged service', packaged(), system, 'host-native', 'with-services', []],
  [
    'a packaged service, changed',
    packaged({ enable: true, priorEnabled: true, overridesText: 'x', overridesPath: '/o' }),
    system,
    'host-native',
    'with-services',
    [
      { kind: 'service-disable', targets: ['pg.service'], scope: system },
      { kind: 'restore-enabled', targets: ['pg.service'], scope: system },
      { kind: 'remove-dropin', targets: ['/o'], scope: system },
    ],
  ],
  [
    'a custom service',
    custom(),
    system,
    'host-native',
    'with-services',
    [{ kind: 'service-remove', targets: ['/etc/systemd/system/ov-l-web.service'], scope: system }],
  ],
  [
    'a custom service of the user',
    custom({ enable: true, targetScope: 'user' }),
    user,
    'host-native',
    'with-services',
    [
      { kind: 'service-disable', targets: ['ov-l-web.service'], scope: user },
      { kind: 'service-remove', targets: ['/etc/systemd/system/ov-l-web.service'], scope: user },
    ],
  ],
  ['a shell hook before it is written', hook(), 'user-profile', 'host-native', undefined, []],
  [
    'a shell hook',
    hook('/e'),
    'user-profile',
    'host-native',
    undefined,
    [{ kind: 'remove-envd-file', targets: ['/e'], scope: 'user-profile', extra: { layer: 'l' } }],
  ],
  [
    'a shell snippet in a file of its own',
    snippet('/etc/profile.d/x.sh', true),
    system,
    'host-native',
    undefined,
    rm('rm-file-system', '/etc/profile.d/x.sh'),
  ],
  [
    'a shell snippet in a block',
    snippet('/home/me/.bashrc', false),
    'user-profile',
    'host-native',
    undefined,
    [
      {
        kind: 'remove-managed-block',
        targets: ['/home/me/.bashrc'],
        scope: 'user-profile',
        extra: { layer: 'l', shell: 'bash', marker: 'l' },
      },
    ],
  ],
  [
    'a repository file',
    repo,
    system,
    'host-native',
    'allow-repo-changes',
    [{ kind: 'remove-repo-file', targets: ['/etc/x'], scope: system, extra: { layer: 'l', format: 'deb' } }],
  ],
  ['Android packages', apk, system, 'host-native', undefined, []],
]

describe('PLAN-04 PLAN-08 PLAN-10 the questions that every step answers', () => {
  it.each(TABLE)('PLAN-10 %s', (_, step, scope, venue, gate, undo) => {
    expect({ scope: scopeOf(step), venue: venueOf(step), gate: gateOf(step), undo: reverseOps(step) }).toEqual({
      scope,
      venue,
      gate,
      undo,
    })
  })
  it('PLAN-10 the table names every kind of step', () => {
    const kinds: Record<Step['kind'], true> = {
      SystemPackages: true,
      Builder: true,
      Task: true,
      File: true,
      ServicePackaged: true,
      ServiceCustom: true,
      ShellHook: true,
      ShellSnippet: true,
      RepoChange: true,
      ApkInstall: true,
    }
    expect(new Set(TABLE.map(([, step]) => step.kind))).toEqual(new Set(Object.keys(kinds)))
  })
})

it('PLAN-05 PLAN-06 scopes and venues are persisted as numbers, of which 0 is left out', () => {
  expect([packages(), cmd('1000'), hook('/e'), builder('npm'), builder('aur')].map(persisted)).toEqual([
    { kind: 'SystemPackages' },
    { kind: 'Task', scope: 1 },
    { kind: 'ShellHook', scope: 2 },
    { kind: 'Builder', scope: 1, venue: 1 },
    { kind: 'Builder', venue: 1 },
  ])
})

it('PLAN-09 paths below the folders of the system are its own, and nothing else is', () => {
  const folders = ['etc', 'usr', 'var', 'opt', 'root', 'boot', 'srv', 'run', 'lib', 'sbin', 'bin']
  expect(folders.filter((name) => !isSystemPath(`/${name}/x`))).toEqual([])
  const others = ['', 'etc/x', '/', '/etc', '/etcetera/x', '/home/me/etc/x', '/tmp/x', '/lib64/x', './usr/x']
  expect(others.filter(isSystemPath)).toEqual([])
  expect(['', 'root', '0', '0:0', '1000', 'root:root', '00', 'user'].filter(isSystemUser)).toEqual([
    '',
    'root',
    '0',
    '0:0',
  ])
})

it('PLAN-12 steps are done in runs of equal scope and venue, in their order', () => {
  const steps = [packages(), task({ verb: 'mkdir', path: '/x' }), cmd(), cmd('1000'), builder('pixi')]
  expect(batches(steps).map((run) => run.length)).toEqual([3, 1, 1])
  expect(batches([cmd(), cmd('1000'), cmd()]).map((run) => run.length)).toEqual([1, 1, 1])
  expect(batches([])).toEqual([])
  expect(batches(steps).flat()).toEqual(steps)
})

it('PLAN-29 a step of an unknown kind is an error for everyone who looks at it', () => {
  const odd = { kind: 'Telepathy', origin } as unknown as Step
  for (const look of [scopeOf, venueOf, gateOf, reverseOps, persisted, (step: Step) => batches([step])])
    expect(() => look(odd)).toThrow('unknown step kind "Telepathy"')
  expect(() => reverseOps(task({ verb: 'dance' } as unknown as ResolvedTask))).toThrow('unknown step kind')
})

it('PLAN-29 nothing is written for an image with a step of an unknown kind', () => {
  const demo = layer({ name: 'demo', version: '2026.1.1', env: { A: '1' } })
  const { images, stages } = pipeline(
    { app: image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [demo] }) },
    '/',
  )
  const odd = { kind: 'Telepathy', origin } as unknown as Step
  const changed = [...images].map(([name, plan]): [string, ImagePlan] => [
    name,
    { ...plan, layers: plan.layers.map((one) => ({ ...one, plan: { ...one.plan, steps: [odd] } })) },
  ])
  const write = () => synthesise({ images: new Map(changed), pods: [], stages, tag: () => '1', architecture: 'amd64' })
  expect(write).toThrow('unknown step kind "Telepathy"')
})
