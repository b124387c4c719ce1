/** Encrypted volumes whose passphrase is in a GNOME Keyring, or in a KeePass file: waiting, unlocking, booting, asking. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { putProgram, startMachine, type TestMachine, type TestProject } from './machine.ts'

const PROJECT = `import { image, layer, service } from 'ov'
import { stock } from './stock.ts'

const notes = layer({
  name: 'notes',
  version: '2026.331.800',
  ports: [8080],
  volumes: { library: '~/library', extra: '~/extra' },
  services: [service({ name: 'notes', exec: 'busybox httpd -f -p 8080 -h /home/user/library', restart: 'always' })],
})
export const notesImage = image({ name: 'notes', base: stock, layers: [notes] })
`
const PASSWORD = 'of the keyring'
const LOGIN = '/org/freedesktop/secrets/collection/login'
const PLAIN = '/home/op/.local/share/ov/encrypted/ov-notes-library/plain'

let machine: TestMachine
let project: TestProject
const sh = (script: string) => machine.sh(script)
const ov = (args: string, options: { stdin?: string; env?: Record<string, string> } = {}) =>
  project.ov(args, { ...options, env: { OV_SECRET_BACKEND: '', ...options.env } })
const done = async (args: string, options: Parameters<typeof ov>[1] = {}) => {
  const result = await ov(args, options)
  expect(result.exitCode, `ov ${args}: ${result.stderr}`).toBe(0)
  return result
}
/** The kernel's keys outlive a bed: they are the host's. */
const forget = () => sh('keyctl purge user ov-kdbx-password; keyctl purge user ov-notes')
const lock = () =>
  sh(
    `busctl --user call org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service Lock ao 1 ${LOGIN}`,
  )
const unlock = () => machine.sh(`node ~/unlock.mjs ${LOGIN}`, { stdin: PASSWORD })
const state = () => sh('systemctl --user show ov-notes -p ActiveState -p SubState --value | paste -sd/')
const journal = () => sh('journalctl --user -u ov-notes --no-pager -o cat -n 40')
/** An empty directory is not found, by a server that answers. */
const answers = () =>
  sh('curl -sS --retry 20 --retry-all-errors --retry-delay 1 -o /dev/null -w "%{http_code}" http://127.0.0.1:8099/')
const waits = async () => {
  await expect
    .poll(journal)
    .toContain('ov: waiting for keyring unlock (ov-enc/notes, event-driven via DBus PropertiesChanged)')
  await expect.poll(state).toMatch(/start-pre/)
}

beforeAll(async () => {
  machine = await startMachine('keyring')
  project = await machine.project('keyring', { 'images.ts': PROJECT })
  await putProgram(machine, 'unlock.ts')
  await forget()
  await project.done('image build notes')
  await machine.bed.put('keyring-password', PASSWORD, { mode: 0o600 })
  await sh(
    `systemd-run --user --unit=keyring -q --collect -p StandardInput=file:$HOME/keyring-password /usr/bin/gnome-keyring-daemon --foreground --unlock --components=secrets
     for i in $(seq 50); do busctl --user status org.freedesktop.secrets >/dev/null 2>&1 && break; sleep 0.1; done`,
  )
})
afterAll(async () => {
  await forget().finally(() => machine.bed.down())
})

describe('a passphrase in the keyring', () => {
  it('ENC-41 ENC-60 CRED-15 CRED-30 CRED-32 is made up once, kept there, and the unit waits for it at boot', async () => {
    const { stderr } = await done('config notes -p 8099:8080 --encrypt library --no-autodetect')
    expect(stderr).toContain('Generated encryption passphrase for notes')
    const value = await sh('secret-tool lookup service ov/enc username notes')
    expect(value).toMatch(/^[\w-]{43}=$/)
    expect((await done('secrets get ov/enc notes')).stdout).toBe(value)
    expect(await sh('cat ~/.config/ov/config.yml')).toBe('keyring_keys:\n  - ov/enc/notes')
    expect(await sh('cat ~/.config/containers/systemd/ov-notes.container')).toContain(
      'ExecStartPre=/opt/ov/bin/ov config mount notes\nTimeoutStartSec=0\n\n[Install]\nWantedBy=default.target',
    )
    await done('start notes')
    expect(await answers()).toBe('404')
  })

  it('DOC-04 DOC-05 DOC-06 DOC-07 what doctor says of it, unlocked and locked', async () => {
    const { stdout } = await done('doctor')
    expect(stdout).toContain('[+] Secret backend -- system keyring\n')
    expect(stdout).toMatch(/\[\+\] Secret Service collections -- \d healthy collection\(s\)/)
    expect(stdout).toContain('[+] Keyring index consistency -- 1/1')
    expect(stdout).toContain('[+] volume library of notes -- mounted')
    await lock()
    expect((await done('doctor')).stdout).toContain('[!] Keyring index consistency -- not checked: keyring locked')
    expect((await done('settings get vnc.password.notes')).stdout).toBe('<LOCKED>')
    await unlock()
  })

  it('ENC-50 ENC-52 ENC-53 ENC-54 ENC-55 a locked one is waited for without a deadline and without work, and its unlocking is heard at once', async () => {
    await done('stop notes --unmount')
    await lock()
    await sh('systemctl --user start --no-block ov-notes')
    await waits()
    const pid = await sh("pgrep -f '^node /opt/ov/dist/cli.js config mount notes'")
    const work = () => sh(`cut -d' ' -f14,15 /proc/${pid}/stat`)
    const before = await work()
    await sh('sleep 3')
    expect(await work()).toBe(before)
    expect(await sh(`ls -A ${PLAIN}`)).toBe('')
    const start = Date.now()
    await unlock()
    await expect.poll(state, { timeout: 20_000 }).toBe('active/running')
    expect(Date.now() - start).toBeLessThan(15_000)
    expect((await done('config status notes')).stdout).toBe('library: mounted')
  })

  it('ENC-57 ENC-T1 stopping the unit leaves it inactive; a stray signal starts nothing', async () => {
    await done('stop notes --unmount')
    await lock()
    await sh('systemctl --user start --no-block ov-notes')
    await waits()
    await sh('systemctl --user stop ov-notes')
    expect(await state()).toBe('inactive/dead')
    await sh('systemctl --user start --no-block ov-notes')
    await expect.poll(state).toMatch(/start-pre/)
    await expect.poll(() => sh("pgrep -fc '^node /opt/ov/dist/cli.js config mount notes' || true")).toBe('1')
    await sh('sleep 2')
    await sh("pkill -TERM -f '^node /opt/ov/dist/cli.js config mount notes'")
    await expect.poll(journal).toContain('ov: stopped waiting for the passphrase of notes')
    // with Restart=always it waits again; the container has not been there
    await expect.poll(state).toMatch(/start-pre/)
    expect(await sh("podman ps -a --format '{{.Names}}'")).not.toContain('ov-notes')
    expect(await sh(`ls -A ${PLAIN}`)).toBe('')
  })

  it('ENC-53 ENC-55 a keyring that is killed while it is waited for changes nothing', async () => {
    await sh('pkill -KILL gnome-keyring-d; sleep 1')
    expect(await state()).toMatch(/start-pre/)
    await unlock()
    await expect.poll(state).toBe('active/running')
  })

  it('ENC-T5 ENC-41 with a locked one nothing is made up, and no vault is made', async () => {
    await lock()
    const { exitCode, stderr } = await ov('config notes -i two -p 8097:8080 --encrypt library --no-autodetect')
    expect(exitCode).toBe(1)
    expect(stderr).toContain("the credential store is locked, and encryption passphrase ov/enc/notes can't be read")
    expect(stderr).toContain('source=locked')
    expect(await sh('ls ~/.local/share/ov/encrypted/ov-notes-two-library/cipher 2>/dev/null || true')).toBe('')
    expect(await sh('cat ~/.config/ov/config.yml')).not.toContain('vnc_passwords')
  })

  it('ENC-60 ENC-T11 POD-T14 the unit waits at boot whatever the keyring is like when it is written', async () => {
    await done('config notes --no-autodetect')
    expect(await sh('cat ~/.config/containers/systemd/ov-notes.container')).toContain('WantedBy=default.target')
    await unlock()
    await done('remove notes -i two --purge')
  })

  it('ENC-42 a keyring that does not answer keeps nothing that is mounted from starting again', async () => {
    await sh('pkill -STOP gnome-keyring-d')
    const start = Date.now()
    await done('restart notes')
    expect(Date.now() - start).toBeLessThan(20_000)
    await sh('pkill -CONT gnome-keyring-d')
    expect(await answers()).toBe('404')
  })

  it('ENC-68 a new passphrase reaches the keyring', async () => {
    await done('stop notes --unmount')
    const old = await sh('secret-tool lookup service ov/enc username notes')
    await done('config passwd notes', { stdin: `${old}\nsecond word\nsecond word\n` })
    expect(await sh('secret-tool lookup service ov/enc username notes')).toBe('second word')
    expect(await sh('cat ~/.config/ov/config.yml')).toBe('keyring_keys:\n  - ov/enc/notes')
    await done('start notes')
  })

  it('ENC-60 POD-47 CRED-31 after a boot it waits, and runs once the keyring is open', async () => {
    await machine.bed.reboot()
    await expect.poll(state).toMatch(/start-pre/)
    await unlock()
    await expect.poll(state).toBe('active/running')
    expect(await answers()).toBe('404')
  })

  it('CRED-63 SET-02 credentials of the file move into it, and only those that it gives back leave the file', async () => {
    for (const [key, value] of [
      ['one', 'first value'],
      ['two', 'second value'],
    ])
      await ov(`secrets set ov/secret ${key}`, { stdin: value!, env: { OV_SECRET_BACKEND: 'config' } })
    expect((await done('doctor')).stdout).toContain(
      '[!] Plaintext credentials -- 2 in config.yml (ov settings migrate-secrets --dry-run)',
    )
    await done('settings migrate-secrets --dry-run')
    expect(await sh('grep -c value ~/.config/ov/config.yml')).toBe('2')
    const { stderr } = await done('settings migrate-secrets')
    expect(stderr).toContain('ov/secret/one: moved to the keyring')
    expect(await sh('grep -c value ~/.config/ov/config.yml || true')).toBe('0')
    expect(await sh("stat -c '%a' ~/.config/ov/config.yml.bak; grep -c value ~/.config/ov/config.yml.bak")).toBe(
      '600\n2',
    )
    expect(await sh('secret-tool lookup service ov/secret username two')).toBe('second value')
    // What the keyring has may be the newer one.
    await ov('secrets set ov/secret two', { stdin: 'stale value', env: { OV_SECRET_BACKEND: 'config' } })
    for (const dry of [' --dry-run', '']) {
      const conflict = await ov(`settings migrate-secrets${dry}`)
      expect(conflict.exitCode).toBe(1)
      expect(conflict.stderr).toContain('ov/secret/two: keyring has another value, which stays')
    }
    expect(
      await sh('secret-tool lookup service ov/secret username two; echo; grep -c stale ~/.config/ov/config.yml'),
    ).toBe('second value\n1')
    await ov('secrets set ov/secret two', { stdin: 'second value', env: { OV_SECRET_BACKEND: 'config' } })
    expect((await done('settings migrate-secrets')).stderr).toContain('ov/secret/two: moved to the keyring')
    expect(await sh('ls ~/.config/ov/config.yml.bak* | wc -l')).toBe('3')
    await lock()
    await ov('secrets set ov/secret three', { stdin: 'third value', env: { OV_SECRET_BACKEND: 'config' } })
    expect((await ov('settings migrate-secrets')).exitCode).toBe(1)
    expect(await sh('grep -c "third value" ~/.config/ov/config.yml')).toBe('1')
    await unlock()
  })

  it('CRED-63 ENC-T13 a SIGKILL at any moment of it loses nothing, and the next one finishes', async () => {
    const said = await sh(
      `fill() { for n in 1 2 3 4 5; do secret-tool clear service ov/secret username m$n; printf "value $n" | OV_SECRET_BACKEND=config ov secrets set ov/secret m$n; done; }
       cd; export OV_SECRET_BACKEND=
       {
         fill; start=$(date +%s%N); ov settings migrate-secrets; took=$(( ($(date +%s%N) - start) / 1000000 ))
       } >/dev/null 2>&1
       cut=0; at=0
       # One that was not cut short had finished by then: the next ones are killed earlier.
       while [ $cut -lt 10 ] && [ $at -lt 40 ]; do
         at=$((at + 1))
         [ "$(grep -c 'value [1-5]' ~/.config/ov/config.yml)" = 5 ] || fill >/dev/null 2>&1
         ov settings migrate-secrets >/dev/null 2>&1 & pid=$!
         sleep $(awk "BEGIN { print $took * (0.5 + $cut / 20) / 1000 }")
         if kill -KILL $pid 2>/dev/null; then cut=$((cut + 1)); else took=$((took * 9 / 10)); fi; wait $pid 2>/dev/null
         for n in 1 2 3 4 5; do
           grep -q "m$n: value $n" ~/.config/ov/config.yml || [ "$(secret-tool lookup service ov/secret username m$n)" = "value $n" ] || echo "m$n is lost after $at"
         done
         ov settings migrate-secrets >/dev/null 2>&1 || echo "fails after $at"
         [ "$(grep -c 'value [1-5]' ~/.config/ov/config.yml)" = 0 ] || echo "not all have moved after $at"
         for n in 1 2 3 4 5; do [ "$(secret-tool lookup service ov/secret username m$n)" = "value $n" ] || echo "m$n is lost"; done
       done
       for n in 1 2 3 4 5; do ov secrets delete ov/secret m$n >/dev/null 2>&1; done
       echo "cut short: $cut"`,
    )
    expect(said).toBe('cut short: 10')
  })

  it('CRED-32 CRED-60 DOC-07 what the index names and the keyring has not', async () => {
    await sh('secret-tool clear service ov/secret username one')
    expect((await done('doctor')).stdout).toContain(
      '[!] Keyring index consistency -- 4 indexed, 1 missing: ov/secret/one (ov secrets set <service> <key> or ov secrets prune)',
    )
    expect((await done('secrets prune --dry-run')).stderr).toContain('ov/secret/one: would be taken out of the index')
    await done('secrets prune')
    expect((await done('secrets list')).stdout.split('\n')).toEqual([
      'ov/enc/notes',
      'ov/secret/three',
      'ov/secret/two',
    ])
  })
})

describe('a passphrase in a KeePass file', () => {
  const KDBX = { OV_KDBX_PASSWORD: 'of the file' }

  it('CRED-42 CRED-60 CRED-64 CRED-10 is made with a question on the terminal, named, and filled', async () => {
    await sh(
      `(sleep 2; printf 'of the file\\r'; sleep 1; printf 'of the file\\r'; sleep 4) | timeout 60 script -qec 'OV_SECRET_BACKEND= ov secrets init' /dev/null`,
    )
    expect((await done('secrets path')).stdout).toBe('/home/op/.config/ov/secrets.kdbx')
    expect(await sh("stat -c '%a' ~/.config/ov/secrets.kdbx")).toBe('600')
    expect((await ov('secrets init')).stderr).toContain('secrets.kdbx exists')
    await done('settings set secret_backend kdbx')
    await done('secrets import', { env: KDBX })
    expect((await done('secrets get ov/enc notes', { env: KDBX })).stdout).toBe('second word')
    await ov('secrets set ov/secret two', { stdin: 'newer', env: KDBX })
    const again = await ov('secrets import', { env: KDBX })
    expect(again.exitCode).toBe(1)
    expect(again.stderr).toContain('ov/enc/notes: is the same in keyring and kdbx')
    expect(again.stderr).toContain('ov/secret/two: kdbx has another value, which stays')
    expect((await done('secrets get ov/secret two', { env: KDBX })).stdout).toBe('newer')
    expect((await ov('secrets get ov/enc notes')).stderr).toContain('the credential store is locked')
  })

  it('ENC-60 ENC-71 CRED-43 its unit is not started at boot, and fails at once where nobody can be asked', async () => {
    await done('stop notes --unmount')
    await done('config notes --no-autodetect', { env: KDBX })
    const text = await sh('cat ~/.config/containers/systemd/ov-notes.container')
    expect(text).toContain(
      "TimeoutStartSec=900\n\n[Install]\n# Encrypted volumes require 'ov start' (no keyring auto-unlock)",
    )
    await done('config unmount notes')
    await sh('systemctl --user start ov-notes 2>/dev/null; systemctl --user stop ov-notes; true')
    expect(await journal()).toContain('the credential store is locked, and encryption passphrase ov/enc/notes')
    expect(await sh(`ls -A ${PLAIN}`)).toBe('')
    await machine.bed.reboot()
    await expect.poll(() => sh('systemctl --user is-system-running || true')).toMatch(/running|degraded/)
    expect(await state()).toBe('inactive/dead')
    await done('start notes', { env: KDBX })
    expect(await answers()).toBe('404')
  })

  it('ENC-61 CRED-10 the file of one command is that of its unit', async () => {
    await sh('cp ~/.config/ov/secrets.kdbx ~/other.kdbx')
    await done('--kdbx ../other.kdbx config notes --no-autodetect', { env: KDBX })
    expect(await sh('grep ExecStartPre ~/.config/containers/systemd/ov-notes.container')).toBe(
      'ExecStartPre=/opt/ov/bin/ov --kdbx /home/op/other.kdbx config mount notes',
    )
    await done('config notes --no-autodetect', { env: KDBX })
  })

  it('CRED-42 CRED-43 the kernel keeps its password for a while, and a wrong one is asked for three times', async () => {
    const asks = (answers: string) =>
      sh(
        `(sleep 2; ${answers} sleep 3) | timeout 60 script -qec 'OV_SECRET_BACKEND= ov secrets get ov/enc notes' /dev/null || true`,
      )
    const wrong = await asks(`for i in 1 2 3; do printf 'wrong\\r'; sleep 3; done;`)
    expect(wrong).not.toContain('second word')
    expect(wrong).toContain('wrong')
    expect(await asks(`printf 'of the file\\r';`)).toContain('second word')
    expect(await sh('grep -c ov-kdbx-password /proc/keys')).toBe('1')
  })
})

describe('a passphrase that is asked for', () => {
  it('ENC-34 ENC-36 ENC-39 ENC-52 once for all volumes, again when it is wrong, and not again while the kernel has it', async () => {
    await done('settings set secret_backend config')
    await done('config notes --encrypt extra --no-autodetect', { env: { GOCRYPTFS_PASSWORD: 'second word' } })
    await done('stop notes --unmount')
    const mount = (answers: string) =>
      sh(`(sleep 2; ${answers} sleep 5) | OV_SECRET_BACKEND= timeout 60 script -qec 'ov config mount notes' /dev/null`)
    const asked = await mount(`printf 'wrong one\\r'; sleep 4; printf 'second word\\r';`)
    expect(asked.match(/Passphrase for ov-notes:/g)).toHaveLength(2)
    expect(asked).toContain('Mounted library at')
    expect(asked).toContain('Mounted extra at')
    await done('config unmount notes')
    const cached = await mount('')
    expect(cached).not.toContain('Passphrase for ov-notes:')
    expect(cached).toContain('Mounted extra at')
  })

  it('CRED-61 CRED-64 Ctrl-C at a question ends ov as it does everywhere, and keeps nothing', async () => {
    for (const command of ['secrets set ov/secret never', 'secrets init ~/never.kdbx']) {
      const said = await sh(
        `(sleep 2; printf '\\003'; sleep 1) | timeout 60 script -qec 'OV_SECRET_BACKEND= ov ${command}' /dev/null; echo "code \${PIPESTATUS[1]}"`,
      )
      expect(said).toContain('code 130')
      expect(said).not.toContain('has a bug')
    }
    expect(await sh('ls ~/never.kdbx 2>/dev/null; grep -c never ~/.config/ov/config.yml || true')).toBe('0')
  })

  it('ENC-33 ENC-39 ENC-41 --password manual asks twice before anything is made', async () => {
    const config = (answers: string) =>
      sh(
        `(sleep 3; ${answers} sleep 6) | timeout 60 script -qec 'OV_SECRET_BACKEND= ov config notes -i manual -p 8096:8080 --encrypt extra --password manual --no-autodetect' /dev/null`,
      )
    const vault = 'ls ~/.local/share/ov/encrypted/ov-notes-manual-extra/cipher 2>/dev/null || true'
    // the image has a passphrase, which its instances share
    const said = await config(`printf 'second word\\r';`)
    expect(said).toContain('Initialized extra')
    expect(said).not.toMatch(/master key|[0-9a-f]{8}-[0-9a-f]{8}/)
    expect(await sh(vault)).toContain('gocryptfs.conf')
  })
})
