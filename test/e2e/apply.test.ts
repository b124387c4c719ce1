import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const LAYERS = (port: number) => `import { layer, service, write } from 'ov'

export const page = layer({
  name: 'page',
  version: '2026.320.1200',
  ports: [${port}],
  volumes: { data: '~/data', cache: '~/cache' },
  tasks: [write('/srv/page/index.html', { content: 'first\\n' })],
  services: [service({ name: 'page', exec: '/usr/bin/busybox httpd -f -p ${port} -h /srv/page', restart: 'always' })],
})
`
const DEPLOY = `import { image, pod } from 'ov'
import { page } from './layers.ts'
import { stock } from './stock.ts'

export const web = image({ name: 'web', base: stock, layers: [page] })
export const site = pod({ name: 'site', image: web, ports: { 8080: 8088 }, env: { GREETING: 'hello world' } })
`

describe('one deploy, from TypeScript to HTTP and back', () => {
  let machine: TestMachine
  let project: TestProject
  beforeAll(async () => {
    machine = await startMachine('apply')
    project = await machine.project('site', { 'layers.ts': LAYERS(8080), 'deploy.ts': DEPLOY })
  })
  afterAll(() => machine?.bed.down())

  it('POD-01 PLAN-01 runs what the project declares', async () => {
    const { stderr } = await project.done('apply')
    expect(stderr).toMatch(/site: running on 127\.0\.0\.1:8088$/m)
    expect(await machine.sh('curl -s http://127.0.0.1:8088/')).toBe('first')
  })
})
