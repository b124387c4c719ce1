import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const IMAGES = `import { image, layer, service } from 'ov'
import { stock } from './stock.ts'

const version = '2026.320.1200'
const server = layer({
  name: 'server',
  version,
  ports: [8080],
  volumes: { data: '~/data' },
  envProvides: { SERVER_URL: 'http://{{.ContainerName}}:8080/' },
  envAccepts: { COLOUR: 'of the page' },
  services: [service({ name: 'server', exec: "sh -c 'mkdir -p /tmp/w; echo page > /tmp/w/index.html; exec busybox httpd -f -p 8080 -h /tmp/w'", restart: 'always' })],
})
const client = layer({
  name: 'client',
  version,
  envRequires: { SERVER_URL: 'where the server is', MODE: { description: 'how', default: 'gentle' } },
  services: [service({ name: 'client', exec: 'sleep 1000000' })],
})
export const serving = image({ name: 'serving', base: stock, layers: [server] })
export const asking = image({ name: 'asking', base: stock, layers: [client] })
`
const deploys = (lines: string) => `import { bind, fromFile, fromOperator, pod, provided, volume } from 'ov'
import { asking, serving } from './images.ts'

${lines}
`

let machine: TestMachine
let project: TestProject
const declare = (lines: string) => project.put({ 'deploy.ts': deploys(lines) })
const apply = async (lines: string, args = '') => {
  await declare(lines)
  return project.done(`apply ${args}`)
}
const quadlets = () => machine.sh('ls ~/.config/containers/systemd')
const quadlet = (name: string) => machine.bed.get(`.config/containers/systemd/ov-${name}.container`)
const SERVER = `export const a = pod({ name: 'a', image: serving, ports: { 8080: 8088 } })`

beforeAll(async () => {
  machine = await startMachine('deploys')
  project = await machine.project('deploys', { 'images.ts': IMAGES, 'deploy.ts': deploys(SERVER) })
  await project.done('apply')
})
afterAll(() => machine?.bed.down())

describe('what is declared, and what no longer is', () => {
  it('POD-151 POD-04 two deploys of one image have volumes of their own', async () => {
    await apply(`${SERVER}\nexport const b = pod({ name: 'b', image: serving, ports: { 8080: 8089 } })`)
    await machine.sh('podman exec ov-a sh -c "echo of-a > ~/data/f"; podman exec ov-b sh -c "echo of-b > ~/data/f"')
    expect(await machine.sh('podman exec ov-a sh -c "cat ~/data/f"; podman exec ov-b sh -c "cat ~/data/f"')).toBe(
      'of-a\nof-b',
    )
    expect(await machine.sh('podman volume ls -q | sort')).toBe('ov-a-data\nov-b-data')
  })

  it('a deploy taken out of the project is shown, and removed with --prune only', async () => {
    await declare(SERVER)
    const diff = await project.ov('diff')
    expect(diff.exitCode).toBe(2)
    expect(diff.stdout).toContain('undeclared b: remove')
    expect((await project.done('apply')).stderr).toContain(
      'no longer declared, still running: b (ov apply --prune removes them)',
    )
    expect(await quadlets()).toBe('ov-a.container\nov-b.container')
    expect((await project.done('apply --prune --dry-run')).stderr).toContain('would remove b')
    expect(await quadlets()).toBe('ov-a.container\nov-b.container')
    expect((await project.done('apply --prune')).stderr).toContain('b: removed')
    expect(await quadlets()).toBe('ov-a.container')
    expect(await machine.sh('podman volume ls -q | sort')).toBe('ov-a-data\nov-b-data')
  })

  it("another project's deploys are refused by name, and never pruned", async () => {
    const other = await machine.project('other', { 'images.ts': IMAGES, 'deploy.ts': deploys(SERVER) })
    const { exitCode, stderr } = await other.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV5008')
    expect(stderr).toContain('a deploy of this name was applied from /home/op/deploys')
    expect(stderr).toContain('deploy.ts:4')
    await other.put({ 'deploy.ts': deploys(`export const c = pod({ name: 'c', image: serving })`) })
    await other.done('apply --prune')
    expect(await quadlets()).toBe('ov-a.container\nov-c.container')
    await other.done('destroy c --purge --yes')
  })

  it('a quadlet that somebody else wrote is not taken over', async () => {
    await machine.sh('printf "[Container]\\nImage=x\\n" > ~/.config/containers/systemd/ov-mine.container')
    await declare(`${SERVER}\nexport const mine = pod({ name: 'mine', image: serving })`)
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('ov-mine.container exists, and ov did not write it')
    expect(await quadlet('mine')).toBe('[Container]\nImage=x\n')
    await machine.sh('rm ~/.config/containers/systemd/ov-mine.container')
  })

  it('a project that was moved keeps its deploys, and nothing is restarted', async () => {
    await apply(SERVER)
    const started = await machine.sh("podman inspect ov-a --format '{{.State.StartedAt}}'")
    await machine.sh('mv ~/deploys ~/moved')
    const moved = await machine.bed.exec(['ov', 'apply'], { cwd: '/home/op/moved' })
    expect(moved.stderr).toContain('nothing to change')
    await machine.sh('mv ~/moved ~/deploys')
    await project.done('apply')
    expect(await machine.sh("podman inspect ov-a --format '{{.State.StartedAt}}'")).toBe(started)
  })

  it('one deploy by name leaves the others alone, and a wrong name is suggested', async () => {
    await declare(`${SERVER.replace('8088', '8090')}\nexport const b = pod({ name: 'b', image: serving })`)
    expect((await project.done('apply b')).stderr).not.toMatch(/^a:/m)
    expect(await quadlet('a')).toContain('8088:8080')
    const wrong = await project.ov('apply bb')
    expect(wrong.exitCode).toBe(1)
    expect(wrong.stderr).toContain('no deploy "bb" (did you mean "b"?)')
    await project.done('destroy b')
  })

  it('two applies at once: the second waits, and both are right', async () => {
    await declare(`${SERVER}\nexport const b = pod({ name: 'b', image: serving, env: { COLOUR: 'red' } })`)
    const [one, two] = await Promise.all([project.ov('apply'), project.ov('apply')])
    expect([one.exitCode, two.exitCode]).toEqual([0, 0])
    const texts = [one.stderr, two.stderr]
    expect(texts.filter((text) => text.includes('waiting for another ov to finish'))).toHaveLength(1)
    expect(texts.filter((text) => text.includes('nothing to change'))).toHaveLength(1)
    await project.done('destroy b')
  })
})

describe('ports', () => {
  it("POD-64 'auto' finds a free port, which stays", async () => {
    const auto = `export const p = pod({ name: 'p', image: serving, ports: { 8080: 'auto' } })`
    await apply(auto)
    const [, port] = /PublishPort=127\.0\.0\.1:(\d+):8080/.exec(await quadlet('p'))!
    expect(await machine.sh(`curl -fsS http://127.0.0.1:${port}/`)).toBe('page')
    expect((await project.done('apply')).stderr).toContain(`p: no change on 127.0.0.1:${port}`)
    await apply(auto.replace("'auto' }", "'auto' }, env: { COLOUR: 'blue' }"))
    expect(await quadlet('p')).toContain(`PublishPort=127.0.0.1:${port}:8080`)
    await machine.sh('ov config p --no-autodetect')
    expect(await quadlet('p')).toContain(`PublishPort=127.0.0.1:${port}:8080`)
    await machine.sh('systemctl --user stop ov-p')
    await project.done('apply')
    expect(await quadlet('p')).toContain(`PublishPort=127.0.0.1:${port}:8080`)
  })

  it('POD-64 an address of its own is kept, and a second deploy on one host port is refused', async () => {
    await apply(`export const p = pod({ name: 'p', image: serving, ports: { 8080: '0.0.0.0:8091' } })`)
    expect(await machine.sh(`curl -fsS http://${machine.bed.ip}:8091/`)).toBe('page')
    await declare(
      `export const p = pod({ name: 'p', image: serving, ports: { 8080: 8091 } })\nexport const q = pod({ name: 'q', image: serving, ports: { 8080: 8091 } })`,
    )
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV4010')
    await project.done('destroy p')
  })
})

describe('volumes', () => {
  it('POD-40 POD-42 POD-45 bind: the operator owns what the container writes', async () => {
    await machine.sh('mkdir -p ~/shared')
    await apply(`export const v = pod({ name: 'v', image: serving, volumes: { data: bind('~/shared') } })`)
    expect(await quadlet('v')).toContain('Volume=/home/op/shared:/home/user/data\nUserNS=keep-id:uid=1000,gid=1000\n')
    await machine.sh('podman exec ov-v sh -c "id -u; echo from-inside > ~/data/inside"')
    expect(await machine.sh("stat -c '%U:%G' ~/shared/inside; cat ~/shared/inside")).toBe('op:op\nfrom-inside')
    await project.done('destroy v --purge --yes')
    expect(await machine.sh('cat ~/shared/inside')).toBe('from-inside')
  })

  it('POD-42 bind without a path: ov makes the directory, and only --purge removes it', async () => {
    await apply(`export const v = pod({ name: 'v', image: serving, volumes: { data: bind() } })`)
    await machine.sh(
      'podman exec -u 0 ov-v sh -c "echo x > /home/user/data/by-root"; podman exec ov-v sh -c "echo y > ~/data/by-user"',
    )
    const folder = '~/.local/share/ov/volumes/v/data'
    expect(await machine.sh(`ls ${folder}`)).toBe('by-root\nby-user')
    expect((await project.done('destroy v')).stderr).toContain(
      'its data stays in /home/op/.local/share/ov/volumes/v/data',
    )
    await apply(`export const v = pod({ name: 'v', image: serving, volumes: { data: bind() } })`)
    expect(await machine.sh('podman exec ov-v sh -c "cat ~/data/by-user"')).toBe('y')
    await project.done('destroy v --purge --yes')
    expect(await machine.sh('ls -A ~/.local/share/ov/volumes')).toBe('')
  })

  it('POD-42 a missing path is an error at its line', async () => {
    await declare(`export const v = pod({ name: 'v', image: serving, volumes: { data: bind('/nowhere/at/all') } })`)
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('the directory /nowhere/at/all does not exist')
    expect(stderr).toContain('deploy.ts:4')
  })
})

describe('variables', () => {
  const env = (name: string, variable: string) => machine.sh(`podman exec ov-${name} printenv ${variable}`)

  it('POD-27 POD-38 provided() by another deploy: the name resolves on the shared network', async () => {
    await apply(`${SERVER}\nexport const k = pod({ name: 'k', image: asking, env: { SERVER_URL: provided() } })`)
    expect(await env('k', 'SERVER_URL')).toBe('http://ov-a:8080/')
    expect(await machine.sh('podman exec ov-k sh -c "curl -fsS \\$SERVER_URL"')).toBe('page')
    expect(await env('k', 'MODE')).toBe('gentle')
    await project.done('destroy k')
  })

  it('fromOperator(): asked for once, remembered on the machine', async () => {
    await declare(`${SERVER}\nexport const k = pod({ name: 'k', image: asking, env: { SERVER_URL: fromOperator() } })`)
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('run ov apply k -e k.SERVER_URL=VALUE')
    await project.done(`apply k -e 'k.SERVER_URL=http://x/?a=1&b="2" $HOME'`)
    expect(await env('k', 'SERVER_URL')).toBe('http://x/?a=1&b="2" $HOME')
    expect((await project.done('apply')).stderr).toContain('nothing to change')
    expect((await project.ov('apply -e nonsense')).exitCode).toBe(64)
    await project.done('destroy k')
  })

  it('fromFile(): values from the env file, and an edit of it restarts the deploy', async () => {
    await project.put({ 'k.env': 'SERVER_URL=http://from-file/\nOTHER=1\n' })
    await apply(
      `${SERVER}\nexport const k = pod({ name: 'k', image: asking, envFile: 'k.env', env: { SERVER_URL: fromFile() } })`,
    )
    expect(await env('k', 'SERVER_URL')).toBe('http://from-file/')
    expect((await project.done('apply')).stderr).toContain('nothing to change')
    await project.put({ 'k.env': 'SERVER_URL=http://edited/\n' })
    expect((await project.ov('diff')).stdout).toContain('deploy k: restart (its env file changed)')
    await project.done('apply')
    expect(await env('k', 'SERVER_URL')).toBe('http://edited/')
    await project.done('destroy k')
  })
})

describe('images by name', () => {
  it('POD-22 IMG-154 a short name takes the newest local image of that name', async () => {
    await project.put({
      'deploy.ts': `import { pod } from 'ov'\nexport const s = pod({ name: 's', image: 'serving', ports: { 8080: 8092 } })\n`,
    })
    await machine.sh('mv ~/deploys/images.ts ~/deploys/images.off')
    await project.done('apply')
    expect(await machine.sh('curl -fsS http://127.0.0.1:8092/')).toBe('page')
    expect(await quadlet('s')).toMatch(/^Image=localhost\/serving:\d+\.\d+\.\d+$/m)
    expect((await project.done('apply s')).stderr).toContain('nothing to change')
    await project.done('destroy s')
  })

  it('POD-22 an image that is not here, or has no metadata, is an error at its line', async () => {
    await machine.sh('podman tag $(podman images -q localhost/ov-base/debian | head -1) localhost/bare:1')
    await project.put({
      'deploy.ts': `import { pod } from 'ov'\nexport const s = pod({ name: 's', image: 'nowhere' })\nexport const t = pod({ name: 't', image: 'localhost/bare:1' })\n`,
    })
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('image "nowhere" is not available locally')
    expect(stderr).toContain('image "localhost/bare:1" has no embedded metadata')
    expect(stderr).toMatch(/deploy\.ts:2[^]*deploy\.ts:3/)
    expect(await quadlets()).toBe('ov-a.container')
  })
})

describe('limits and networks', () => {
  it('POD-38 a network of its own is made, and goes with the last deploy on it', async () => {
    await machine.sh('mv ~/deploys/images.off ~/deploys/images.ts')
    await apply(`export const n = pod({ name: 'n', image: serving, network: 'backend' })`)
    expect(await machine.sh("podman inspect ov-n --format '{{json .NetworkSettings.Networks}}'")).toContain('"backend"')
    await machine.sh('podman network create theirs')
    await apply(`export const n = pod({ name: 'n', image: serving, network: 'theirs' })`)
    await project.done('destroy n a')
    const networks = (await machine.sh("podman network ls --format '{{.Name}}' | sort")).split('\n')
    expect(networks).toContain('theirs')
    expect(networks).not.toContain('ov')
  })

  it('POD-59 POD-61 limits and permissions reach unit and container', async () => {
    await apply(
      `export const n = pod({ name: 'n', image: serving, security: { memoryMax: '6g', cpus: '2.5', shmSize: '80m', capAdd: ['SYS_PTRACE'], mounts: ['tmpfs:/run/extra:rw,size=1m'] } })`,
    )
    expect(await machine.sh('systemctl --user show ov-n -p MemoryMax,CPUQuotaPerSecUSec')).toBe(
      'CPUQuotaPerSecUSec=2.500000s\nMemoryMax=6442450944',
    )
    expect(await machine.sh("podman inspect ov-n --format '{{.HostConfig.ShmSize}} {{.HostConfig.CapAdd}}'")).toBe(
      '83886080 [CAP_SYS_PTRACE]',
    )
    expect(await machine.sh('podman exec ov-n df -k --output=size /run/extra | tail -1')).toMatch(/1024/)
    await project.done('destroy n --purge --yes')
  })
})
