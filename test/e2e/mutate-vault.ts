/** In a bed: mounts a vault whose configuration was changed in many ways with the functions that ov does it with, and says what came of it. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Executor } from '../../src/apply/executor.ts'
import { mountVolume, WrongPassphrase } from '../../src/apply/volumes/gocryptfs.ts'
import { encryptedVolume } from '../../src/apply/volumes/places.ts'
import { volumeState } from '../../src/apply/volumes/state.ts'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'

const [runs = 100] = process.argv.slice(2).map(Number)
const PASSPHRASE = 'geheim'
const PATIENCE = 5_000
const home = join(process.env['HOME']!, 'mutated')
const volume = encryptedVolume('notes', { name: 'library' }, { home, encrypted: home })
const conf = join(volume.cipher, 'gocryptfs.conf')

/** Without the scope, which says nothing of the configuration and takes most of the time. */
const executor: Pick<Executor, 'run'> = {
  run: (argv, options) =>
    new Promise((done) => {
      const [program = '', ...args] = argv[0] === 'systemd-run' ? argv.slice(argv.indexOf('--') + 1) : argv
      if (program === 'systemctl') return done({ exitCode: 0, stdout: '', stderr: '' })
      const child = execFile(program, args, { timeout: PATIENCE }, (error, stdout, stderr) =>
        done({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }),
      )
      child.stdin?.on('error', () => {})
      child.stdin?.end(options?.stdin)
    }),
}

/** The same numbers in every run. */
let seed = 20_240_613
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}
const pick = <T>(values: readonly T[]): T => values[random(values.length)]!

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1,
  255,
  2 ** 31,
  2 ** 63,
  1e308,
  '',
  'x',
  'AAAA',
  [],
  {},
  [null],
  ['DirIV'],
  [1],
  '\u0000',
  'A'.repeat(70_000),
]

/** Another value at some place of a value. */
function replaced(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random(4) === 0) return pick(ODD)
  const keys = Object.keys(value)
  const key = pick([...keys, 'Unknown'])
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>
  if (random(4) === 0) delete copy[key]
  else copy[key] = replaced(copy[key])
  return copy
}

function mutated(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  switch (random(5)) {
    case 0:
      copy[random(copy.length)] = random(256)
      return copy
    case 1:
      return copy.subarray(0, random(copy.length))
    case 2:
      return Buffer.concat([
        copy.subarray(0, random(copy.length)),
        Buffer.from(pick(['', '\0', '{', '"', ',', '9'])),
        copy.subarray(random(copy.length)),
      ])
    default:
      return Buffer.from(JSON.stringify(replaced(JSON.parse(bytes.toString()))))
  }
}

rmSync(home, { recursive: true, force: true })
for (const path of [volume.cipher, volume.plain]) mkdirSync(path, { recursive: true })
execFileSync('gocryptfs', ['-init', '-q', '-scryptn=10', '--', volume.cipher], { input: `${PASSPHRASE}\n` })
writeFileSync(join(volume.cipher, 'data'), 'x')
const content = readFileSync(conf)
/** What would take hours, or more memory than there is. */
const ENDLESS = [{ KeyLen: 2 ** 31 }, { P: 2 ** 20 }, { R: 2 ** 20 }, { N: 2 ** 30 }]
const withCost = (cost: object): Buffer => {
  const conf = JSON.parse(content.toString()) as { ScryptObject: object }
  return Buffer.from(JSON.stringify({ ...conf, ScryptObject: { ...conf.ScryptObject, ...cost } }))
}
const outcomes: Record<string, number> = {}
const problems: string[] = []
for (let run = 0; run < runs; run++) {
  const changed = run < ENDLESS.length ? withCost(ENDLESS[run]!) : mutated(content)
  if (existsSync(conf)) rmSync(conf)
  writeFileSync(conf, changed)
  const start = performance.now()
  let outcome: string
  try {
    const state = await volumeState(volume)
    if (state !== 'not mounted') throw new Error(`it is ${state}`)
    await mountVolume(volume, PASSPHRASE, executor as Executor)
    outcome = 'mounted'
    execFileSync('fusermount3', ['-u', volume.plain])
  } catch (error) {
    if (error instanceof WrongPassphrase) outcome = 'another passphrase'
    else if (error instanceof DiagnosticError) {
      const [{ message, remedy, output = [] } = { message: '' }] = error.diagnostics
      outcome = message.replace(/.*?: /, '')
      if (!remedy || output.length > 10 || JSON.stringify(error.diagnostics).includes(PASSPHRASE))
        problems.push(`${changed.toString('latin1')}: ${JSON.stringify(error.diagnostics)}`)
    } else {
      outcome = 'crash'
      problems.push(`${changed.toString('latin1')}: ${String(error)}`)
    }
  }
  if (performance.now() - start > PATIENCE) problems.push(`${changed.toString('latin1')}: takes too long`)
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
}
console.log(JSON.stringify({ outcomes, problems: problems.slice(0, 5) }))
