import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'ov-pack-'))
const app = join(work, 'app')
/** npm is the system's; its programs run on the Node of this test. */
const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, XDG_CACHE_HOME: join(work, 'cache') }
const run = (command: string, args: readonly string[], cwd = app) => execa(command, args, { cwd, env, reject: false })

beforeAll(async () => {
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', work, '--loglevel=error'], root)
  await run('mkdir', ['-p', app], work)
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'infra', private: true, type: 'module' }))
  const installed = await run('npm', [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '../ov-0.1.0.tgz',
  ])
  expect(installed.exitCode, installed.stderr).toBe(0)
  writeFileSync(join(app, 'motd.txt'), 'welcome\n')
  writeFileSync(
    join(app, 'layers.ts'),
    [
      "import { image, layer, pod, write } from 'ov'",
      "import motd from './motd.txt'",
      "const hello = layer({ name: 'hello', version: '2026.1.1', volumes: { data: '/d' }, tasks: [write('/etc/motd', { content: motd })] })",
      "export const base = image({ name: 'base', base: 'docker.io/library/debian:13', distro: ['debian:13', 'debian'], layers: [hello] })",
      "export const site = pod({ name: 'site', image: base, volumes: { data: { type: 'volume' } } })",
      '',
    ].join('\n'),
  )
}, 120_000)
afterAll(() => rmSync(work, { recursive: true, force: true }))

describe('the packed package, installed elsewhere with install scripts off', { timeout: 120_000 }, () => {
  it('runs as npx ov', async () => {
    expect((await run('npx', ['ov', '--version'])).stdout).toBe('0.1.0')
    const synth = await run('npx', ['ov', 'synth'])
    expect(synth.exitCode, synth.stderr).toBe(0)
    expect((await run('cat', ['.build/base/Containerfile'])).stdout).toContain('FROM ${BASE_IMAGE}')
  })

  it('is imported as a module', async () => {
    const script = "import { layer } from 'ov'; console.log(layer({ name: 'x', version: '1.1.1' }).name)"
    expect((await run('node', ['--input-type=module', '-e', script])).stdout).toBe('x')
  })

  it('brings its types, those of text imports included', async () => {
    for (const moduleResolution of ['nodenext', 'bundler']) {
      const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext'
      const compilerOptions = { module, moduleResolution, strict: true, noEmit: true, types: [] }
      writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
      const checked = await run('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'])
      expect(checked.stdout).toBe('')
    }
  })

  it('says what to do where Node is too old', async () => {
    const old = join(work, 'old-node')
    // A stand-in, since a Node of the wrong version can't be assumed here: it only lies about its version.
    writeFileSync(join(work, 'lie.mjs'), "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })\n")
    writeFileSync(old, `#!/bin/sh\nexec '${process.execPath}' --import '${join(work, 'lie.mjs')}' "$@"\n`, {
      mode: 0o755,
    })
    const result = await execa(join(app, 'node_modules/.bin/ov'), ['synth'], {
      cwd: app,
      env: { ...env, OV_NODE: old },
      reject: false,
    })
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toBe(
      'ov needs Node 22.12 or later; this is 20.20.2. Install a newer one, or set OV_NODE to its path.',
    )
  })
})
