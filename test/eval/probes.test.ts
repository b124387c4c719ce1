import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readChecks } from '../../src/eval/baked.ts'
import { evaluate } from '../../src/eval/evaluate.ts'
import { curlArguments, readAnswer } from '../../src/eval/probes/http.ts'
import { listening } from '../../src/eval/probes/port.ts'
import { names } from '../../src/eval/probes/process.ts'
import { readManagers } from '../../src/eval/probes/service.ts'
import { EMPTY_METADATA } from '../../src/plan/metadata.ts'
import { here, type FakeTarget } from './machine.ts'

const clock = { now: () => new Date(), sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)) }
const METADATA = {
  ...EMPTY_METADATA,
  user: 'user',
  home: '/home/user',
  uid: 1000,
  gid: 1000,
  image: 'app',
  distro: ['debian:13', 'debian'],
}

/** `pass`, or the status and the message. */
async function look(check: object, target: FakeTarget = here()): Promise<string> {
  const { checks } = readChecks({ layer: [check as never] })
  const { status, message } = await evaluate(checks[0]!, METADATA, target, clock)
  return message === '' ? status : `${status}: ${message}`
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ov-eval-'))
  writeFileSync(join(folder, 'text'), 'one\ntwo\n')
  chmodSync(join(folder, 'text'), 0o640)
  writeFileSync(join(folder, 'odd; name'), 'x')
  mkdirSync(join(folder, 'dir'), { mode: 0o755 })
  chmodSync(join(folder, 'dir'), 0o1777)
  symlinkSync('nowhere', join(folder, 'dangling'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('EVAL-06 file', () => {
  const me = userInfo()
  it.each<readonly [check: Readonly<Record<string, unknown>>, expected: string]>([
    [{ file: 'text' }, 'pass'],
    [{ file: 'text', mode: '0640' }, 'pass'],
    [{ file: 'text', mode: '640' }, 'pass'],
    [{ file: 'text', mode: '0644' }, 'fail: mode is 0640, not 0644'],
    [{ file: 'dir', mode: '1777', filetype: 'directory' }, 'pass'],
    [{ file: 'dir', mode: '777' }, 'fail: mode is 1777, not 777'],
    [{ file: 'dir', filetype: 'file' }, 'fail: is a directory, not a file'],
    [{ file: 'dangling' }, 'pass'],
    [{ file: 'dangling', filetype: 'symlink' }, 'pass'],
    [{ file: 'dangling', mode: '0644' }, 'fail: mode is 0777, not 0644 (of the link itself)'],
    [{ file: 'dangling', exists: false }, 'fail: exists'],
    [{ file: 'none' }, 'fail: does not exist'],
    [{ file: 'none', exists: false }, 'pass'],
    [{ file: 'none', contains: 'x' }, 'fail: does not exist'],
    [{ file: 'odd; name' }, 'pass'],
    [{ file: 'text', owner: me.username, group_of: String(me.gid) }, 'pass'],
    [{ file: 'text', owner: String(me.uid) }, 'pass'],
    [{ file: 'text', owner: 'nobody' }, `fail: owner is ${me.username} (${me.uid}), not nobody`],
    [{ file: 'text', contains: 'two' }, 'pass'],
    [
      { file: 'text', contains: ['one', { op: 'not_contains', value: 'two' }] },
      'fail: content: "one\\ntwo" contains "two"',
    ],
    [{ file: 'dir', contains: 'x' }, "fail: can't be read: cat: "],
    [{ file: 'text', sha256: 'a'.repeat(64) }, 'fail: sha256 is '],
  ])('EVAL-08 %j', async ({ file, ...more }, expected) => {
    const found = await look({ file: join(folder, String(file)), ...more })
    if (/(: | is )$/.test(expected)) expect(found).toMatch(new RegExp(`^${expected.replace(/[()]/g, '\\$&')}`))
    else expect(found).toBe(expected)
  })
  it('EVAL-06 the sum of the content, in either case', async () => {
    const sum = (await here().run(['sha256sum', join(folder, 'text')], { as: 'root' })).stdout.split(' ')[0]!
    expect(await look({ file: join(folder, 'text'), sha256: sum.toUpperCase() })).toBe('pass')
  })
  it('EVAL-33 without the programs it needs, it fails and says so', async () => {
    mkdirSync(join(folder, 'empty'), { recursive: true })
    const target = here({}, { PATH: join(folder, 'empty') })
    const sh: FakeTarget = { ...target, run: (argv, options) => target.run(['/bin/sh', ...argv.slice(1)], options) }
    expect(await look({ file: join(folder, 'text'), mode: '0640' }, sh)).toBe('fail: tool missing: stat')
    expect(await look({ file: join(folder, 'text'), sha256: 'a'.repeat(64) }, sh)).toBe('fail: tool missing: sha256sum')
    expect(await look({ package: 'x', installed: false }, sh)).toBe(
      'fail: tool missing: dpkg-query, rpm, pacman or apk',
    )
    expect(await look({ service: 'x', running: false }, sh)).toBe('fail: tool missing: supervisorctl or systemctl')
    expect(await look({ file: '/x', exists: false }, target)).toBe('fail: tool missing: sh')
  })
  it('EVAL-17 EVAL-39 the home of the image, and the ids of root as 0', async () => {
    const target = here()
    await look({ file: '~/x' }, target)
    await look({ file: '${HOME}/${UID}' }, target)
    expect(target.asked.map(({ argv }) => argv.at(-1))).toEqual(['/home/user/x', '/home/user/1000'])
    const { checks } = readChecks({ image: [{ command: 'x ${UID} ${GID}' }] })
    const root = { ...METADATA, user: 'root', uid: 0, gid: 0 }
    expect((await evaluate(checks[0]!, root, target, clock)).subject).toBe('x 0 0')
  })
})

describe('EVAL-09 package', () => {
  /** Programs that answer as those of the distros do. */
  function managers(scripts: Readonly<Record<string, string>>): FakeTarget {
    const bin = mkdtempSync(join(folder, 'bin-'))
    for (const [name, text] of Object.entries(scripts))
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    const target = here({}, { PATH: bin })
    return { ...target, run: (argv, options) => target.run(['/bin/sh', ...argv.slice(1)], options) }
  }
  const DPKG = `case "$4" in
curl) printf 'installed\\tcurl\\t1:8.5.0-2+deb13u1\\n' ;;
gone) printf 'config-files\\tgone\\t1\\n' ;;
*) exit 1 ;; esac`
  it.each<readonly [check: object, expected: string]>([
    [{ package: 'curl' }, 'pass'],
    [{ package: 'curl', versions: ['8.5.0'] }, 'pass'],
    [{ package: 'curl', versions: ['7', '1:8.5.0-2+deb13u1'] }, 'pass'],
    [{ package: 'curl', versions: ['8.5', '9'] }, 'fail: version is 1:8.5.0-2+deb13u1, not 8.5 or 9'],
    [{ package: 'curl', installed: false }, 'fail: is installed (1:8.5.0-2+deb13u1)'],
    [{ package: 'gone' }, 'fail: is not installed'],
    [{ package: 'gone', installed: false }, 'pass'],
    [{ package: 'none' }, 'fail: is not installed'],
    [{ package: 'cur*' }, 'fail: is not the name of a package'],
    [{ package: 'none', package_map: { debian: 'gone', 'debian:13': 'curl' } }, 'pass'],
    [{ package: 'curl', package_map: { fedora: 'none', 'debian:13': '' } }, 'pass'],
  ])('EVAL-09 of debian: %j', async (check, expected) => {
    expect(await look(check, managers({ 'dpkg-query': DPKG }))).toBe(expected)
  })
  it('EVAL-09 of fedora and arch, by the exact name', async () => {
    const rpm = { rpm: `[ "$4" = nginx ] && printf 'nginx\\t1.26.2-1.fc43\\n'` }
    expect(await look({ package: 'nginx', versions: ['1.26.2'] }, managers(rpm))).toBe('pass')
    expect(await look({ package: 'none' }, managers(rpm))).toBe('fail: is not installed')
    const pacman = { pacman: `echo 'other-git 1.0-1'` }
    expect(await look({ package: 'other' }, managers(pacman))).toBe('fail: is not installed')
    expect(await look({ package: 'other-git' }, managers(pacman))).toBe('pass')
    const apk = { apk: `echo "nginx-1.26.2-r0 x86_64 {nginx} (BSD-2-Clause) [installed]"` }
    expect(await look({ package: 'nginx', versions: ['1.26.2'] }, managers(apk))).toBe('pass')
  })
})

describe('EVAL-34 service', () => {
  const SUPERVISOR = `\x1esupervisord\x1fidle    avail     manual    999:999\nweb     in use    auto      10:999\n\x1f`
  it.each<readonly [title: string, stdout: string, name: string, seen: object | undefined]>([
    [
      'a program of supervisord',
      `${SUPERVISOR}web   RUNNING   pid 7, uptime 0:00:09\n`,
      'web',
      { state: 'RUNNING', start: 'auto', known: true },
    ],
    [
      'one that is not started',
      `${SUPERVISOR}idle   STOPPED   Not started\n`,
      'idle',
      { state: 'STOPPED', start: 'manual', known: true },
    ],
    ['one that is not there', `${SUPERVISOR}x: ERROR (no such process)\n`, 'x', { state: 'absent', known: false }],
    [
      'no supervisord',
      '\x1esupervisord\x1funix:///tmp/supervisor.sock no such file\n\x1funix:///tmp/supervisor.sock no such file\n',
      'web',
      { state: undefined, start: undefined },
    ],
    [
      'a unit',
      '\x1esystemd\x1fenabled\n\x1factive\n',
      'cron',
      { manager: 'systemd', state: 'active', start: 'enabled', known: true },
    ],
    [
      'a unit without systemd',
      '\x1esystemd\x1fdisabled\n\x1f',
      'cron',
      { state: undefined, start: 'disabled', known: true },
    ],
    ['a unit that is not there', '\x1esystemd\x1f\x1finactive\n', 'x', { state: 'inactive', known: false }],
    [
      'a unit beside a supervisord that does not know it',
      `${SUPERVISOR}cron: ERROR (no such process)\n\x1esystemd\x1fenabled\n\x1factive\n`,
      'cron',
      { manager: 'systemd', state: 'active' },
    ],
    ['no manager', '', 'x', undefined],
  ])('EVAL-34 %s', (_, stdout, name, seen) => {
    const [first] = readManagers(stdout, name)
    if (seen === undefined) expect(first).toBeUndefined()
    else expect(first).toMatchObject(seen)
  })
  const says = (stdout: string, running: FakeTarget['running'] = {}): FakeTarget => ({
    ...here(running),
    run: () => Promise.resolve({ exitCode: 0, stdout, stderr: '' }),
  })
  const web = `${SUPERVISOR}web   RUNNING   pid 7, uptime 0:00:09\n`
  it.each<readonly [check: object, stdout: string, expected: string]>([
    [{ service: 'web' }, web, 'pass'],
    [{ service: 'web', enabled: true }, web, 'pass'],
    [{ service: 'web', enabled: false }, web, 'fail: is enabled (auto)'],
    [{ service: 'web', running: false }, web, 'fail: is running'],
    [{ service: 'web' }, web.replace('RUNNING', 'FATAL'), 'fail: is fatal'],
    [{ service: 'web', enabled: true }, web.replace('RUNNING', 'FATAL'), 'pass'],
    [{ service: 'web', running: true, enabled: true }, web.replace('RUNNING', 'FATAL'), 'fail: is fatal'],
    [
      { service: 'x', enabled: true },
      `${SUPERVISOR}x: ERROR (no such process)\n`,
      'fail: supervisord knows no such service',
    ],
    [{ service: 'x' }, `${SUPERVISOR}x: ERROR (no such process)\n`, 'fail: supervisord knows no such service'],
    [{ service: 'x', running: false }, `${SUPERVISOR}x: ERROR (no such process)\n`, 'pass'],
    [{ service: 'x', running: false }, '\x1esystemd\x1fenabled\n\x1f', 'fail: systemd does not run'],
    [{ service: 'x', enabled: true }, '\x1esystemd\x1fstatic\n\x1f', 'pass'],
  ])('EVAL-34 EVAL-33 %j', async (check, stdout, expected) => {
    expect(await look(check, says(stdout))).toBe(expected)
  })
})

describe('EVAL-32 EVAL-33 port', () => {
  const servers: Server[] = []
  const listen = (host: string) =>
    new Promise<number>((done) => {
      const server = createServer().listen(0, host, () => done((server.address() as AddressInfo).port))
      servers.push(server)
    })
  afterAll(() => servers.forEach((server) => server.close()))
  it('EVAL-32 what listens, and what does not', async () => {
    const port = await listen('127.0.0.1')
    expect(await look({ port })).toBe('pass')
    expect(await look({ port, ip: '127.0.0.1' })).toBe('pass')
    expect(await look({ port, ip: '0.0.0.0' })).toBe('fail: listens on 127.0.0.1, not on 0.0.0.0')
    expect(await look({ port, listening: false })).toBe('fail: something listens on 127.0.0.1')
    expect(await look({ port, listening: false, ip: '0.0.0.0' })).toBe('pass')
    servers.pop()?.close()
    await clock.sleep(50)
    expect(await look({ port, listening: false })).toBe('pass')
    expect(await look({ port })).toBe('fail: nothing listens on it')
  })
  it('EVAL-33 the tables of the kernel', () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   2: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   1: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
`
    expect(listening(table)).toEqual([
      { ip: '127.0.0.1', port: 8080 },
      { ip: '0.0.0.0', port: 80 },
      { ip: '::', port: 8080 },
      { ip: '::1', port: 22 },
    ])
  })
  it('EVAL-14 EVAL-32 whether it is reachable is not seen from an image', async () => {
    const port = await listen('127.0.0.1')
    const later = 'skip: whether it is reachable from this machine is seen with a running deploy only'
    expect(await look({ port, reachable: true })).toBe(later)
    expect(await look({ port, reachable: true, listening: true })).toBe(later)
    expect(await look({ port: 1, reachable: true, listening: true })).toBe('fail: nothing listens on it')
  })
})

describe('EVAL-33 process', () => {
  it.each<readonly [comm: string, line: string, names: readonly string[]]>([
    ['nginx', 'nginx: master process /usr/sbin/nginx -g x\0', ['nginx', 'nginx -g x']],
    ['supervisord', '/usr/bin/python3\0/usr/bin/supervisord\0-n\0', ['supervisord', 'python3']],
    ['unattended-upgr', '/usr/bin/python3\0/usr/bin/unattended-upgrade\0', ['unattended-upgrade', 'python3']],
    [
      'a-program-with-a',
      '/opt/a-program-with-a-long-name\0',
      ['a-program-with-a-long-name', 'a-program-with-a-long-name'],
    ],
    ['kworker/0:1', '', ['kworker/0:1']],
  ])('EVAL-33 %s', (comm, line, expected) => {
    expect(names(comm, line)).toEqual(expected)
  })
  it('EVAL-33 what runs, by its exact name, without the looks themselves', async () => {
    const program = join(folder, 'quite-a-long-name-for-a-program')
    symlinkSync('/bin/sleep', program)
    const child = spawn(program, ['60'])
    await clock.sleep(100)
    expect(await look({ process: 'quite-a-long-name-for-a-program' })).toBe('pass')
    expect(await look({ process: 'quite-a-long-name-for-a-program', running: false })).toBe('fail: runs')
    expect(await look({ process: 'quite-a-long-na' })).toBe('fail: does not run')
    child.kill()
    await clock.sleep(100)
    expect(await look({ process: 'quite-a-long-name-for-a-program' })).toBe('fail: does not run')
    expect(await look({ process: 'quite-a-long-name-for-a-program', running: false })).toBe('pass')
  })
})

describe('EVAL-14 EVAL-32 where nothing is started', () => {
  const nothing = 'no init'
  it('EVAL-32 that nothing is found proves nothing', async () => {
    const idle = () => here({ nothing })
    expect(await look({ port: 1, listening: false }, idle())).toBe('skip: no init')
    expect(await look({ process: 'none', running: false }, idle())).toBe('skip: no init')
    expect(await look({ port: 1 }, idle())).toBe('fail: nothing listens on it (no init)')
    expect(await look({ process: 'none' }, idle())).toBe('fail: does not run (no init)')
  })
  it('EVAL-14 an init that nobody knows', async () => {
    const unknown = () => here({ unknown: 'who knows' })
    for (const check of [
      { port: 1 },
      { port: 1, listening: false },
      { process: 'x' },
      { process: 'x', running: false },
    ])
      expect(await look(check, unknown())).toBe('skip: who knows')
  })
})

describe('EVAL-06 command', () => {
  it.each<readonly [check: object, expected: string]>([
    [{ command: 'true' }, 'pass'],
    [{ command: 'exit 3', exit_status: 3 }, 'pass'],
    [{ command: 'echo no >&2; exit 3' }, 'fail: exit status is 3, not 0: "no"'],
    [{ command: 'echo a; echo b; exit 3' }, 'fail: exit status is 3, not 0: "b"'],
    [{ command: 'true', exit_status: 1 }, 'fail: exit status is 0, not 1'],
    [{ command: 'echo $${X}; X=1; echo $${X}', stdout: '\n1' }, 'pass'],
    [{ command: 'echo ${USER} ${IMAGE}', stdout: 'user app' }, 'pass'],
    [{ command: 'printf "%s" "${NAME}"' }, 'skip: unresolved variables: NAME'],
    [{ command: 'echo ${HOST_PORT:80} ${DNS}' }, 'skip: unresolved variables: HOST_PORT:80, DNS'],
    [{ command: 'echo out; echo err >&2', stdout: 'out', stderr: 'err' }, 'pass'],
    [{ command: 'echo out', stdout: [{ op: 'contains', value: 'o' }, 'x'] }, 'fail: stdout: "out" is not "x"'],
    [{ command: 'echo err >&2', stderr: { op: 'equals', value: '' } }, 'fail: stderr: "err" is not ""'],
    [{ command: 'sleep 10', timeout: '200ms' }, 'fail: took longer than 0.2s'],
    [{ command: 'true', in_container: false }, 'skip: runs on this machine, which needs a running deploy'],
    [{ command: 'sleep 2', background: true }, 'pass'],
    [{ command: 'true', background: true }, 'pass'],
    [{ command: 'exit 4', background: true }, 'fail: did not start: exit status 4'],
    [{ command: 'exit 1', skip: true }, 'skip: it says skip'],
    [{ command: 'exit 1', exclude_distros: ['arch', 'debian'] }, 'skip: excluded on distro "debian"'],
    [{ command: 'true', exclude_distros: ['arch', 'debian:12'] }, 'pass'],
    [
      { command: 'true', in_container: 'yes' },
      `fail: the label can't be understood: in_container is "yes", which is neither true nor false`,
    ],
    [{ dns: 'example.org' }, 'skip: this version of ov does not know dns checks'],
    [{ vnc: 'status' }, 'skip: has no verb that this version of ov knows'],
  ])('EVAL-10 EVAL-14 EVAL-15 EVAL-17 EVAL-20 %j', async (check, expected) => {
    expect(await look(check)).toBe(expected)
  })
  it('EVAL-14 it runs as the image’s user, and looks run as root', async () => {
    const target = here()
    await look({ command: 'true' }, target)
    await look({ file: '/' }, target)
    expect(target.asked.map(({ options }) => options.as)).toEqual(['user', 'root'])
  })
  it('EVAL-11 it is tried until it passes', async () => {
    const file = join(folder, 'soon')
    setTimeout(() => writeFileSync(file, ''), 300)
    expect(await look({ command: `test -e ${file}`, eventually: '10s', retry_interval: '50ms' })).toBe('pass')
  })
  it('EVAL-11 until the time is over; the pause is not longer than that', async () => {
    const check = { command: 'exit 1', eventually: '300ms', retry_interval: '50ms' }
    expect(await look(check)).toMatch(/^fail: exit status is 1, not 0 \(after [2-8] attempts over 0.3s\)$/)
    expect(await look({ ...check, retry_interval: '1h' })).toBe(
      'fail: exit status is 1, not 0 (after 2 attempts over 0.3s)',
    )
  })
})

describe('EVAL-35 http', () => {
  let url: string
  const server = createHttp((request, response) => {
    if (request.url === '/moved') return response.writeHead(302, { location: '/', 'x-first': 'yes' }).end('moved')
    if (request.url === '/slow') return
    if (request.url === '/bad') return response.writeHead(500).end('broken')
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => response.setHeader('X-Method', request.method ?? '').end(`got ${body}\x1e200 0 ünïcode`))
  })
  beforeAll(
    () =>
      new Promise<void>((done) => {
        server.listen(0, '127.0.0.1', () => {
          url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
          done()
        })
      }),
  )
  afterAll(() => server.closeAllConnections())
  afterAll(() => server.close())
  it.each<readonly [path: string, check: object, expected: string]>([
    ['/', {}, 'pass'],
    ['/', { status: 200, body: { contains: ['got', 'ünïcode'] } }, 'pass'],
    ['/', { body: 'x' }, 'fail: body: "got \\u001e200 0 ünïcode" is not "x"'],
    ['/', { status: 404 }, 'fail: status is 200, not 404'],
    ['/bad', {}, 'fail: status is 500, not 200 to 399'],
    ['/bad', { status: 500, body: 'broken' }, 'pass'],
    ['/moved', { body: { contains: 'got' }, headers: { op: 'not_contains', value: 'x-first' } }, 'pass'],
    ['/moved', { no_follow_redirects: true, status: 302, headers: ['x-first: yes'], body: 'moved' }, 'pass'],
    [
      '/',
      { method: 'PUT', request_body: '{"a":1}', headers: 'x-method: PUT', body: { contains: 'got {"a":1}' } },
      'pass',
    ],
    ['/', { method: 'HEAD', headers: 'x-method: HEAD', body: '' }, 'pass'],
    ['/slow', { timeout: '1s' }, 'fail: no answer: curl: (28) '],
  ])('EVAL-35 %s %j', async (path, check, expected) => {
    const found = await look({ http: `${url}${path}`, ...check })
    if (expected.endsWith(' ')) expect(found.slice(0, expected.length)).toBe(expected)
    else expect(found).toBe(expected)
  })
  it('EVAL-35 without curl in the image it is skipped', async () => {
    const target: FakeTarget = {
      ...here(),
      run: () => Promise.resolve({ exitCode: 127, stdout: '', stderr: 'executable file `curl` not found in $PATH' }),
    }
    expect(await look({ http: url }, target)).toBe('skip: there is no curl in the image to make the request with')
  })
  it('EVAL-35 certificates', () => {
    expect(curlArguments({ http: 'https://x', allowInsecure: true, caFile: '/ca.pem' }, 3)).toEqual(
      expect.arrayContaining(['--insecure', '--cacert', '/ca.pem', '--max-time', '3', '--location']),
    )
    expect(curlArguments({ http: 'https://x' }, 3)).not.toContain('--insecure')
  })
  it('EVAL-35 the last of several answers counts', () => {
    const first = 'HTTP/1.1 302 Found\r\nA: 1\r\n\r\n'
    const second = 'HTTP/1.1 200 OK\r\nB: 2\r\n\r\n'
    expect(readAnswer(`${first}${second}HTTP/1.1 in the body\x1e200 ${first.length + second.length}`)).toEqual({
      status: 200,
      headers: ['b: 2'],
      body: 'HTTP/1.1 in the body',
    })
  })
})
