import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const IMAGES = `import { image, layer, mkdir, service } from 'ov'
import { stock } from './stock.ts'

const version = '2026.320.1200'
const store = layer({
  name: 'store',
  version,
  ports: [6000],
  volumes: { data: '~/data' },
  envProvides: { STORE_URL: 'http://{{.ContainerName}}:6000/' },
  secrets: { 'db-password': { env: 'DB_PASSWORD' } },
  data: [{ src: 'seed', volume: 'data' }],
  services: [service({ name: 'store', exec: 'busybox httpd -f -p 6000 -h /home/user/data', restart: 'always' })],
})
const page = layer({
  name: 'page',
  version,
  ports: [8080],
  volumes: { data: '~/data', cache: '~/cache' },
  envAccepts: { STORE_URL: 'where the store is', GREETING: 'what to say' },
  secretAccepts: { API_TOKEN: 'of the API' },
  hooks: { postEnable: 'echo enabled $OV_CONTAINER_NAME >> ~/data/hook', preRemove: 'echo removed >> ~/data/hook' },
  services: [
    service({
      name: 'page',
      exec: "sh -c 'mkdir -p /tmp/w; printenv GREETING > /tmp/w/index.html; exec busybox httpd -f -p 8080 -h /tmp/w'",
      restart: 'always',
    }),
  ],
})
const api = layer({
  name: 'api',
  version,
  volumes: { data: '~/data' },
  secretRequires: { UPSTREAM_TOKEN: 'of the upstream' },
  mcpRequires: { notes: 'where notes are kept' },
  services: [service({ name: 'api', exec: 'sleep infinity', restart: 'always' })],
})
const other = layer({ name: 'other', version, volumes: { data: '~/data' }, data: [{ src: 'seed/sub', volume: 'data' }] })
export const apiImage = image({ name: 'api', base: stock, layers: [api] })
export const otherImage = image({ name: 'other', dataImage: true, layers: [other] })
export const storeImage = image({ name: 'store', base: stock, layers: [store] })
export const pageImage = image({ name: 'page', base: stock, layers: [page] })
`

let machine: TestMachine
let project: TestProject
/** Runs ov far from any project. */
const ov = (args: string) => machine.bed.exec(['bash', '-c', `ov ${args}`], { cwd: '/', reject: false })
const done = async (args: string) => {
  const result = await ov(args)
  expect(result.exitCode, `${args}\n${result.stderr}`).toBe(0)
  return result
}
const quadlet = (name: string) => machine.bed.get(`.config/containers/systemd/ov-${name}.container`)
const entry = async (name: string) => (await done(`deploy show ${name}`)).stdout
const env = (name: string, variable: string) => machine.sh(`podman exec ov-${name} printenv ${variable}`)

beforeAll(async () => {
  machine = await startMachine('pods')
  project = await machine.project('pods', {
    'images.ts': IMAGES,
    'seed/a.txt': 'seeded\n',
    'seed/sub/b.txt': 'below\n',
  })
  await project.done('image build')
})
afterAll(() => machine?.bed.down())

describe('deploys without a project', () => {
  it('POD-22 POD-28 POD-31 what is wrong is found before anything is written', async () => {
    for (const [args, code, text] of [
      ['config nowhere', 1, 'image "nowhere" is not available locally.'],
      ['config page -p 1:2:3', 64, 'invalid port override "1:2:3"'],
      ['config page -v data', 64, 'data:volume, data:bind[:PATH] or data:encrypted[:PATH]'],
      ['config page --memory-max lots', 64, '--memory-max "lots"'],
      ['config page -v nope:bind:/tmp', 1, 'the image has no volume "nope"'],
      ['config page --bind data=/no/such/folder', 1, 'the directory /no/such/folder does not exist'],
      ['config page --encrypt nope', 1, 'the image has no volume "nope"'],
      ['config page -e "A=$(printf \'x\\r\\ny\')"', 1, 'carriage return'],
      ['start nowhere', 1, 'image "nowhere" is not available locally.'],
      ['stop page', 1, "run 'ov config page' first"],
      ['logs page -n many', 64, '-n wants a number of lines'],
      ['update page', 1, 'no deploy named "page" in deploy.yml.'],
      ['shell nowhere', 1, 'image "nowhere" is not available locally.'],
    ] as const) {
      const { exitCode, stderr, stdout } = await ov(args)
      expect([args, exitCode, stdout]).toEqual([args, code, ''])
      expect(stderr).toContain(text)
    }
    expect(await machine.sh('ls -A ~/.config/ov ~/.config/containers/systemd 2>/dev/null | grep -v : || true')).toBe('')
  })

  it('POD-28 POD-32 POD-91 POD-92 POD-49 CRED-70 CRED-75 CRED-86 config, start, and the service answers', async () => {
    const { stdout, stderr } = await done('config store -p 6000:6000 --no-autodetect')
    expect(stdout).toBe('')
    expect(stderr).toContain('Wrote /home/op/.config/containers/systemd/ov-store.container')
    expect(stderr).toContain('Reloaded systemd user daemon')
    expect(stderr).toMatch(/ov-store-db-password +→ created \(from generated\)/)
    await done('start store')
    expect(
      await machine.sh('curl -fsS http://127.0.0.1:6000/a.txt --retry 15 --retry-delay 1 --retry-all-errors'),
    ).toBe('seeded')
    expect(await entry('store')).toContain('data_seeded: true')
    const password = await machine.sh('podman exec ov-store cat /run/secrets/db-password')
    expect(password).toMatch(/^[A-Za-z0-9_-]{43}=$/)
    expect(await env('store', 'DB_PASSWORD')).toBe(password)
    expect((await quadlet('store')).match(/^Secret=.*$|^.*PASSWORD.*$/gm)).toEqual([
      'Secret=ov-store-db-password,target=/run/secrets/db-password',
      'Secret=ov-store-db-password,type=env,target=DB_PASSWORD',
    ])
    // It stands nowhere but in podman and in the private file.
    expect(await machine.sh(`grep -rlF -- '${password}' ~/.config ~/.local/state || true`)).toBe(
      '/home/op/.config/ov/config.yml',
    )
    expect(await machine.sh('stat -c %a ~/.config/ov/config.yml ~/.config/ov/deploy.yml')).toBe('600\n600')
    const again = await done('config store -p 6000:6000 --no-autodetect')
    expect(again.stderr).toMatch(/ov-store-db-password +→ kept \(already provisioned\)/)
    expect(again.stderr).toContain('Data already provisioned (use --force-seed to re-provision)')
    expect(await machine.sh('podman exec ov-store cat /run/secrets/db-password')).toBe(password)
  })

  it('POD-79 POD-83 POD-85 POD-131 discovery: the page is told where the store is, and the store is not', async () => {
    const hostile = 'a "b" $HOME %h \\\\ ;#{}'
    await done(
      `config page -p 8088:8080 -e 'GREETING=${hostile}' -e 'PLAIN=1,2' --memory-max 512m --cpus 1.5 --no-autodetect`,
    )
    expect(await env('page', 'GREETING')).toBe(hostile)
    expect(await env('page', 'STORE_URL')).toBe('http://ov-store:6000/')
    expect(await env('page', 'PLAIN')).toBe('1,2')
    expect(await machine.sh('podman exec ov-page sh -c "curl -fsS \\$STORE_URL/sub/b.txt"')).toBe('below')
    expect(await quadlet('store')).not.toContain('STORE_URL')
    expect(await machine.sh('curl -fsS http://127.0.0.1:8088/')).toBe(hostile)
    expect(await machine.sh('podman exec ov-page sh -c "cat ~/data/hook"')).toBe('enabled ov-page')
    const shown = await machine.sh('systemctl --user show ov-page -p MemoryMax,CPUQuotaPerSecUSec')
    expect(shown).toContain('MemoryMax=536870912')
    expect(shown).toContain('CPUQuotaPerSecUSec=1.500000s')
  })

  it('POD-35 POD-T6 the others are written anew with what is offered now, and lose nothing', async () => {
    const before = await quadlet('page')
    await machine.sh("sed -i '/STORE_URL/d' ~/.config/containers/systemd/ov-page.container")
    const { stderr } = await done('config store --update-all --no-autodetect')
    expect(stderr).toContain('Updated quadlet for page')
    expect(await quadlet('page')).toBe(before)
  })

  it('POD-18 POD-19 POD-60 a second config without flags changes nothing, and one flag changes its own field', async () => {
    const before = [await quadlet('page'), await entry('page')]
    await done('config page --no-autodetect')
    expect([await quadlet('page'), await entry('page')]).toEqual(before)
    await done('config page --memory-max 1g --no-autodetect')
    expect(await quadlet('page')).toBe(before[0]!.replace('MemoryMax=512M', 'MemoryMax=1G'))
  })

  it('POD-96 POD-98 POD-94 CRED-81 CRED-83 the value of a secret goes to the store, and to the container as a podman secret', async () => {
    const { stderr } = await done("config page -e 'API_TOKEN=s3cret-value' --no-autodetect")
    expect(stderr).toContain('Imported API_TOKEN into credential store (ov/secret/API_TOKEN)')
    expect(stderr).not.toContain('s3cret-value')
    expect(await quadlet('page')).toContain('Secret=ov-page-api-token,type=env,target=API_TOKEN\n')
    await done('restart page')
    expect(await env('page', 'API_TOKEN')).toBe('s3cret-value')
    expect(await machine.sh("grep -rlF 's3cret-value' ~/.config ~/.local/state")).toBe('/home/op/.config/ov/config.yml')
  })

  it('CRED-72 CRED-75 CRED-81 ENC-T12 another value is one command and a restart away, and all deploys keep their secrets', async () => {
    await project.done('secrets set ov/secret API_TOKEN', { stdin: 'another value' })
    const before = [await quadlet('page'), await quadlet('store')]
    const password = await env('store', 'DB_PASSWORD')
    await done('config page --update-all --no-autodetect')
    expect([await quadlet('page'), await quadlet('store')]).toEqual(before)
    // What the image owns is never replaced: a database would not open any more.
    await project.done('secrets set ov/secret ov-store-db-password', { stdin: 'replaced' })
    await done('config store --no-autodetect')
    expect(await machine.sh("podman secret inspect --showsecret -f '{{.SecretData}}' ov-store-db-password")).toBe(
      password,
    )
    await project.done('secrets set ov/secret ov-store-db-password', { stdin: password })
    await done('restart page')
    expect(await env('page', 'API_TOKEN')).toBe('another value')
    expect(await machine.sh("podman secret inspect --showsecret -f '{{.SecretData}}' ov-page-api-token")).toBe(
      'another value',
    )
  })

  it('CRED-71 POD-101 POD-138 POD-140 POD-141 POD-102 POD-26 POD-04 POD-08 two instances side by side share nothing', async () => {
    await done("config page -i two -p 8089:8080 -e 'GREETING=second' --no-autodetect")
    expect(await quadlet('page-two')).toContain('Description=Overthink page (two)\n')
    expect(await quadlet('page-two')).toContain('Secret=ov-page-two-api-token,type=env,target=API_TOKEN\n')
    expect(await machine.sh('curl -fsS http://127.0.0.1:8088/; curl -fsS http://127.0.0.1:8089/')).toContain('second')
    expect(await machine.sh('podman volume ls -q | grep page | sort')).toBe(
      'ov-page-cache\nov-page-data\nov-page-two-cache\nov-page-two-data',
    )
    expect((await done('status')).stdout).toMatch(/^page +running .*\npage\/two +running .*\nstore +running /m)
    const json = JSON.parse((await done('status page/two --json')).stdout) as { deploys: { ports: string[] }[] }
    expect(json.deploys[0]!.ports).toEqual(['127.0.0.1:8089 -> 8080/tcp'])
  })

  it('POD-T12 POD-139 POD-142 POD-144 POD-126 POD-127 POD-128 POD-132 POD-133 POD-134 the life of a service; exit codes come through', async () => {
    expect((await done('status page')).stdout).toMatch(
      /^Deploy: {4}page\nImage: {5}localhost\/page:\S+\nStatus: {4}running \(up \d+ (second|minute)s?\)\nContainer: ov-page\nMode: {6}quadlet\nPorts: {5}127\.0\.0\.1:8088 -> 8080\/tcp\nTools: {5}supervisord \(ok\)\nVolumes: {3}ov-page-cache -> \/home\/user\/cache\n {11}ov-page-data -> \/home\/user\/data\nNetwork: {3}ov$/,
    )
    expect((await done("cmd page 'echo from inside'")).stdout).toBe('from inside')
    expect((await ov("cmd page 'exit 7'")).exitCode).toBe(7)
    expect((await done("shell page -c 'id -u; pwd' -e X=1")).stdout).toBe('1000\n/home/user')
    expect((await ov("shell page -c 'exit 3'")).exitCode).toBe(3)
    expect((await done('service status page page')).stdout).toMatch(/^page +RUNNING/)
    expect((await ov('service restart page nope')).stderr).toContain(
      'service "nope" not found in image (available: page)',
    )
    expect((await done('logs page -n 5')).stdout).toContain('ov-page')
    expect((await done('stop page/two')).stderr).toContain('Stopped ov-page-two.service')
    expect((await done('status page/two')).stdout).toContain('Instance:  two\nImage:     localhost/page:')
    expect((await done('status page/two')).stdout).toContain('\nStatus:    stopped\n')
    expect((await done('start page -i two')).stderr).toContain('Started ov-page-two.service')
  })

  it('POD-42 POD-45 POD-50 POD-52 a bind volume: the operator owns what is put into it', async () => {
    await machine.sh('mkdir -p ~/mine')
    await done('config store -i bound -p 6001:6000 --bind data=/home/op/mine --no-autodetect')
    await done('start store -i bound')
    expect(await machine.sh('cd ~/mine && stat -c "%U %n" a.txt sub/b.txt && cat a.txt')).toBe(
      'op a.txt\nop sub/b.txt\nseeded',
    )
    await machine.sh('echo edited > ~/mine/a.txt; rm ~/mine/sub/b.txt')
    await done('update store -i bound')
    expect(await machine.sh('cat ~/mine/a.txt ~/mine/sub/b.txt')).toBe('edited\nbelow')
    await done('update store -i bound --force-seed')
    expect(await machine.sh('cat ~/mine/a.txt')).toBe('seeded')
  })

  it('POD-88 POD-95 POD-99 POD-53 POD-05 POD-20 CRED-80 CRED-82 CRED-83 what an image demands, data of another image, and coming back', async () => {
    const refused = await ov('config api --no-autodetect')
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain(
      'missing required credential-backed secret(s) for api: UPSTREAM_TOKEN — of the upstream',
    )
    expect(refused.stderr).toContain('ov secrets set ov/secret UPSTREAM_TOKEN')
    expect(await entry('api')).toBe('No overrides for image "api"')
    // Somebody wrote the value into the file.
    await machine.sh(
      "sed -i 's/^deploy:$/deploy:\\n  api:\\n    image: api\\n    env: [UPSTREAM_TOKEN=t0ken, OTHER=1]/' ~/.config/ov/deploy.yml",
    )
    const { stderr } = await done('config api --bind data --data-from other --no-autodetect')
    expect(stderr).toContain(
      'Migrated plaintext UPSTREAM_TOKEN from deploy.yml to credential store (ov/secret/UPSTREAM_TOKEN)',
    )
    expect(stderr).toContain('Warning: api requires MCP server notes (where notes are kept) — not available')
    expect(
      await machine.sh(
        'grep -c t0ken ~/.config/ov/deploy.yml; cd ~/.local/share/ov/volumes/api/data && cat b.txt; stat -c %U . b.txt; ls -A',
      ),
    ).toBe('0\nbelow\nop\nop\nb.txt')
    expect(
      await machine.sh(
        'grep -c t0ken ~/.config/ov/deploy.yml.bak.*; stat -c %a ~/.config/ov/deploy.yml.bak.*; rm ~/.config/ov/deploy.yml.bak.*',
      ),
    ).toBe('1\n600')
    const before = [await quadlet('api'), await entry('api')]
    await done('remove api --keep-deploy')
    await done('config api --no-autodetect')
    expect([await quadlet('api'), await entry('api')]).toEqual(before)
    await done('remove api --purge')
    expect(await machine.sh('cat ~/.local/share/ov/volumes/api/data/b.txt; rm -r ~/.local/share/ov/volumes/api')).toBe(
      'below',
    )
  })

  it('POD-T25 POD-23 POD-129 an update takes the newest build, and keeps settings and data', async () => {
    await machine.sh('podman exec ov-page sh -c "echo kept > ~/data/mine"')
    await project.put({ 'images.ts': IMAGES.replace('-p 8080 -h /tmp/w', '-p 8080 -h /tmp/w -c /dev/null') })
    await project.done('image build page --tag 2030.001.0001')
    const { stderr } = await done('update page')
    expect(stderr).toContain('Restarted ov-page.service')
    expect(await quadlet('page')).toContain('Image=localhost/page:2030.001.0001\n')
    const secret = () =>
      machine.sh("podman secret inspect --showsecret --format '{{.SecretData}}' ov-store-db-password")
    const value = await secret()
    await project.put({ 'images.ts': IMAGES.replace('-p 6000 -h', '-p 6000 -c /dev/null -h') })
    await project.done('image build store --tag 2030.001.0001')
    await done('update store')
    expect(await quadlet('store')).toContain('Image=localhost/store:2030.001.0001\n')
    expect([await secret(), await env('store', 'DB_PASSWORD')]).toEqual([value, value])
    expect(
      await machine.sh(
        'podman exec ov-page sh -c "cat ~/data/mine"; curl -fsS --retry 15 --retry-delay 1 --retry-all-errors http://127.0.0.1:8088/',
      ),
    ).toContain('kept')
  })

  it('POD-130 POD-55 POD-90 POD-100 POD-T11 removal takes its own and nothing that is named alike', async () => {
    await done('remove page')
    expect(await machine.sh('ls ~/.config/containers/systemd')).toBe(
      'ov-page-two.container\nov-store-bound.container\nov-store.container',
    )
    expect(await machine.sh('podman volume ls -q | grep "^ov-page" | sort')).toContain('ov-page-data')
    expect(await entry('page')).toBe('No overrides for image "page"')
    await done('config page --no-autodetect -p 8088:8080')
    expect(await machine.sh('podman exec ov-page sh -c "tail -n 2 ~/data/hook"')).toBe('removed\nenabled ov-page')
    await done('remove page --purge')
    expect(await machine.sh('podman volume ls -q | grep "^ov-page" | sort')).toBe('ov-page-two-cache\nov-page-two-data')
    expect(await machine.sh('podman secret ls --format "{{.Name}}" | grep "^ov-page" || true')).toBe(
      'ov-page-two-api-token',
    )
    await done('remove page -i two --purge')
    await done('remove store -i bound --purge')
    expect(await machine.sh('cat ~/mine/a.txt')).toBe('seeded')
    await done('remove store --purge')
    await done('remove store')
    expect(
      await machine.sh(
        'ls ~/.config/containers/systemd ~/.config/ov; podman ps -aq; podman volume ls -q; podman secret ls -q; systemctl --user list-units "ov-*" --no-legend',
      ),
    ).toBe('/home/op/.config/containers/systemd:\n\n/home/op/.config/ov:\nconfig.yml\nconfig.yml.lock\ndeploy.yml.lock')
  })
})

describe('typed deploys and the operator', () => {
  const declare = (greeting: string, more = '') =>
    project.put({
      'deploy.ts': `import { pod } from 'ov'
import { pageImage, storeImage } from './images.ts'
export const store = pod({ name: 'store', image: storeImage })
export const page = pod({ name: 'page', image: pageImage, ports: { 8080: 8088 }, env: { GREETING: '${greeting}' }${more} })
`,
    })

  it('POD-10 POD-T20 a value that the operator changed stays, the rest follows the project, and diff says so', async () => {
    await declare('one')
    await project.done('apply')
    expect(await env('page', 'STORE_URL')).toBe('http://ov-store:6000/')
    expect((await project.done('apply')).stderr).toContain('nothing to change')
    await done('config page -e GREETING=mine --no-autodetect')
    await declare('two', ", security: { memoryMax: '256m' }")
    const diff = await project.ov('diff')
    expect(diff.exitCode).toBe(2)
    expect(diff.stdout).toContain('+MemoryMax=256M')
    expect(diff.stdout).not.toContain('GREETING')
    expect(diff.stderr).toContain('(ov deploy reset page --field env.GREETING drops it)')
    await project.done('apply')
    expect(await env('page', 'GREETING')).toBe('mine')
    await done('deploy reset page --field env.GREETING')
    await project.done('apply')
    expect(await env('page', 'GREETING')).toBe('two')
    expect((await project.done('diff')).stdout).toBe('no differences')
  })

  it('POD-10 a deploy that was taken down and comes back is the project’s again', async () => {
    await project.done('destroy page')
    expect(await entry('page')).toContain('GREETING=two')
    await declare('three')
    await project.done('apply')
    expect(await env('page', 'GREETING')).toBe('three')
    await project.done('destroy page store --purge --yes')
    expect(await machine.sh('podman volume ls -q; podman secret ls -q; ls ~/.config/ov')).toBe(
      'config.yml\nconfig.yml.lock\ndeploy.yml.lock',
    )
  })
})
