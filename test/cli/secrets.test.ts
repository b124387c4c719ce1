import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { Workspace } from '../harness.ts'

/** A home where credentials are in the file, and ov in it. */
function home(config = 'secret_backend: config\n') {
  const place = new Workspace({})
  const folder = join(place.top, 'config/ov')
  const file = join(folder, 'config.yml')
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, config, { mode: 0o600 })
  const env = {
    XDG_CONFIG_HOME: join(place.top, 'config'),
    HOME: place.top,
    XDG_RUNTIME_DIR: place.top,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${place.top}/none`,
  }
  return {
    place,
    file,
    read: () => readFileSync(file, 'utf8'),
    ov: (args: readonly string[], more: { input?: string; env?: Record<string, string> } = {}) =>
      place.cli(args, { env: { ...env, ...more.env }, ...(more.input !== undefined && { input: more.input }) }),
  }
}

describe('ov secrets', () => {
  it('CRED-60 CRED-61 CRED-33 set, get, list and delete', async () => {
    const { ov, read } = home()
    expect((await ov(['secrets', 'list'])).stderr).toBe('No entries found.\n')
    const set = await ov(['secrets', 'set', 'ov/enc', 'immich'], { input: 'of a pipe\n' })
    expect([set.stdout, set.stderr]).toEqual(['', 'Stored ov/enc/immich in config\n'])
    expect((await ov(['secrets', 'get', 'ov/enc', 'immich'])).stdout).toBe('of a pipe\n')
    await ov(['secrets', 'set', 'ov/api-key', 'a', 'of an argument'])
    expect((await ov(['secrets', 'list'])).stdout).toBe('ov/api-key/a\nov/enc/immich\n')
    expect((await ov(['secrets', 'list', 'ov/enc'])).stdout).toBe('ov/enc/immich\n')
    const { stderr } = await ov(['secrets', 'delete', 'ov/enc', 'immich'])
    expect(stderr).toBe('Deleted ov/enc/immich\n')
    const gone = await ov(['secrets', 'get', 'ov/enc', 'immich'])
    expect(gone.code).toBe(1)
    expect(gone.stderr).toContain('there is no credential ov/enc/immich')
    expect(read()).toContain('ov/api-key/a: of an argument')
  })

  it('CRED-61 a value that is made up, and one that is empty', async () => {
    const { ov, read } = home()
    const made = await ov(['secrets', 'set', 'ov/secret', 'x', '--generate'])
    expect(made.stdout).toMatch(/^[0-9a-f]{32}\n$/)
    expect(read()).toContain(made.stdout.trim())
    const before = read()
    for (const [args, input] of [
      [['secrets', 'set', 'ov/secret', 'y', ''], undefined],
      [['secrets', 'set', 'ov/secret', 'y'], '\n'],
      [['secrets', 'set', 'ov/secret', 'y'], ''],
    ] as const) {
      const { code, stderr } = await ov(args, input === undefined ? {} : { input })
      expect([code, stderr]).toEqual([1, expect.stringContaining('the value of ov/secret/y is empty')])
    }
    expect(read()).toBe(before)
  })

  it('CRED-61 ENC-32 what would come back as something else, or can be no passphrase, is refused', async () => {
    const { ov, read, place } = home()
    const before = read()
    const { exitCode, stderr } = await execa(
      'sh',
      ['-c', `printf '\\377\\376' | ${process.execPath} dist/cli.js secrets set ov/secret x`],
      {
        cwd: join(import.meta.dirname, '../..'),
        env: { HOME: place.top, XDG_CONFIG_HOME: join(place.top, 'config') },
        reject: false,
      },
    )
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('what is piped in is not text in UTF-8')])
    for (const input of ['two\nlines\n', 'a\0b', 'x'.repeat(2_049)]) {
      const { code, stderr } = await ov(['secrets', 'set', 'ov/enc', 'web'], { input })
      expect([code, stderr]).toEqual([1, expect.stringContaining("that can't be the passphrase of web")])
    }
    expect((await ov(['secrets', 'set', 'ov/secret', 'web'], { input: 'two\nlines\n' })).code).toBe(0)
    await ov(['secrets', 'delete', 'ov/secret', 'web'])
    expect(read()).toBe(before.replace(/$/, 'vnc_passwords: {}\n'))
  })

  it('CRED-33 what was not there is not deleted; CRED-50 values in another shape are not taken for none', async () => {
    const { ov } = home()
    const gone = await ov(['secrets', 'delete', 'ov/enc', 'web'])
    expect([gone.code, gone.stderr]).toEqual([0, 'There was no ov/enc/web\n'])
    for (const shape of ['- a: b', '"text"', '3']) {
      const odd = home(`secret_backend: config\nvnc_passwords:\n  ${shape}\n`)
      for (const args of [['set', 'ov/vnc', 'x', 'y'], ['get', 'ov/vnc', 'x'], ['list']]) {
        const { code, stderr } = await odd.ov(['secrets', ...args])
        expect([code, stderr]).toEqual([1, expect.stringContaining('is not a map of names to values')])
      }
      expect(odd.read()).toContain(shape)
    }
  })

  it.each([
    [['ov/enc/', 'web'], 'is not a service of credentials'],
    [['enc', 'web'], 'is not a service of credentials'],
    [['ov/enc', 'a/b'], 'is not the key of a credential'],
    [['ov/enc', ''], 'is not the key of a credential'],
  ])('CRED-01 %j is refused', async (words, message) => {
    const { code, stderr } = await home().ov(['secrets', 'get', ...words])
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)])
  })

  it('CRED-62 export prints all of them, with a warning first', async () => {
    const { ov } = home('secret_backend: config\nvnc_passwords:\n  desktop: pw1\n  ov/secret/a: "1"\n')
    const { stdout, stderr } = await ov(['secrets', 'export'])
    expect(stdout).toBe('ov/secret:\n  a: "1"\nov/vnc:\n  desktop: pw1\n')
    expect(stderr).toMatch(/^Warning: /)
    expect(JSON.parse((await ov(['secrets', 'export', '--format', 'json'])).stdout)).toEqual({
      'ov/secret': { a: '1' },
      'ov/vnc': { desktop: 'pw1' },
    })
    expect((await ov(['secrets', 'export', '--format', 'xml'])).code).toBe(64)
  })

  it('CRED-12 CRED-15 CRED-22 no bus: what is not found may be where nobody can look, and what is kept is said to be plain', async () => {
    const { ov } = home('')
    const { code, stderr } = await ov(['secrets', 'get', 'ov/enc', 'web'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('the credential store is unavailable')])
    const set = await ov(['secrets', 'set', 'ov/enc', 'web'], { input: 'x' })
    expect(set.stderr).toContain('kept in config.yml, as plain text (ov settings set secret_backend config')
    expect((await ov(['secrets', 'get', 'ov/enc', 'web'])).stdout).toBe('x\n')
  })

  it('CRED-46 CRED-64 a KeePass file that nobody named', async () => {
    const { ov, place } = home('secret_backend: kdbx\n')
    expect((await ov(['secrets', 'get', 'ov/enc', 'web'])).stderr).toContain(
      'secrets.kdbx_path is not configured; run: ov secrets init',
    )
    expect((await ov(['secrets', 'path'])).stdout).toBe(
      `${place.top}/config/ov/secrets.kdbx (default, not yet created)\n`,
    )
  })
})

describe('without a terminal', () => {
  it('ENC-35 ENC-48 a question ends at once, with what to do', async () => {
    const { place, ov } = home()
    writeFileSync(
      join(place.top, 'config/ov/deploy.yml'),
      'version: 4\ndeploy:\n  notes:\n    target: pod\n    volumes:\n      - name: a\n        type: encrypted\n',
    )
    const line = await ov(['config', 'passwd', 'notes'], { input: 'one line only\n' })
    expect([line.code, line.stderr]).toEqual([1, expect.stringContaining('there are 1 lines')])
    const script = `exec setsid -w ${process.execPath} dist/cli.js config passwd notes </dev/null`
    const { exitCode, stderr } = await execa('sh', ['-c', script], {
      cwd: join(import.meta.dirname, '../..'),
      env: { HOME: place.top, XDG_CONFIG_HOME: join(place.top, 'config') },
      reject: false,
    })
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('there is no terminal to ask on')])
  })
})

describe('ov settings', () => {
  it('SET-01 SET-02 SET-04 get, set, list, reset and path; never a value of a credential', async () => {
    const { ov, file } = home('secret_backend: config\nvnc_passwords:\n  desktop: planted\n')
    expect((await ov(['settings', 'path'])).stdout).toBe(`${file}\n`)
    expect((await ov(['settings', 'set', 'bind_address', '0.0.0.0'])).stderr).toBe('bind_address is "0.0.0.0" now\n')
    expect((await ov(['settings', 'get', 'bind_address'])).stdout).toBe('0.0.0.0\n')
    const { stdout } = await ov(['settings', 'list'], { env: { OV_RUN_MODE: 'direct' } })
    expect(stdout).toContain('bind_address 0.0.0.0 (config)\n')
    expect(stdout).toContain('run_mode direct (env (OV_RUN_MODE))\n')
    expect(stdout).toContain('auto_enable true (default)\n')
    expect(stdout).toContain('vnc.password.desktop <set>')
    expect(stdout).not.toContain('planted')
    expect((await ov(['settings', 'get', 'vnc.password.desktop'])).stdout).toBe('planted\n')
    expect((await ov(['settings', 'get', 'secret_backend'])).stdout).toBe('config\n')
    await ov(['settings', 'reset', 'bind_address'])
    expect((await ov(['settings', 'get', 'bind_address'])).stdout).toBe('127.0.0.1\n')
    const bad = await ov(['settings', 'set', 'bind_address', 'all'])
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('has to be one of 127.0.0.1, 0.0.0.0')])
  })

  it('CRED-85 SET-02 a password of a VNC server goes where credentials are', async () => {
    const { ov, read } = home()
    expect((await ov(['settings', 'set', 'vnc.password.desktop', 'pw'])).stderr).toBe(
      'Stored ov/vnc/desktop in config\n',
    )
    await ov(['settings', 'set', 'vnc.password.desktop/work', 'other'])
    expect(read()).toContain('vnc_passwords:\n  desktop: pw\n  desktop-work: other\n')
    await ov(['settings', 'reset', 'vnc.password.desktop'])
    expect(read()).not.toContain('desktop: pw')
  })

  it('SET-06 a .env in the working directory is beneath the environment', async () => {
    const { ov, place } = home()
    place.write({ '.env': 'OV_RUN_MODE=direct\nOV_BIND_ADDRESS="0.0.0.0"\n' })
    const { stdout } = await ov(['settings', 'list'], { env: { OV_BIND_ADDRESS: '127.0.0.1' } })
    expect(stdout).toContain('run_mode direct (env (.env))\n')
    expect(stdout).toContain('bind_address 127.0.0.1 (env (OV_BIND_ADDRESS))\n')
  })

  it('SET-05 reset --all takes credentials, too, and only when that is confirmed', async () => {
    const { ov, read } = home('run_mode: direct\nvnc_passwords:\n  desktop: pw\n')
    expect((await ov(['settings', 'reset', '--all'])).code).not.toBe(0)
    expect(read()).toContain('desktop: pw')
    await ov(['settings', 'reset'])
    expect(read()).toBe('vnc_passwords:\n  desktop: pw\n')
    await ov(['settings', 'reset', '--all', '--yes'])
    expect(read().trim()).toBe('{}')
  })

  it('CRED-51 CRED-63 what can’t be moved stays, and the copy is this user’s alone', async () => {
    const { ov, read, file } = home('vnc_passwords:\n  desktop: pw\n')
    const { code, stderr } = await ov(['settings', 'migrate-secrets'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('no desktop keyring answers here')])
    expect(read()).toContain('desktop: pw')
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })
})

describe('ov doctor', () => {
  it('DOC-05 DOC-06 DOC-07 DOC-08 without a keyring; nothing is written', async () => {
    const { ov, read, file } = home('keyring_keys: [ov/enc/web]\nvnc_passwords: {desktop: pw}\n')
    const before = [read(), statSync(file).mtimeMs]
    const { stdout } = await ov(['doctor'])
    expect(stdout).toMatch(/^ov doctor\n=========\nSystem: /)
    expect(stdout).toContain('[!] Secret backend -- config file (no keyring available)')
    expect(stdout).toContain('[+] Config permissions -- 0600')
    expect(stdout).toContain('[!] Plaintext credentials -- 1 in config.yml (ov settings migrate-secrets --dry-run)')
    expect(stdout).not.toMatch(/Secret Service collections|Keyring index/)
    expect([read(), statSync(file).mtimeMs]).toEqual(before)
    const { summary } = JSON.parse((await ov(['doctor', '--json'])).stdout) as { summary: { installed: number } }
    expect(summary.installed).toBeGreaterThan(1)
  })
})
