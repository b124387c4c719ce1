import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startMachine, type TestMachine, type TestProject } from './machine.ts'

const site = (more: { tasks?: string; services?: string; ports?: string; image?: string } = {}) => ({
  'layers.ts': `import { cmd, layer, service, write } from 'ov'

export const page = layer({
  name: 'page',
  version: '2026.320.1200',
  ports: [8080],
  tasks: [
    write('/srv/page/index.html', { content: 'page\\n' }),
    ${more.tasks ?? "cmd('true')"},
  ],
  services: [${more.services ?? "service({ name: 'page', exec: '/usr/bin/busybox httpd -f -p 8080 -h /srv/page', restart: 'always' })"}],
})
`,
  'deploy.ts': `import { debootstrap, image, pod } from 'ov'
import { page } from './layers.ts'
import { stock } from './stock.ts'

export const web = image({ name: 'web', base: stock, layers: [page]${more.image ?? ''} })
export const site = pod({ name: 'site', image: web, ports: { 8080: ${more.ports ?? '8088'} } })
`,
})

let machine: TestMachine
let project: TestProject
beforeAll(async () => {
  machine = await startMachine('trouble')
  project = await machine.project('site', site())
})
afterAll(() => machine?.bed.down())

const webImages = () => machine.sh('podman images -q --filter label=org.overthinkos.image=web | wc -l')
const quadlets = () => machine.sh('ls ~/.config/containers/systemd 2>/dev/null || true')
const destroy = () => machine.sh('ov destroy site --purge --yes 2>/dev/null || true')
/** Starts apply in the background, and waits until it says something. */
const during = (said: string, then: string) =>
  machine.sh(
    `cd ~/site; setsid bash -c 'ov apply > ~/out 2>&1; echo "exit $?" >> ~/out' & 
     for i in $(seq 600); do grep -q -- ${JSON.stringify(said)} ~/out 2>/dev/null && break; sleep 0.05; done
     pid=$(pgrep -f '^node /opt/ov' | head -1); ${then}
     for i in $(seq 200); do pgrep -f '^node /opt/ov' >/dev/null || break; sleep 0.1; done; sleep 0.3; cat ~/out; rm -f ~/out`,
  )
const SLOW = `cmd('echo step-is-running; sleep 5')`

describe('a failing build', () => {
  beforeAll(destroy)

  it('shows the output of the step and the line of TypeScript that wrote it', async () => {
    await project.put(site({ tasks: `cmd('echo some output; ls /nowhere; echo unreached')` }))
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV5003')
    expect(stderr).toContain('layers.ts:9:5')
    expect(stderr).toMatch(/^ *> +9 │ +cmd\('echo some output/m)
    expect(stderr).toContain('some output')
    expect(stderr).toContain("ls: cannot access '/nowhere'")
    expect(stderr).not.toMatch(/^ *\| unreached/m)
    const [, log = ''] = /the whole log is in (\S+)/.exec(stderr) ?? []
    expect(await machine.bed.get(log)).toContain("ls: cannot access '/nowhere'")
    expect([await webImages(), await quadlets()]).toEqual(['0', ''])
  })

  it('finds the author of a step with a variable in it', async () => {
    await project.put({
      ...site({ tasks: "mkdir('/proc/${ARCH}/x')" }),
      'layers.ts': site({ tasks: "mkdir('/proc/${ARCH}/x')" })['layers.ts'].replace('cmd,', 'mkdir,'),
    })
    const { stderr } = await project.ov('apply')
    expect(stderr).toContain('layers.ts:9:5')
    expect(stderr).toContain('mkdir: cannot create directory')
  })

  it('keeps what runs while the new image does not build', async () => {
    await project.put(site())
    await project.done('apply')
    await project.put(site({ tasks: `cmd('exit 7')` }))
    expect((await project.ov('apply')).exitCode).toBe(1)
    expect(await machine.sh('curl -fsS http://127.0.0.1:8088/')).toBe('page')
    await project.put(site())
    expect((await project.done('apply')).stderr).toContain('nothing to change')
  })
})

describe('an interrupted apply', () => {
  beforeAll(destroy)

  it('Ctrl-C during a build ends it with 130 and leaves nothing half-done', async () => {
    await project.put(site({ tasks: `cmd('echo step-is-running-1; sleep 5')` }))
    const images = await webImages()
    // What a terminal sends goes to the whole process group.
    const out = await during('step-is-running', 'kill -INT -- -$(ps -o pgid= $pid | tr -d " ")')
    expect(out).toContain('exit 130')
    expect(out).toContain('interrupted')
    expect([await webImages(), await quadlets()]).toEqual([images, ''])
    expect(await machine.sh('ls /tmp | grep ^ov- || true; pgrep -f "^podman build" || true')).toBe('')
    await project.done('apply')
    expect(await machine.sh('curl -fsS http://127.0.0.1:8088/')).toBe('page')
  })

  it('a SIGKILL during a build ends the build, too, and the next apply finishes the job', async () => {
    await destroy()
    await project.put(site({ tasks: SLOW }))
    await during('step-is-running', 'kill -KILL $pid')
    await expect.poll(() => machine.sh('pgrep -fc "^podman build" || true'), { timeout: 15_000 }).toBe('0')
    expect(await quadlets()).toBe('')
    await project.done('apply')
    expect(await machine.sh('curl -fsS http://127.0.0.1:8088/')).toBe('page')
  })

  it('a SIGKILL between quadlet and start is shown by status, and finished by the next apply', async () => {
    await destroy()
    // systemctl stands for the moment: it kills its caller instead of starting the unit.
    await machine.bed.put(
      'bin/systemctl',
      '#!/bin/sh\ncase "$*" in *restart*) kill -KILL $PPID; sleep 1;; *) exec /usr/bin/systemctl "$@";; esac\n',
      { mode: 0o755 },
    )
    const killed = await project.ov('apply', { env: { PATH: '/home/op/bin:/usr/local/bin:/usr/bin:/bin' } })
    expect(killed.exitCode).toBe(137)
    expect(await quadlets()).toBe('ov-site.container')
    expect((await project.done('status')).stdout).toMatch(/^site +applying \(unfinished\)/m)
    expect((await project.ov('diff')).stdout).toContain('an earlier run did not finish')
    await project.done('apply')
    expect((await project.done('status')).stdout).toMatch(/^site +running/m)
    expect(await machine.sh('curl -fsS http://127.0.0.1:8088/')).toBe('page')
  })

  it('a SIGKILL during destroy is shown by status, and finished by the next destroy', async () => {
    const env = { PATH: '/home/op/bin:/usr/local/bin:/usr/bin:/bin' }
    await machine.sh(`sed -i 's/restart/daemon-reload/' ~/bin/systemctl`)
    expect((await project.ov('destroy site', { env })).exitCode).toBe(137)
    expect((await project.done('status')).stdout).toMatch(/^site +destroying \(unfinished\)/m)
    await project.done('destroy site')
    expect([await quadlets(), await machine.sh('podman ps -aq')]).toEqual(['', ''])
    expect((await project.done('status')).stderr).toBe('no deploys on this machine')
  })
})

describe('a service that does not run', () => {
  beforeEach(destroy)

  it('a port of another program is refused before anything is changed', async () => {
    await project.put(site({ ports: '8099' }))
    await machine.sh(
      `setsid node -e "require('net').createServer().listen(8099, '127.0.0.1')" >/dev/null 2>&1 & sleep 0.5`,
      {
        reject: false,
      },
    )
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV5011')
    expect(stderr).toContain('the host port 8099/tcp is in use by another program')
    expect(stderr).toContain('deploy.ts:6')
    expect(await quadlets()).toBe('')
    await machine.sh("pkill -f '^node -e' || true")
  })

  it('a reserved port is refused', async () => {
    await project.put(site({ ports: '81' }))
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('the host port 81/tcp is reserved for root')
  })

  it('a service that its init gives up is an error with its journal', async () => {
    await project.put(site({ services: `service({ name: 'page', exec: '/usr/bin/nothing-here', restart: 'always' })` }))
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV5006')
    expect(stderr).toContain('not all of its services: page:')
    expect(stderr).toContain("can't find command '/usr/bin/nothing-here'")
    expect(stderr).not.toContain('site: running')
    expect((await project.ov('status')).stdout).toMatch(/unfinished/)
  })

  it('a service that exits at once is an error with what it said', async () => {
    await project.put(
      site({ services: `service({ name: 'page', exec: 'sh -c "echo no config; exit 3"', restart: 'always' })` }),
    )
    const { exitCode, stderr } = await project.ov('apply')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('no config')
  })
})

describe('a machine that lacks something', () => {
  const commands = ['apply', 'apply --dry-run', 'diff']
  const PATH = '/home/op/lacking:/usr/local/bin'
  /** Only what is linked or written into ~/lacking exists. */
  const lacking = (script: string) =>
    machine.sh(
      `rm -rf ~/lacking ~/site/.build; mkdir ~/lacking; cd ~/lacking; for p in sh bash env dirname readlink flock systemctl id; do ln -s $(command -v $p) .; done; ${script}`,
    )
  beforeAll(async () => {
    await destroy()
    await project.put(site())
  })

  for (const [name, script, said] of [
    ['podman missing', 'true', /podman is not installed/],
    [
      'podman too old',
      `printf '#!/bin/sh\\necho podman version 4.3.1\\n' > podman; chmod +x podman`,
      /podman 4\.3\.1 is too old/,
    ],
    [
      'no user manager',
      `ln -s /usr/bin/podman .; rm systemctl; printf '#!/bin/sh\\necho Failed to connect to bus >&2\\nexit 1\\n' > systemctl; chmod +x systemctl`,
      /no systemd user manager for op/,
    ],
  ] as const)
    it(`${name}: one diagnostic, exit 1, nothing written`, async () => {
      await lacking(script)
      for (const command of commands) {
        const { exitCode, stderr } = await project.ov(command, { env: { PATH } })
        expect(exitCode).toBe(1)
        expect(stderr).toMatch(said)
        expect(stderr.match(/OV\d{4}/g)).toHaveLength(1)
      }
      expect(await machine.sh('ls -A ~/site')).toBe('deploy.ts\nlayers.ts\nstock.ts')
      expect(await quadlets()).toBe('')
    })

  it('no subordinate ids: one diagnostic, exit 1, nothing written', async () => {
    await machine.sh('sudo mv /etc/subuid /etc/subuid.away; sudo touch /etc/subuid')
    const { exitCode, stderr } = await project.ov('apply')
    await machine.sh('sudo mv /etc/subuid.away /etc/subuid')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('op has no subordinate ids')
    expect(await machine.sh('ls -A ~/site')).toBe('deploy.ts\nlayers.ts\nstock.ts')
  })

  it('several missing parts are reported together', async () => {
    await lacking('rm systemctl')
    const { stderr } = await project.ov('apply', { env: { PATH } })
    expect(stderr).toContain('podman is not installed')
    expect(stderr).toContain('no systemd user manager')
  })

  it('synth needs none of it', async () => {
    await lacking('true')
    await project.done('synth', { env: { PATH } })
  })
})

describe('a disk that can not be written', () => {
  it('a full one: the file is named, what was there stays whole', async () => {
    await machine.sh('mkdir -p ~/small && sudo mount -t tmpfs -o size=256k,uid=1000 tmpfs ~/small')
    const small = await machine.project('small', site())
    await small.done('synth')
    const before = await machine.sh('cd ~/small && find .build -type f | sort | xargs sha256sum')
    // Room for a part of the new text: a write that stores less than it was given must not count as done.
    await small.put({ 'layers.ts': site()['layers.ts'].replace('page\\n', 'x'.repeat(30_000)) })
    await machine.sh('cd ~/small && { dd if=/dev/zero of=filler bs=1k 2>/dev/null; truncate -s -12k filler; }')
    const { exitCode, stderr } = await small.ov('synth')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('OV5001')
    expect(stderr).toMatch(/\.build\/\S+ could not be written: ENOSPC/)
    // Files are replaced one by one: each is either the old one or the new one, and none is a part.
    expect(await machine.sh('cat ~/small/.build/web/_inline/page/*')).toBe('page')
    expect(
      await machine.sh('cd ~/small && sha256sum -c 2>&1 | grep -v Containerfile | grep -v ": OK$" || true', {
        stdin: `${before}\n`,
      }),
    ).toMatch(/^(sha256sum: WARNING: \d computed \w+ did NOT match)?$/)
    expect(await machine.sh('cd ~/small && find . -name "*.part*"')).toBe('')
    await machine.sh('cd ~/small && rm filler')
    await small.done('synth')
  })

  it('a full one under the state folder: apply says so and starts nothing', async () => {
    await destroy()
    await project.put(site())
    await project.done('apply')
    await machine.sh(
      `ov destroy site --purge --yes; sudo mount -t tmpfs -o size=64k,uid=1000,mode=700 tmpfs ~/.local/state/ov; mkdir ~/.local/state/ov/deploys; head -c 100k /dev/zero > ~/.local/state/ov/filler; true`,
    )
    const { exitCode, stderr } = await project.ov('apply')
    await machine.sh('sudo umount ~/.local/state/ov')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/OV5001.*could not be written: ENOSPC/s)
    expect([await quadlets(), await machine.sh('podman ps -aq')]).toEqual(['', ''])
  })

  it('a read-only project folder: the file is named', async () => {
    await machine.sh('mkdir -p ~/fixed')
    const fixed = await machine.project('fixed', site())
    await machine.sh('sudo mount --bind ~/fixed ~/fixed && sudo mount -o remount,bind,ro ~/fixed')
    const { exitCode, stderr } = await fixed.ov('synth')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/OV5001.*\.build\S* could not be written: EROFS/s)
    expect(stderr).not.toContain('bug')
  })
})
