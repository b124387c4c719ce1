import { spread, type Spread } from './measure.ts'
import { bedProblems } from '../test/bed/bed.ts'
import { startMachine, type TestMachine } from '../test/e2e/machine.ts'

/** What a machine takes that runs a number of deploys. */
export interface DeploysRow {
  readonly deploys: number
  readonly status: Spread
  readonly apply: Spread
}

const IMAGE = `import { image, layer, pod, service } from 'ov'
import { stock } from './stock.ts'
const page = layer({
  name: 'page',
  version: '2026.320.1200',
  ports: [8080],
  volumes: { data: '~/data' },
  services: [service({ name: 'page', exec: 'busybox httpd -f -p 8080', restart: 'always' })],
})
const pageImage = image({ name: 'page', base: stock, layers: [page] })
`
const declare = (count: number) =>
  `${IMAGE}export const all = Array.from({ length: ${count} }, (_, at) => pod({ name: \`page-\${at}\`, image: pageImage, ports: { 8080: 9000 + at } }))\n`

/** Pairs of a bare Node and of the command, in microseconds. */
const PAIRS = `
took() { local from=\${EPOCHREALTIME/./}; "$@" >/dev/null 2>&1 || exit 1; echo -n "$((\${EPOCHREALTIME/./} - from)) "; }
for i in $(seq $PAIRS); do took node ~/empty.mjs; took ov $COMMAND; echo; done`

/** Measures `ov status` and an `ov apply` that changes nothing, on a disposable machine; undefined where there can be none. */
export async function deployTimes(counts: readonly number[], pairs: number): Promise<DeploysRow[] | undefined> {
  if ((await bedProblems()) !== undefined) return undefined
  const machine = await startMachine('bench')
  await using bed = machine.bed
  const project = await machine.project('bench', {})
  await bed.put('empty.mjs', '')
  const rows: DeploysRow[] = []
  for (const deploys of counts) {
    await project.put({ 'deploy.ts': declare(deploys) })
    await project.done('apply')
    rows.push({
      deploys,
      status: await ratio(machine, project.folder, 'status', pairs),
      apply: await ratio(machine, project.folder, 'apply', pairs),
    })
  }
  return rows
}

async function ratio(machine: TestMachine, cwd: string, command: string, pairs: number): Promise<Spread> {
  const text = await machine.sh(PAIRS, { cwd, env: { COMMAND: command, PAIRS: String(pairs) } })
  return spread(
    text.split('\n').map((line) => {
      const [bare = 0, own = 0] = line.trim().split(' ').map(Number)
      return own / bare
    }),
  )
}
