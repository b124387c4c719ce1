import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/commands/table.ts'
import { CODES } from '../../src/diagnostics/codes.ts'
import { Workspace } from '../harness.ts'

const FILES = {
  'layers.ts': `import { cmd, layer, mkdir, service } from 'ov'

export const supervisord = layer({ name: 'supervisord', version: '2026.1.1', deb: { packages: ['supervisor'] } })
export const web = layer({
  name: 'web',
  version: '2026.1.1',
  depends: [supervisord],
  ports: [8080],
  env: { A: '1' },
  tasks: [
    mkdir('/a', { comment: 'a remark' }),
    cmd('true'),
  ],
  services: [
    service({ name: 'web', exec: 'web' }),
    service({ name: 'more', exec: 'more' }),
  ],
})
`,
  'images.ts': `import { image } from 'ov'
import { web } from './layers.ts'

export const app = image({
  name: 'app',
  base: 'debian:13',
  distro: 'debian',
  layers: [web],
})
`,
  'deploy.ts': `import { pod } from 'ov'
import { app } from './images.ts'

export const site = pod({
  name: 'site',
  image: app,
  ports: { 8080: 80 },
  env: { GREETING: 'hi' },
  security: { memoryMax: '1g' },
})
`,
}
const BROKEN = { ...FILES, 'layers.ts': FILES['layers.ts'].replace("'/a'", "'a'") }

describe('exit codes and streams', () => {
  it('LAY-110 PLAN-32 synth reports on stderr, and stdout is empty', async () => {
    const project = new Workspace(FILES)
    expect(await project.cli(['synth'])).toEqual({
      code: 0,
      stdout: '',
      stderr: '1 image, 1 deploy: 8 written, 0 unchanged in .build\n',
    })
  })
  it('LAY-110 IMG-173 the shipped program fails with a code frame, exit 1, and writes nothing', async () => {
    const project = new Workspace(BROKEN)
    const before = project.files('.')
    expect(await project.cli(['synth'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `error OV2024: layer "web": tasks[0]: mkdir: "a" is not an absolute path
  layers.ts:11:11
     9 │   env: { A: '1' },
    10 │   tasks: [
  > 11 │     mkdir('a', { comment: 'a remark' }),
       │           ^~~
    12 │     cmd('true'),
    13 │   ],
  help: start it with /, ~/ or \${HOME}

1 error
`,
    })
    expect(project.files('.')).toEqual(before)
  })
  it('LAY-110 with --json a failure is a document, too', async () => {
    const { code, stdout } = await new Workspace(BROKEN).cli(['synth', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      diagnostics: [
        {
          code: 'OV2024',
          severity: 'error',
          entity: 'layer "web"',
          field: 'tasks[0].mkdir',
          message: 'tasks[0]: mkdir: "a" is not an absolute path',
          place: { file: 'layers.ts', line: 11, column: 11, length: 3 },
          remedy: 'start it with /, ~/ or ${HOME}',
        },
      ],
    })
  })
  it('LAY-110 wrong usage is 64, with a suggestion', async () => {
    const project = new Workspace(FILES)
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await project.run(...args)
      return [code, stdout, stderr.split('\n').filter((line) => line !== '')].flat()
    }
    expect(await run('snyth')).toEqual([64, '', "error: unknown command 'snyth'", '(Did you mean synth?)'])
    expect(await run('synth', '--jsno')).toEqual([64, '', "error: unknown option '--jsno'", '(Did you mean --json?)'])
    expect(await run('synth', 'a', 'b')).toEqual([
      64,
      '',
      "error: too many arguments for 'synth'. Expected 1 argument but got 2: a, b.",
    ])
    expect(await run('synth', '--color', 'purple')).toEqual([
      64,
      '',
      "error: option '--color <when>' argument 'purple' is invalid. Allowed choices are auto, always, never.",
    ])
    expect(await run('destroy')).toEqual([64, '', "error: missing required argument 'deploys'"])
    expect((await project.run()).code).toBe(64)
    expect(project.has('.build')).toBe(false)
  })
  it('LAY-110 a bug is 70, and says so', async () => {
    const project = new Workspace(FILES)
    // The package of the bundler is in the way of itself.
    const { code, stderr } = await project.cli(['synth'], {
      node: [
        '--import',
        `data:text/javascript,import m from 'node:child_process';m.spawn=()=>{throw new Error('broken inside')};import{syncBuiltinESMExports}from'node:module';syncBuiltinESMExports()`,
      ],
    })
    expect(code).toBe(70)
    expect(stderr).toContain('has a bug, and stopped. Please report it with this text:\n\nError: broken inside')
  })
  it('LAY-110 help and version are results', async () => {
    const project = new Workspace()
    const [help, version, command] = await Promise.all([
      project.cli(['--help']),
      project.cli(['--version']),
      project.cli(['synth', '--help']),
    ])
    expect([help.code, version.code, command.code]).toEqual([0, 0, 0])
    expect([help.stderr, version.stderr, command.stderr]).toEqual(['', '', ''])
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    for (const { name, summary } of COMMANDS) {
      const words = name.split(' ')
      const group = words.slice(0, -1)
      const { stdout } = group.length === 0 ? help : await project.cli([...group, '--help'])
      expect(stdout).toContain(` ${words.at(-1)} `)
      expect(stdout).toContain(summary.slice(0, 20))
    }
    expect(command.stdout).toContain('Examples:\n  ov synth')
  })
  it('LAY-110 every command has an example in its help', async () => {
    const project = new Workspace()
    for (const { name } of COMMANDS) {
      const { code, stdout } = await project.run(name, '--help')
      expect([name, code, stdout.includes('Examples:\n  ')]).toEqual([name, 0, true])
    }
  })
})

describe('where output goes', () => {
  const cli = join(import.meta.dirname, '../../dist/cli.js')
  const bash = (project: Workspace, script: string) =>
    spawnSync('bash', ['-c', script], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], ...project.environment(), OV: `${process.execPath} ${cli}` },
      encoding: 'utf8',
    })
  it('LAY-110 a full device is told of, once', () => {
    const { status, stderr } = bash(new Workspace(FILES), '$OV synth --json > /dev/full')
    expect(status).toBe(1)
    expect(stderr).toContain('error OV5001: ENOSPC')
    expect(stderr).not.toContain('    at ')
  })
  it('LAY-110 a reader that has enough, and closed streams, are no failure', () => {
    const project = new Workspace(FILES)
    expect(bash(project, 'set -o pipefail; $OV synth --json | head -c 10').status).toBe(0)
    expect(bash(project, '$OV synth --json | (sleep 1; wc -c)').stdout.trim()).toMatch(/^\d{4,}$/)
    expect(bash(project, '$OV synth 2>&-').status).toBe(0)
    expect(project.has('.build/app/Containerfile')).toBe(true)
  })
})

describe('colours', () => {
  const colored = (text: string) => text.includes('\u001b[')
  it('LAY-110 come when they are wanted: --color, NO_COLOR, FORCE_COLOR, and not into a pipe', async () => {
    const project = new Workspace(BROKEN)
    const run = async (args: string[], env: Record<string, string>) =>
      colored((await project.cli(args, { env })).stderr)
    const found = await Promise.all([
      run(['synth'], { NO_COLOR: '' }),
      run(['synth'], { NO_COLOR: '', FORCE_COLOR: '1' }),
      run(['synth'], { NO_COLOR: '1', FORCE_COLOR: '1' }),
      run(['synth', '--color', 'always'], { NO_COLOR: '1' }),
      run(['--color=never', 'synth'], { NO_COLOR: '', FORCE_COLOR: '1' }),
    ])
    expect(found).toEqual([false, true, false, true, false])
  })
})

describe('explain', () => {
  it('LAY-111 knows every code, by any case', async () => {
    const project = new Workspace()
    for (const [code, { title, explain }] of Object.entries(CODES)) {
      const { code: exit, stdout } = await project.run('explain', code.toLowerCase())
      expect([exit, stdout]).toEqual([0, `${code}: ${title}\n\n${explain}\n`])
    }
    const all = await project.run('explain')
    expect(all.stdout.trim().split('\n')).toEqual(Object.entries(CODES).map(([code, { title }]) => `${code}  ${title}`))
    const json = await project.run('explain', 'OV2001', '--json')
    expect(JSON.parse(json.stdout)).toEqual({ schemaVersion: 1, code: 'OV2001', ...CODES.OV2001 })
  })
  it('LAY-111 suggests a code that is close', async () => {
    expect(await new Workspace().run('explain', 'OV201')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('there is no diagnostic OV201') as string,
    })
  })
  it('LAY-111 every code that the program gives is listed, and every one that is listed is given', () => {
    const texts = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('codes.ts'))
      .map((path) => readFileSync(join('src', path), 'utf8'))
    const given = new Set(texts.flatMap((text) => [...text.matchAll(/'(OV\d{4})'/g)].map(([, code = '']) => code)))
    expect([...given].sort()).toEqual(Object.keys(CODES).sort())
  })
})

describe('why', () => {
  it('IMG-53 tells for every line of every generated file who wrote it', async () => {
    const project = new Workspace(FILES)
    expect((await project.run('synth')).code).toBe(0)
    const maps = project.files().filter((path) => path.endsWith('/map.json'))
    expect(maps).toEqual(['.build/_deploys/site/map.json', '.build/app/map.json'])
    const generated = maps.flatMap((path) => {
      const { files } = JSON.parse(project.read(path)) as { files: Record<string, unknown> }
      return Object.keys(files).map((name) => path.replace('map.json', name))
    })
    expect(generated).toEqual([
      '.build/_deploys/site/ov-site.container',
      '.build/app/Containerfile',
      '.build/app/supervisor/00-header.conf',
      '.build/app/supervisor/02-web.conf',
    ])
    for (const path of generated) {
      const text = project.read(path)
      const lines = text.slice(0, -1).split('\n')
      for (const [index, line] of lines.entries()) {
        const { code, stdout, stderr } = await project.run('why', `${path}:${index + 1}`)
        expect([code, stderr]).toEqual([0, expect.any(String)])
        if (line !== '')
          expect(stdout, `${path}:${index + 1} ${line}`).toMatch(/^(layers|images|deploy)\.ts:\d+:\d+\n$/)
      }
      expect((await project.run('why', `${path}:${lines.length + 1}`)).code).toBe(1)
      expect((await project.run('why', `${path}:0`)).code).toBe(1)
    }
    const author = async (path: string, line: string) =>
      (await project.run('why', `${path}:${project.read(path).split('\n').indexOf(line) + 1}`)).stdout.trim()
    const file = '.build/app/Containerfile'
    expect(await author(file, '# a remark')).toBe('layers.ts:11:5')
    expect(await author(file, 'RUN mkdir -p /a')).toBe('layers.ts:11:5')
    expect(await author(file, 'ENV A="1"')).toBe('layers.ts:4:20')
    expect(await author(file, 'FROM ${BASE_IMAGE}')).toBe('images.ts:4:20')
    expect(await author('.build/app/supervisor/02-web.conf', 'command=more')).toBe('layers.ts:16:5')
    expect(await author('.build/_deploys/site/ov-site.container', 'MemoryMax=1G')).toMatch(/^deploy\.ts:/)
  })
  it('IMG-53 shows the line, and as JSON the place', async () => {
    const project = new Workspace(FILES)
    await project.run('synth')
    const line = project.read('.build/app/Containerfile').split('\n').indexOf('RUN mkdir -p /a') + 1
    const { stderr } = await project.run('why', `.build/app/Containerfile:${line}`)
    expect(stderr).toContain("> 11 │     mkdir('/a', { comment: 'a remark' }),")
    const json = await project.run('why', `.build/app/Containerfile:${line}`, '--json')
    expect(JSON.parse(json.stdout)).toEqual({
      schemaVersion: 1,
      file: '.build/app/Containerfile',
      line,
      generated: 'RUN mkdir -p /a',
      place: { file: 'layers.ts', line: 11, column: 5 },
    })
  })
  it('IMG-53 says what is wrong with the question', async () => {
    const project = new Workspace(FILES)
    await project.run('synth')
    expect(await project.run('why', '.build/app/Containerfile')).toMatchObject({ code: 64 })
    expect(await project.run('why', '.build/nothing:1')).toMatchObject({ code: 1 })
    expect(await project.run('why', 'layers.ts:1')).toMatchObject({ code: 1 })
  })
})

describe('completion', () => {
  const script = async (shell: string) => (await new Workspace().run('completion', shell)).stdout
  it('LAY-110 the script for bash is one, and completes commands and options', async () => {
    const text = await script('bash')
    execFileSync('bash', ['-n'], { input: text })
    const complete = (...words: string[]) =>
      execFileSync(
        'bash',
        [
          '-c',
          `${text}\nCOMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _ov; echo "\${COMPREPLY[@]}"`,
        ],
        {
          encoding: 'utf8',
        },
      ).trim()
    expect(complete('ov', 'sy')).toBe('synth')
    expect(complete('ov', 'synth', '--j')).toBe('--json')
    expect(complete('ov', "''").split(' ')).toEqual(
      expect.arrayContaining(COMMANDS.map(({ name }) => name.split(' ')[0])),
    )
    expect(complete('ov', 'image', 'ins')).toBe('inspect')
    expect(complete('ov', 'image', 'inspect', '--f')).toBe('--format')
    expect(complete('ov', 'secrets', 'gp')).toBe('gpg')
    expect(complete('ov', 'secrets', 'gpg', 'u')).toBe('unset')
    expect(complete('ov', 'secrets', 'gpg', 'set', '--')).toBe('--file --help')
    expect(complete('ov', 'secrets', 'set', '--')).toBe('--generate --help')
  })
  /** A shell that reads a file: Node's pipes are sockets, which some take for a remote login. */
  const shell = async (name: string, use: string) => {
    const workspace = new Workspace({ script: await script(name) })
    return execFileSync(name, ['-c', use], {
      cwd: workspace.root,
      env: { ...process.env, HOME: workspace.top },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    })
  }
  it('LAY-110 the script for zsh is one, and names every command', async () => {
    const text = await shell('zsh', 'zsh -n script && cat script')
    for (const { name } of COMMANDS) for (const word of name.split(' ')) expect(text).toContain(word)
  })
  it('LAY-110 the script for fish completes commands and options', async () => {
    const complete = (line: string) => shell('fish', `source script; complete -C'${line}'`)
    for (const { name } of COMMANDS) expect(await complete(`ov ${name.slice(0, -1)}`)).toContain(name.split(' ').at(-1))
    expect(await complete('ov image inspect --f')).toBe('--format\n')
    expect(await complete('ov secrets gpg set --')).toBe('--file\n--help\n')
    expect(await complete('ov secrets set --')).toBe('--generate\n--help\n')
  })
  it('LAY-110 an unknown shell is wrong usage', async () => {
    expect(await new Workspace().run('completion', 'tcsh')).toMatchObject({ code: 64, stdout: '' })
  })
})

it('PLAN-01 PLAN-02 PLAN-07 PLAN-13 PLAN-14 PLAN-17 PLAN-27 PLAN-32 the plan as JSON', async () => {
  const project = new Workspace({
    'images.ts': `import { build, cmd, image, layer, mkdir, pod, service } from 'ov'

const runs = layer({ name: 'supervisord', version: '2026.1.1', rpm: { packages: ['supervisor'] } })
const all = layer({
  name: 'all',
  version: '2026.1.2',
  rpm: { packages: ['p'], copr: ['a/b'], exclude: ['x'], options: ['--o'] },
  env: { E: '~/e' },
  pathAppend: ['~/bin'],
  cargo: 'Cargo.toml',
  services: [service({ name: 's', exec: 's' })],
  tasks: [mkdir('/a', { user: '\${USER}' }), build(), cmd('true')],
})
const app = image({ name: 'app', base: 'fedora:43', distro: ['fedora:43', 'fedora'], layers: [runs, all] })
export const site = pod({ name: 'site', image: app })
`,
    'Cargo.toml': 'x',
    'src/main.rs': 'x',
  })
  const { code, stdout, stderr } = await project.run('synth', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const json = JSON.parse(stdout) as {
    schemaVersion: number
    images: { plans: { Layer: string; Steps: Record<string, unknown>[] }[] }[]
    deploys: Record<string, unknown>[]
  }
  expect(json.schemaVersion).toBe(1)
  expect(project.has('.build')).toBe(false)
  const plan = json.images[0]?.plans.find(({ Layer }) => Layer === 'all')
  expect(Object.keys(plan ?? {}).sort()).toEqual(
    [
      'DeployID',
      'Image',
      'Version',
      'Distro',
      'Layer',
      'Steps',
      'LayersIncluded',
      'AddLayers',
      'BuilderImage',
      'Meta',
    ].sort(),
  )
  expect(plan).toMatchObject({ Image: 'app', Version: '2026.1.2', Distro: 'fedora:43', LayersIncluded: ['all'] })
  expect(plan?.Steps.map(({ Kind, Phase, Scope, Venue, Gate }) => [Kind, Phase ?? '', Scope, Venue, Gate])).toEqual([
    ['ShellHook', '', 'user-profile', 'host-native', ''],
    ['SystemPackages', 0, 'system', 'host-native', 'allow-repo-changes'],
    ['SystemPackages', 1, 'system', 'host-native', ''],
    ['SystemPackages', 2, 'system', 'host-native', ''],
    ['Task', '', 'user', 'host-native', ''],
    ['Builder', 1, 'user', 'container-builder', ''],
    ['Task', '', 'system', 'host-native', 'allow-root-tasks'],
    ['ServiceCustom', '', 'system', 'host-native', 'with-services'],
  ])
  expect(plan?.Steps[0]).toMatchObject({ EnvVars: { E: '/home/user/e' }, PathAdd: ['/home/user/bin'] })
  expect(plan?.Steps[1]).toMatchObject({ Copr: ['a/b'], Packages: [] })
  expect(plan?.Steps[2]).toMatchObject({ Packages: ['p'], Exclude: ['x'], Options: ['--o'], Format: 'rpm' })
  expect(plan?.Steps[7]).toMatchObject({ TargetScope: 0, Name: 's' })
  const { deployId } = await import('../../src/plan/deploy-id.ts')
  const ids = { target: 'pod:site', image: 'app', layers: ['supervisord', 'all'] }
  expect(json.deploys.map((deploy) => deploy['deployId'])).toEqual([deployId(ids)])
})

describe('diff --offline', () => {
  const project = () =>
    new Workspace({
      'layers.ts': `import { copy, layer, write } from 'ov'
export const page = layer({ name: 'page', version: '2026.1.1', tasks: [write('/srv/page', { content: 'one\\n' })] })
export const files = layer({ name: 'files', directory: 'files', version: '2026.1.1', tasks: [copy('note', { to: '/srv/note' })] })
`,
      'files/note': 'a note\n',
      'deploy.ts': `import { image, pod } from 'ov'
import { files, page } from './layers.ts'
const box = image({ name: 'box', base: 'debian:13', distro: 'debian', version: '2026.1.1', layers: [page] })
const other = image({ name: 'other', base: 'debian:13', distro: 'debian', version: '2026.1.1', layers: [files] })
export const site = pod({ name: 'site', image: box, env: { LEVEL: 'low' } })
export const second = pod({ name: 'second', image: other })
`,
    })
  const marked = (text: string) => text.split('\n').filter((line) => /^([+-](?![+-])|\w+ \S+: )/.test(line))
  // Nothing but node itself can be called.
  const offline = (workspace: Workspace, ...args: string[]) =>
    workspace.cli(['diff', '--offline', ...args], { env: { PATH: '/nowhere' } })

  it('LAY-110 shows what synth would change, asks no machine, and writes nothing', async () => {
    const workspace = project()
    const first = await offline(workspace)
    expect(first).toMatchObject({ code: 2, stderr: '' })
    expect(marked(first.stdout).filter((line) => !line.startsWith('+'))).toEqual([
      'deploy second: create',
      'deploy site: create',
      'image box: create',
      'image other: create',
    ])
    expect(workspace.has('.build')).toBe(false)
    await workspace.cli(['synth'])
    expect(await offline(workspace)).toEqual({ code: 0, stdout: 'no differences\n', stderr: '' })

    const edited = (file: string, from: string, to: string) =>
      workspace.write({ [file]: workspace.read(file).replace(from, to) })
    edited('layers.ts', 'one', 'two')
    edited('deploy.ts', 'low', 'high')
    const output = workspace.output()
    const second = await offline(workspace)
    expect({ code: second.code, lines: marked(second.stdout) }).toEqual({
      code: 2,
      lines: [
        'deploy site: update',
        '-Environment=LEVEL=low',
        '+Environment=LEVEL=high',
        'image box: update',
        '-one',
        '+two',
      ],
    })
    expect(marked((await offline(workspace, 'second')).stdout)).toEqual([])
    expect(workspace.output()).toEqual(output)
    await workspace.cli(['synth'])
    expect((await offline(workspace)).code).toBe(0)
  })
  it('LAY-110 shows images and deploys that went away, and as JSON', async () => {
    const workspace = project()
    await workspace.cli(['synth'])
    workspace.write({ 'deploy.ts': workspace.read('deploy.ts').replace(/export const second.*\n/, '') })
    const { code, stdout } = await offline(workspace, '--json')
    const { differences } = JSON.parse(stdout) as { differences: { kind: string; name: string; action: string }[] }
    expect(code).toBe(2)
    expect(differences.map(({ kind, name, action }) => `${kind} ${name} ${action}`)).toEqual([
      'deploy second remove',
      'image other remove',
    ])
  })
  it('LAY-110 knows the deploys', async () => {
    const { code, stderr } = await offline(project(), 'sitr')
    expect(code).toBe(1)
    expect(stderr).toContain('the project declares no deploy "sitr" (did you mean "site"?)')
  })
})
