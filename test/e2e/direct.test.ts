/** Deploys without units: containers that podman or docker is told to run. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const IMAGES = `import { image, layer, service } from 'ov'
import { stock } from './stock.ts'

const page = layer({
  name: 'page',
  version: '2026.320.1200',
  ports: [8080],
  volumes: { data: '~/data' },
  data: [{ src: 'seed', volume: 'data' }],
  envAccepts: { GREETING: 'what to say' },
  secrets: { key: { env: 'KEY' } },
  hooks: { preRemove: 'echo "gone $WHY" > ~/data/hook' },
  services: [service({ name: 'page', exec: 'busybox httpd -f -p 8080 -h /home/user/data', restart: 'always' })],
})
const beside = layer({ name: 'beside', version: '2026.320.1200', engine: 'docker', env: { BESIDE: 'yes' } })
export const pageImage = image({ name: 'page', base: stock, layers: [page] })
export const docked = image({ name: 'docked', base: stock, layers: [page, beside] })
`

let machine: TestMachine
let project: TestProject
const ov = (args: string, variables = 'OV_RUN_MODE=direct') =>
  machine.bed.exec(['bash', '-c', `${variables} ov ${args}`], { cwd: '/', reject: false })
const done = async (args: string, variables?: string) => {
  const result = await ov(args, variables)
  expect(result.exitCode, `${args}\n${result.stderr}`).toBe(0)
  return result
}
const answer = (port = 8088, path = 'a.txt') =>
  machine.sh(`curl -fsS --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:${port}/${path}`)
const inspect = (format: string, name = 'ov-page', engine = 'podman') =>
  machine.sh(`${engine} container inspect --format '${format}' ${name}`)
/** What is there of deploys. */
const left = (engine = 'podman') =>
  machine.sh(
    `ls ~/.config/containers/systemd ~/.config/ov/direct 2>/dev/null | grep ov-; ${engine} ps -aq; ${engine} volume ls -q; true`,
  )

beforeAll(async () => {
  machine = await startMachine('direct')
  project = await machine.project('direct', { 'images.ts': IMAGES, 'seed/a.txt': 'seeded\n' })
  await project.done('image build')
})
afterAll(() => machine?.bed.down())

describe('podman without systemd', () => {
  it('POD-36 POD-135 config runs a container that comes back, and remembers it', async () => {
    const { stderr } = await done("config page -p 8088:8080 -e 'GREETING=a b' --no-autodetect")
    expect(stderr).toMatch(/ov-page-key +→ created \(from generated\)/)
    expect(stderr).toContain('Started ov-page')
    expect(await answer()).toBe('seeded')
    expect(await inspect('{{.HostConfig.RestartPolicy.Name}} {{.Config.WorkingDir}}')).toBe('always /home/user')
    expect(await machine.sh('podman exec ov-page sh -c \'echo "$GREETING"; cat /run/secrets/key\'')).toMatch(
      /^a b\n[\w-]{43}=$/,
    )
    const record = '~/.config/ov/direct/ov-page.json'
    expect(await machine.sh(`stat -c %a ${record}`)).toBe('600')
    expect(JSON.parse(await machine.sh(`cat ${record}`))).toEqual({
      container_name: 'ov-page',
      image: 'page',
      image_ref: expect.stringMatching(/^localhost\/page:/) as string,
      created_utc: expect.stringMatching(/^2\d{3}-/) as string,
    })
    expect(await machine.sh('ls ~/.config/containers/systemd 2>/dev/null | wc -l')).toBe('0')
    expect((await done('status page')).stdout).toMatch(/Status: {4}running \(up [^]*Mode: {6}direct\nPorts: {5}127/)
    expect((await done('status')).stdout).toMatch(/^page +running +127\.0\.0\.1:8088 -> 8080\/tcp +localhost\/page:/m)
  })

  it('POD-126 POD-128 POD-132 POD-134 its life', async () => {
    expect((await done('stop page')).stderr).toContain('Stopped ov-page')
    expect((await done('status')).stdout).toMatch(/^page +stopped/m)
    expect((await done("shell page -c 'id -u; cat ~/data/a.txt'")).stdout).toBe('1000\nseeded')
    expect((await ov("shell page -c 'exit 9'")).exitCode).toBe(9)
    expect((await done('start page')).stderr).toContain('Started ov-page')
    expect(await answer()).toBe('seeded')
    expect((await done('restart page')).stderr).toContain('Restarted ov-page')
    expect((await done('logs page -n 50')).stdout).toContain("spawned: 'page'")
    expect((await done("cmd page 'echo inside'")).stdout).toBe('inside')
    expect((await done('service status page')).stdout).toMatch(/^page +(STARTING|RUNNING)/)
    const flagged = await ov('start page -e A=1')
    expect([flagged.exitCode, flagged.stderr]).toEqual([64, expect.stringContaining('ov config page')])
  })

  it('POD-34 what it offers is taken back, and the rest stays', async () => {
    expect((await done('config remove page')).stderr).toMatch(/Disabled ov-page\n[^]*ov remove page/)
    expect(await inspect('{{.State.Running}}')).toBe('false')
    expect(await machine.sh('grep -c "^  page:" ~/.config/ov/deploy.yml')).toBe('1')
    await done('start page')
  })

  it('POD-129 an update takes the new image, and a stopped one stays stopped', async () => {
    await project.put({ 'images.ts': IMAGES.replace('-h /home', '-c /dev/null -h /home') })
    await project.done('image build page --tag 2030.001.0001')
    await machine.sh('podman exec ov-page sh -c "echo mine > ~/data/mine"')
    await done('update page')
    expect(await inspect('{{.ImageName}} {{.State.Running}}')).toBe('localhost/page:2030.001.0001 true')
    expect(await answer(8088, 'mine')).toBe('mine')
    await done('stop page')
    const { stderr } = await done('update page')
    expect(stderr).toContain('skipping restart')
    expect(await inspect('{{.State.Running}}')).toBe('false')
  })

  it('POD-130 POD-131 removal leaves nothing but data, and purging not even that', async () => {
    await done('start page')
    await answer()
    await done('remove page -e WHY=today')
    expect(await left()).toBe('ov-page-data')
    expect(
      await machine.sh('podman run --rm -v ov-page-data:/d --entrypoint cat localhost/page:2030.001.0001 /d/hook'),
    ).toBe('gone today')
    expect(await machine.sh('ls ~/.config/ov/deploy.yml ~/.config/ov/direct 2>/dev/null || true')).toBe(
      '/home/op/.config/ov/direct:',
    )
    await done('config page -p 8088:8080 --no-autodetect')
    await done('remove page --purge')
    expect(await left()).toBe('')
    expect(await machine.sh('podman secret ls -q')).toBe('')
  })

  it('POD-125 POD-135 start alone runs one that is gone when it stops', async () => {
    await machine.sh('mkdir -p ~/mine && echo own > ~/mine/a.txt')
    await done("start page -p 8090:8080 -e 'GREETING=once' --bind data=/home/op/mine --no-autodetect")
    expect(await answer(8090)).toBe('own')
    expect(
      await machine.sh('podman exec ov-page sh -c \'echo "$GREETING"; echo x > ~/data/made\'; stat -c %U ~/mine/made'),
    ).toBe('once\nop')
    expect(await inspect('{{.HostConfig.AutoRemove}}')).toBe('true')
    await done('stop page')
    expect(await machine.sh('podman ps -aq; ls ~/.config/ov/deploy.yml ~/.config/ov/direct/* 2>/dev/null; true')).toBe(
      '',
    )
  })

  it('POD-48 POD-70 POD-115 what it can not do is said first', async () => {
    for (const [args, text] of [
      ['start page --bind data=/no/such/folder', 'the directory /no/such/folder does not exist'],
      ['start page --bind data=/etc/hostname', 'volumes: /etc/hostname is not a directory'],
      ['shell page --bind data=/etc/hostname', 'volumes: /etc/hostname is not a directory'],
      ['start page --volume data:what', '-v'],
    ] as const)
      expect((await ov(args)).stderr).toContain(text)
    await done('start page -p 8090:8080 --no-autodetect')
    const taken = await ov('start page -i two -p 8090:8080 --no-autodetect')
    expect([taken.exitCode, taken.stderr]).toEqual([
      1,
      expect.stringMatching(
        /8090\/tcp is in use by container "ov-page"[^]*fix: ov stop page; or take another one: 8091:8080/,
      ),
    ])
    await done('stop page')
    await machine.sh(
      "mkdir -p ~/.config/ov && printf 'version: 4\\ndeploy:\\n  page:\\n    image: page\\n    sidecars: {tailscale: {}}\\n' > ~/.config/ov/deploy.yml && chmod 600 ~/.config/ov/deploy.yml",
    )
    const { exitCode, stderr } = await ov('start page --no-autodetect')
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('OV_RUN_MODE=quadlet ov config page')])
    expect(await machine.sh('podman ps -aq; rm ~/.config/ov/deploy.yml')).toBe('')
  })

  it('POD-36 POD-64 SET-14 settings: the variable, else the file, else what the machine is', async () => {
    const bad = await ov('config page', 'OV_RUN_MODE=sometimes')
    expect([bad.exitCode, bad.stderr]).toEqual([
      1,
      expect.stringContaining('OV_RUN_MODE is "sometimes", and has to be one of auto, direct, quadlet'),
    ])
    const auto = await done('config page -p 8088:8080 --no-autodetect', 'XDG_RUNTIME_DIR=')
    expect(auto.stderr).toContain('there is no systemd user manager here')
    await done('remove page')
    await machine.sh("printf 'run_mode: direct\\nbind_address: 0.0.0.0\\n' > ~/.config/ov/config.yml")
    await done('config page -p 8088:8080 --no-autodetect', '')
    expect((await done('status', '')).stdout).toContain('0.0.0.0:8088 -> 8080/tcp')
    await done('remove page', '')
    await done('config page -p 8088:8080 --no-autodetect', 'OV_RUN_MODE=quadlet OV_BIND_ADDRESS=127.0.0.1')
    expect(await machine.bed.get('.config/containers/systemd/ov-page.container')).toContain(
      'PublishPort=127.0.0.1:8088:8080',
    )
    const flagged = await ov('start page -e A=1', '')
    expect([flagged.exitCode, flagged.stderr]).toEqual([64, expect.stringContaining('ov config page')])
    // A unit is systemd's, whatever is set by now: podman alone would have it come back.
    expect((await done('stop page', '')).stderr).toContain('Stopped ov-page.service')
    expect((await done('config remove page', '')).stderr).toContain('Disabled ov-page.service')
    await done('remove page --purge', '')
    await machine.sh('rm ~/.config/ov/config.yml')
    expect(await left()).toBe('')
  })

  it('POD-62 POD-97 CRED-76 secrets that podman can not keep reach the container as variables, which is said', async () => {
    await machine.sh(
      'mkdir -p ~/.config/containers && printf "[secrets]\\ndriver = \\"pass\\"\\n" > ~/.config/containers/containers.conf',
    )
    const { stderr } = await done('config page -p 8088:8080 --memory-swap-max 1g --no-autodetect')
    // One of memory can't be had here: the kernel has no controller for it.
    expect(stderr).toContain('Warning: page: its limit of swap needs one of memory, too, and is left out')
    expect(stderr).toContain('Security notice: podman keeps no secrets for KEY')
    expect(await machine.sh('podman exec ov-page printenv KEY')).toMatch(/^[\w-]{43}=$/)
    await done('remove page --purge')
    await machine.sh('rm ~/.config/containers/containers.conf')
  })
})

describe('docker', () => {
  beforeAll(async () => {
    await machine.bed.exec(
      [
        'bash',
        '-c',
        'apt-get update -qq; apt-get install -qq --no-install-recommends docker.io docker-cli >/dev/null; usermod -aG docker op; systemctl restart docker',
      ],
      { user: 'root' },
    )
  })
  const variables = 'OV_RUN_ENGINE=docker'

  it('POD-37 POD-97 the image is moved to docker, which runs it', async () => {
    const { stderr } = await done("config page -p 8088:8080 -e 'GREETING=a b' --no-autodetect", variables)
    expect(stderr).toMatch(
      /Transferring localhost\/page:\S+ from podman to docker\n[^]*Transferred localhost\/page:\S+ to docker/,
    )
    expect(stderr).toContain('Security notice: docker keeps no secrets for KEY')
    expect(await answer()).toBe('seeded')
    expect(await machine.sh('docker exec ov-page sh -c \'echo "$GREETING $KEY"\'')).toMatch(/^a b [\w-]{43}=$/)
    expect((await done('status page', variables)).stdout).toMatch(/Status: {4}running[^]*Mode: {6}direct/)
    expect((await done("cmd page 'echo inside'", variables)).stdout).toBe('inside')
    expect((await done('stop page', variables)).stderr).toContain('Stopped ov-page')
    await done('start page', variables)
    expect(await answer()).toBe('seeded')
    await done('update page', variables)
    expect(await answer()).toBe('seeded')
    expect((await done('logs page', variables)).stdout).toContain("spawned: 'page'")
    await done('remove page --purge', variables)
    expect(await left('docker')).toBe('')
  })

  it('POD-37 an image that needs docker gets it, and quadlets are refused', async () => {
    const refused = await ov('config docked --no-autodetect', 'OV_RUN_MODE=quadlet')
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('quadlets need podman')])
    await done('config docked -p 8089:8080 --no-autodetect', '')
    expect(await inspect('{{.HostConfig.RestartPolicy.Name}}', 'ov-docked', 'docker')).toBe('always')
    await done('remove docked --purge', '')
    expect(await left('docker')).toBe('')
  })
})
