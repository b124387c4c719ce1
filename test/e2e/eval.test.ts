import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

/** Text that has something for every quoting on the way into a label and out of it. */
const ODD = "printf '%s' \"it's \\$${HOME} \\\\ \\`x\\` é\" # $(no) %"

const IMAGES = (edited = '') => `import { cmd, image, layer, service, write } from 'ov'
import { booting, stock } from './stock.ts'

const version = '2026.320.1200'
const web = layer({
  name: 'web', version, deb: { packages: ['curl'] },
  tasks: [write('/srv/index.html', { content: 'it answers\\n' }), write('/etc/odd', { content: 'x=1\\n', mode: '0640' }), cmd('ln -s nowhere /etc/dangling')],
  services: [
    service({ name: 'web', exec: '/usr/bin/busybox httpd -f -p 8080 -h /srv', restart: 'always' }),
    service({ name: 'later', exec: '/bin/sleep 1000', autoStart: false }),
  ],
  eval: [
    { id: 'config', file: '/etc/odd', mode: '640', owner: 'root', groupOf: '0', filetype: 'file', contains: ['x=1', { notMatches: '^y' }] },
    { file: '/etc/dangling', filetype: 'symlink' },
    { file: '~/none', exists: false },
    { package: 'curl' },
    { package: 'valkey', packageMap: { debian: 'busybox' } },
    { package: 'nginx', installed: false },
    { service: 'web' },
    { service: 'web', running: true, enabled: true },
    { service: 'later', running: false, enabled: false },
    { port: 8080 },
    { port: 8081, listening: false },
    { process: 'busybox' },
    { process: 'sleep', running: false },
    { command: 'id -un; echo $\${HOME}', stdout: 'user\\n/home/user${edited}' },
    { command: 'test "$(id -u)" = \${UID}' },
    { http: 'http://127.0.0.1:8080/', body: 'it answers', headers: { matches: '^content-type: text/html' } },
    { http: 'http://127.0.0.1:8080/none', status: 404 },
    { command: 'busybox httpd -f -p 8090 -h /srv', background: true },
    { port: 8090, eventually: '10s', retryInterval: '200ms' },
    { command: 'exit 1', excludeDistros: ['debian'] },
    { command: 'exit 1', scope: 'deploy' },
  ],
})
export const good = image({ name: 'good', base: stock, layers: [web] })

const wrong = layer({
  name: 'wrong', version, tasks: [cmd('true')],
  eval: [
    { file: '/etc/odd', mode: '0644', description: 'others read it' },
    { file: '/etc/passwd', exists: false },
    { package: 'nginx' },
    { package: 'curl', versions: ['1.0'] },
    { service: 'nginx' },
    { service: 'later' },
    { port: 8081 },
    { port: 8080, listening: false },
    { port: 8080, ip: '127.0.0.1' },
    { process: 'nginx' },
    { process: 'busybox', running: false },
    { command: 'echo no >&2; exit 3' },
    { command: 'sleep 20', timeout: '1s' },
    { command: 'true', inContainer: false },
    { http: 'http://127.0.0.1:8081/', eventually: '500ms', retryInterval: '500ms' },
    { http: 'http://127.0.0.1:8080/', body: { contains: 'nothing' } },
  ],
})
export const bad = image({ name: 'bad', base: good, layers: [wrong], eval: [{ id: 'own', command: 'false' }] })

const units = layer({
  name: 'units', version, deb: { packages: ['cron'] },
  services: [service({ name: 'cron', usePackaged: 'cron', enable: true })],
  eval: [{ service: 'cron' }, { service: 'cron', enabled: true }, { service: 'none' }, { process: 'cron' }, { command: 'id -un', stdout: 'user' }],
})
export const boots = image({ name: 'boots', base: booting, layers: [units], init: 'systemd' })

const plain = layer({
  name: 'plain', version, tasks: [cmd('rm /usr/bin/curl')],
  eval: [
    { command: '! command -v curl ss netstat pgrep' },
    { command: ${JSON.stringify(ODD)}, stdout: ${JSON.stringify("it's ${HOME} \\ `x` é")} },
    { port: 99, listening: false },
    { process: 'none', running: false },
    { process: 'sleep' },
    { http: 'http://127.0.0.1:99/' },
    { command: 'busybox httpd -f -p 99', background: true },
    { command: 'busybox httpd -f -p 8099', background: true },
    { port: 8099, eventually: '10s', retryInterval: '200ms' },
    { process: 'busybox' },
    { port: 98, listening: false },
  ],
})
export const idle = image({ name: 'idle', base: stock, layers: [plain] })

const broken = layer({
  name: 'broken', version,
  tasks: [cmd('printf "#!/bin/sh\\\\necho there is no configuration; exit 3\\\\n" > /usr/bin/supervisord')],
  services: [service({ name: 'broken', exec: '/bin/sleep 1000' })],
  eval: [{ service: 'broken' }],
})
export const ends = image({ name: 'ends', base: stock, layers: [broken] })
`

/** What becomes of the checks of layer `web`. */
const GOOD = `✓ file /etc/odd
✓ file /etc/dangling
✓ file /home/user/none
✓ package curl
✓ package busybox
✓ package nginx
✓ service web
✓ service web
✓ service later
✓ port 8080
✓ port 8081
✓ process busybox
✓ process sleep
✓ command id -un; echo \${HOME}
✓ command test "$(id -u)" = 1000
✓ http http://127.0.0.1:8080/
✓ http http://127.0.0.1:8080/none
✓ command busybox httpd -f -p 8090 -h /srv
✓ port 8090
⚠ command exit 1: excluded on distro "debian"`

let machine: TestMachine
let project: TestProject
beforeAll(async () => {
  machine = await startMachine('eval')
  project = await machine.project('checks', { 'images.ts': IMAGES() })
  await project.done('image build good bad boots idle ends')
})
afterAll(() => machine?.bed.down())

/** Runs a command line where no project is. */
const anywhere = (command: string) => machine.bed.exec(['bash', '-c', command], { cwd: '/', reject: false })
const left = () => machine.sh('podman ps -aq')

describe('ov eval image', () => {
  it('EVAL-06 EVAL-07 EVAL-10 EVAL-12 EVAL-20 EVAL-21 EVAL-34 an image that is what it should be', async () => {
    const { exitCode, stdout, stderr } = await anywhere('ov eval image good')
    expect(stdout).toBe(`${GOOD}
19 passed · 0 failed · 1 skipped`)
    expect(stderr).toBe('1 check of scope deploy needs a running deploy')
    expect(exitCode).toBe(0)
    expect(await left()).toBe('')
  })

  it('EVAL-03 EVAL-14 EVAL-20 EVAL-21 EVAL-32 all that is wrong with one, its own checks before those of its base', async () => {
    const { exitCode, stdout } = await anywhere('ov eval image bad')
    expect(stdout).toBe(`✗ file /etc/odd: mode is 0640, not 0644
    others read it
    from layer:wrong
✗ file /etc/passwd: exists
    from layer:wrong
✗ package nginx: is not installed
    from layer:wrong
✗ package curl: version is ${/is (\S+), not 1\.0/.exec(stdout)?.[1]}, not 1.0
    from layer:wrong
✗ service nginx: supervisord knows no such service
    from layer:wrong
✗ service later: is stopped
    from layer:wrong
✗ port 8081: nothing listens on it
    from layer:wrong
✗ port 8080: something listens on ::
    from layer:wrong
✗ port 8080: listens on ::, not on 127.0.0.1
    from layer:wrong
✗ process nginx: does not run
    from layer:wrong
✗ process busybox: runs
    from layer:wrong
✗ command echo no >&2; exit 3: exit status is 3, not 0: "no"
    from layer:wrong
✗ command sleep 20: took longer than 1s
    from layer:wrong
⚠ command true: runs on this machine, which needs a running deploy
✗ http http://127.0.0.1:8081/: ${/8081\/: (no answer: curl: \(7\) [^\n]* \(after \d attempts? over 0\.5s\))$/m.exec(stdout)?.[1]}
    from layer:wrong
✗ http http://127.0.0.1:8080/: body: "it answers" does not contain "nothing"
    from layer:wrong
${GOOD}
✗ command false: exit status is 1, not 0
    from image:bad
19 passed · 16 failed · 2 skipped`)
    expect(exitCode).toBe(2)
  })

  it('EVAL-21 --section, --filter, and formats for programs', async () => {
    const json = await anywhere('ov eval image bad --section image --format json')
    const image = /"(localhost\/bad:[^"]+)"/.exec(json.stdout)?.[1]
    expect(JSON.parse(json.stdout)).toEqual({
      schemaVersion: 1,
      image,
      passed: 0,
      failed: 1,
      skipped: 0,
      checks: [
        {
          id: 'own',
          verb: 'command',
          status: 'fail',
          section: 'image',
          origin: 'image:bad',
          subject: 'false',
          message: 'exit status is 1, not 0',
        },
      ],
    })
    expect(json.exitCode).toBe(2)
    const tap = await anywhere('ov eval image good --format tap --filter service --filter package')
    expect(tap.stdout).toBe(`TAP version 13
1..6
ok 1 - package curl
ok 2 - package busybox
ok 3 - package nginx
ok 4 - service web
ok 5 - service web
ok 6 - service later`)
    const yaml = await anywhere(`ov eval image ${image} --section image --format yaml`)
    expect(yaml.stdout.split('\n').slice(1, 8)).toEqual([
      `image: "${image}"`,
      'passed: 0',
      'failed: 1',
      'skipped: 0',
      'checks:',
      '  - id: "own"',
      '    verb: "command"',
    ])
  })

  it('EVAL-14 EVAL-34 services of systemd, which is booted for it', async () => {
    const { exitCode, stdout } = await anywhere('ov eval image boots')
    expect(stdout).toBe(`✓ service cron
✓ service cron
✗ service none: systemd knows no such service
    from layer:units
✓ process cron
✓ command id -un
4 passed · 1 failed · 0 skipped`)
    expect(exitCode).toBe(2)
    expect(await left()).toBe('')
  })

  it('EVAL-04 EVAL-32 EVAL-33 EVAL-35 without an init and without tools, nothing is taken for evidence', async () => {
    const none = 'the image has no init, so that nothing is started in its container'
    const { stdout } = await anywhere('ov eval image idle')
    expect(stdout).toBe(`✓ command ! command -v curl ss netstat pgrep
✓ command ${ODD.replaceAll('$${', '${')}
⚠ port 99: ${none}
⚠ process none: ${none}
✗ process sleep: does not run (${none})
    from layer:plain
⚠ http http://127.0.0.1:99/: there is no curl in the image to make the request with
✗ command busybox httpd -f -p 99: did not start: exit status 1
    from layer:plain
✓ command busybox httpd -f -p 8099
✓ port 8099
✓ process busybox
✓ port 98
6 passed · 2 failed · 3 skipped`)
  })

  it('EVAL-06 EVAL-13 EVAL-20 IMG-148 what gives no verdict', async () => {
    const says = async (command: string, code: number, text: string) => {
      const { exitCode, stdout, stderr } = await anywhere(`ov eval image ${command}`)
      expect({ command, exitCode, stdout }).toEqual({ command, exitCode: code, stdout: '' })
      expect(stderr).toContain(text)
    }
    await says('absent', 1, 'error OV4009: image "absent" is not in local storage')
    await says('localhost/good:1', 1, 'error OV4009: image "localhost/good:1" is not in local storage')
    await says('$(podman images --format "{{.Repository}}:{{.Tag}}" | grep ov-base)', 1, 'was not built by ov')
    await says('ends', 1, 'error OV5012: the container of localhost/ends')
    await says('ends', 1, 'there is no configuration')
    await says('good --format xml', 64, 'there is no format "xml"')
    await says('good --filter dns', 64, 'there are no checks of the kind "dns"')
    await says('good --section deploy', 64, 'checks of section deploy need a running deploy')
    await says('', 64, "missing required argument 'image'")
    expect(await left()).toBe('')
  })

  it('EVAL-20 an image without checks passes them all', async () => {
    const { exitCode, stdout, stderr } = await anywhere('ov eval image stock')
    expect([exitCode, stdout]).toEqual([0, '0 passed · 0 failed · 0 skipped'])
    expect(stderr).toMatch(/^localhost\/stock:\S+ has no checks for an image$/)
  })

  it('EVAL-04 EVAL-05 EVAL-06 an image of another program, with the label’s older name and forms', async () => {
    const checks = {
      layer: [
        { command: 'echo hi; exit 3', exit_status: 3, stdout: { contains: 'h' }, p50: { op: '' }, origin: 'layer:x' },
        { command: 'true', exit_code: 0, origin: 'layer:x' },
        { dns: 'example.org', resolvable: true, origin: 'layer:x' },
      ],
    }
    await machine.sh(
      `podman build -q -t localhost/old:1 - <<'END'
FROM localhost/stock:${await machine.sh('podman images --format "{{.Tag}}" localhost/stock')}
LABEL org.overthinkos.image=old org.overthinkos.version=2026.1.1
LABEL org.overthinkos.tests='${JSON.stringify(checks)}'
END`,
    )
    const { exitCode, stdout, stderr } = await anywhere('ov eval image old')
    expect(stdout).toBe(`✓ command echo hi; exit 3
✓ command true
⚠ dns: this version of ov does not know dns checks
2 passed · 0 failed · 1 skipped`)
    expect(stderr).toBe('the label org.overthinkos.eval says what ov does not know, and passes over: exit_code')
    expect(exitCode).toBe(0)
  })

  it('EVAL-12 an interrupted run leaves no container', async () => {
    await machine.sh(
      `podman build -q -t localhost/slow:1 - <<'END'
FROM localhost/old:1
LABEL org.overthinkos.image=slow org.overthinkos.eval='{"image":[{"command":"sleep 100"}]}'
END`,
    )
    const { exitCode } = await anywhere('timeout --foreground -s INT 4 ov eval image slow')
    expect(exitCode).toBe(124)
    expect(await left()).toBe('')
    const { exitCode: own } = await anywhere('ov eval image slow & sleep 4; kill -INT $!; wait $!')
    expect(own).toBe(130)
    expect(await left()).toBe('')
  })

  it('EVAL-04 IMG-161 editing a check makes no step run again', async () => {
    const layers = () =>
      machine.sh(
        `podman image inspect --format '{{json .RootFS.Layers}}' "$(podman images -q localhost/good | head -1)"`,
      )
    const before = await layers()
    await project.put({ 'images.ts': IMAGES('/elsewhere') })
    const { stderr } = await project.done('image build good')
    expect(stderr).toMatch(/built localhost\/good:/)
    expect(await layers()).toBe(before)
    expect(stderr).toMatch(/1[0-9] of 1[0-9] steps from the cache/)
    const { exitCode, stdout } = await anywhere('ov eval image good --filter command')
    expect(stdout).toContain('stdout: "user\\n/home/user" is not "user\\n/home/user/elsewhere"')
    expect(exitCode).toBe(2)
  })
})
