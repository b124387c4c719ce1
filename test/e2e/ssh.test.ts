/** Hosts over SSH, between machines: what the user's ssh can do, and nothing on the operator's machine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBed, type Bed } from '../bed/bed.ts'
import { putKey, startBareMachine, type TestMachine, type TestProject } from './machine.ts'

const project = (hosts: string) => `import { cmd, copy, host, layer, service, write } from 'ov'
export const files = layer({
  name: 'files',
  version: '2026.331.900',
  env: { GREETING: 'hello' },
  tasks: [
    copy('files/run.sh', { to: '/usr/local/bin/run-files' }),
    write('/etc/files.conf', { content: 'a = 1\\n' }),
    write('~/mine.conf', { content: 'b = 2\\n', user: '\${USER}' }),
    cmd('id -un > /srv/who; cat /ctx/files/run.sh > /srv/ctx'),
  ],
})
export const broken = layer({ name: 'broken', version: '2026.331.900', tasks: [write('/etc/before', { content: '1' }), cmd('echo about to fail; exit 3')] })
export const slow = layer({ name: 'slow', version: '2026.331.900', tasks: [cmd('for n in 1 2 3 4 5 6 7 8; do echo $n >> /srv/slow; sleep 0.5; done'), write('/etc/slow.conf', { content: 'x' })] })
export const shut = layer({
  name: 'shut',
  version: '2026.331.900',
  tasks: [write('/etc/ssh/sshd_config.d/shut.conf', { content: 'AllowUsers nobody\\n' }), cmd('systemctl restart ssh')],
})
export const harmless = layer({ name: 'harmless', version: '2026.331.900', tasks: [write('/etc/ssh/sshd_config.d/fine.conf', { content: '# fine\\n' })] })
${hosts}
`
const ALLOW = 'installOpts: { allowRootTasks: true }'

let operator: TestMachine
let target: Bed
let bastion: Bed
let work: TestProject
const sh = (script: string) => operator.sh(script)
const there = async (script: string, bed = target) => (await bed.exec(['bash', '-c', script])).stdout
/** The hosts of the project from now on. */
const hosts = (text: string) => work.put({ 'layers.ts': project(text) })
/** Runs ov on a terminal, and answers each question when it is there. */
const typed = (args: string, ...answers: (readonly [question: string, answer: string])[]) =>
  operator.sh(
    `cd ~/fleet; rm -f ~/in ~/out; mkfifo ~/in; : > ~/out
     script -qefc "stty cols 200; ov ${args}" ~/out < ~/in >/dev/null 2>&1 & pid=$!; exec 3> ~/in; from=0
     ${answers
       .map(
         ([question, answer]) =>
           `for n in $(seq 100); do tail -c +$((from + 1)) ~/out | grep -q '${question}' && break; sleep 0.2; done; printf '${answer}\\r' >&3; sleep 1.5; from=$(stat -c %s ~/out)`,
       )
       .join('\n')}
     exec 3>&-; wait $pid; cat ~/out`,
    { reject: false },
  )
const knownHosts = async (bed: Bed) =>
  `${bed.ip} ${(await bed.exec(['cut', '-d', ' ', '-f', '1,2', '/etc/ssh/ssh_host_ed25519_key.pub'])).stdout}\n`

beforeAll(async () => {
  ;[operator, target, bastion] = await Promise.all([
    startBareMachine('operator'),
    startBed('target'),
    startBed('bastion'),
  ])
  work = await operator.project('fleet', { 'files/run.sh': '#!/bin/sh\necho run\n' })
  await putKey(operator)
  await operator.bed.put('.ssh/known_hosts', (await knownHosts(target)) + (await knownHosts(bastion)))
})
afterAll(async () => {
  await Promise.all([operator?.bed.down(), target?.down(), bastion?.down()])
})

describe('a host that is reached over SSH', () => {
  it('DEP-43 DEP-46 HOST-33 HOST-41 HOST-49 HOST-64 is applied there, and leaves nothing here', async () => {
    await hosts(
      `export const db = host({ name: 'db', host: 'op@${target.ip}', layers: [files], ${ALLOW}, env: { EDITOR: 'vi' } })`,
    )
    const before = await sh('find ~ /etc -newer ~/.ssh/known_hosts -type f 2>/dev/null | sort')
    const { stderr } = await work.done('apply')
    expect(stderr).toContain('db: 5 changes')
    expect(
      await there(
        'cat /etc/files.conf ~/mine.conf /srv/who; run-files; cmp /srv/ctx /usr/local/bin/run-files; stat -c %U ~/mine.conf',
      ),
    ).toBe('a = 1\nb = 2\nroot\nrun\nop')
    expect(await there(`bash -lc 'echo $GREETING $EDITOR'; ls ~/.config/overthink/installed/layers`)).toBe(
      'hello vi\nfiles.json',
    )
    expect(await there('ls -d /tmp/ov-* 2>/dev/null || echo none')).toBe('none')
    // What is here is ov's own memory and the build folder of the project.
    const after = await sh(
      'find ~ /etc -newer ~/.ssh/known_hosts -type f 2>/dev/null | sort | grep -v "/fleet/.build/\\|/.cache/ov/\\|/.local/state/ov/"',
    )
    expect(after).toBe(before)
    expect(await sh('ls -A ~/.config 2>/dev/null; cat ~/.profile | grep -c overthink || :')).not.toContain('overthink')
    expect((await work.done('apply')).stderr).toContain('db: no change')
    expect((await work.ov('diff')).exitCode).toBe(0)
    await there('echo "a = 2" | sudo tee /etc/files.conf')
    const drift = await work.ov('diff')
    expect(drift.exitCode).toBe(2)
    expect(drift.stdout).toMatch(/-a = 2\n\+a = 1/)
    // A deploy that moves would leave behind what it did.
    await hosts(`export const db = host({ name: 'db', host: 'op@${bastion.ip}', layers: [files], ${ALLOW} })`)
    const moved = await work.ov('apply')
    expect(moved.exitCode).toBe(1)
    expect(moved.stderr).toContain(
      `db is installed on ssh://op@${target.ip}, and would go to ssh://op@${bastion.ip} now`,
    )
    // It needs no project to be taken back.
    await sh('cd / && ov destroy db')
    expect(
      await there(
        'ls /etc/files.conf ~/mine.conf /usr/local/bin/run-files ~/.config/overthink/installed/layers 2>/dev/null || :',
      ),
    ).toBe('')
    expect((await work.ov('deploy del db')).stderr).toContain('No deployments recorded.')
  })

  it('DEP-43 DEP-44 aliases, users, ports, identities and jumps of ~/.ssh/config', async () => {
    await operator.bed.put(
      '.ssh/config',
      `Host db-alias\n  HostName ${target.ip}\n  User op\n  ProxyJump op@${bastion.ip}\nHost plain\n  HostName ${target.ip}\n  User op\n  IdentitiesOnly yes\n  IdentityFile ~/.ssh/named\nHost through\n  HostName ${target.ip}\n  User op\n  ProxyCommand ssh -W %h:%p op@${bastion.ip}\n`,
    )
    await hosts(
      `export const a = host({ name: 'a', host: 'db-alias', layers: [files], ${ALLOW} })
       export const b = host({ name: 'b', host: 'plain', layers: [files], ${ALLOW} })
       export const c = host({ name: 'c', host: 'through', layers: [files], ${ALLOW} })
       export const d = host({ name: 'd', host: '${target.ip}:22', user: 'op', sshArgs: ['-J', 'op@${bastion.ip}', '-o', 'IdentityFile=~/.ssh/named'], layers: [files], ${ALLOW} })`,
    )
    expect((await work.ov('apply a')).exitCode).toBe(0)
    expect(await there('sudo journalctl -u ssh -n 200 -o cat | grep -c "Accepted publickey for op"', bastion)).not.toBe(
      '0',
    )
    expect(
      await there(`sudo journalctl -u ssh -n 50 -o cat | grep -c "Accepted publickey for op from ${bastion.ip}"`),
    ).not.toBe('0')
    // Only the identity that is named is tried, and it is missing; then it is not.
    const refused = await work.ov('apply b')
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain(`op@${target.ip} lets nobody in with what there is here (it takes publickey)`)
    await sh('mv ~/.ssh/id_ed25519 ~/.ssh/named')
    expect((await work.ov('apply b')).stderr).toContain('b: no change')
    // What is given for the machine is not for the one in between, as with ssh.
    expect((await work.ov('apply d')).stderr).toContain(`op@${bastion.ip} lets nobody in`)
    await sh('cp ~/.ssh/named ~/.ssh/id_ed25519')
    expect((await work.ov('apply d')).stderr).toContain('d: no change')
    expect((await work.ov('apply c')).stderr).toContain('c: no change')
    // An agent has what no file has.
    await sh('rm ~/.ssh/id_ed25519')
    expect(
      await sh(
        `cd ~/fleet; eval "$(ssh-agent)" >/dev/null; ssh-add -q ~/.ssh/named; ov apply c 2>&1; ssh-agent -k >/dev/null`,
      ),
    ).toContain('c: no change')
    await sh('cp ~/.ssh/named ~/.ssh/id_ed25519')
    await work.done('destroy a b c d')
    expect(await there('ls /etc/files.conf 2>/dev/null || :')).toBe('')
  })

  it('DEP-45 what can not be meant is refused where it is written', async () => {
    for (const [fields, message] of [
      [
        `host: 'op@${target.ip}', user: 'root'`,
        `ambiguous user — host: "op@${target.ip}" has inline user "op" but user: field is "root" (remove one)`,
      ],
      [`host: 'a b'`, 'invalid host "a b": it has a character that no name of a machine has'],
      [`user: 'op'`, 'deployment "x": user: field only meaningful when host: is non-local'],
      [`sshArgs: ['-v']`, 'deployment "x": sshArgs: field only meaningful when host: is non-local'],
      [`host: 'db', sshArgs: ['-N']`, '"-N" is not an option that says how to connect'],
      [`host: '-oProxyCommand=touch /tmp/owned'`, 'invalid host'],
    ] as const) {
      await hosts(`export const x = host({ name: 'x', layers: [files], ${fields} })`)
      const { exitCode, stderr } = await work.ov('apply')
      expect(exitCode, fields).toBe(1)
      expect(stderr).toContain(message)
      expect(stderr).toMatch(/layers\.ts:\d+/)
    }
    expect(await sh('ls /tmp/owned 2>/dev/null || :')).toBe('')
  })

  it('DEP-43 a key that is not known, or another one than before, stops everything', async () => {
    await hosts(`export const db = host({ name: 'db', host: 'op@${target.ip}', layers: [files], ${ALLOW} })`)
    const known = await operator.bed.get('.ssh/known_hosts')
    await operator.bed.put('.ssh/known_hosts', await knownHosts(bastion))
    const unknown = await work.ov('apply')
    expect(unknown.exitCode).toBe(1)
    expect(unknown.stderr).toMatch(/the key of op@[\d.]+ is not known \(ssh-ed25519 SHA256:/)
    await operator.bed.put('.ssh/known_hosts', (await knownHosts(bastion)).replace(bastion.ip, target.ip))
    const changed = await work.ov('apply')
    expect(changed.exitCode).toBe(1)
    expect(changed.stderr).toContain('shows another key than before')
    expect(changed.stderr).toContain(`ssh-keygen -R '${target.ip}'`)
    // Somebody who is asked may take it; it is kept, as ssh would.
    await operator.bed.put('.ssh/known_hosts', '')
    expect(await typed('apply db', ['Is that the one', 'y'])).toContain('its key is known from now on')
    expect(await sh(`ssh-keygen -F ${target.ip} | tail -1; ssh -o BatchMode=yes op@${target.ip} echo in`)).toMatch(
      /in$/,
    )
    await operator.bed.put('.ssh/known_hosts', '')
    await hosts(
      `export const db = host({ name: 'db', host: 'op@${target.ip}', sshArgs: ['-o', 'StrictHostKeyChecking=accept-new', '-o', 'HashKnownHosts=yes'], layers: [files], ${ALLOW} })`,
    )
    await work.done('apply')
    expect(await sh(`cut -c1-3 ~/.ssh/known_hosts; ssh -o BatchMode=yes op@${target.ip} echo in`)).toBe('|1|\nin')
    await operator.bed.put('.ssh/known_hosts', known)
    await work.done('destroy db')
  })

  it('DEP-46 HOST-04 without sudo, with a wrong password, or not there: nothing is changed, and it is said why', async () => {
    await target.exec(
      [
        'bash',
        '-c',
        'useradd -m -s /bin/bash plain && echo plain:secret | chpasswd && printf "Match User plain\\n PasswordAuthentication yes\\n" > /etc/ssh/sshd_config.d/00-plain.conf && systemctl restart ssh',
      ],
      { user: 'root' },
    )
    await hosts(`export const db = host({ name: 'db', host: 'plain@${target.ip}', layers: [files], ${ALLOW} })
export const gone = host({ name: 'gone', host: '${target.ip}:1', layers: [files] })`)
    const gone = await work.ov('apply gone')
    expect(gone.exitCode).toBe(1)
    expect(gone.stderr).toMatch(/ssh:\/\/[\d.]+:1 can't be reached: .*ECONNREFUSED/)
    const refused = await work.ov('apply db')
    expect(refused.stderr).toContain('there is no terminal to ask for a password on')
    const wrong = await typed(
      'apply db',
      ...['no', 'nor this', 'nor that'].map((answer) => ['password', answer] as const),
    )
    expect(wrong).toContain('lets nobody in')
    const nosudo = await typed('apply db', ['password', 'secret'])
    expect(nosudo).toContain('sudo preflight')
    expect(nosudo).toContain('needs sudo without a password')
    expect(nosudo).not.toContain('secret')
    expect(
      await there(
        'sudo ls -A /home/plain/.config/overthink/installed 2>/dev/null; ls /etc/files.conf 2>/dev/null || :',
      ),
    ).not.toContain('json')
  })
})

describe('several machines', () => {
  it('HOST-38 one that fails keeps no other from being finished', async () => {
    await hosts(`export const a = host({ name: 'a', host: 'op@${target.ip}', layers: [files], ${ALLOW} })
export const b = host({ name: 'b', host: 'op@${bastion.ip}', layers: [broken], ${ALLOW} })
export const c = host({ name: 'c', host: 'op@127.0.0.1:2200', sshArgs: ['-o', 'ConnectTimeout=2'], layers: [files] })`)
    // It takes connections, and says nothing.
    await sh(
      `systemd-run --user -q --unit=silent node -e "require('net').createServer(() => {}).listen(2200, '127.0.0.1')"`,
    )
    const { exitCode, stderr } = await work.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('\na: 5 changes')
    expect(stderr).toContain('b: plan broken: cmd failed (exit code 3)')
    expect(stderr).toMatch(/c: ssh:\/\/op@127\.0\.0\.1:2200 can't be reached: no answer within 2 seconds/)
    expect(stderr).toContain('1 of 3 hosts are done, not b, c')
    expect(await there('cat /etc/files.conf')).toBe('a = 1')
    await hosts(`export const a = host({ name: 'a', host: 'op@${target.ip}', layers: [files], ${ALLOW} })`)
    expect((await work.ov('diff')).stdout).toMatch(/undeclared b: remove/)
    await work.ov('deploy del c')
    await work.done('apply --prune')
    expect(await there('ls /etc/before 2>/dev/null || echo gone', bastion)).toBe('gone')
    await work.done('destroy a')
  })
})

describe('a connection that is lost', () => {
  it('HOST-07 HOST-38 HOST-43 the step runs to its end, the next run waits for it and goes on', async () => {
    await hosts(`export const db = host({ name: 'db', host: 'op@${target.ip}', layers: [slow], ${ALLOW} })`)
    const first = work.ov('apply')
    await expect.poll(() => there('cat /srv/slow 2>/dev/null | wc -l')).toBe('2')
    // The session of op, as if a cable was pulled.
    await target.exec(['bash', '-c', 'pkill -KILL -f "[s]shd.*op@notty"'], {
      user: 'root',
    })
    const { exitCode, stderr } = await first
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`the connection to ssh://op@${target.ip} was lost`)
    const again = await work.ov('apply')
    expect(again.exitCode, again.stderr).toBe(0)
    // Twice whole, never mixed.
    expect(await there('tr -d "\\n" </srv/slow; cat /etc/slow.conf')).toBe('1234567812345678x')
    expect(await there('ls -d /tmp/ov-* 2>/dev/null || echo none')).toBe('none')
    await work.done('destroy db')
    expect(await there('ls /etc/slow.conf 2>/dev/null || echo gone')).toBe('gone')
  })
})

describe('access', () => {
  it('an apply that locks the operator out is put back by the machine itself', async () => {
    await hosts(`export const db = host({ name: 'db', host: 'op@${target.ip}', layers: [shut], ${ALLOW} })`)
    const { exitCode, stderr } = await work.ov('apply --confirm-within 10')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('it lets no new connection in')
    expect(stderr).toContain('was put back by itself')
    expect(
      await sh(`ssh -o BatchMode=yes op@${target.ip} 'ls /etc/ssh/sshd_config.d /var/lib/overthink 2>/dev/null || :'`),
    ).not.toMatch(/shut|guard/)
    await work.done('destroy db')
  })

  it('one that lets the operator in again stops the timer', async () => {
    await hosts(`export const db = host({ name: 'db', host: 'op@${target.ip}', layers: [harmless], ${ALLOW} })`)
    const { stderr } = await work.done('apply')
    expect(stderr).toContain('access is touched')
    expect(
      await there(
        'systemctl list-timers --all | grep -c ov-guard || :; cat /etc/ssh/sshd_config.d/fine.conf; ls /var/lib/overthink 2>/dev/null || echo none',
      ),
    ).toBe('0\n# fine\nnone')
    expect((await work.done('apply')).stderr).not.toContain('access is touched')
    await work.done('destroy db')
    expect(await there('ls /etc/ssh/sshd_config.d')).not.toContain('fine')
  })
})
