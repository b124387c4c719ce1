/** ov dies, or loses its connection, before and after each script that it runs on a machine. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBed, type Bed } from '../bed/bed.ts'
import { putKey, startBareMachine, type TestMachine, type TestProject } from './machine.ts'

const project = (target: string) => `import { cmd, copy, download, host, layer, link, service, write } from 'ov'
export const all = layer({
  name: 'all',
  version: '2026.331.900',
  env: { GREETING: 'hello' },
  shell: { init: 'export SHELL_IS=x' },
  tasks: [
    write('/etc/issue', { content: 'mine\\n' }),
    copy('files/run.sh', { to: '/usr/local/bin/run-all' }),
    write('~/.config/all/mine.conf', { content: 'b = 2\\n', user: '\${USER}' }),
    download('file:///etc/hostname', { to: '/usr/local/share/all/name' }),
    link('/usr/local/bin/ra', { target: 'run-all' }),
    cmd('cat /etc/issue > /srv/of-cmd; [ ! -x /run/killer/mid ] || { sleep 1; /run/killer/mid; }'),
  ],
  services: [service({ name: 'nap', exec: 'sleep infinity', enable: true })],
})
export const here = host({ name: 'here', layers: [all], installOpts: { allowRootTasks: true, withServices: true } })
export const there = host({ name: 'there', host: 'op@${target}', layers: [all], installOpts: { allowRootTasks: true, withServices: true } })
`
/** Stands before flock, through which all scripts run: counts them, and acts before or after one. */
const WRAPPER = `#!/bin/bash
if [ "$1" = --close ] && [ -e /run/killer/at ]; then
  n=$(( $(cat /run/killer/n) + 1 )); echo $n > /run/killer/n
  [ "$n before" != "$(cat /run/killer/at)" ] || /run/killer/act
  /usr/bin/flock "$@"; code=$?
  [ "$n after" != "$(cat /run/killer/at)" ] || /run/killer/act
  exit $code
fi
exec /usr/bin/flock "$@"
`
const PLACES = `/etc /usr/local /home/op /var/lib/overthink -xdev \\( -path /home/op/.cache -o -path /home/op/killed -o -path /home/op/.ssh -o -path /home/op/.local -o -path /home/op/.config/overthink/installed -o -path /etc/ld.so.cache \\) -prune`
const SNAPSHOT = `sudo find ${PLACES} -o -printf '%p %m %u:%g %l\\n' 2>/dev/null | sort; sudo find ${PLACES} -o -type f -exec sha256sum {} + 2>/dev/null | sort
ls /home/op/.config/overthink/installed/*/* 2>/dev/null; systemctl is-active ov-all-nap; ls -d /tmp/ov-* 2>/dev/null`

let operator: TestMachine
let target: Bed
let work: TestProject
const asRoot = (bed: Bed, script: string) => bed.exec(['bash', '-c', script], { user: 'root' })
const snapshot = async (bed: Bed) => (await bed.exec(['bash', '-c', SNAPSHOT], { reject: false })).stdout

beforeAll(async () => {
  ;[operator, target] = await Promise.all([startBareMachine('killed'), startBed('killed-target')])
  work = await operator.project('killed', { 'layers.ts': project(target.ip), 'files/run.sh': '#!/bin/sh\necho run\n' })
  await putKey(operator)
  await operator.sh(`mkdir -p ~/.local/state; ssh -o StrictHostKeyChecking=accept-new op@${target.ip} true`)
  for (const [bed, act] of [
    [operator.bed, `pkill -KILL -f '[/]cli.js'`],
    [target, `sudo pkill -KILL -f '[s]shd.*op@notty'`],
  ] as const) {
    await bed.put('/usr/local/bin/flock', WRAPPER, { user: 'root', mode: 0o755 })
    await asRoot(
      bed,
      `mkdir -m 777 /run/killer; install -d -o op -g op -m 700 /home/op/.config /home/op/.config/overthink; printf '%s\\n' '#!/bin/sh' "$(echo ${Buffer.from(act).toString('base64')} | base64 -d)" > /run/killer/act; chmod 755 /run/killer/act`,
    )
  }
})
afterAll(() => Promise.all([operator?.bed.down(), target?.down()]))

it.each([
  ['a SIGKILL of ov', 'here'],
  ['the loss of the connection', 'there'],
])(
  'HOST-07 HOST-37 HOST-38 HOST-43 HOST-46 after %s at any step the next run finishes, and del restores',
  async (_, name) => {
    const bed = name === 'here' ? operator.bed : target
    const clean = await snapshot(bed)
    const at = (point: string) =>
      asRoot(
        bed,
        `echo 0 > /run/killer/n; echo '${point}' > /run/killer/at; chmod 666 /run/killer/*; chmod 755 /run/killer/act`,
      )
    const off = async () => Number((await asRoot(bed, 'rm /run/killer/at; cat /run/killer/n')).stdout)
    await at('none')
    await work.done(`apply ${name}`)
    const scripts = await off()
    const whole = await snapshot(bed)
    await work.done(`destroy ${name}`)
    expect(await snapshot(bed)).toBe(clean)
    expect(scripts).toBeGreaterThan(4)
    let cut = 0
    for (let script = 1; script <= scripts; script++)
      for (const when of ['before', 'after']) {
        await at(`${script} ${when}`)
        const first = await work.ov(`apply ${name}`)
        if (first.exitCode !== 0) cut++
        await off()
        // By turns: finished and taken back, or taken back at once.
        if ((script + (when === 'after' ? 1 : 0)) % 2 === 0) {
          const next = await work.ov(`apply ${name}`)
          expect(next.exitCode, `${script} ${when}: ${next.stderr}`).toBe(0)
          expect(await snapshot(bed), `${script} ${when}, finished`).toBe(whole)
        }
        await work.done(`destroy ${name}`)
        expect(await snapshot(bed), `${script} ${when}, taken back`).toBe(clean)
      }
    expect(cut).toBe(2 * scripts)
  },
)
