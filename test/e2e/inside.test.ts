/** What reaches a container: values that mean something to what they pass through, and a password that is set inside. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

/** To systemd, podman, shells and YAML all of these say something; to a container they are text. */
const HOSTILE = [
  '100% %h %% %n',
  '$HOME ${HOME} $(id) `id` $$',
  `"double" 'single' "`,
  'two\nlines\n\n[Service]\nExecStart=/bin/false',
  '\ttab\\t \\n \\\\ \\',
  '--privileged',
  ' spaces  around ',
  '# ; & | > <',
  '\r \u0001 \u001b[31m \u007f',
  'größer 日本語 🦊 \u00a0',
  '{{.ContainerName}} {"a": [1, *b]}',
  'a=b=c',
  'yes',
  'x'.repeat(4096),
]
/** The scripts of the catalogue's layer chrome. */
const CHROME = Object.fromEntries(
  ['run-chrome', 'cdp-proxy', 'chrome-crash-listener'].map((name) => [
    `layers/chrome/${name}`,
    readFileSync(join(import.meta.dirname, '../../layers/chrome', name), 'utf8'),
  ]),
)
/** Answers as the browser does: to requests that name where it listens. Ends at once, and from then on, when it is asked to. */
const BROWSER = `#!/usr/bin/python3
import http.server, os, sys
if os.path.exists('/tmp/broken'): sys.exit(1)
assert '--remote-debugging-port=9223' in sys.argv, sys.argv
class Browser(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers['Host']
        if self.path == '/break': open('/tmp/broken', 'w'); os._exit(1)
        if 'websocket' in self.headers.get('Upgrade', ''):
            self.wfile.write(b'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n\\r\\n' + self.rfile.readline())
            return
        body = ('{"webSocketDebuggerUrl": "ws://127.0.0.1:9223/devtools/browser/1"}' if host == '127.0.0.1:9223' else 'no').encode()
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(('127.0.0.1', 9223), Browser).serve_forever()
`
const IMAGES = `import { copy, image, layer, service, write } from 'ov'
import { stock } from './stock.ts'
const version = '2026.320.1200'
const echo = layer({
  name: 'echo',
  version,
  volumes: { data: '~/data' },
  services: [service({ name: 'echo', exec: 'sleep infinity', restart: 'always' })],
})
const desktop = layer({
  name: 'desktop',
  version,
  services: [service({ name: 'wayvnc', exec: "sh -c 'date +%s%N > /tmp/started; exec sleep infinity'", restart: 'always' })],
})
export const echoImage = image({ name: 'echo', base: stock, layers: [echo] })
const chrome = layer({
  name: 'chrome',
  version,
  ports: [9222],
  envAccepts: { CDP_HOSTS: 'names' },
  tasks: [
    ...['run-chrome', 'cdp-proxy', 'chrome-crash-listener'].map((name) => copy(name, { to: '/usr/local/bin/' + name, mode: '0755' })),
    write('/usr/bin/chromium', { mode: '0755', content: ${JSON.stringify(BROWSER)} }),
  ],
  services: [
    service({ name: 'chrome', exec: '/usr/local/bin/run-chrome', restart: 'always', startRetries: 1, startSecs: 1 }),
    service({ name: 'cdp-proxy', exec: '/usr/local/bin/cdp-proxy', restart: 'always' }),
    service({
      name: 'chrome-crash-listener',
      kind: 'eventlistener',
      events: ['PROCESS_STATE_FATAL'],
      exec: '/usr/local/bin/chrome-crash-listener chrome',
      restart: 'always',
    }),
  ],
})
export const chromeImage = image({ name: 'chrome', base: stock, layers: [chrome] })
export const desktopImage = image({ name: 'desktop', base: stock, layers: [desktop] })
`

let machine: TestMachine
let project: TestProject
const ov = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  machine.bed.exec(['ov', ...args], { cwd: '/', reject: false, env })
const done = async (...args: string[]) => {
  const result = await ov(args)
  expect(result.exitCode, `${args.join(' ')}\n${result.stderr}`).toBe(0)
  return result
}
/** The variables that were set here, as a program in the container has them. */
const seen = async (container = 'ov-echo') => {
  const { stdout } = await machine.bed.exec(['podman', 'exec', container, 'sh', '-c', 'cat /proc/self/environ'])
  const pairs = stdout
    .split('\0')
    .map((text) => [text.replace(/=.*$/s, ''), text.slice(text.indexOf('=') + 1)] as const)
  return pairs.filter(([name]) => /^V\d+$/.test(name)).sort(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)))
}
const wanted = HOSTILE.map((value, at) => [`V${at}`, value])
const flags = HOSTILE.flatMap((value, at) => ['-e', `V${at}=${value}`])

beforeAll(async () => {
  machine = await startMachine('inside')
  project = await machine.project('inside', { 'images.ts': IMAGES, ...CHROME })
  await project.done('image build')
})
afterAll(() => machine?.bed.down())

describe('values that mean something on their way', () => {
  it('POD-118 POD-T21 variables of a typed deploy', async () => {
    const env = JSON.stringify(Object.fromEntries(wanted))
    await project.put({
      'deploy.ts': `import { pod } from 'ov'\nimport { echoImage } from './images.ts'\nexport const echo = pod({ name: 'echo', image: echoImage, env: ${env} })\n`,
    })
    await project.done('apply')
    expect(await seen()).toEqual(wanted)
    expect((await project.done('apply')).stderr).toContain('nothing to change')
    await project.done('destroy echo --purge --yes')
  })

  it('POD-118 POD-T21 POD-19 variables that an operator gives, and gives back', async () => {
    await done('config', 'echo', ...flags, '--no-autodetect')
    await done('start', 'echo')
    expect(await seen()).toEqual(wanted)
    await done('config', 'echo', '--no-autodetect')
    await done('restart', 'echo')
    expect(await seen()).toEqual(wanted)
    await done('remove', 'echo', '--purge')
  })

  it('POD-135 POD-T21 arguments of podman', async () => {
    const { exitCode, stderr } = await ov(['config', 'echo', ...flags, '--no-autodetect'], { OV_RUN_MODE: 'direct' })
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('Started ov-echo')])
    expect(await seen()).toEqual(wanted)
    await done('remove', 'echo', '--purge')
  })

  it('POD-42 POD-118 a folder on the host', async () => {
    const folder = `/home/op/100% %h $HOME "q" 'é' \\ # --x`
    await machine.bed.put(`${folder}/a.txt`, 'there\n')
    await done('config', 'echo', '--bind', `data=${folder}`, '--no-autodetect')
    await done('start', 'echo')
    expect(await machine.sh('podman exec ov-echo cat /home/user/data/a.txt')).toBe('there')
    await done('remove', 'echo', '--purge')
    expect(await machine.bed.get(`${folder}/a.txt`)).toBe('there\n')
  })

  it('POD-31 POD-40 POD-63 what no container could have is refused, and nothing is written', async () => {
    for (const [args, text] of [
      [['-e', 'A=x\r\ny'], 'carriage return'],
      [['-e', '--privileged'], '-e'],
      [['-e', 'A B=x'], 'A B'],
      [['-p', '80;id:8080'], 'invalid port'],
      [['-p', '8088:8080\nVolume=/:/host'], 'invalid port'],
      [['--bind', 'data=/home/op/a:b'], ':'],
      [['--bind', 'data=/home/op/a\nb'], 'line break'],
      [['--bind', '../x=/home/op'], '../x'],
      [['-i', 'a/../b'], 'a/../b'],
      [['-i', '--rm'], '--rm'],
      [['--memory-max', '1g\nExecStartPre=/bin/false'], '--memory-max'],
    ] as const) {
      const { exitCode, stderr } = await ov(['config', 'echo', '--no-autodetect', ...args])
      expect([args, exitCode === 1 || exitCode === 64]).toEqual([args, true])
      expect(stderr).toContain(text)
    }
    expect(await machine.sh('ls -A ~/.config/containers/systemd ~/.config/ov/deploy.yml 2>/dev/null || true')).toBe(
      '/home/op/.config/containers/systemd:',
    )
  })
})

describe('the VNC server in a container', () => {
  const config = () => machine.sh('podman exec ov-desktop sh -c "cat ~/.config/wayvnc/config"')
  const started = () =>
    machine.sh('podman exec ov-desktop sh -c "until cat /tmp/started 2>/dev/null; do sleep 0.1; done"')

  it('POD-28 POD-125 POD-137 CRED-85 a password is made up, kept, and set; later it is the one that is known', async () => {
    for (const [args, text] of [
      [['passwd', 'desktop'], 'container ov-desktop is not running'],
      [['passwd', 'echo'], 'image "echo" has no service wayvnc'],
      [['start', 'desktop'], 'ov eval vnc wants passwd'],
    ] as const) {
      const { exitCode, stderr } = await ov(['eval', 'vnc', ...args])
      expect([exitCode === 0, stderr]).toEqual([false, expect.stringContaining(text)])
    }
    const not = await ov(['start', 'desktop'], { OV_AUTO_ENABLE: 'false' })
    expect([not.exitCode, not.stderr]).toEqual([1, expect.stringContaining('desktop is not configured')])
    expect((await done('start', 'desktop', '--no-autodetect')).stderr).toMatch(
      /^Wrote \S+ov-desktop.container$[^]*^Started ov-desktop.service$/m,
    )
    await machine.sh(
      'podman exec ov-desktop sh -c "mkdir -p ~/.config/wayvnc; printf \'address=0.0.0.0\\npassword=old\\n\' > ~/.config/wayvnc/config"',
    )
    const before = await started()
    const { stdout, stderr } = await done('eval', 'vnc', 'passwd', 'desktop', '--generate')
    expect(stdout).toMatch(/^[\w-]{24}$/)
    expect(stderr).not.toContain(stdout)
    const folder = '/home/user/.config/wayvnc'
    expect(await config()).toBe(
      `address=0.0.0.0\nenable_auth=true\npassword=${stdout}\nprivate_key_file=${folder}/tls_key.pem\ncertificate_file=${folder}/tls_cert.pem\nrsa_private_key_file=${folder}/rsa_key.pem\nusername=user`,
    )
    expect(await machine.sh('grep -F "  desktop: " ~/.config/ov/config.yml')).toBe(`  desktop: ${stdout}`)
    expect(await started()).not.toBe(before)
    const look = `cd ${folder} && stat -c "%a %n" * && head -qn 1 rsa_key.pem tls_key.pem && openssl x509 -in tls_cert.pem -noout -checkend 300000000 -subject && sha256sum *.pem`
    const keys = await machine.sh(`podman exec ov-desktop sh -c '${look}'`)
    expect(keys).toMatch(
      /^600 config\n600 rsa_key.pem\n600 tls_cert.pem\n600 tls_key.pem\n-----BEGIN RSA PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\nsubject=CN ?= ?localhost\nCertificate will not expire/,
    )
    await machine.sh('podman exec ov-desktop sh -c "rm ~/.config/wayvnc/config"')
    const again = await done('eval', 'vnc', 'passwd', 'desktop')
    expect(again.stdout).toBe('')
    expect(await config()).toContain(`password=${stdout}\n`)
    expect(await machine.sh(`podman exec ov-desktop sh -c '${look}'`)).toContain(keys.split('\n').at(-1)!)
    // With the project around, an image can be built first.
    const { stderr: built } = await project.done('config desktop --build --ssh-key generate --no-autodetect')
    const key = (await machine.bed.get('.local/share/ov/ssh/id_ed25519.pub')).trim()
    expect(await machine.bed.get('.config/ov/deploy.yml')).toContain(`SSH_AUTHORIZED_KEYS=${key}`)
    expect(await machine.sh('stat -c %a ~/.local/share/ov/ssh/id_ed25519')).toBe('600')
    expect(built).toMatch(/^desktop: localhost\/desktop:\S+ is up to date$[^]*^Wrote /m)
    const spaced = await ov(['eval', 'vnc', 'passwd', 'desktop'], { VNC_PASSWORD: 'a\nb' })
    expect([spaced.exitCode, spaced.stderr]).toEqual([1, expect.stringContaining('control characters')])
    await done('remove', 'desktop', '--purge')
  })
})

describe('the browser of the catalogue, with a stand-in', () => {
  const get = (host: string, path = 'json/version') =>
    machine.sh(
      `curl -sS --retry 30 --retry-all-errors --retry-delay 1 -H 'Host: ${host}' http://127.0.0.1:9300/${path}`,
    )

  it('POD-153 DevTools are reached by other names, and answers lead back there', async () => {
    await done('config', 'chrome', '-p', '9300:9222', '-e', 'CDP_HOSTS=web.example', '--no-autodetect')
    await done('start', 'chrome')
    await machine.sh('until curl -fsS http://127.0.0.1:9300/json/version; do sleep 0.3; done')
    for (const host of ['localhost:9300', 'ov-chrome:9222', '[::1]:9300', '10.1.2.3', 'web.example'])
      expect(await get(host)).toBe(`{"webSocketDebuggerUrl": "ws://${host}/devtools/browser/1"}`)
    expect(await get('evil.example:9300')).toContain('is not a name of this container')
    const socket = `printf 'GET /devtools HTTP/1.1\\r\\nHost: ov-chrome\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\nhello\\n'`
    expect(await machine.sh(`exec 3<>/dev/tcp/127.0.0.1/9300; ${socket} >&3; cat <&3`)).toContain('hello')
  })

  it('POD-152 a browser that does not stay up ends its container, and a fresh one comes', async () => {
    const container = () => machine.sh('podman container inspect --format {{.Id}} ov-chrome 2>/dev/null || true')
    const before = await container()
    await machine.sh('curl -sS http://127.0.0.1:9300/break || true')
    await expect.poll(container, { timeout: 60_000, interval: 500 }).not.toMatch(new RegExp(`^(${before})?$`))
    expect(await get('localhost')).toContain('webSocketDebuggerUrl')
    expect(await machine.sh('journalctl --user -u ov-chrome -o cat')).toContain(
      'chrome does not stay up: this container ends',
    )
    await done('remove', 'chrome', '--purge')
  })
})

describe('images that nothing uses', () => {
  it('POD-136 older builds go, unless a container, a quadlet, a deploy or a name of somebody’s has them', async () => {
    const build = async (text: string, tag: string) => {
      await project.put({ 'images.ts': IMAGES.replace("exec: 'sleep infinity'", `exec: 'sleep ${text}'`) })
      await project.done(`image build echo --tag ${tag}`)
    }
    const left = async () =>
      (await machine.sh("podman images --format '{{.Repository}}:{{.Tag}}' | grep '/echo:' | sort")).split('\n')
    const before = await left()
    for (let at = 1; at <= 6; at++) await build(`${at}00000`, `2030.001.000${at}`)
    await done('config', 'echo', '--tag', '2030.001.0001', '--no-autodetect')
    await machine.sh('podman run -d --name odd --entrypoint sleep localhost/echo:2030.001.0002 infinity')
    await machine.sh(
      "printf '[Container]\nImage=localhost/echo:2030.001.0003\n' > ~/.config/containers/systemd/foreign.container; podman tag localhost/echo:2030.001.0004 localhost/echo:mine",
    )
    const builds = (await left()).filter((name) => name.startsWith('localhost/echo:'))
    const dry = await done('clean', '--dry-run')
    const old = before.filter((name) => name.startsWith('localhost/echo:'))
    for (const name of [...old, 'localhost/echo:2030.001.0005']) expect(dry.stderr).toContain(`would remove ${name}`)
    expect(await left()).toEqual(expect.arrayContaining(builds))
    const { stderr } = await done('clean')
    expect(stderr).toBe(dry.stderr.replaceAll('would remove', 'removed'))
    expect((await left()).filter((name) => name.startsWith('localhost/echo:'))).toEqual(
      builds.filter((name) => !old.includes(name) && !name.endsWith('.0005')),
    )
    expect(await machine.sh('podman images -q localhost/stock | wc -l')).not.toBe('0')
    expect((await done('clean')).stderr).toBe('nothing to clean')
    await project.done('image build')
    await done('start', 'echo')
    await machine.sh('podman rm -ft 0 odd; rm ~/.config/containers/systemd/foreign.container')
    await done('remove', 'echo', '--purge')
  })
})
