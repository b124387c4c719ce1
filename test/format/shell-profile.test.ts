import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { shellProfile, Unrepresentable } from '../../src/format/index.ts'
import { anyText } from './texts.ts'

/** A directory as ov takes it: no line ends, and no colon, which would make two of it. */
const directories = fc.array(
  anyText.filter((text) => /^[^\n\r\0:]+$/.test(text) && text.isWellFormed()).map((text) => `/${text}`),
  { minLength: 1, maxLength: 20 },
)

describe.each([
  { shell: 'bash', program: '/bin/bash' },
  { shell: 'sh', program: '/bin/sh' },
] as const)('$shell', ({ shell, program }) => {
  it('LAY-99 PLAN-24 has every directory at the end of PATH, whatever is in its name, before the code runs', () => {
    fc.assert(
      fc.property(directories, (all) => {
        const input = shellProfile(shell, all, `printf %s "$PATH"\n`)
        const { stdout, stderr } = spawnSync(program, ['-s'], { input, env: { PATH: '/usr/bin' } })
        expect(stderr.toString()).toBe('')
        expect(stdout.toString()).toBe(['/usr/bin', ...all].join(':'))
      }),
      { numRuns: 30 },
    )
  })
})

it('LAY-99 fish has its own command and its own quoting', () => {
  expect(shellProfile('fish', ['/opt/bin', "/it's $x\\"], 'a | source\n\n')).toBe(
    "fish_add_path -gP /opt/bin\nfish_add_path -gP '/it\\'s $x\\\\'\na | source\n",
  )
  expect(shellProfile('fish', ['/a'], '')).toBe('fish_add_path -gP /a\n')
})

it('LAY-99 what no shell could read is refused', () => {
  expect(() => shellProfile('sh', ['/a\nb'], '')).toThrow(Unrepresentable)
  expect(() => shellProfile('sh', [], 'a\0b')).toThrow(Unrepresentable)
})

it('LAY-99 in a folder that all shells read, each runs its own file only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ov-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const shell of ['bash', 'sh', 'zsh'] as const)
    writeFileSync(join(folder, `${shell}.sh`), shellProfile(shell, [`/${shell}`], `X="$X ${shell}"`, true))
  const all = `X=; for i in ${folder}/*.sh; do . "$i"; done; echo "$X $PATH"`
  for (const [program, expected] of [
    ['bash', 'bash'],
    ['dash', 'sh'],
    ['zsh', 'zsh'],
  ] as const) {
    // bash that finds a socket as its input takes itself for a remote shell, and reads ~/.bashrc.
    const run = spawnSync(program, ['-c', all], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/bin:/bin', HOME: folder },
    })
    expect(run).toMatchObject({ status: 0, stderr: '', stdout: ` ${expected} /usr/bin:/bin:/${expected}\n` })
  }
})
