/** Layers on a machine that stays: installed, recorded, and taken back to the last file. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBareMachine, type TestMachine, type TestProject } from './machine.ts'

const PROJECT = `import { cmd, copy, download, host, layer, link, mkdir, service, write } from 'ov'

export const tools = layer({
  name: 'tools',
  version: '2026.331.900',
  deb: { packages: ['tree', 'moreutils'] },
  env: { GREETING: 'hi there', CACHE: '~/.cache/tools' },
  pathAppend: ['~/.tools/bin'],
  tasks: [
    mkdir('/etc/tools', { mode: '0750' }),
    write('/etc/tools/deep/a.conf', { content: 'a = $HOME \`x\` "y"\\n' }),
    write('/etc/issue', { content: 'mine\\n' }),
    link('/usr/local/bin/t', { target: '/usr/bin/tree' }),
    copy('files/run.sh', { to: '/usr/local/bin/run-tools' }),
    copy('files', { to: '/opt/tools/files', mode: '0644' }),
    write('~/.tools/bin/mine', { content: '#!/bin/sh\\necho mine\\n', mode: '0755', user: '\${USER}' }),
  ],
})
export const fetched = layer({
  name: 'fetched',
  version: '2026.331.900',
  depends: [tools],
  vars: { NAME: 'thing' },
  tasks: [
    download('http://127.0.0.1:8765/\${NAME}.tar.gz', { extract: 'tar.gz', to: '/usr/local' }),
    download('http://127.0.0.1:8765/plain', { to: '/usr/local/bin/plain', mode: '0755' }),
  ],
})
export const served = layer({
  name: 'served',
  version: '2026.331.900',
  deb: { packages: ['cron'] },
  services: [
    service({ name: 'nap', exec: 'sleep infinity', restart: 'always', enable: true }),
    service({ name: 'doze', exec: 'sleep infinity', scope: 'user', enable: true }),
    service({ name: 'jobs', usePackaged: 'cron', enable: true, overrides: { env: { A: 'b' } } }),
  ],
})
export const jobs = layer({
  name: 'jobs',
  version: '2026.331.900',
  deb: { packages: ['openssh-server'] },
  services: [service({ name: 'access', usePackaged: 'ssh', enable: true, overrides: { env: { A: 'b' } } })],
})
export const prompt = layer({
  name: 'prompt',
  version: '2026.331.900',
  shell: { init: 'export SHELL_IS=\${SHELL_NAME}', pathAppend: ['~/.prompt/bin'] },
})
export const scripted = layer({ name: 'scripted', version: '2026.331.900', tasks: [cmd('echo "$NAME as $(id -un) on $ARCH" > /srv/scripted', { env: { NAME: 'x' } })] })
export const broken = layer({ name: 'broken', version: '2026.331.900', tasks: [write('/etc/before', { content: '1' }), cmd('echo about to fail; exit 3'), write('/etc/after', { content: '1' })] })
export const strange = layer({ name: 'strange', version: '2026.331.900', rpm: { packages: ['dnf-only'] } })
export const repository = layer({ name: 'repository', version: '2026.331.900', deb: { packages: ['sl'], repos: [{ name: 'mine', url: 'http://127.0.0.1:8765/', suite: '/' }] } })

const common = { version: '2026.331.900', deb: { packages: ['tree'] } }
const sharing = { services: [service({ name: 'jobs', usePackaged: 'mine', enable: true })] }
export const first = layer({ name: 'first', ...common, ...sharing, tasks: [write('/etc/shared', { content: '1' }), write('/etc/same', { content: 's' }), write('/etc/common/a', { content: 'a' })] })
export const same = layer({ name: 'same', ...common, ...sharing, tasks: [write('/etc/same', { content: 's' })] })
export const other = layer({ name: 'other', ...common, tasks: [write('/etc/common/b', { content: 'b' }), write('/etc/shared', { content: '2' }), write('/etc/same', { content: 's' })] })
export const x = host({ name: 'x', layers: [first], installOpts: { withServices: true } })
export const y = host({ name: 'y', layers: [same], installOpts: { withServices: true } })
export const z = host({ name: 'z', layers: [other] })

export const workstation = host({ name: 'workstation', layers: [fetched, served, prompt], env: { EDITOR: 'vi', GREETING: 'of the deploy' } })
export const second = host({ name: 'second', layers: [tools, prompt] })
`

/**
 * Everything that can be told of the machine, but caches, logs, what ov remembers as its operator's, apt's own files, groups that a package made, and the lock of the ledger with the
 * folders above it.
 */
const SNAPSHOT = `sudo find / /home /var/lib -xdev \\( -path /proc -o -path /sys -o -path /tmp -o -path /run -o -path /var/tmp -o -path /dev -o -path /home/op/host -o -path /home/op/.cache -o -path /home/op/served -o -path /home/op/.local \\
  -o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/containers -o -path /var/lib/systemd -o -path /home/op/.config/overthink/installed/.lock -o -path "/etc/g*shadow*" -o -path "/etc/group*" \\) -prune \\
  -o -type d -printf '%p %m %u:%g\\n' -o -printf '%p %m %u:%g %s %l\\n' | sort -u
sudo find /etc /usr/local /home/op -xdev \\( -path /home/op/host -o -path /home/op/.cache -o -path /home/op/served -o -path /home/op/.local -o -name .lock -o -path "/etc/g*shadow*" -o -path "/etc/group*" \\) -prune -o -type f -exec sha256sum {} + | sort -k2
dpkg-query -W; apt-mark showmanual
systemctl list-unit-files --no-legend | sort; systemctl --user list-unit-files --no-legend | sort; systemctl list-units --no-legend --plain --state=running | cut -d' ' -f1 | sort | grep 'ov-\\|cron' || :`

let machine: TestMachine
let project: TestProject
const sh = (script: string) => machine.sh(script)
const ov = (args: string) => project.ov(args)
const done = async (args: string) => {
  const result = await ov(args)
  expect(result.exitCode, `ov ${args}: ${result.stderr}`).toBe(0)
  return result
}
const snapshot = async () =>
  (await sh(SNAPSHOT)).replace(/^(?:\/home\/op\/\.config(?:\/overthink(?:\/installed)?)? |podman-pause-).*\n/gm, '')
let clean: string

beforeAll(async () => {
  machine = await startBareMachine('host')
  project = await machine.project('host', {
    'layers.ts': PROJECT,
    'files/run.sh': '#!/bin/sh\necho run\n',
    'files/more/data': 'data\n',
  })
  await sh(
    `sudo apt-get update -q >/dev/null; mkdir -p ~/.local/state
     mkdir -p ~/served/thing/bin ~/served/thing/lib/thing && cd ~/served/thing && printf '#!/bin/sh\\necho thing\\n' > bin/thing && chmod +x bin/thing && echo lib > lib/thing/a && ln -s thing bin/other
     tar -czf ../thing.tar.gz bin lib && cd .. && rm -r thing && printf '#!/bin/sh\\necho plain\\n' > plain
     printf "const {createServer}=require('http'),{readFileSync}=require('fs');createServer((q,r)=>{try{r.end(readFileSync('/home/op/served'+q.url))}catch{r.statusCode=404;r.end()}}).listen(8765,'127.0.0.1')" > serve.cjs
     systemd-run --user -q --unit=serve node ~/served/serve.cjs`,
  )
  clean = await snapshot()
})
afterAll(() => machine?.bed.down())

describe('a host deploy', () => {
  it('PLAN-30 PLAN-31 PLAN-33 DEP-02 DEP-09 HOST-05 the dry run tells the plan, and changes nothing', async () => {
    const { stdout, stderr } = await done('deploy add host tools --dry-run')
    expect(stdout).toBe(
      'Plan: layer=tools image=host-adhoc distro=debian:13 steps=9\n  ShellHook: 1\n  SystemPackages: 1\n  Task: 7\n',
    )
    expect(stderr).toBe('')
    const plans = JSON.parse((await done('deploy add workstation --dry-run --format json')).stdout) as {
      Layer: string
      DeployID: string
      Steps: { Kind: string; Scope: string; Gate: string }[]
    }[]
    expect(plans.map(({ Layer }) => Layer)).toEqual(['prompt', 'served', 'tools', 'fetched'])
    expect(new Set(plans.map(({ DeployID }) => DeployID)).size).toBe(1)
    expect(plans[1]!.Steps.map(({ Kind, Scope, Gate }) => [Kind, Scope, Gate])).toEqual([
      ['SystemPackages', 'system', ''],
      ['ServiceCustom', 'system', 'with-services'],
      ['ServiceCustom', 'user', 'with-services'],
      ['ServicePackaged', 'system', 'with-services'],
    ])
    expect((await ov('deploy add host tools --dry-run --format xml')).exitCode).toBe(64)
    expect(await snapshot()).toBe(clean)
  })

  it('HOST-12 HOST-14 HOST-56 HOST-28 HOST-30 HOST-33 HOST-34 HOST-35 HOST-37 HOST-65 is applied: files, packages, services, variables, records', async () => {
    const { stderr } = await done('deploy add workstation --with-services')
    expect(stderr).toContain('tools: deb: 2 packages (install)')
    expect(
      await sh(
        'sudo cat /etc/tools/deep/a.conf /etc/issue; stat -c %a /etc/tools /usr/local/bin/run-tools /opt/tools/files/more/data',
      ),
    ).toBe('a = $HOME `x` "y"\nmine\n750\n755\n644')
    expect(
      await sh('thing; other; plain; t --version | head -c 4; run-tools; stat -c %U:%G /usr/local/bin/thing'),
    ).toBe('thing\nthing\nplain\ntreerun\nroot:root')
    expect(
      await sh(
        'systemctl is-active ov-served-nap; systemctl --user is-active ov-served-doze; cat /etc/systemd/system/cron.service.d/ov-served.conf',
      ),
    ).toBe('active\nactive\n[Service]\nEnvironment="A=b"')
    expect(await sh('cat ~/.config/overthink/env.d/tools.env')).toBe(
      `# overthink env for layer tools — managed by ov; do not edit\nexport CACHE=/home/op/.cache/tools\nexport GREETING='hi there'\nexport PATH="/home/op/.tools/bin:$PATH"`,
    )
    expect(
      await sh(
        `bash -lc 'echo $EDITOR $GREETING; mine'; bash -ic 'echo $SHELL_IS; echo $PATH | grep -o "[^:]*$"' 2>/dev/null`,
      ),
    ).toBe('vi of the deploy\nmine\nbash\n/home/op/.prompt/bin')
    const records = await sh('cd ~/.config/overthink/installed; ls deploys layers; cat deploys/*.json')
    expect(records).toMatch(/"target": "host:workstation",\n {2}"layer": \[\n {4}"prompt",\n {4}"served",/)
    const layer = JSON.parse(await sh('cat ~/.config/overthink/installed/layers/tools.json')) as {
      deployed_by: string[]
      reverse_ops: { kind: string; targets: string[]; extra?: Record<string, string> }[]
    }
    expect(layer.deployed_by).toHaveLength(1)
    const removed = layer.reverse_ops.find(({ kind }) => kind === 'package-remove')!
    expect(removed.targets).toEqual(['moreutils', 'tree'])
    expect(removed.extra?.['dependencies']).toContain('libio-pty-perl')
  })

  it('HOST-40 HOST-31 applied again it changes nothing', async () => {
    const before = await snapshot()
    const { stderr } = await done('deploy add workstation --with-services')
    expect(stderr).toBe('workstation: no change')
    expect(await snapshot()).toBe(before)
  })

  it('what somebody changed is told before it is written anew', async () => {
    await sh('echo changed | sudo tee -a /etc/issue >/dev/null')
    const { stderr } = await done('deploy add workstation --with-services')
    expect(stderr).toContain('Warning: /etc/issue was changed since ov wrote it, and is written anew')
    expect(stderr).toContain('workstation: 1 change')
    expect(await sh('cat /etc/issue')).toBe('mine')
  })

  it('HOST-39 HOST-41 HOST-57 a second deploy shares layers, and removing one leaves what the other has', async () => {
    await done('deploy add second')
    expect(await sh(`grep -c '^    "[0-9a-f]\\{16\\}"' ~/.config/overthink/installed/layers/tools.json`)).toBe('2')
    const { stderr } = await done('deploy del workstation --yes')
    expect(stderr).toMatch(/^Removed host deploy [0-9a-f]{16} \(host-adhoc\)$/m)
    expect(
      await sh(
        'mine 2>/dev/null || ~/.tools/bin/mine; tree --version | head -c 4; systemctl is-active ov-served-nap || true; which thing || true',
      ),
    ).toBe('mine\ntreeinactive')
    expect(await sh(`bash -lc 'echo $EDITOR $GREETING'`)).toBe('hi there')
  })

  it('HOST-32 HOST-44 HOST-45 HOST-49 HOST-50 HOST-58 the last one leaves the machine as it was', async () => {
    expect((await done('deploy del second --dry-run')).stdout).toMatch(
      /^\[dry-run\] would tear down host deploy [0-9a-f]{16} \(image=host-adhoc, 2 layers\)\n {2}- /,
    )
    await done('deploy del second --yes')
    expect(await snapshot()).toBe(clean)
    expect((await done('deploy del second --yes')).stderr).toBe('No deployments recorded.')
  })

  it('HOST-41 in the other order, too', async () => {
    await done('deploy add second')
    await done('deploy add workstation --with-services')
    await done('deploy del second --yes')
    expect(await sh('~/.tools/bin/mine; thing')).toBe('mine\nthing')
    await done('deploy del workstation --yes')
    expect(await snapshot()).toBe(clean)
  })
})

it.each([
  [
    ['x', 'y', 'z'],
    ['2 s tree enabled', '2 s tree disabled', 'orig disabled'],
  ],
  [
    ['z', 'y', 'x'],
    ['1 s tree enabled', '1 s tree enabled', 'orig disabled'],
  ],
  [
    ['y', 'x', 'z'],
    ['2 s tree enabled', '2 s tree disabled', 'orig disabled'],
  ],
])('HOST-57 what several layers have in common stays until the last of them goes: %j', async (order, states) => {
  await sh(
    `echo orig | sudo tee /etc/shared; printf '[Service]\\nExecStart=sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' | sudo tee /etc/systemd/system/mine.service; sudo systemctl daemon-reload`,
  )
  const before = await snapshot()
  const state = () =>
    sh(
      'echo $(cat /etc/shared) $(cat /etc/same 2>/dev/null) $(command -v tree | sed s:.*/::) $(systemctl is-enabled mine)',
    )
  await done('apply x y z')
  expect(await state()).toBe('2 s tree enabled')
  for (const [index, name] of order.entries()) {
    await done(`destroy ${name}`)
    expect(await state(), name).toBe(states[index])
  }
  expect(await snapshot()).toBe(before)
  await sh('sudo rm /etc/shared /etc/systemd/system/mine.service; sudo systemctl daemon-reload')
})

describe('services of the machine itself', () => {
  it('HOST-18 HOST-45 HOST-48 what was enabled before stays enabled and running when the deploy goes', async () => {
    const state = () =>
      sh('systemctl is-enabled ssh; systemctl is-active ssh; ls /etc/systemd/system/ssh.service.d 2>/dev/null || true')
    expect(await state()).toBe('enabled\nactive')
    await done('deploy add host jobs --with-services')
    expect(await state()).toBe('enabled\nactive\nov-jobs.conf')
    await done('deploy add host jobs --with-services')
    const ops = await sh(
      "grep '\"kind\": \"' ~/.config/overthink/installed/layers/jobs.json | grep -v Service | grep -v System | tr -d ' \\n'",
    )
    expect(ops).toBe('"kind":"remove-dropin","kind":"service-disable","kind":"restore-enabled",')
    await done('deploy del host --yes')
    expect(await state()).toBe('enabled\nactive')
    await done('deploy add host jobs --with-services')
    await done('deploy del host --yes --keep-services')
    expect(await state()).toBe('enabled\nactive\nov-jobs.conf')
    await sh('sudo rm -r /etc/systemd/system/ssh.service.d; sudo systemctl daemon-reload')
    expect(await snapshot()).toBe(clean)
  })

  it('a service that somebody stopped is started again', async () => {
    await done('deploy add host served --with-services')
    await sh('sudo systemctl disable -q --now ov-served-nap')
    expect((await done('deploy add host served --with-services')).stderr).toBe(
      'served: unit ov-served-nap.service\nhost: 1 change',
    )
    expect(await sh('systemctl is-active ov-served-nap')).toBe('active')
    await done('deploy del host --yes')
    expect(await snapshot()).toBe(clean)
  })
})

describe('apply, diff and destroy', () => {
  it('what would be done, and what would be left out, is shown first', async () => {
    const dry = await done('apply --dry-run')
    expect(dry.stderr).toContain('workstation: would do tools: deb: tree moreutils')
    expect(dry.stderr).toContain('workstation: would leave out (--with-services) served: unit ov-served-nap.service')
    const diff = await ov('diff second')
    expect(diff.exitCode).toBe(2)
    expect(diff.stdout).toContain('tools: deb: tree moreutils')
    expect(diff.stdout).toMatch(/--- \/etc\/issue\n\+\+\+ \/etc\/issue\n@@ .*\n-Debian GNU.*\n(-\n)?\+mine\n/)
    expect(await snapshot()).toBe(clean)
  })

  it('a host is applied, changed by hand, shown, and taken down', async () => {
    expect((await done('apply second')).stderr).toMatch(/^second: 13 changes$/m)
    expect((await done('apply second')).stderr).toBe('second: no change')
    expect((await done('diff second')).stdout).toBe('no differences')
    await sh('echo by hand | sudo tee -a /etc/issue >/dev/null; sudo rm /usr/local/bin/t')
    const { exitCode, stdout } = await ov('diff second')
    expect(exitCode).toBe(2)
    expect(stdout).toContain('tools: write: write /etc/issue (changed by somebody else)')
    expect(stdout).toContain(' mine\n-by hand\n')
    expect(stdout).toContain('tools: link: link /usr/local/bin/t')
    await done('apply second')
    expect(await sh('cat /etc/issue; readlink /usr/local/bin/t')).toBe('mine\n/usr/bin/tree')
    await done('destroy second --yes')
    expect(await snapshot()).toBe(clean)
  })

  it('a deploy for another machine is never installed on this one', async () => {
    await project.put({
      'deploy.ts': `import { host } from 'ov'\nimport { tools } from './layers.ts'\nexport const far = host({ name: 'far', host: 'ops@db1', layers: [tools] })\n`,
    })
    for (const command of ['deploy add far', 'apply far', 'diff far']) {
      const { exitCode, stderr } = await ov(command)
      expect(exitCode).toBe(1)
      expect(stderr).toContain("ssh://ops@db1 can't be reached")
    }
    await sh(`rm ${project.folder}/deploy.ts`)
    expect(await snapshot()).toBe(clean)
  })
})

describe('what a host deploy may not do', () => {
  it('HOST-05 HOST-06 HOST-13 HOST-17 HOST-51 a closed gate leaves a step out, says so, and records nothing', async () => {
    const { stderr } = await done('deploy add host scripted')
    expect(stderr).toContain('[skip] Task scope=system requires --allow-root-tasks')
    expect(await sh('ls /srv; cat ~/.config/overthink/installed/layers/scripted.json')).not.toContain('steps')
    await done('deploy add host scripted --allow-root-tasks')
    expect(await sh('cat /srv/scripted')).toMatch(/^x as root on (amd64|arm64)$/)
    expect((await done('deploy del host --dry-run')).stdout).toContain('  - not reversible: layer scripted: cmd')
    expect((await done('deploy del host --yes')).stderr).toContain('not reversible: layer scripted: cmd')
    await sh('sudo rm /srv/scripted')
    // HOST-17
    await sh('sudo cp /usr/lib/systemd/system/ssh.service /usr/lib/systemd/system/ov-served-nap.service')
    const hiding = await ov('deploy add host served --with-services')
    expect(hiding.exitCode).toBe(1)
    expect(hiding.stderr).toContain(
      'unit ov-served-nap.service of layer "served" would hide /usr/lib/systemd/system/ov-served-nap.service',
    )
    await sh('sudo rm /usr/lib/systemd/system/ov-served-nap.service')
    expect(await snapshot()).toBe(clean)
  })

  it('HOST-02 HOST-05 DEP-16 what can’t be is told before anything is changed', async () => {
    const strange = await ov('deploy add host strange')
    expect(strange.exitCode).toBe(1)
    expect(strange.stderr).toContain(
      'layer "strange": it has no packages for this machine (debian:13, debian), only rpm',
    )
    expect((await done('deploy add host strange --skip-incompatible --add-layer tools')).stderr).toContain('strange')
    await done('deploy del host --yes')
    const repository = await ov('deploy add host repository')
    expect(repository.exitCode).toBe(1)
    expect(repository.stderr).toContain('repo change in plan repository requires --allow-repo-changes')
    const unknown = await ov('deploy add host tols')
    expect(unknown.exitCode).toBe(1)
    expect(unknown.stderr).toContain('the project has no layer and no image "tols" (did you mean "tools"?)')
    expect((await ov('deploy add nothing')).stderr).toContain('no <ref> and the project has no deploy "nothing"')
    expect(await snapshot()).toBe(clean)
  })

  it('HOST-38 HOST-46 a step that fails stops the rest; what was done is recorded, and taken back', async () => {
    const { exitCode, stderr } = await ov('deploy add host broken --allow-root-tasks')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('plan broken: cmd failed (exit code 3)')
    expect(stderr).toContain('about to fail')
    expect(await sh('ls /etc/before /etc/after 2>&1 || true')).toContain("cannot access '/etc/after'")
    await done('deploy del host --yes')
    expect(await snapshot()).toBe(clean)
  })

  it('HOST-36 a ledger that can’t be read stops everything', async () => {
    await done('deploy add host prompt')
    const file = '~/.config/overthink/installed/layers/prompt.json'
    await sh(`cp ${file} ~/.cache/kept; head -c 40 ~/.cache/kept > ${file}`)
    for (const command of ['deploy add host prompt', 'deploy del host --yes']) {
      const { exitCode, stderr } = await ov(command)
      expect(exitCode).toBe(1)
      expect(stderr).toContain("layers/prompt.json can't be read")
    }
    await sh(`cp ~/.cache/kept ${file}`)
    await done('deploy del host --yes')
    expect(await snapshot()).toBe(clean)
  })
})

it('DEP-08 HOST-31 HOST-52 HOST-53 HOST-54 HOST-55 the example workstation is applied, works in a login shell, and goes', async () => {
  await sh(`rm -rf ${project.folder}`)
  const folder = join(import.meta.dirname, '../../examples/workstation')
  const files = ['layers.ts', 'deploy.ts', 'files/hello'].map((name) => [
    name,
    readFileSync(join(folder, name), 'utf8'),
  ])
  const example = await machine.project('host', Object.fromEntries(files) as Record<string, string>)
  const before = await snapshot()
  const first = await example.ov('diff')
  expect(first.exitCode).toBe(2)
  expect(first.stdout).toContain('tools: deb: ripgrep')
  expect(first.stdout).toContain('+--smart-case')
  expect(first.stdout).toContain('+echo "hello from $(hostname)"')
  expect(first.stdout).toMatch(/\+\+\+ \/home\/op\/\.bashrc[\s\S]*\+alias ll=/)
  expect(first.stdout).toMatch(/\+\+\+ \/home\/op\/\.profile[\s\S]*\+# overthink:begin \(managed/)
  expect((await example.done('apply --verify')).stderr).toMatch(
    /workstation: \d+ changes\nworkstation: checks: 3 passed · 0 failed · 0 skipped$/,
  )
  // DEP-08: a check that fails is named with its layer, and the deploy stays.
  await sh('sudo chmod 000 /usr/bin/rg')
  const failed = await example.ov('deploy add workstation --verify')
  expect(failed.exitCode).toBe(2)
  expect(failed.stderr).toMatch(/✗ command rg --version: exit status is 12[67][\s\S]*from layer:tools/)
  await sh('sudo chmod 755 /usr/bin/rg')
  expect(
    await sh(
      "bash -lc 'echo $EDITOR $LESS; rg --version | head -c 7; hello | head -c 10'; systemctl --user is-active ov-notes-notes; bash -ic 'alias ll' 2>/dev/null",
    ),
  ).toBe("nano -FRX\nripgrephello fromactive\nalias ll='ls -l'")
  expect((await example.done('apply')).stderr).toContain('workstation: no change')
  expect((await example.ov('diff')).exitCode).toBe(0)
  // HOST-52
  expect((await example.done('status workstation')).stdout).toBe(
    'workstation  running  local  1 deploys, 3 layers, 1 images',
  )
  for (const verb of ['start', 'stop', 'logs', 'restart'])
    expect((await example.ov(`${verb} workstation`)).stderr).toContain(
      'host "workstation": lifecycle operation not supported on host target',
    )
  // HOST-53: nobody can say what of it is ov's.
  await sh("cp ~/.profile ~/profile; sed -i '/overthink:end/d' ~/.profile; md5sum < ~/.profile > ~/sum")
  for (const command of ['apply', 'diff', 'deploy add workstation']) {
    const broken = await example.ov(command)
    expect(broken.exitCode).toBe(1)
    expect(broken.stderr).toMatch(/\/home\/op\/\.profile: line \d+ is .*and the other end of the block is missing/)
  }
  expect(await sh('md5sum < ~/.profile | cmp - ~/sum && mv ~/profile ~/.profile; rm ~/sum')).toBe('')
  await example.done('destroy workstation')
  expect(await snapshot()).toBe(before)
})
