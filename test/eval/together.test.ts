import { describe, expect, it } from 'vitest'
import { together } from '../../src/eval/container.ts'
import { here } from './machine.ts'

const sh = (text: string, ...args: readonly string[]) => ['sh', '-c', text, 'ov', ...args]
const LOOK = { as: 'root', look: true } as const

describe('EVAL-20 looks that are run together', () => {
  it('EVAL-20 each gets what is its own: exit code, both outputs, arguments', async () => {
    const target = here()
    const run = together(target.run)
    const odd = `it's "$HOME" \`x\` \\ é\n; exit 9`
    const found = await Promise.all([
      run(sh('printf %s "$1"', odd), LOOK),
      run(sh('exit 3'), LOOK),
      run(sh('echo out; echo err >&2; cat'), LOOK),
      run(sh('printf "a;b"'), LOOK),
    ])
    expect(found).toEqual([
      { exitCode: 0, stdout: odd, stderr: '' },
      { exitCode: 3, stdout: '', stderr: '' },
      { exitCode: 0, stdout: 'out\n', stderr: 'err\n' },
      { exitCode: 0, stdout: 'a;b', stderr: '' },
    ])
    expect(target.asked).toHaveLength(1)
    // Later ones are on their own again.
    expect(await run(sh('echo x'), LOOK)).toMatchObject({ stdout: 'x\n' })
    expect(target.asked.at(-1)?.argv).toEqual(sh('echo x'))
  })
  it('EVAL-11 EVAL-20 one that takes too long spoils none of the others', async () => {
    const target = here()
    const run = together(target.run)
    const options = { ...LOOK, timeout: 300 }
    const found = await Promise.allSettled([run(sh('echo x'), options), run(sh('sleep 5'), options)])
    expect(found[0]).toMatchObject({ status: 'fulfilled', value: { stdout: 'x\n' } })
    expect(found[1]).toMatchObject({ status: 'rejected', reason: { name: 'TimeoutError' } })
  })
  it('EVAL-33 without a shell each is told so', async () => {
    const run = together((argv, options) => here().run(['/none', ...argv], options))
    const found = await Promise.all([run(sh('true'), LOOK), run(sh('true'), LOOK)])
    expect(found.map(({ exitCode }) => exitCode)).toEqual([127, 127])
  })
})
