import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine } from './machine.ts'

let machine: TestMachine
beforeAll(async () => {
  machine = await startMachine('services')
})
afterAll(() => machine?.bed.down())

describe('services under supervisord', () => {
  beforeAll(async () => {
    const project = await machine.project('supervised', {
      'deploy.ts': `import { image, layer, pod, service } from 'ov'
import { stock } from './stock.ts'

const log = (name: string) => \`sh -c 'echo "out of \${name}"; echo "err of \${name}" >&2; exec sleep 1000'\`
export const apps = layer({
  name: 'apps',
  version: '2026.320.1200',
  services: [
    service({ name: 'last', exec: log('last'), after: ['middle'] }),
    service({ name: 'middle', exec: log('middle'), after: ['first'], env: { COLOUR: 'deep "blue"', TOKEN: "it's 100%" }, workingDirectory: '/var' }),
    service({ name: 'first', exec: log('first'), priority: 10 }),
    service({ name: 'idle', exec: log('idle'), autoStart: false }),
    service({ name: 'filed', exec: log('filed'), stdout: 'file:/tmp/filed.log' }),
    service({ name: 'again', exec: "sh -c 'echo x >> /tmp/again; sleep 1.2'", restart: 'always' }),
    service({ name: 'stopped', exec: "sh -c 'trap \\"echo got-int > /tmp/got; exit 0\\" INT; while :; do sleep 0.1; done'", stopSignal: 'INT' }),
  ],
})
export const apps2 = image({ name: 'apps', base: stock, layers: [apps] })
export const deploy = pod({ name: 'apps', image: apps2 })
`,
    })
    await project.done('apply')
  })
  const inside = (script: string) => machine.sh('podman exec -i ov-apps sh', { stdin: script })
  const ctl = (args: string) => inside(`supervisorctl -c /etc/supervisord.conf ${args} || true`)

  it('LAY-66 LAY-67 runs what the layers describe, and leaves what is not to start', async () => {
    const states = Object.fromEntries(
      (await ctl('status')).split('\n').map((line) => line.split(/\s+/).slice(0, 2) as [string, string]),
    )
    expect(states).toMatchObject({
      first: 'RUNNING',
      middle: 'RUNNING',
      last: 'RUNNING',
      filed: 'RUNNING',
      idle: 'STOPPED',
    })
  })

  it('LAY-71 starts them in the order of after and priority', async () => {
    const log = await machine.sh('journalctl --user -u ov-apps -o cat --no-pager')
    const spawned = [...log.matchAll(/spawned: '(first|middle|last)'/g)].map(([, name]) => name)
    expect(spawned).toEqual(['first', 'middle', 'last'])
    const priorities = await inside("grep -E '^(priority|.program)' /etc/supervisord.conf")
    expect(priorities).toMatch(/\[program:last\]\npriority=12\n/)
  })

  it('LAY-68 LAY-69 restarts, standard output to the journal or a file, env and directory', async () => {
    const log = await machine.sh('journalctl --user -u ov-apps -o cat --no-pager')
    expect(log).toContain('out of first')
    expect(log).toContain('err of first')
    expect(log).not.toContain('out of filed')
    expect(await inside('cat /tmp/filed.log')).toContain('out of filed')
    await expect.poll(() => inside('wc -l < /tmp/again'), { timeout: 20_000 }).not.toBe('1')
    const [pid] = /\d+(?=, uptime)/.exec(await ctl('status middle'))!
    expect(await inside(`grep -zE '^(COLOUR|TOKEN)=' /proc/${pid}/environ | tr '\\000' '\\n' | sort`)).toBe(
      'COLOUR=deep "blue"\nTOKEN=it\'s 100%',
    )
    expect(await inside(`readlink /proc/${pid}/cwd`)).toBe('/var')
  })

  it('LAY-70 stops a service with its own signal', async () => {
    await ctl('stop stopped')
    expect(await inside('cat /tmp/got')).toBe('got-int')
  })
})

describe('services of an image with systemd', () => {
  let root: string
  beforeAll(async () => {
    const project = await machine.project('booted', {
      'deploy.ts': `import { cmd, image, layer, pod, service } from 'ov'
import { booting } from './stock.ts'

export const units = layer({
  name: 'units',
  version: '2026.320.1200',
  tasks: [cmd('useradd -r demo')],
  services: [
    service({
      name: 'demo',
      exec: '/bin/sleep 100% $HOME',
      restart: 'unless-stopped',
      user: 'demo',
      workingDirectory: '/var/tmp',
      after: ['network.target', 'cron'],
      env: { GREETING: 'say "hi" 100% $HOME', PATH_LIKE: 'C:\\\\\\\\x' },
      stopTimeout: '30s',
      stopSignal: 'INT',
      exitCodes: [3, 4],
      startRetries: 7,
      stdout: 'file:/var/log/demo%.log',
      enable: true,
    }),
    service({ name: 'mine', exec: '/bin/sleep 1', scope: 'user', autoStart: true }),
    service({ name: 'quiet', exec: '/bin/sleep 1', stdout: 'none', autoStart: false }),
    service({ name: 'cron', usePackaged: 'cron', enable: true, overrides: { env: { CRON_TZ: 'UTC' }, exec: '/usr/sbin/cron -f -L 15' } }),
  ],
})
export const booted = image({ name: 'booted', base: booting, layers: [units], init: 'systemd' })
export const deploy = pod({ name: 'booted', image: booted })
`,
    })
    await project.done('apply')
    await machine.sh(
      'mkdir -p ~/root && podman export ov-booted | tar -xf - -C ~/root --exclude=dev --exclude=proc 2>/dev/null || true',
    )
    root = '/home/op/root'
  })
  const read = (path: string) => machine.bed.get(`${root}${path}`)

  it('LAY-72 a unit of its own, at its path, with its fields', async () => {
    expect(await read('/etc/systemd/system/ov-units-demo.service')).toBe(`[Unit]
Description=units service demo (generated by ov)
After=network.target
After=cron.service
StartLimitBurst=7

[Service]
Type=simple
ExecStart=/bin/sleep 100%% $$HOME
Restart=always
TimeoutStopSec=30s
User=demo
WorkingDirectory=/var/tmp
KillSignal=SIGINT
SuccessExitStatus=3 4
Environment="GREETING=say \\"hi\\" 100%% $HOME"
Environment="PATH_LIKE=C:\\\\\\\\x"
StandardOutput=append:/var/log/demo%%.log

[Install]
WantedBy=multi-user.target
`)
  })

  it('LAY-73 a drop-in for a packaged unit, which itself stays as it is', async () => {
    expect(await read('/etc/systemd/system/cron.service.d/ov-units.conf')).toBe(`[Service]
Environment="CRON_TZ=UTC"
ExecStart=
ExecStart=/usr/sbin/cron -f -L 15
`)
    expect(await read('/usr/lib/systemd/system/cron.service')).toContain(
      'Description=Regular background program processing daemon',
    )
  })

  it('LAY-72 LAY-75 what is to be enabled is, for the system and for users, and nothing else', async () => {
    const wants = await machine.sh(
      `cd ${root}/etc/systemd && find . -name '*.wants' -prune -exec ls -1 {}/ \\; | sort -u | grep -E 'ov-|cron'`,
    )
    expect(wants).toBe('cron.service\nov-units-demo.service\nov-units-mine.service')
    expect(
      await machine.sh(
        `stat -c '%a' ${root}/etc/systemd/system/ov-units-demo.service ${root}/etc/systemd/user/ov-units-mine.service`,
      ),
    ).toBe('644\n644')
  })

  it('LAY-72 systemd itself finds nothing to say about them', async () => {
    const verify = (args: string) =>
      machine.sh(`SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no ${args} 2>&1 || true`)
    await machine.sh(
      'sudo useradd -r demo 2>/dev/null || true; [ -e /usr/sbin/cron ] || sudo cp ~/root/usr/sbin/cron /usr/sbin/cron',
    )
    await machine.sh(
      `mkdir -p ~/units && cp ${root}/etc/systemd/system/ov-units-* ${root}/usr/lib/systemd/system/cron.service ~/units && cp -r ${root}/etc/systemd/system/cron.service.d ~/units`,
    )
    expect(await verify('~/units/ov-units-demo.service ~/units/ov-units-quiet.service ~/units/cron.service')).toBe('')
    expect(await verify(`--user ${root}/etc/systemd/user/ov-units-mine.service`)).toBe('')
    const show = await machine.sh(
      'sudo cp ~/units/ov-units-demo.service /run/systemd/system/ && sudo systemctl daemon-reload && systemctl show ov-units-demo -p Environment,ExecStart,KillSignal,TimeoutStopUSec',
    )
    expect(show).toContain('argv[]=/bin/sleep 100% $$HOME ;')
    expect(show).toContain('KillSignal=2')
    expect(show).toContain('TimeoutStopUSec=30s')
  })
})
