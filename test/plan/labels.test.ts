import { describe, expect, it } from 'vitest'
import { fromLabels, LABEL_PREFIX, toLabels } from '../../src/plan/labels.ts'
import { EMPTY_METADATA, type ImageMetadata } from '../../src/plan/metadata.ts'
import { Workspace } from '../harness.ts'

/** Something in every field. */
const FULL: ImageMetadata = {
  version: '2026.1.1',
  image: 'app',
  uid: 1000,
  gid: 1001,
  user: 'me',
  home: '/home/me',
  registry: 'ghcr.io/acme',
  bootc: true,
  ociLabels: { 'org.opencontainers.image.licenses': 'MIT', maintainer: 'me' },
  network: 'backend',
  fqdn: 'www.example.org',
  acmeEmail: 'me@example.org',
  engine: 'podman',
  distro: ['debian:13', 'debian'],
  formats: ['deb'],
  builderUses: { pixi: 'tools' },
  builderProvides: ['npm'],
  ports: ['80', '8080:80'],
  portProtos: { '22': 'tcp' },
  volumes: [{ name: 'data', path: '/data' }],
  aliases: [{ name: 'psql', command: "psql -c 'select 1'" }],
  security: { privileged: true, capAdd: ['A'], shmSize: '1g', memorySwapMax: '0', cpus: '2.5', ipcMode: 'host' },
  env: ['A=1', "B=it's"],
  hooks: { post_enable: 'a\nb', pre_remove: 'c' },
  eval: {
    layer: [{ file: '/x', contains: [{ op: 'contains', value: 'y' }], scope: 'build', origin: 'layer:web' }],
    deploy: [{ http: 'http://127.0.0.1:${HOST_PORT:80}/', scope: 'deploy', origin: 'deploy-default' }],
  },
  shell: {
    layer: [
      {
        origin: 'layer:web',
        id: 'web',
        generic: { init: 'x' },
        by_shell: { fish: { path_append: ['~/bin'] } },
        priority: 50,
      },
    ],
    image: [{ origin: 'image:app', id: 'app', generic: { path: '/x' }, priority: 1 }],
  },
  init: 'supervisord',
  initServices: { supervisord: ['web'], other: ['x'] },
  services: [{ name: 'web', scope: 'system', exec: "awk '{print $1}'", init: 'supervisord', layer: 'web' }],
  portRelay: [9222],
  secrets: [
    { name: 'db', target: '/run/secrets/db' },
    { name: 'db', target: '/run/secrets/db', env: 'PW' },
  ],
  envProvides: { URL: 'http://{{.ContainerName}}' },
  envRequires: [{ name: 'R', description: 'd', default: 'x' }],
  envAccepts: [{ name: 'O', description: 'd' }],
  secretRequires: [{ name: 'T', description: 'd', key: 'ov/a/b' }],
  secretAccepts: [{ name: 'S', description: 'd' }],
  mcpProvides: [{ name: 'm', url: 'http://{{.ContainerName}}/mcp', transport: 'sse' }],
  mcpRequires: [{ name: 'n', description: 'd' }],
  mcpAccepts: [{ name: 'o', description: 'd' }],
  status: 'broken',
  info: 'said of it',
  routes: [{ host: 'a.localhost', port: 80 }],
  envLayers: { A: '~/a' },
  pathAppend: ['~/bin'],
  layerVersions: { web: '2026.1.1' },
  data: [{ volume: 'data', staging: '/data/data/x/', layer: 'web', dest: 'x' }],
  dataImage: false,
}

describe('IMG-149 labels', () => {
  it('POD-24 IMG-145 IMG-149 every field of the metadata has a label, and is read back unchanged', () => {
    const labels = toLabels(FULL, [])
    expect(fromLabels(Object.fromEntries(labels.map(({ name, value }) => [name, value])))).toEqual(FULL)
    for (const field of Object.keys(FULL) as (keyof ImageMetadata)[]) {
      if (field === 'dataImage') continue
      const { [field]: value } = FULL
      const empty = Array.isArray(value) ? [] : typeof value === 'object' ? {} : typeof value === 'boolean' ? false : ''
      const without = toLabels({ ...FULL, [field]: empty }, [])
      expect(without.length, field).toBeLessThan(labels.length)
    }
  })
  it('IMG-67 IMG-142 IMG-149 of a data image, only what it is about', () => {
    const labels = toLabels({ ...FULL, dataImage: true }, [])
    const names = labels.map(({ name }) => name.slice(LABEL_PREFIX.length))
    expect(names).toEqual(['version', 'image', 'registry', 'volumes', 'layer_versions', 'data', 'data_image'])
    const { version, image, registry, volumes, layerVersions, data } = FULL
    expect(fromLabels(Object.fromEntries(labels.map(({ name, value }) => [name, value])))).toEqual({
      ...EMPTY_METADATA,
      ...{ version, image, registry, volumes, layerVersions, data, dataImage: true },
    })
  })
  it('EVAL-04 IMG-124 checks of images from before the label had its name', () => {
    const older = { [`${LABEL_PREFIX}tests`]: '{"layer":[{"file":"/old"}]}' }
    expect(fromLabels(older).eval).toEqual({ layer: [{ file: '/old' }] })
    expect(fromLabels({ ...older, [`${LABEL_PREFIX}eval`]: '{"image":[{"file":"/new"}]}' }).eval).toEqual({
      image: [{ file: '/new' }],
    })
    expect(fromLabels({ ...older, [`${LABEL_PREFIX}eval`]: '' }).eval).toEqual({})
    expect(() => fromLabels({ [`${LABEL_PREFIX}tests`]: '[' })).toThrow('label org.overthinkos.tests is not valid JSON')
  })
  it('IMG-147 IMG-148 empty labels are read as absent, and foreign ones are passed over', () => {
    const taken = toLabels({ ...FULL, network: '', ports: [], initServices: {}, init: '' }, [FULL])
    const network = taken.filter(({ value }) => value === '').map(({ name }) => name.slice(LABEL_PREFIX.length))
    expect(network).toEqual(['network', 'ports', 'init', 'services.other', 'services.supervisord'])
    const own = toLabels({ ...FULL, ociLabels: { maintainer: 'you' } }, [FULL]).filter(
      ({ name }) => !name.startsWith(LABEL_PREFIX),
    )
    expect(own.map(({ name, value }) => [name, value])).toEqual([
      ['maintainer', 'you'],
      ['org.opencontainers.image.licenses', ''],
    ])
    const read = fromLabels({ ...Object.fromEntries(taken.map(({ name, value }) => [name, value])), maintainer: 'x' })
    expect(read).toMatchObject({ network: '', ports: [], initServices: {} })
    expect(() => fromLabels({ [`${LABEL_PREFIX}ports`]: '[' })).toThrow('label org.overthinkos.ports is not valid JSON')
  })
})

it('IMG-52 IMG-54 IMG-161 IMG-T5 labels come last, and there is neither ENTRYPOINT nor CMD', async () => {
  const project = new Workspace({
    'images.ts': `import { image, layer } from 'ov'
const supervisord = layer({ name: 'supervisord', version: '2026.1.1', deb: { packages: ['supervisor'] } })
const web = layer({ name: 'web', version: '2026.1.1', env: { A: '1' }, ports: [80], tasks: [{ cmd: 'x', user: '\${USER}' }], services: [{ name: 'web', exec: 'x' }] })
export const app = image({ name: 'app', base: 'debian:13', distro: 'debian', layers: [supervisord, web] })
`,
  })
  expect((await project.run('synth')).code).toBe(0)
  const keywords = project
    .read('.build/app/Containerfile')
    .split('\n')
    .map((line) => /^[A-Z]+(?= )/.exec(line)?.[0])
    .filter((keyword) => keyword !== undefined)
  expect(keywords.slice(keywords.indexOf('LABEL')).every((keyword) => keyword === 'LABEL')).toBe(true)
  expect(keywords.filter((keyword) => ['ENTRYPOINT', 'CMD'].includes(keyword))).toEqual([])
})
