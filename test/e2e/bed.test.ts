import { chmod, cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BED_COMMAND, BED_HOME, bedProblems, buildBeds, startBed, type Bed } from '../bed/bed.ts'

/** Processes with a namespace that is wanted: number and start time of each. */
async function processes(wanted: (namespace: string) => boolean): Promise<string[]> {
  const of = async (process: string): Promise<string[]> => {
    const link = (type: string) => readlink(`/proc/${process}/ns/${type}`).catch(() => '')
    const namespaces = await Promise.all(['net', 'mnt', 'pid'].map(link))
    const status = await readFile(`/proc/${process}/stat`, 'utf8').catch(() => '')
    const started = status.slice(status.lastIndexOf(')')).split(' ')[20]
    return started !== undefined && namespaces.some(wanted) ? [`${process} ${started}`] : []
  }
  const found = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(of)
  return (await Promise.all(found)).flat()
}

beforeAll(buildBeds, 900_000)

describe('a bed', { timeout: 120_000 }, () => {
  let bed: Bed
  let shared: string
  beforeAll(async () => {
    shared = await mkdtemp(join(tmpdir(), 'bed-test-'))
    bed = await startBed('one', {
      mounts: [`${shared}:/shared` as `/${string}:/${string}`, '/etc/passwd:/host/passwd:ro'],
    })
  }, 120_000)
  afterAll(async () => {
    await bed.down()
    await rm(shared, { recursive: true })
  })

  it('BED runs systemd without a failed unit, and the user manager of op', async () => {
    expect((await bed.exec(['systemctl', 'is-system-running'])).stdout).toBe('running')
    expect((await bed.exec(['systemctl', '--user', 'is-system-running'])).stdout).toBe('running')
    expect((await bed.exec(['loginctl', 'show-user', 'op', '-p', 'Linger'])).stdout).toBe('Linger=yes')
    expect((await bed.exec(['ps', '-o', 'comm=', '-p', '1'])).stdout).toBe('systemd')
  })

  it('BED passes exit status, standard input and both outputs through exec', async () => {
    const shell = ['sh', '-c', 'cat; echo oops >&2; exit 7']
    expect(await bed.exec(shell, { stdin: 'in\n', reject: false })).toEqual({
      stdout: 'in',
      stderr: 'oops',
      exitCode: 7,
    })
    await expect(bed.exec(shell)).rejects.toThrow(/exit code 7/)
    expect((await bed.exec(['sh', '-c', 'kill -TERM $$'], { reject: false })).exitCode).toBe(143)
  })

  it('BED runs commands as the asked user, in the asked directory and environment, and no other', async () => {
    const script = ['sh', '-c', 'echo "$(id -un) $PWD $A [$PATH] [$VITEST]"']
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    expect((await bed.exec(script)).stdout).toBe(`op /home/op  [${path}] []`)
    const options = { user: 'root', cwd: '/var/tmp', env: { A: 'a b', PATH: '/usr/bin:/bin' } }
    expect((await bed.exec(script, options)).stdout).toBe('root /var/tmp a b [/usr/bin:/bin] []')
    expect((await bed.exec(['sudo', 'id', '-u'])).stdout).toBe('0')
    await expect(bed.exec(['true'], { user: 'nobody-such' })).rejects.toThrow(/no user nobody-such/)
  })

  it('BED kills a command that runs out of time', async () => {
    await expect(bed.exec(['sleep', '987'], { timeout: 300, reject: false })).rejects.toThrow(/timed out/)
    await expect.poll(async () => (await bed.exec(['pgrep', '-fx', 'sleep 987'], { reject: false })).exitCode).toBe(1)
  })

  it('BED puts and gets files byte for byte', async () => {
    await bed.put('new/dir/file', 'text\n\n', { mode: 0o600 })
    expect(await bed.get('/home/op/new/dir/file')).toBe('text\n\n')
    expect((await bed.exec(['stat', '-c', '%U %a', 'new/dir/file'])).stdout).toBe('op 600')
    await bed.put('/etc/put', new Uint8Array([0xc3, 0xa4]), { user: 'root' })
    expect(await bed.get('/etc/put')).toBe('ä')
    await expect(bed.put('/etc/put', 'no')).rejects.toThrow(/Permission denied/)
  })

  it('BED shows the mounted host directories, read-only if asked', async () => {
    await bed.put('/shared/from-bed', 'x', { user: 'root' })
    expect(await readFile(join(shared, 'from-bed'), 'utf8')).toBe('x')
    expect(await bed.get('/host/passwd')).toBe(await readFile('/etc/passwd', 'utf8'))
    const write = await bed.exec(['sh', '-c', 'echo x >> /host/passwd'], { user: 'root', reject: false })
    expect(write.stderr).toMatch(/Read-only file system/)
  })

  it('BED has rootless podman: native overlay, cgroup v2 under systemd, netavark, crun', async () => {
    const format =
      '{{.Host.Security.Rootless}} {{.Store.GraphDriverName}} {{index .Store.GraphStatus "Native Overlay Diff"}} ' +
      '{{.Host.CgroupsVersion}} {{.Host.CgroupManager}} {{.Host.NetworkBackend}} {{.Host.OCIRuntime.Name}}'
    const { stdout } = await bed.exec(['podman', 'info', '--format', format])
    expect(stdout).toBe('true overlay true v2 systemd netavark crun')
    expect((await bed.exec(['podman', '--version'])).stdout).toMatch(/ 5\./)
    const pull = await bed.exec(['podman', 'pull', 'busybox'], { reject: false })
    expect(pull.stderr).toMatch(/no unqualified-search registries/)
  })

  it('BED lets the user manager take over a process started by exec', async () => {
    const scope = ['systemd-run', '--user', '--scope', '-q', 'cat', '/proc/self/cgroup']
    expect((await bed.exec(scope)).stdout).toMatch(
      /^0::\/user\.slice\/user-1000\.slice\/user@1000\.service\/.*\.scope$/m,
    )
  })

  it('BED reaches its archive', async () => {
    await bed.exec(['sudo', 'apt-get', '-q', 'update'])
    expect((await bed.exec(['apt-cache', 'policy', 'hello'])).stdout).toMatch(/Candidate: \d/)
  })

  it('BED is an SSH host with a checked host key', async () => {
    const { stdout } = await execa(BED_COMMAND, [
      'ssh',
      bed.name,
      'hostname; id -un; systemctl --user is-system-running',
    ])
    expect(stdout.split('\n')).toEqual([bed.name, 'op', 'running'])
  })
})

describe('several beds', { timeout: 120_000 }, () => {
  it('BED runs twice at once, each with its own address, files and network', async () => {
    await using a = await startBed('twin')
    const started = await Promise.all([startBed('twin'), startBed('other')])
    await using b = started[0]
    await using c = started[1]
    expect(new Set([a.ip, b.ip, c.ip]).size).toBe(3)
    expect(new Set([a.name, b.name, c.name]).size).toBe(3)
    for (const bed of [a, b, c]) expect((await bed.exec(['hostname', '-I'])).stdout.trim()).toBe(bed.ip)
    await a.put('mine', 'a')
    expect((await b.exec(['ls'])).stdout).toBe('')
    await b.exec(['ping', '-c1', '-W2', c.ip])
    await b.down()
    expect((await a.exec(['systemctl', 'is-system-running'])).stdout).toBe('running')
    await c.exec(['ping', '-c1', '-W2', a.ip])
  })

  it('BED starts clean after down and up', async () => {
    const up = (name: string) => execa(BED_COMMAND, ['up', name])
    const bed = await startBed('again')
    await bed.exec(['sh', '-c', 'sudo touch /etc/dirty; touch ~/dirty /var/tmp/dirty; podman network create dirty'])
    const id = await bed.get('/etc/machine-id')
    await bed.down()
    await bed.down()
    await up(bed.name)
    const look = 'ls -d /etc/dirty ~/dirty /var/tmp/dirty 2>/dev/null; podman network ls -q'
    expect((await bed.exec(['sh', '-c', look])).stdout).toBe('podman')
    expect(await bed.get('/etc/machine-id')).not.toBe(id)
    expect((await up(bed.name)).stderr).toMatch(/already up/)
    await bed.down()
  })

  it('BED stops without leftovers', async () => {
    const bed = await startBed('trace')
    const { stdout: pid } = await execa(BED_COMMAND, ['pid', bed.name])
    const number = bed.ip.split('.')[3] ?? ''
    const cgroups = await cgroupRoot()
    // by identity, not by name: the next bed of another process may use the same number at once
    const net = await readlink(`/proc/${pid}/ns/net`)
    const namespaces = new Set([net, await readlink(`/proc/${pid}/ns/mnt`), await readlink(`/proc/${pid}/ns/pid`)])
    const link = await readFile(`/sys/class/net/ovbed-${number}/ifindex`, 'utf8')
    const cgroup = (await stat(join(cgroups, `ovbed-${number}`))).ino
    await bed.exec(['systemd-run', '--user', '-q', 'sleep', '1000'])
    void execa(BED_COMMAND, ['exec', bed.name, '--', 'sleep', '1000'], { reject: false })
    await expect.poll(async () => (await bed.exec(['pgrep', '-c', '-x', 'sleep'])).stdout).toBe('2')
    // With the time of their start: the kernel gives numbers of namespaces and processes out again.
    const members = () => processes((namespace) => namespaces.has(namespace))
    const before = await members()
    expect(before.length).toBeGreaterThan(3)
    await bed.down()

    // what had entered it ends when what it waits for is gone
    await expect.poll(async () => (await members()).filter((process) => before.includes(process))).toEqual([])
    for (const process of await processes(() => true))
      expect(await readFile(`/proc/${process.split(' ')[0] ?? ''}/mountinfo`, 'utf8').catch(() => '')).not.toContain(
        bed.name,
      )
    const inodes = async (dir: string, names: RegExp) =>
      Promise.all(
        (existsSync(dir) ? await readdir(dir) : [])
          .filter((name) => names.test(name))
          .map(async (name) => (await stat(join(dir, name)).catch(() => ({ ino: 0 }))).ino),
      )
    expect(await inodes('/run/netns', /^ovbed-/)).not.toContain(Number(/\d+/.exec(net)?.[0]))
    expect(await inodes(cgroups, /^ovbed-/)).not.toContain(cgroup)
    for (const name of await readdir('/sys/class/net'))
      expect(await readFile(`/sys/class/net/${name}/ifindex`, 'utf8').catch(() => '')).not.toBe(link)
    expect(existsSync(join(BED_HOME, 'beds', bed.name))).toBe(false)
    expect((await execa(BED_COMMAND, ['ls'])).stdout).not.toContain(bed.name)
  })

  it('BED takes the bridge and the NAT table away with the last bed, not before', async () => {
    // in a network namespace of its own, where the beds of other tests are not
    const script = `
      set -e
      mount --rbind /sys/fs/cgroup /mnt; mount -t sysfs sysfs /sys; mount --rbind /mnt /sys/fs/cgroup
      mkdir -p /run/netns; mount -t tmpfs tmpfs /run/netns; ip link set lo up
      look() { ls /sys/class/net | grep -v -e ovbed- -e ^lo | xargs; nft list tables; }
      "$0" up last-1-$1; "$0" up last-2-$1
      "$0" down last-1-$1; look; echo --
      "$0" down last-2-$1; look; ls /run/netns`
    const { stdout } = await execa('unshare', ['-m', '-n', 'bash', '-c', script, BED_COMMAND, String(process.pid)])
    expect(stdout.split('\n')).toEqual(['ovbed0', 'table ip ov_bed', '--', ''])
  })
})

describe('a home of its own', { timeout: 120_000 }, () => {
  let home: string
  const bed = (...args: string[]) => execa(BED_COMMAND, args, { env: { OV_BED_HOME: home }, reject: false })
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'bed-home-'))
    await cp(join(BED_HOME, 'ssh'), join(home, 'ssh'), { recursive: true })
    await mkdir(join(home, 'trees'))
    for (const layer of await readdir(join(BED_HOME, 'trees'))) {
      if (/^packages-\w+$/.test(layer)) await symlink(join(BED_HOME, 'trees', layer), join(home, 'trees', layer))
    }
  })
  afterAll(async () => {
    await bed('down', '--all')
    await rm(home, { recursive: true })
  })

  it('BED is built once by builds at the same time, whatever an interrupted one left', async () => {
    await mkdir(join(home, 'trees', 'config-0123.new', 'upper'), { recursive: true })
    const results = await Promise.all([bed('build'), bed('build'), bed('up', 'x')])
    expect(results.map((result) => result.exitCode)).toEqual([0, 0, 0])
    const output = results.map((result) => result.stderr).join('\n')
    expect(output.match(/^bed: ready$/gm)).toHaveLength(1)
    expect(
      (await readdir(join(home, 'trees'))).filter((name) => /^config-/.test(name) && !name.endsWith('.used')),
    ).toHaveLength(1)
    expect((await bed('build')).stderr).toBe('')
  })

  it('BED cleans up after a killed bed at the next up of that name', async () => {
    const kill = async () => process.kill(Number((await bed('pid', 'x')).stdout), 'SIGKILL')
    await bed('up', 'x')
    await bed('exec', 'x', '--', 'touch', '/etc/dirty')
    await kill()
    await expect.poll(async () => (await bed('pid', 'x')).exitCode).toBe(1)
    expect((await bed('exec', 'x', '--', 'true')).stderr).toMatch(/x: not up/)
    expect((await bed('up', 'x')).exitCode).toBe(0)
    expect((await bed('exec', 'x', '--', 'ls', '/etc/dirty')).exitCode).toBe(2)
  })

  it('BED leaves nothing of a bed that could not start', async () => {
    const { exitCode, stderr } = await bed('up', 'w', '--mount', '/etc/passwd:/etc')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/mount: .*\nbed: w: did not start|bed: w: did not start\nmount: /)
    expect(existsSync(join(home, 'beds', 'w'))).toBe(false)
    for (const name of await readdir('/sys/class/net'))
      expect(await readFile(`/sys/class/net/${name}/ifalias`, 'utf8').catch(() => '')).not.toContain(
        join(home, 'beds', 'w'),
      )
  })

  it('BED cleans everything with down --all, even beds whose directory is gone', async () => {
    await Promise.all([bed('up', 'x'), bed('up', 'y'), bed('up', 'z')])
    const pids = await Promise.all(['x', 'y', 'z'].map(async (name) => (await bed('pid', name)).stdout))
    process.kill(Number(pids[1]), 'SIGKILL')
    await rm(join(home, 'beds', 'z', 'number'))
    expect((await bed('down', '--all')).exitCode).toBe(0)
    for (const pid of pids) await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false)
    expect(await readdir(join(home, 'beds'))).toEqual([])
    for (const name of await readdir('/sys/class/net'))
      expect(await readFile(`/sys/class/net/${name}/ifalias`, 'utf8').catch(() => '')).not.toContain(home)
  })

  it('BED refuses what it does not understand', async () => {
    expect((await bed('up', 'Not_A_Name')).stderr).toMatch(/a bed's name is/)
    expect((await bed('up', 'm', '--mount', '/nowhere:/x')).stderr).toMatch(/no such file or directory: '\/nowhere'/)
    expect((await bed('up', 'm', '--mount', '/etc:x')).stderr).toMatch(/expected HOST:DIR\[:ro\]/)
    expect((await bed('frobnicate')).exitCode).toBe(2)
    expect((await bed('ls')).stdout).toBe('')
  })
})

describe('doctor', { timeout: 60_000 }, () => {
  let place: string
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'bed-doctor-'))
    await chmod(place, 0o755)
    await cp(dirname(BED_COMMAND), join(place, 'bed'), { recursive: true })
  })
  afterAll(() => rm(place, { recursive: true }))

  it('BED doctor finds nothing wrong where beds run', async () => {
    expect(await bedProblems()).toBeUndefined()
  })

  it('BED doctor says that it needs root', async () => {
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups']
    const asNobody = (command: string) =>
      execa('setpriv', [...nobody, join(place, 'bed', 'bed'), command, 'x'], { reject: false })
    for (const command of ['doctor', 'build', 'up']) {
      const { exitCode, stderr } = await asNobody(command)
      expect(stderr).toMatch(/^bed: not root: run it as root/)
      expect(exitCode).toBe(1)
    }
    expect((await asNobody('down')).stderr).toBe('bed: not root')
  })

  it('BED doctor names the missing tool and its package', async () => {
    const bin = join(place, 'bin')
    await execa('cp', ['-as', '/usr/bin/.', bin])
    await rm(join(bin, 'ssh-keygen'))
    await rm(join(bin, 'apt-get'), { force: true })
    for (const command of ['doctor', 'build']) {
      const { exitCode, stderr } = await execa(BED_COMMAND, [command], { env: { PATH: bin }, reject: false })
      expect(stderr).toBe(
        'bed: missing tools: ssh-keygen (on Debian: apt-get install --no-install-recommends openssh-client)',
      )
      expect(exitCode).toBe(1)
    }
  })

  it('BED doctor says when namespaces, overlay mounts or the cgroup hierarchy are missing', async () => {
    const after = async (...prepare: string[]) => {
      const script = [...prepare, '"$0" doctor'].join('\n')
      return (await execa('unshare', ['-m', 'bash', '-c', script, BED_COMMAND], { reject: false })).stderr
    }
    expect(await after('umount -R -l /sys/fs/cgroup')).toMatch(/^bed: no cgroup v2 mount: mount -t cgroup2/)
    expect(await after('exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$0" doctor')).toMatch(
      /^bed: namespaces are denied \(.*Operation not permitted\): run it where/,
    )
    expect(await after('export OV_BED_HOME=/tmp/a:b')).toMatch(/^bed: \/tmp\/a:b: this path cannot be used/)
    const overlay = 'mount -t overlay none -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w /mnt/o'
    const onOverlay = [
      'mount -t tmpfs none /mnt',
      'mkdir /mnt/u /mnt/w /mnt/o',
      overlay,
      'export OV_BED_HOME=/mnt/o/bed',
    ]
    expect(await after(...onOverlay)).toMatch(/^bed: no overlay mount in \/mnt\/o\/bed \(.*\): modprobe overlay/)
  })
})

/** Where the unified hierarchy is mounted. */
async function cgroupRoot(): Promise<string> {
  const line = (await readFile('/proc/mounts', 'utf8')).split('\n').find((mount) => mount.split(' ')[2] === 'cgroup2')
  return line?.split(' ')[1] ?? ''
}
