import { expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

const LAYERS = `import { layer, service } from 'ov'
const version = '2026.1.1'
export const supervisord = layer({ name: 'supervisord', version, deb: { packages: ['supervisor'] } })
export const store = layer({
  name: 'store', version: '2026.9.1', depends: [supervisord], status: 'broken', info: 'loses data', ports: ['tcp:5432'], volumes: { data: '~/data' },
  env: { STORE: '1' }, pathAppend: ['~/store'], envRequires: { PASSWORD: 'of the store' }, envProvides: { STORE_HOST: '{{.ContainerName}}' },
  security: { capAdd: ['SYS_NICE'], memoryMax: '1g' }, services: [service({ name: 'store', exec: 'store' })],
  aliases: { psql: 'psql' }, hooks: { postEnable: 'x' }, engine: 'podman', secrets: { pw: { env: ['A', 'B'] } }, route: { host: 'store.localhost', port: 5432 },
  portRelay: [5432], mcpProvides: { store: 'http://x' }, mcpAccepts: { other: 'x' }, data: [{ src: 'data', volume: 'goods' }, { src: 'data', volume: 'data' }],
  shell: { init: 'x' }, capabilities: { ociLabels: { 'org.example.store': 'yes' } },
})
export const socat = layer({ name: 'socat', version, deb: { packages: ['socat'] } })
export const page = layer({ name: 'page', version, depends: [store], volumes: { goods: '/page' }, ports: [80], services: [service({ name: 'page', exec: 'page', after: ['store'] })] })
export const shop = layer({ name: 'shop', version, depends: [store], volumes: { goods: '/goods' }, env: { SHOP: '1' } })
`
const image = (name: string, layers: string) =>
  `export const ${name} = image({ name: '${name}', base: 'debian:13', distro: ['debian:13', 'debian'], layers: [${layers}], ports: ['8080:80'] })\n`

interface Plan {
  readonly images: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[]
}

async function labels(...images: string[]): Promise<Map<string, Readonly<Record<string, string>>>> {
  const project = new Workspace({
    'layers.ts': LAYERS,
    'data/x': 'x',
    'images.ts': `import { image } from 'ov'\nimport { page, shop } from './layers.ts'\n${images.join('')}`,
  })
  const { code, stdout, stderr } = await project.run('synth', '--json')
  expect(code, stderr).toBe(0)
  return new Map((JSON.parse(stdout) as Plan).images.map((one) => [one.name, one.labels]))
}

it('IMG-146 IMG-T7 labels are the same, whether or not images share one that ov makes', async () => {
  const [first, second] = [image('first', 'page'), image('second', 'shop')]
  const together = await labels(first, second)
  expect([...together.keys()]).toContain('debian-store')
  expect(Object.keys(together.get('first')!).length).toBeGreaterThan(32)
  expect(together.get('first')).toEqual((await labels(first)).get('first'))
  expect(together.get('second')).toEqual((await labels(second)).get('second'))
})
