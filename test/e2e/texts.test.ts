import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NASTY } from '../format/texts.ts'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

/** Texts that any layer of quoting may trip over, on one line each. */
const LINES = [
  `it's "quoted" 'twice'`,
  '$HOME ${HOME} ${X} $X $$ $(id) ${X:-y}',
  '`id` \\`id\\`',
  '\\ \\\\ \\n \\t \\x41 \\u0041 \\',
  '% %% %h %s %(x %20 100%',
  'tab\tinside',
  '日本語 ünïcode 🎉 שלום עולם',
  'EOF <<EOF << \'END\' <<-"X"',
  '# not a comment',
  'a # b ; c',
  '!! !x !',
  '* ?? [a-z] {a,b} {1..3}',
  '~ ~root a=~',
  'a;b&c|d>e<f(g)h',
  'key=value, other="x"',
  '[section]',
  '-n --flag',
  '{"json": ["x", null]}',
  '{{.ContainerName}} {{ x }}',
]
/** Blanks at the ends: kept where the format can, refused where it can't. */
const EDGED = ['trailing  ', ' leading', '\ttab']
const MULTI = `first\n  indented\n\nEOF\n<<EOF\n#!/bin/sh\n\\\nlast \\\n`
const CRLF = 'one\r\ntwo\r\n'
const WHOLE = [...LINES, ...EDGED, MULTI, CRLF, '\n', ' ', 'no newline at the end', '\ufeffbom']

/** The same anywhere and any time: texts of what has broken a printer before, and of any characters. */
const SAMPLE = fc.sample(
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...NASTY),
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.string({ unit: 'grapheme', maxLength: 8 }),
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join('').toWellFormed().replaceAll('\0', ' '))
    .filter((text) => text !== ''),
  { seed: 3, numRuns: 120 },
)
/** Those that an ENV line holds, without what ov expands there. */
const SAMPLE_ENV = SAMPLE.filter((text) => !/[\n\r]|HOME|\$\{PATH\}|^~/.test(text))

/** File names: everything that a path may be, except that `\${NAME}` is a variable there. */
const NAMES = [
  'two words',
  "it's",
  '"dq"',
  'st*r',
  'wh?t',
  '[ab]',
  '$HOME',
  '$(id)',
  '`id`',
  '#hash',
  '!bang',
  '%n',
  '~tilde',
  '日本 🎉',
  'a;b&c',
  '{a,b}',
  'a=b',
  '-dash',
  '<<EOF',
]

const literal = (text: string) => JSON.stringify(text)
/** POSIX single quotes, as people write them in scripts and command lines. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const map = (prefix: string, texts: readonly string[]) =>
  `{ ${texts.map((text, index) => `${prefix}${index}: ${literal(text)}`).join(', ')} }`

/** Writes arguments and environment of its process as JSON, and stays. */
const DUMP = `import json, os, sys, time
path = '/tmp/' + sys.argv[1] + '.json'
with open(path + '.new', 'w') as out:
    json.dump({'args': sys.argv[2:], 'env': dict(os.environ)}, out)
os.rename(path + '.new', path)
time.sleep(1e6)
`

const LAYERS = `import { cmd, copy, layer, link, mkdir, service, write } from 'ov'

const lines = ${literal('PLACEHOLDER')}

export const texts = layer({
  name: 'texts',
  version: '2026.320.1200',
  description: ${literal(LINES.join(' '))},
  info: ${literal(`${LINES.join(' ')} ${MULTI}`)},
  env: ${map('LAYER_', [...LINES.filter((text) => !text.includes('HOME')), '$X ${X}', ...EDGED])},
  vars: ${map('VAR_', ['plain', `it's "q" \\\\ \`id\``, 'a b'])},
  volumes: { data: '/srv/da ta' },
  tasks: [
    mkdir('/t'),
    cmd(${literal(WHOLE.map((text, index) => `printf %s ${quoted(text)} > /t/cmd-${index}`).join('\n'))}, { comment: ${literal(MULTI)} }),
    cmd(${literal(`cat > /t/heredoc <<'EOF'\n$HOME \`id\` "x" 'y' \\ %\nEOF\ncat >> /t/heredoc <<END\n$(echo expanded)\nEOF\nEND\n`)}),
    cmd(${literal(`printf '%s|%s|%s' "$A" "$B" "\${USER-unset}" > /t/cmd-env`)}, { env: { A: ${literal(LINES[0]!)}, B: ${literal(MULTI)} } }),
    cmd('printf "%s\\n" "$VAR_0" "$VAR_1" "$VAR_2" > /t/vars'),
    cmd('cat > /t/stdin; echo done >> /t/stdin'),
    ${WHOLE.map((text, index) => `write('/t/write-${index}', { content: ${literal(text)} })`).join(',\n    ')},
    ${NAMES.map((name) => `copy(${literal(`names/${name}`)}, { to: ${literal(`/t/copied/${name}`)}, mode: '0644' })`).join(',\n    ')},
    copy('names/', { to: '/t/whole' }),
    ${NAMES.map((name) => `mkdir(${literal(`/t/made/${name}`)}, { mode: '0700' })`).join(',\n    ')},
    ${NAMES.map((name) => `link(${literal(`/t/links/${name}`)}, { target: ${literal(`../copied/${name}`)} })`)
      .join(',\n    ')
      .replace('link(', "mkdir('/t/links'),\n    link(")},
    write('/t/nul', { content: 'a\\0b' }),
    write('/t/dump.py', { content: ${literal(DUMP)} }),
  ],
  services: [
    service({
      name: 'args',
      exec: ${literal(`python3 /t/dump.py args ${[...LINES.filter((text) => !text.includes('%(')), ...EDGED].map(quoted).join(' ')}`)},
      env: ${map('SERVICE_', [...LINES.filter((text) => !text.includes('%(')), ...EDGED])},
    }),
  ],
})
`.replace(/\nconst lines = .*\n/, '')

const SAMPLE_LAYER = `import { cmd, layer, mkdir, write } from 'ov'

export const sample = layer({
  name: 'sample',
  version: '2026.320.1200',
  env: ${map('SAMPLE_', SAMPLE_ENV)},
  tasks: [
    mkdir('/s'),
    cmd(${literal(SAMPLE.map((text, index) => `printf %s ${quoted(text)} > /s/cmd-${index}`).join('\n'))}),
    ${SAMPLE.map((text, index) => `write('/s/write-${index}', { content: ${literal(text)} })`).join(',\n    ')},
  ],
})
`

const POD_ENV = [...LINES, ...EDGED, MULTI, 'lone\rreturns\r']
const DEPLOY = `import { image, pod } from 'ov'
import { texts } from './layers.ts'
import { sample } from './sample.ts'
import { stock } from './stock.ts'

export const awkward = image({ name: 'awkward', base: stock, description: ${literal(LINES.join(' '))}, layers: [texts, sample], env: ${map('IMAGE_', LINES)} })
export const deploy = pod({
  name: 'awkward',
  image: awkward,
  info: ${literal(`${LINES.join(' ')} ${MULTI}`)},
  env: ${map('POD_', POD_ENV)},
})
`

describe('awkward text reaches the running container byte for byte', () => {
  let machine: TestMachine
  let project: TestProject
  let service: { args: string[]; env: Record<string, string> }
  /** Runs Python in the container; prints JSON. */
  const python = async (code: string): Promise<unknown> =>
    JSON.parse(
      await machine.sh('podman exec -i ov-awkward python3 -X utf8 -', { stdin: `import json, os, glob\n${code}` }),
    )
  const environment = async (prefix: string) =>
    Object.entries((await python('print(json.dumps(dict(os.environ)))')) as Record<string, string>)
      .filter(([name]) => name.startsWith(prefix))
      .sort(([a], [b]) => Number(a.slice(prefix.length)) - Number(b.slice(prefix.length)))
      .map(([, value]) => value)
  beforeAll(async () => {
    machine = await startMachine('texts')
    project = await machine.project('texts', {
      'layers.ts': LAYERS,
      'sample.ts': SAMPLE_LAYER,
      'deploy.ts': DEPLOY,
      ...Object.fromEntries(NAMES.map((name) => [`names/${name}`, `${name}\n`])),
    })
    await project.done('apply')
    service = (await python(
      `import time
while not os.path.exists('/tmp/args.json'): time.sleep(0.1)
print(open('/tmp/args.json').read())`,
    )) as typeof service
  })
  afterAll(() => machine?.bed.down())

  it('LAY-13 LAY-14 cmd: the script', async () => {
    const read = await python(
      `print(json.dumps([open(f'/t/cmd-{i}', newline='').read() for i in range(${WHOLE.length})]))`,
    )
    expect(read).toEqual(WHOLE)
  })

  it('LAY-14 cmd: heredocs in a script, and nothing on its standard input', async () => {
    expect(await python(`print(json.dumps(open('/t/heredoc').read()))`)).toBe(
      `$HOME \`id\` "x" 'y' \\ %\nexpanded\nEOF\n`,
    )
    expect(await python(`print(json.dumps(open('/t/stdin').read()))`)).toBe('done\n')
  })

  it('LAY-14 LAY-32 cmd: its env, and no USER', async () => {
    expect(await python(`print(json.dumps(open('/t/cmd-env', newline='').read()))`)).toBe(`${LINES[0]!}|${MULTI}|unset`)
  })

  it('LAY-17 write: the content', async () => {
    const read = await python(
      `print(json.dumps([open(f'/t/write-{i}', newline='').read() for i in range(${WHOLE.length})]))`,
    )
    expect(read).toEqual(WHOLE)
  })

  it('LAY-13 LAY-14 LAY-17 LAY-62 a random sample: scripts, contents and variables', async () => {
    const texts = (kind: string) =>
      python(`print(json.dumps([open(f'/s/${kind}-{i}', newline='').read() for i in range(${SAMPLE.length})]))`)
    expect(SAMPLE_ENV.length).toBeGreaterThan(50)
    expect(await texts('write')).toEqual(SAMPLE)
    expect(await texts('cmd')).toEqual(SAMPLE)
    expect(await environment('SAMPLE_')).toEqual(SAMPLE_ENV)
  })

  it('LAY-17 write: a NUL in it', async () => {
    expect(await python(`print(json.dumps(open('/t/nul').read()))`)).toBe('a\0b')
  })

  it('LAY-16 LAY-33 copy: file names, one by one and as a directory', async () => {
    const names = (folder: string) =>
      python(`print(json.dumps({n: open('${folder}/' + n).read() for n in os.listdir('${folder}')}))`)
    const wanted = Object.fromEntries(NAMES.map((name) => [name, `${name}\n`]))
    expect(await names('/t/copied')).toEqual(wanted)
    expect(await names('/t/whole')).toEqual(wanted)
  })

  it('LAY-15 LAY-33 mkdir: paths', async () => {
    const made = await python(
      `print(json.dumps({n: oct(os.stat('/t/made/' + n).st_mode) for n in os.listdir('/t/made')}))`,
    )
    expect(made).toEqual(Object.fromEntries(NAMES.map((name) => [name, '0o40700'])))
  })

  it('LAY-18 LAY-33 link: paths and targets', async () => {
    const links = await python(`print(json.dumps({n: os.readlink('/t/links/' + n) for n in os.listdir('/t/links')}))`)
    expect(links).toEqual(Object.fromEntries(NAMES.map((name) => [name, `../copied/${name}`])))
  })

  it('LAY-28 vars', async () => {
    expect(await python(`print(json.dumps(open('/t/vars').read()))`)).toBe('plain\nit\'s "q" \\\\ `id`\na b\n')
  })

  it('LAY-62 env of a layer', async () => {
    expect(await environment('LAYER_')).toEqual([
      ...LINES.filter((text) => !text.includes('HOME')),
      '$X ${X}',
      ...EDGED,
    ])
  })

  it('POD-27 POD-118 env of a deploy, and of an image', async () => {
    expect(await environment('POD_')).toEqual(POD_ENV)
    expect(await environment('IMAGE_')).toEqual(LINES)
  })

  it('LAY-67 LAY-70 exec and env of a service under supervisord', () => {
    const wanted = [...LINES.filter((text) => !text.includes('%(')), ...EDGED]
    expect(service.args).toEqual(wanted)
    expect(wanted.map((_, index) => service.env[`SERVICE_${index}`])).toEqual(wanted)
  })

  it('IMG-144 labels, and the comments of the quadlet', async () => {
    const labels = JSON.parse(
      await machine.sh("podman inspect ov-awkward --format '{{json .Config.Labels}}'"),
    ) as Record<string, string>
    const services = JSON.parse(labels['org.overthinkos.services']!) as { exec: string }[]
    expect(services[0]!.exec).toContain(quoted(LINES[0]!))
    expect(JSON.parse(labels['org.overthinkos.volumes']!)).toEqual([{ name: 'data', path: '/srv/da ta' }])
    const quadlet = await machine.bed.get('.config/containers/systemd/ov-awkward.container')
    expect(quadlet).toContain(`# Info: ${`${LINES.join(' ')} ${MULTI}`.replace(/\n+/g, ' ').trimEnd()}`)
  })

  it('POD-42 the path of a volume', async () => {
    await machine.sh('podman exec -u 0 ov-awkward sh -c \'echo x > "/srv/da ta/f"\'')
    expect(await machine.sh('cat $(podman volume inspect ov-awkward-data --format {{.Mountpoint}})/f')).toBe('x')
  })

  it('a second apply sees no difference in any of it', async () => {
    expect((await project.done('apply')).stderr).toContain('nothing to change')
  })
})

describe('text that the target can not hold is refused at its line, and nothing is written', () => {
  let machine: TestMachine
  beforeAll(async () => {
    machine = await startMachine('refused')
  })
  afterAll(() => machine?.bed.down())
  const project = (layer: string, image = '', deploy = '') => `import { image, layer, pod } from 'ov'
import { stock } from './stock.ts'
const version = '2026.320.1200'
export const one = layer({ name: 'one', version, files: ['deploy.ts'],
  ${layer},
})
export const two = image({ name: 'two', base: stock, layers: [one], ${image} })
export const three = pod({ name: 'three', image: two,
  ${deploy}
})
`
  const NL = literal('a\nb')
  for (const [what, text, line, said] of [
    ['a newline in env of a layer', project(`env: { A: ${NL} }`), 5, /has a line break/],
    ['a newline in vars', project(`vars: { A: ${NL} }, tasks: [{ cmd: 'true' }]`), 5, /line break/],
    ['a NUL in a script', project(`tasks: [{ cmd: 'a\\0b' }]`), 5, /NUL/],
    ['half a character in a path', project(`tasks: [{ mkdir: '/a\\ud800' }]`), 4, /surrogate/],
    ['a newline in a path', project(`tasks: [{ copy: 'deploy.ts', to: '/a\\nb' }]`), 5, /one line/],
    ['a newline in exec', project(`services: [{ name: 's', exec: 'sleep\\n1' }]`), 5, /one line/],
    [
      'a newline in the directory of a service',
      project(`services: [{ name: 's', exec: 'x', workingDirectory: '/a\\nb' }]`),
      5,
      /one line/,
    ],
    ['CRLF in env of a deploy', project(`env: { A: 'a' }`, '', `env: { B: 'a\\r\\nb' },`), 9, /carriage return/],
    ['a NUL in env of a deploy', project(`env: { A: 'a' }`, '', `env: { B: 'a\\0b' },`), 9, /NUL/],
    [
      'a colon in the path of a bind',
      project(`volumes: { v: '/v' }, env: { A: 'a' }`, '', `volumes: { v: { type: 'bind', host: '/a:b' } },`),
      9,
      /colon/,
    ],
  ] as const)
    it(what, async () => {
      await machine.sh('rm -rf ~/refused')
      const refused = await machine.project('refused', { 'deploy.ts': text })
      const { exitCode, stderr } = await refused.ov('apply')
      expect(stderr).toMatch(said)
      expect(exitCode).toBe(1)
      expect(stderr).toContain(`deploy.ts:${line}`)
      expect(await machine.sh('ls -A ~/refused; podman ps -aq')).toBe('deploy.ts\nstock.ts')
    })
})
