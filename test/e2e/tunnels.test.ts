/** Tunnels and sidecars. tailscale and cloudflared can't be had here: programs of their names write down how they are called. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSidecar, startMachine, type TestMachine, type TestProject } from './machine.ts'

const IMAGES = `import { image, layer, service } from 'ov'
import { stock } from './stock.ts'

const page = layer({
  name: 'page',
  version: '2026.320.1200',
  ports: [8080, 'tcp:9000'],
  volumes: { data: '~/data' },
  services: [service({ name: 'page', exec: "sh -c 'echo page > /tmp/index.html; exec busybox httpd -f -p 8080 -h /tmp'", restart: 'always' })],
})
export const pageImage = image({ name: 'page', base: stock, layers: [page] })
export const helper = image({ name: 'helper', base: stock })
`
const DEPLOY = `import { pod } from 'ov'
import { pageImage } from './images.ts'
`

/** Writes a line for each call; \`tunnel list\` knows what \`tunnel create\` made. */
const RECORDER = `#!/bin/sh
name=$(basename "$0")
log=/home/op/calls
echo "$name $*" >> $log
case "$name $*" in
'cloudflared tunnel list -o json') [ -e /home/op/tunnel ] && echo "[{\\"id\\":\\"1-2-3\\",\\"name\\":\\"$(cat /home/op/tunnel)\\"}]" || echo null ;;
'cloudflared tunnel create '*) echo "$3" > /home/op/tunnel ;;
'cloudflared tunnel --config '*) grep -q '^tunnel: 1-2-3$' "$3" && exec sleep infinity; exit 1 ;;
esac
`

let machine: TestMachine
let project: TestProject
const ov = (args: string) => machine.bed.exec(['bash', '-c', `ov ${args}`], { cwd: '/', reject: false })
const done = async (args: string) => {
  const result = await ov(args)
  expect(result.exitCode, `${args}\n${result.stderr}`).toBe(0)
  return result
}
/** What was called since the last look. */
const calls = async () => {
  const text = await machine.sh('cat ~/calls 2>/dev/null; rm -f ~/calls')
  return text === '' ? [] : text.split('\n')
}
const answer = () => machine.sh('curl -fsS --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:8088/')
const left = () =>
  machine.sh(
    'cd ~/.config; find containers/systemd systemd/user ov/tunnels -name "ov-*" ! -type d 2>/dev/null | sort; podman ps -aq; podman pod ps -q; podman volume ls -q; podman secret ls -q; systemctl --user list-units "ov-*" --no-legend --all',
  )

beforeAll(async () => {
  machine = await startMachine('tunnels')
  for (const name of ['tailscale', 'cloudflared']) {
    await machine.bed.put(name, RECORDER)
    await machine.sh(`sudo install -m 755 ${name} /usr/local/bin/${name}`, { cwd: '/home/op' })
  }
  project = await machine.project('tunnels', { 'images.ts': IMAGES })
  await project.done('image build')
  // A sidecar that stays, under the name of the real one.
  await makeSidecar(machine, 'helper', 'ghcr.io/tailscale/tailscale:latest')
})
afterAll(() => machine?.bed.down())

describe('tunnels, with programs that record their calls', () => {
  it('POD-75 POD-78 POD-126 tailscale is told when the deploy runs, and before it stops', async () => {
    await project.put({
      'deploy.ts': `${DEPLOY}export const page = pod({ name: 'page', image: pageImage, ports: { 8080: 8088, 9000: 9000 }, tunnel: 'tailscale' })\n`,
    })
    await project.done('apply')
    expect(await answer()).toBe('page')
    expect(await calls()).toEqual([
      'tailscale serve --bg --https=8088 http://127.0.0.1:8088',
      'tailscale serve --bg --tcp=9000 tcp://127.0.0.1:9000',
    ])
    await done('stop page')
    const off = ['tailscale serve --https=8088 off', 'tailscale serve --tcp=9000 off']
    // Once before the container stops, and once by its unit, whoever stops it.
    expect(await calls()).toEqual([...off, ...off])
    await done('start page')
    expect(await calls()).toHaveLength(2)
    expect((await project.done('apply')).stderr).toContain('nothing to change')
  })

  it('POD-35 POD-T6 config and --update-all keep the lines of a tunnel', async () => {
    const quadlet = () => machine.bed.get('.config/containers/systemd/ov-page.container')
    const before = await quadlet()
    await done('config page --no-autodetect')
    expect(await quadlet()).toBe(before)
  })

  it('POD-76 POD-33 cloudflare instead: a unit beside the container, a tunnel, and names; what tailscale had is gone', async () => {
    await project.put({
      'deploy.ts': `${DEPLOY}export const page = pod({ name: 'page', image: pageImage, ports: { 8080: 8088 }, tunnel: 'cloudflare', dns: 'page.example.org' })\n`,
    })
    await calls()
    const { stderr } = await project.done('apply')
    expect(stderr).toContain(
      "Warning: page: its tunnel is not set up: credentials file not found at /home/op/.cloudflared/1-2-3.json (run 'cloudflared tunnel login' first)",
    )
    expect(await answer()).toBe('page')
    expect((await project.ov('diff')).stdout).toContain('deploy page: restart (its tunnel is not set up)')
    await machine.sh('mkdir -p ~/.cloudflared; echo {} > ~/.cloudflared/1-2-3.json; systemctl --user reset-failed')
    await calls()
    await project.done('apply')
    expect((await calls()).filter((call) => !call.includes('list'))).toEqual([
      'cloudflared tunnel route dns --overwrite-dns ov-page page.example.org',
      'cloudflared tunnel --config /home/op/.config/ov/tunnels/ov-page.yml run ov-page',
    ])
    expect(await machine.bed.get('.config/ov/tunnels/ov-page.yml')).toBe(`tunnel: 1-2-3
credentials-file: /home/op/.cloudflared/1-2-3.json
ingress:
  - hostname: page.example.org
    service: http://localhost:8088
  - service: http_status:404
`)
    expect(
      await machine.sh(
        'stat -c "%a %n" .config/ov/tunnels/ov-page.yml .config/systemd/user/ov-page-tunnel.service; systemctl --user is-active ov-page-tunnel; systemctl --user is-enabled ov-page-tunnel',
        { cwd: '/home/op' },
      ),
    ).toBe('600 .config/ov/tunnels/ov-page.yml\n644 .config/systemd/user/ov-page-tunnel.service\nactive\nenabled')
    expect((await project.done('apply')).stderr).toContain('nothing to change')
  })

  it('POD-76 POD-78 POD-130 it starts, stops and goes with the deploy', async () => {
    const state = () => machine.sh('systemctl --user is-active ov-page ov-page-tunnel || true')
    await done('stop page')
    expect(await state()).toBe('inactive\ninactive')
    await done('start page')
    expect(await state()).toBe('active\nactive')
    await done('restart page')
    expect(await state()).toBe('active\nactive')
    await done('remove page --purge')
    expect(await left()).toBe('')
  })
})

describe('sidecars', () => {
  const pod = async (script: string) => machine.sh(`podman exec ov-page-tailscale sh -c '${script}'`)

  it('POD-104 POD-106 POD-107 a pod: the sidecar shares the network of the app, and each has its own variables', async () => {
    const { stderr } = await done(
      `config page --sidecar tailscale -p 8088:8080 -p 9000:9000 -e TS_HOSTNAME=web -e 'TS_EXTRA_ARGS=--exit-node=100.80.254.4 --exit-node-allow-lan-access' -e TS_AUTHKEY=k3y -e OWN=app --no-autodetect`,
    )
    expect(stderr).toContain('Routed TS_HOSTNAME to sidecar tailscale')
    expect(stderr).toContain('Imported TS_AUTHKEY into credential store (ov/secret/TS_AUTHKEY)')
    await done('start page')
    expect(await answer()).toBe('page')
    expect(await pod('curl -fsS http://127.0.0.1:8080/; echo $TS_HOSTNAME $TS_AUTHKEY; echo "$TS_EXTRA_ARGS"')).toBe(
      'page\nweb k3y\n--exit-node=100.80.254.4 --exit-node-allow-lan-access',
    )
    expect(
      await machine.sh('podman exec ov-page printenv OWN; podman exec ov-page printenv TS_AUTHKEY TS_HOSTNAME || true'),
    ).toBe('app')
    expect(await machine.sh('podman exec ov-page-tailscale printenv OWN || echo none')).toBe('none')
    expect(await machine.sh('grep -rlF k3y ~/.config ~/.local/state')).toBe('/home/op/.config/ov/config.yml')
    const gateway = await machine.sh("podman network inspect ov --format '{{(index .Subnets 0).Gateway}}'")
    expect(await machine.bed.get('.config/containers/systemd/ov-page.pod')).toContain(`PodmanArgs=--dns=${gateway}\n`)
  })

  it('POD-18 POD-19 POD-35 POD-T6 another config keeps them', async () => {
    const texts = () => machine.sh('cat ~/.config/containers/systemd/ov-page*')
    const before = await texts()
    await done('config page --no-autodetect')
    expect(await texts()).toBe(before)
  })

  it('POD-116 POD-154 other arguments of tailscale: it is said that they come too late for one that has joined', async () => {
    const note =
      'Note: page: tailscale takes TS_EXTRA_ARGS only when it joins a tailnet; for one that has joined: podman exec ov-page-tailscale tailscale set …'
    expect((await done("config page -e 'TS_EXTRA_ARGS=--exit-node=' --no-autodetect")).stderr).toContain(note)
    expect((await done('config page --no-autodetect')).stderr).not.toContain(note)
  })

  it('POD-126 POD-127 POD-143 the pod stops and starts with its app, and is one line of the status', async () => {
    expect((await done('status')).stdout.split('\n').slice(1)).toHaveLength(1)
    const state = () => machine.sh('systemctl --user is-active ov-page ov-page-pod ov-page-tailscale || true')
    await done('stop page')
    expect(await state()).toBe('inactive\ninactive\ninactive')
    await done('start page')
    expect(await state()).toBe('active\nactive\nactive')
    await done('restart page')
    expect(await state()).toBe('active\nactive\nactive')
    expect(await answer()).toBe('page')
  })

  it('POD-33 POD-55 POD-100 POD-130 without sidecar no pod is left; removal takes all of it', async () => {
    await machine.sh("sed -i '/sidecars:/,/TS_EXTRA_ARGS/d' ~/.config/ov/deploy.yml")
    await done('config page --no-autodetect')
    expect(await machine.sh('ls ~/.config/containers/systemd')).toBe('ov-page.container')
    await done('restart page')
    expect(await answer()).toBe('page')
    expect(await machine.sh('podman pod ps -q; podman ps --format "{{.Names}}"')).toBe('ov-page')
    await done('config page --sidecar tailscale --no-autodetect')
    await done('restart page')
    await done('remove page --purge')
    expect(await left()).toBe('')
  })

  it('POD-104 POD-110 of a project: declared, changed, kept and taken down', async () => {
    const declare = (env: string) =>
      project.put({
        'deploy.ts': `${DEPLOY}export const page = pod({ name: 'page', image: pageImage, ports: { 8080: 8088 }, sidecars: { helper: { image: 'ghcr.io/tailscale/tailscale:latest', env: { LEVEL: '${env}' } } } })\n`,
      })
    await declare('one')
    await project.done('apply')
    expect(await answer()).toBe('page')
    await declare('two')
    expect((await project.ov('diff')).stdout).toContain('+Environment=LEVEL=two')
    await project.done('apply')
    expect(await machine.sh('podman exec ov-page-helper printenv LEVEL')).toBe('two')
    expect((await project.done('apply')).stderr).toContain('nothing to change')
    await project.done('destroy page --purge --yes')
    expect(await left()).toBe('')
  })

  it('POD-28 the templates, and what is no sidecar', async () => {
    expect((await done('config --list-sidecars')).stdout).toMatch(/^tailscale {11} +a tailnet/)
    expect((await ov('config page --sidecar A_b')).exitCode).toBe(64)
    expect((await ov('config')).exitCode).toBe(64)
  })

  it('POD-07 POD-T11 names that two deploys would share are refused before anything is written', async () => {
    await done('config page -p 8088:8080 --no-autodetect')
    await machine.sh(
      "sed -i 's/^  page:/  page-helper:\\n    target: pod\\n    image: page\\n  page:/' ~/.config/ov/deploy.yml",
    )
    await machine.sh("printf '    sidecars:\\n      helper:\\n        image: x\\n' >> ~/.config/ov/deploy.yml")
    const { exitCode, stderr } = await ov('config page --no-autodetect')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('the deploys "page-helper" and "page" would both have the unit ov-page-helper.service')
  })
})
