/** Encrypted volumes: made, mounted, guarded, unmounted, with a passphrase in config.yml. The desktop keyring has a file of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { putProgram, startMachine, type TestMachine, type TestProject } from './machine.ts'

const PROJECT = `import { encrypted, image, layer, pod, service } from 'ov'
import { stock } from './stock.ts'

const notes = layer({
  name: 'notes',
  version: '2026.331.800',
  ports: [8080],
  volumes: { library: '~/library', extra: '~/extra' },
  data: [{ src: 'seed', volume: 'library' }],
  services: [service({ name: 'notes', exec: 'busybox httpd -f -p 8080 -h /home/user/library', restart: 'always' })],
})
export const notesImage = image({ name: 'notes', base: stock, layers: [notes] })
export const typed = pod({ name: 'typed', image: notesImage, ports: { 8080: 8098 }, volumes: { library: encrypted() } })
`
const STORAGE = '/home/op/.local/share/ov/encrypted'

let machine: TestMachine
let project: TestProject
const sh = (script: string) => machine.sh(script)
/** As systemd and the user see it: with the settings of the file, and no others. */
const ov = (args: string, options: { reject?: boolean; stdin?: string; env?: Record<string, string> } = {}) =>
  project.ov(args, { env: { OV_SECRET_BACKEND: '' }, ...options })
const done = async (args: string) => {
  const result = await ov(args)
  expect(result.exitCode, `ov ${args}: ${result.stderr}`).toBe(0)
  return result
}
const active = (unit: string) => sh(`systemctl --user is-active ${unit} || true`)
const passphrase = () => done('secrets get ov/enc notes').then(({ stdout }) => stdout)

beforeAll(async () => {
  machine = await startMachine('vault')
  project = await machine.project('vault', { 'deploy.ts': PROJECT, 'seed/a.txt': 'seeded\n' })
  await project.done('image build notes')
  await done('settings set secret_backend config')
})
afterAll(() => machine?.bed.down())

describe('an encrypted volume', () => {
  it('ENC-01 ENC-03 ENC-10 ENC-11 ENC-40 ENC-41 ENC-67 CRED-82 made by one command: a passphrase that is kept, a vault, its mount, its data', async () => {
    const { stderr } = await done('config notes -p 8099:8080 --encrypt library --no-autodetect')
    expect(stderr).toContain('Generated encryption passphrase for notes')
    expect(stderr).toContain('Initialized library')
    expect(stderr).toContain(`Mounted library at ${STORAGE}/ov-notes-library/plain`)
    expect(await passphrase()).toMatch(/^[\w-]{43}=$/)
    expect(await sh(`stat -c '%a' ${STORAGE}/ov-notes-library/cipher ${STORAGE}/ov-notes-library`)).toBe('700\n700')
    expect(await sh(`cat ${STORAGE}/ov-notes-library/plain/a.txt`)).toBe('seeded')
    // names and contents are unreadable, and podman has no volume in its place
    expect(await sh(`cd ${STORAGE}/ov-notes-library/cipher; ls; grep -rl seeded . || true`)).not.toMatch(
      /a\.txt|seeded/,
    )
    expect(await sh('podman volume ls -q')).not.toContain('library')
    expect(await sh('cat ~/.config/ov/deploy.yml')).toContain('- name: library\n        type: encrypted')
  })

  it('ENC-12 ENC-30 ENC-31 ENC-37 ENC-45 ENC-T6 its daemon runs in a scope, with absolute paths; the passphrase is in no argument and no environment', async () => {
    const value = await passphrase()
    expect(await active('ov-enc-notes-library.scope')).toBe('active')
    expect(await sh("systemctl --user list-units --plain --no-legend 'ov-enc-*' | cut -d' ' -f1")).toBe(
      'ov-enc-notes-library.scope',
    )
    expect(await sh('ps -C gocryptfs -o args=')).toMatch(
      new RegExp(` ${STORAGE}/ov-notes-library/cipher ${STORAGE}/ov-notes-library/plain$`),
    )
    const found = await machine.sh('sudo grep -slF -f - /proc/[0-9]*/cmdline /proc/[0-9]*/environ || true', {
      stdin: value,
    })
    expect(found.split('\n').filter((path) => path !== '' && !path.includes('/self/'))).toEqual([])
    expect(await machine.sh('grep -rlF -f - ~/.config ~/.local/state /tmp 2>/dev/null || true', { stdin: value })).toBe(
      '/home/op/.config/ov/config.yml',
    )
    expect(await machine.sh('journalctl --user --no-pager | grep -cF -f - || true', { stdin: value })).toBe('0')
  })

  it('ENC-60 ENC-71 POD-47 the unit mounts it first, and with a passphrase in a file it is not started at boot', async () => {
    const text = await sh('cat ~/.config/containers/systemd/ov-notes.container')
    expect(text).toContain(`Volume=${STORAGE}/ov-notes-library/plain:/home/user/library\n`)
    expect(text).toContain('UserNS=keep-id:uid=1000,gid=1000\n')
    expect(text).toContain(
      "[Service]\nRestart=always\nExecStartPre=/opt/ov/bin/ov config mount notes\nTimeoutStartSec=900\n\n[Install]\n# Encrypted volumes require 'ov start' (no keyring auto-unlock)",
    )
    expect(text).not.toContain('WantedBy')
  })

  it('ENC-61 a unit that could not start ov is not written', async () => {
    await sh('cp /usr/local/bin/node ~/node; sudo mount --bind /dev/null /usr/local/bin/node')
    try {
      const { exitCode, stderr } = await ov('config notes -i shell -p 8093:8080 --encrypt library --no-autodetect', {
        env: { OV_SECRET_BACKEND: '', OV_NODE: '/home/op/node' },
      })
      expect(exitCode).toBe(1)
      expect(stderr).toContain('/opt/ov/bin/ov does not start without the environment of a login')
      expect(stderr).toContain('sudo ln -s "$(command -v node)" /usr/local/bin/node')
      expect(await sh('ls ~/.config/containers/systemd; grep shell ~/.config/ov/deploy.yml || true')).not.toContain(
        'shell',
      )
    } finally {
      await sh('sudo umount /usr/local/bin/node; rm ~/node')
    }
  })

  it('ENC-38 ENC-62 a rootless container with keep-id reads and writes it', async () => {
    await done('start notes')
    expect(await sh('curl -fsS --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:8099/a.txt')).toBe(
      'seeded',
    )
    await sh("podman exec ov-notes sh -c 'echo inside > ~/library/b.txt'")
    expect(
      await sh(`stat -c '%U' ${STORAGE}/ov-notes-library/plain/b.txt; cat ${STORAGE}/ov-notes-library/plain/b.txt`),
    ).toBe('op\ninside')
  })

  it('ENC-46 ENC-66 its state: in a line, a table, as JSON, and in ov status', async () => {
    expect((await done('config status notes')).stdout).toBe('library: mounted')
    expect((await done('config status notes --table')).stdout).toBe(
      `NAME                 INITIALIZED  MOUNTED  PATH\nlibrary              yes          yes      ${STORAGE}/ov-notes-library/plain`,
    )
    expect(JSON.parse((await done('config status notes --json')).stdout)).toEqual([
      {
        name: 'library',
        initialized: true,
        state: 'mounted',
        cipher: `${STORAGE}/ov-notes-library/cipher`,
        plain: `${STORAGE}/ov-notes-library/plain`,
        unit: 'ov-enc-notes-library.scope',
      },
    ])
    expect((await done('status notes')).stdout).toMatch(/library\/plain -> \/home\/user\/library \(enc\)$/m)
  })

  it('ENC-42 ENC-22 ENC-45 all mounted: no store is asked; stop and restart leave it alone', async () => {
    const { stderr } = await ov('config mount notes', {
      env: {
        OV_SECRET_BACKEND: 'kdbx',
        OV_KDBX_PATH: '/nonexistent',
        DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
      },
    })
    expect(stderr).toBe('All encrypted volumes for notes already mounted (1/1)')
    await done('restart notes')
    await done('stop notes')
    expect((await done('config status notes')).stdout).toBe('library: mounted')
    expect(await active('ov-enc-notes-library.scope')).toBe('active')
  })

  it('ENC-47 ENC-22 it is not unmounted while it is in use, and gone afterwards with its scope', async () => {
    await done('start notes')
    const { exitCode, stderr } = await ov('config unmount notes')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('deploy "notes" runs, and uses library')
    expect(stderr).toContain('ov stop notes')
    expect((await done('config status notes')).stdout).toBe('library: mounted')
    expect((await done('stop notes --unmount')).stderr).toContain('Unmounted library')
    expect((await done('config status notes')).stdout).toBe('library: not mounted')
    await expect.poll(() => active('ov-enc-notes-library.scope')).toBe('inactive')
    expect((await done('config unmount notes')).stderr).toBe('library: not mounted')
  })

  it('ENC-63 ENC-T1 nothing starts over a vault that is not mounted', async () => {
    const { exitCode, stderr } = await ov("shell notes -c 'echo plain > ~/library/plain.txt'")
    expect(exitCode).toBe(1)
    expect(stderr.replace(/\n\s*/g, ' ')).toContain(
      `cipher dir at ${STORAGE}/ov-notes-library/cipher is populated but plain mount at ${STORAGE}/ov-notes-library/plain is empty — refusing to start (would write plaintext over encrypted data); run 'ov config mount notes' first`,
    )
    expect(await sh(`ls -A ${STORAGE}/ov-notes-library/plain`)).toBe('')
  })

  it('ENC-71 ENC-43 systemd alone mounts it where the passphrase is in the file', async () => {
    await sh('systemctl --user start ov-notes')
    expect((await done('config status notes')).stdout).toBe('library: mounted')
    expect(await sh('podman exec ov-notes cat /home/user/library/b.txt')).toBe('inside')
  })

  it('ENC-16 ENC-43 ENC-44 ENC-46 ENC-T7 a dead daemon is seen, and mounted over', async () => {
    await sh('systemctl --user stop ov-notes; pkill -KILL gocryptfs')
    await expect
      .poll(async () => (await done('config status notes')).stdout)
      .toBe("library: stale (daemon died; run 'ov config mount notes')")
    expect(await sh(`grep -c ov-notes-library/plain /proc/mounts`)).toBe('1')
    expect((await done('config mount notes')).stderr).toBe(
      `library: its daemon had died; a container that still runs sees nothing of it until ov restart notes\nMounted library at ${STORAGE}/ov-notes-library/plain`,
    )
    expect(await sh(`cat ${STORAGE}/ov-notes-library/plain/b.txt; grep -c ov-notes-library/plain /proc/mounts`)).toBe(
      'inside\n1',
    )
  })

  it('ENC-44 a scope of the same name that holds nothing is taken away', async () => {
    await done('config unmount notes')
    await sh('systemd-run --user --scope --quiet --unit=ov-enc-notes-library -- sleep 1000 >/dev/null 2>&1 & sleep 1')
    expect((await done('config mount notes')).stderr).toContain('Mounted library at')
    expect(await sh("pgrep -fc '^sleep 1000' || true")).toBe('0')
  })

  it('ENC-65 without a manager of the user it is not mounted, and nothing runs', async () => {
    await done('config unmount notes')
    const { exitCode, stderr } = await project.ov('config mount notes', {
      env: { OV_SECRET_BACKEND: '', XDG_RUNTIME_DIR: '', DBUS_SESSION_BUS_ADDRESS: '' },
    })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('encrypted volume "library" can not be mounted: this user has no systemd manager')
    expect(stderr).toContain('loginctl enable-linger')
    expect(await sh('pgrep -xc gocryptfs || true')).toBe('0')
    expect((await done('config status notes')).stdout).toBe('library: not mounted')
  })

  it('ENC-37 a path that a shell would take for more than a path', async () => {
    const path = `/home/op/vaults/a $(touch made) 'b" & c`
    const argument = `'extra:encrypted:${path.replaceAll("'", `'\\''`)}'`
    const { stderr } = await done(`config notes -i odd -p 8095:8080 -v ${argument} --no-autodetect`)
    expect(stderr).toContain(`Mounted extra at ${path}/plain`)
    await done('start notes -i odd')
    await done('remove notes -i odd --purge')
    expect(await sh('ls -d ~/vaults/*/cipher; ls ~/made 2>&1 || true')).toContain(`${path}/cipher`)
  })

  it('ENC-17 ENC-44 ENC-T8 many at once mount it once, and all of them succeed', async () => {
    await done('config unmount notes')
    const codes = await sh('for i in $(seq 8); do { ov config mount notes >/dev/null 2>&1; echo $?; } & done; wait')
    expect(codes).toBe(Array(8).fill('0').join('\n'))
    expect(await sh(`grep -c ov-notes-library/plain /proc/mounts; pgrep -xc gocryptfs`)).toBe('1\n1')
  })

  it('ENC-05 ENC-06 ENC-T9 a flag for another volume leaves it encrypted', async () => {
    const { stderr } = await done('config notes --encrypt extra --no-autodetect')
    expect(stderr).toContain('Initialized extra')
    expect(stderr).not.toContain('Generated')
    expect((await done('config status notes')).stdout).toBe('library: mounted\nextra: mounted')
    expect((await done('config status notes --volume extra')).stdout).toBe('extra: mounted')
  })

  it('ENC-07 it is not taken off a deploy while it holds data, unless that is meant', async () => {
    const { exitCode, stderr } = await ov('config notes -v library:volume --no-autodetect')
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`${STORAGE}/ov-notes-library/cipher holds its data`)
    expect((await done('config status notes --volume library')).stdout).toBe('library: mounted')
    await done('config notes -v extra:volume --no-autodetect')
    await sh(
      `fusermount3 -u ${STORAGE}/ov-notes-extra/plain; rm -r ${STORAGE}/ov-notes-extra ~/.local/state/ov/vaults/ov-enc-notes-extra`,
    )
  })
})

describe('what is asked wrongly', () => {
  it('ENC-20 ENC-70 a volume that is not encrypted', async () => {
    for (const verb of ['mount', 'unmount', 'status', 'passwd']) {
      const { exitCode, stderr } = await ov(`config ${verb} notes --volume extra`)
      expect(exitCode).toBe(1)
      expect(stderr).toContain('deploy "notes" has no encrypted volume "extra"')
      expect(stderr).toContain('its encrypted volumes: library')
    }
  })

  it('ENC-21 a deploy without encrypted volumes', async () => {
    await done('config notes -i plain -p 8089:8080 --bind library --no-autodetect')
    expect((await done('config status notes -i plain')).stdout).toBe('No encrypted bind mounts configured')
    await done('config mount notes -i plain')
    await done('config unmount notes -i plain')
    expect((await ov('config passwd notes -i plain')).stderr).toContain('deploy "notes/plain" has no encrypted volumes')
    await done('remove notes -i plain --purge')
  })

  it('ENC-02 names that are none, and volumes that the image has not', async () => {
    expect((await ov('config notes -i x --encrypt Library --no-autodetect')).exitCode).not.toBe(0)
    const { stderr } = await ov('config notes -i x --encrypt none --no-autodetect')
    expect(stderr).toContain('the image has no volume "none"')
    expect(stderr).toContain('extra, library')
    expect(await sh('cat ~/.config/ov/deploy.yml')).not.toContain('notes/x')
  })

  it('ENC-08 a deploy.yml that can’t be read is no deploy without encrypted volumes', async () => {
    await sh('cp ~/.config/ov/deploy.yml ~/kept; printf "images: {}\\n" > ~/.config/ov/deploy.yml')
    for (const verb of ['mount', 'unmount', 'status', 'passwd']) {
      const { exitCode, stderr } = await ov(`config ${verb} notes`)
      expect(exitCode).toBe(1)
      expect(stderr).toContain('legacy top-level `images:` field detected')
      expect(stderr).toContain('ov migrate local-deploy')
    }
    const { exitCode, stderr } = await ov('status')
    expect(exitCode).toBe(0)
    expect(stderr).toContain('Warning: ')
    expect(stderr).toContain('legacy top-level `images:` field detected')
    await sh('cp ~/kept ~/.config/ov/deploy.yml')
  })

  it('ENC-14 a vault without its configuration is never made anew', async () => {
    await done('stop notes --unmount')
    const cipher = `${STORAGE}/ov-notes-library/cipher`
    await sh(`mv ${cipher}/gocryptfs.conf ~/conf`)
    for (const command of ['config mount notes', 'config notes --no-autodetect', 'start notes']) {
      const { exitCode, stderr } = await ov(command)
      expect(exitCode).toBe(1)
      expect(stderr).toContain('its configuration file is lost')
      expect(stderr).toContain('restore gocryptfs.conf from backup')
    }
    expect((await done('config status notes')).stdout).toContain('library: configuration file lost')
    expect(await sh(`ls ${cipher}/gocryptfs.conf 2>/dev/null || true`)).toBe('')
    await sh(`mv ~/conf ${cipher}/gocryptfs.conf`)
    await done('config mount notes')
    expect(await sh(`cat ${STORAGE}/ov-notes-library/plain/b.txt`)).toBe('inside')
  })

  it('ENC-36 a passphrase from a store that is wrong: its name, and what to do', async () => {
    await done('config unmount notes')
    const { exitCode, stderr } = await ov('config mount notes', {
      env: { OV_SECRET_BACKEND: '', GOCRYPTFS_PASSWORD: 'wrong' },
    })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('the passphrase from GOCRYPTFS_PASSWORD does not open the encrypted volume "library"')
    expect(stderr).toContain('ov secrets set ov/enc notes')
    expect(stderr).not.toMatch(/\bwrong\b/)
  })

  it('ENC-35 ENC-58 no passphrase and no terminal: one look, and everything in one message', async () => {
    const kept = await passphrase()
    await done('secrets delete ov/enc notes --force')
    const { exitCode, stderr } = await ov('config mount notes')
    expect(exitCode).toBe(1)
    for (const part of [
      'encryption passphrase not stored for ov/enc/notes',
      'backend=config',
      'source=default',
      'ov doctor',
      'ov secrets set ov/enc notes',
      'ov settings set secret_backend config|kdbx',
    ])
      expect(stderr).toContain(part)
    // nothing is made up for a vault that needs another one
    expect((await ov('config notes --encrypt extra --no-autodetect')).stderr).toContain('not stored for ov/enc/notes')
    await ov('secrets set ov/enc notes', { stdin: `${kept}\n` })
    expect(await passphrase()).toBe(kept)
    await done('config notes -v extra:volume --no-autodetect --force')
    await done('config mount notes')
  })

  it('ENC-43 ENC-40 a plain file where it belongs is not hidden', async () => {
    await done('config unmount notes')
    const plain = `${STORAGE}/ov-notes-library/plain`
    await sh(`echo left > ${plain}/left.txt`)
    const { stderr } = await ov('config mount notes')
    expect(stderr).toContain(`there are plain files in ${plain}`)
    expect(stderr).toContain('move them away')
    await sh(`rm ${plain}/left.txt`)
    await done('config mount notes')
  })
})

describe('a vault that is not where its unit or its deploy says', () => {
  it.each([
    ['a setting', 'settings set encrypted_storage_path /home/op/elsewhere', 'settings reset encrypted_storage_path'],
    ['its entry', 'deploy reset notes --field volumes', 'deploy path'],
  ])('ENC-63 ENC-64 ENC-T1 DOC-04 nothing starts on plain text when %s has changed', async (_, change, back) => {
    await done('config unmount notes')
    await sh('cp -p ~/.config/ov/deploy.yml ~/deploy.kept')
    await done(change)
    for (const command of ['start notes', 'config mount notes']) {
      const { exitCode, stderr } = await ov(command)
      expect(exitCode).toBe(1)
      expect(stderr).toContain('do not agree about')
    }
    await sh('systemctl --user start ov-notes 2>/dev/null; systemctl --user stop ov-notes')
    expect(await sh(`ls -A ${STORAGE}/ov-notes-library/plain; ls -A ~/elsewhere 2>/dev/null || true`)).toBe('')
    expect((await done('doctor')).stdout).toContain('[!] quadlet of notes')
    await done(back)
    await sh('cp -p ~/deploy.kept ~/.config/ov/deploy.yml')
    await done('config mount notes')
  })

  it('ENC-14 ENC-40 one that is gone is not made anew, unless that is meant', async () => {
    await done('config unmount notes')
    await sh(`mv ${STORAGE}/ov-notes-library ~/away`)
    for (const command of ['start notes', 'config notes --no-autodetect']) {
      const { exitCode, stderr } = await ov(command)
      expect(exitCode).toBe(1)
      expect(stderr).toContain(`"library" was made at ${STORAGE}/ov-notes-library/cipher, and is not there any more`)
    }
    expect(await sh(`ls ${STORAGE}/ov-notes-library/cipher 2>/dev/null || true`)).toBe('')
    await done('config notes --no-autodetect --force')
    expect(await sh(`ls ${STORAGE}/ov-notes-library/cipher | grep -c gocryptfs.conf`)).toBe('1')
    await done('config unmount notes')
    await sh(`rm -r ${STORAGE}/ov-notes-library; mv ~/away ${STORAGE}/ov-notes-library`)
    await done('config mount notes')
    expect(await sh(`cat ${STORAGE}/ov-notes-library/plain/a.txt`)).toBe('seeded')
  })

  it('ENC-10 a place that depends on where ov is called is refused', async () => {
    const { exitCode, stderr } = await ov(
      'config notes -i here -p 8092:8080 -v extra:encrypted:some/where --no-autodetect',
    )
    expect(exitCode).toBe(1)
    expect(stderr).toContain('"some/where" is another one in every directory that ov is called in')
    const setting = await ov('settings set encrypted_storage_path some/where')
    expect(setting.stderr).toContain('has to be an absolute path, or one that begins with ~')
  })

  it('ENC-41 CRED-33 the only key to a vault is not deleted by the way', async () => {
    const value = await passphrase()
    const { exitCode, stderr } = await ov('secrets delete ov/enc notes')
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`ov/enc/notes is the only key to ${STORAGE}/ov-notes-library/cipher`)
    expect(await passphrase()).toBe(value)
  })
})

describe('a configuration of gocryptfs that was changed in any way', () => {
  it('ENC-14 ENC-36 ENC-43 is a clear error, or the passphrase is wrong: no crash, no hang', async () => {
    await putProgram(machine, 'mutate-vault.ts')
    const { outcomes, problems } = JSON.parse(await sh('node ~/mutate-vault.mjs 400')) as {
      outcomes: Record<string, number>
      problems: string[]
    }
    expect(problems).toEqual([])
    expect(outcomes['mounted']).toBeGreaterThan(10)
    expect(outcomes['another passphrase']).toBeGreaterThan(3)
    expect(
      outcomes[`/home/op/mutated/ov-notes-library/cipher/gocryptfs.conf is damaged, or of a newer gocryptfs`],
    ).toBeGreaterThan(300)
  })
})

describe('a change of the passphrase', () => {
  const change = (from: string, to: string, again = to, more = '') =>
    ov(`config passwd notes${more}`, { stdin: `${from}\n${to}\n${again}\n` })

  it('ENC-48 ENC-49 ENC-68 ENC-T4 ENC-T14 the new one is in force, the old one is not, and the store knows', async () => {
    const old = await passphrase()
    expect((await change(old, 'second word')).stderr).toContain("run 'ov config unmount notes' first")
    await done('config unmount notes')
    expect((await change(old, 'one', 'other')).stderr).toContain('differ; nothing was changed')
    expect((await change('wrong one', 'second word')).stderr).toContain(
      'the current passphrase does not open "library"; nothing was changed',
    )
    expect(await passphrase()).toBe(old)
    const { exitCode, stderr } = await change(old, 'second word')
    expect(exitCode, stderr).toBe(0)
    expect(await passphrase()).toBe('second word')
    expect((await ov('config mount notes', { env: { GOCRYPTFS_PASSWORD: old } })).exitCode).toBe(1)
    await done('config mount notes')
    expect((await done('secrets list ov/enc')).stdout).toBe('ov/enc/notes')
  })

  it('ENC-68 of one volume: the store stays, and it is said', async () => {
    await done('config notes --encrypt extra --no-autodetect')
    await done('config unmount notes')
    const { stderr } = await change('second word', 'third word', 'third word', ' --volume extra')
    expect(stderr).toContain('notes has two passphrases now')
    expect(await passphrase()).toBe('second word')
    expect((await ov('config mount notes')).exitCode).toBe(1)
    expect((await done('config status notes')).stdout).toBe('library: mounted\nextra: not mounted')
  })

  it('ENC-69 one that refuses: those before it are changed back', async () => {
    await done('config unmount notes')
    const { exitCode, stderr } = await change('second word', 'fourth word')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('does not open "extra"; nothing was changed')
    expect(await passphrase()).toBe('second word')
    await done('config mount notes --volume library')
    await done('config unmount notes')
    await change('third word', 'second word', 'second word', ' --volume extra')
    await done('config mount notes')
  })

  it('ENC-17 ENC-41 a volume that is made meanwhile has the new one, and those of all instances are changed by one ov at a time', async () => {
    await done('config unmount notes')
    const outcome = await sh(
      `cd ${project.folder}; export OV_SECRET_BACKEND=
       hold() { flock $XDG_RUNTIME_DIR/ov/$1.lock sh -c 'sleep 4' & sleep 0.3; }
       hold enc-notes
       printf 'second word\\nfifth word\\nfifth word\\n' | ov config passwd notes & passwd=$!
       sleep 1.5
       ov config notes -i late -p 8094:8080 --encrypt library --no-autodetect & late=$!
       wait $passwd; echo passwd $?; wait $late; echo late $?`,
    )
    expect(outcome).toBe('passwd 0\nlate 0')
    expect(await passphrase()).toBe('fifth word')
    await done('config mount notes')
    await done('config unmount notes')
    await done('config unmount notes -i late')
    await done('config mount notes -i late')
    await done('config unmount notes -i late')
    const waiting = await sh(
      `cd ${project.folder}; flock $XDG_RUNTIME_DIR/ov/enc-notes-late.lock sh -c 'sleep 3' & sleep 0.3
       printf 'fifth word\\nsecond word\\nsecond word\\n' | OV_SECRET_BACKEND= ov config passwd notes 2>&1`,
    )
    expect(waiting).toContain('waiting for another ov to finish with these volumes')
    expect(waiting).toContain('Stored ov/enc/notes in config')
    await done('config mount notes')
    await done('remove notes -i late --purge')
  })
})

describe('a change that was cut short', () => {
  it('ENC-68 ENC-69 either passphrase opens what it left, and the next change does not forget the one that is needed', async () => {
    await done('config unmount notes')
    await machine.sh(`gocryptfs -passwd -q -- ${STORAGE}/ov-notes-extra/cipher`, { stdin: 'second word\nhalf way\n' })
    await ov('secrets set ov/enc-next notes', { stdin: 'half way' })
    const { stderr } = await done('config mount notes')
    expect(stderr).toContain('a change of the passphrase of notes was cut short; ov config passwd notes finishes it')
    expect((await done('config status notes')).stdout).toBe('library: mounted\nextra: mounted')
    await done('config unmount notes')
    const wrong = await ov('config passwd notes', { stdin: 'wrong\nthird word\nthird word\n' })
    expect(wrong.exitCode).toBe(1)
    expect(wrong.stderr).toContain('extra: an earlier change was cut short, and is taken back')
    expect((await done('secrets list ov/enc')).stdout).toBe('ov/enc/notes')
    await done('config mount notes')
    await done('config unmount notes')
    const right = await ov('config passwd notes', { stdin: 'second word\nthird word\nthird word\n' })
    expect(right.exitCode, right.stderr).toBe(0)
    expect(await passphrase()).toBe('third word')
    await done('config mount notes')
  })
})

describe('a typed deploy', () => {
  it('ENC-01 ENC-13 ENC-64 is applied with its vault, and without a change stays as it is', async () => {
    const { stderr } = await done('apply typed')
    expect(stderr).toContain('Generated encryption passphrase for typed')
    expect(await sh('curl -fsS --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:8098/a.txt')).toBe(
      'seeded',
    )
    expect((await done('apply typed')).stderr).toContain('typed: no change')
    await project.put({
      'deploy.ts': PROJECT.replace(
        'library: encrypted()',
        "library: encrypted('~/.local/share/ov/encrypted/ov-notes-library')",
      ),
    })
    expect((await ov('apply typed')).stderr).toMatch(/holds its data|would both be/)
    await project.put({ 'deploy.ts': PROJECT })
  })

  it('ENC-64 ENC-T11 DOC-04 a unit that does not mount it is found, and written anew', async () => {
    const file = '~/.config/containers/systemd/ov-typed.container'
    await sh(`sed -i 's/config mount typed$/config mount typed-other/' ${file}`)
    expect((await done('status')).stderr).toContain('typed: its quadlet does not mount its encrypted volumes')
    expect((await done('doctor')).stdout).toContain(
      '[!] quadlet of typed -- does not mount its encrypted volumes (ov migrate quadlets)',
    )
    await done('migrate quadlets')
    expect(await sh(`grep ExecStartPre ${file}`)).toBe('ExecStartPre=/opt/ov/bin/ov config mount typed')
    expect((await done('status')).stderr).not.toContain('quadlet')
    expect((await done('migrate quadlets')).stderr).toContain('nothing to migrate')
  })

  it('ENC-22 ENC-55 POD-38 purging takes no encrypted data, nor the network that others are on', async () => {
    await done('stop notes')
    await done('destroy typed --purge --yes')
    expect(await sh(`ls ${STORAGE}/ov-typed-library/cipher | grep -c gocryptfs`)).toBe('2')
    expect((await done('start notes')).stderr).toContain('Started')
  })
})
