/** Ten machines from one apply: some of them in trouble. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBed, type Bed } from '../bed/bed.ts'
import { putKey, startBareMachine, type TestMachine, type TestProject } from './machine.ts'

const NAMES = Array.from({ length: 10 }, (_, index) => `n${index}`)

const project = (machines: readonly Bed[]) => `import { copy, host, layer, write } from 'ov'
const common = layer({
  name: 'common',
  version: '2026.331.900',
  deb: { packages: ['tree'] },
  tasks: [copy('files/big', { to: '/opt/big/data' }), write('/etc/common.conf', { content: 'x' })],
})
${machines.map(({ ip }, index) => `export const n${index} = host({ name: 'n${index}', host: 'op@${ip}', layers: [common] })`).join('\n')}
`
let operator: TestMachine
let machines: Bed[]
let work: TestProject
const asRoot = (at: number, script: string) => machines[at]!.exec(['bash', '-c', script], { user: 'root' })
const timed = async (args: string) => {
  const start = Date.now()
  const result = await work.ov(args)
  return { ...result, seconds: (Date.now() - start) / 1000 }
}

beforeAll(async () => {
  operator = await startBareMachine('fleet')
  machines = []
  for (const name of NAMES) machines.push(await startBed(name))
  work = await operator.project('fleet', { 'layers.ts': project(machines), 'files/big': 'x'.repeat(300_000) })
  await putKey(operator)
  await operator.bed.put('.ssh/config', 'StrictHostKeyChecking accept-new\nConnectTimeout 5\n')
})
afterAll(() => Promise.all([operator?.bed.down(), ...(machines ?? []).map((bed) => bed.down())]))

it('DEP-46 HOST-38 three of ten are in trouble: seven are done, three are told, and the next run finishes them', async () => {
  await asRoot(1, 'systemctl stop ssh')
  await asRoot(2, 'mkdir -p /opt/big && mount -t tmpfs -o size=64k tmpfs /opt/big')
  await asRoot(
    3,
    'mv /etc/apt/sources.list.d /etc/apt/away 2>/dev/null; mv /etc/apt/sources.list /etc/apt/away.list 2>/dev/null; rm -rf /var/lib/apt/lists/*',
  )
  const first = await timed('apply')
  expect(first.exitCode).toBe(1)
  expect(first.stderr).toContain('7 of 10 hosts are done, not n1, n2, n3')
  expect(first.stderr).toMatch(/n1: ssh:\/\/op@[\d.]+ can't be reached: .*ECONNREFUSED/)
  expect(first.stderr).toMatch(/n2: plan common: copy: copy \/opt\/big\/data failed[\s\S]*No space left on device/)
  expect(first.stderr).toMatch(
    /n3: plan common: deb: 1 packages \(install\) failed[\s\S]*Unable to locate package tree/,
  )
  await asRoot(1, 'systemctl start ssh')
  await asRoot(2, 'umount /opt/big')
  await asRoot(
    3,
    'mv /etc/apt/away /etc/apt/sources.list.d 2>/dev/null; mv /etc/apt/away.list /etc/apt/sources.list 2>/dev/null; true',
  )
  const second = await timed('apply')
  expect(second.exitCode, second.stderr).toBe(0)
  expect(second.stderr.match(/no change/g)).toHaveLength(7)
  for (const bed of machines)
    expect(
      (await bed.exec(['sh', '-c', 'stat -c %s /opt/big/data; cat /etc/common.conf; command -v tree'])).stdout,
    ).toBe('300000\nx/usr/bin/tree')
  const all = await timed('diff')
  const one = await timed('diff n0')
  expect(all.exitCode + one.exitCode).toBe(0)
  console.info(`nothing to do on ten hosts: ${(all.seconds / one.seconds).toFixed(1)} times one host`)
  // They are looked at side by side.
  expect(all.seconds / one.seconds).toBeLessThan(6)
})
