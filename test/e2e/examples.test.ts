import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BedMount } from '../bed/bed.ts'
import { startMachine, type TestMachine } from './machine.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples')

let machine: TestMachine
beforeAll(async () => {
  machine = await startMachine('examples', [`${EXAMPLES}:/examples:ro` as BedMount])
  await machine.sh('cp -r /examples ~/examples && rm -rf ~/examples/*/.build')
})
afterAll(() => machine?.bed.down())

// The stack and the workstation have tests of their own, the fleet has no machines; those without deploys show what is written, and test/examples.test.ts looks at that.
const APPLIED = readdirSync(EXAMPLES).filter(
  (name) => !['stack', 'workstation', 'fleet'].includes(name) && existsSync(join(EXAMPLES, name, 'deploy.ts')),
)
for (const name of APPLIED)
  it(`the example ${name} is applied, runs, stays as it is, and goes`, async () => {
    const cwd = `/home/op/examples/${name}`
    const ov = (...args: string[]) => machine.bed.exec(['ov', ...args], { cwd })
    const { stderr } = await ov('apply')
    const running = [...stderr.matchAll(/^(\S+): running(?: on (\S+))?$/gm)].map(([, deploy, address]) => ({
      deploy,
      address,
    }))
    expect(running.length).toBeGreaterThan(0)
    for (const { address } of running)
      if (address !== undefined)
        expect(await machine.sh(`curl -fsS --retry 5 --retry-connrefused http://${address}/`)).not.toBe('')
    expect((await ov('apply')).stderr).toContain('nothing to change')
    await ov('destroy', '--purge', '--yes', ...running.map(({ deploy }) => deploy!))
    expect(await machine.sh('podman ps -aq; podman volume ls -q')).toBe('')
  })
