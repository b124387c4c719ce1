import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Workspace, type CliOptions, type Outcome } from '../harness.ts'

/** What is in every value, and must be in no message. */
const PLANTED = 'pl4nted'

/** Homes of gpg by whose they are; all know all public keys, and have secret ones of their owner alone. */
const homes: Record<string, string> = {}
const keys = {
  first: 'first@example.org',
  second: 'second@example.org',
  old: 'old@example.org',
  stranger: 'stranger@example.org',
}

const gpg = (owner: string, args: readonly string[], input: string | Uint8Array = ''): Buffer =>
  execFileSync('gpg', ['--batch', '-q', '--trust-model', 'always', ...args], {
    env: { ...process.env, GNUPGHOME: homes[owner] },
    input,
    stdio: ['pipe', 'pipe', 'ignore'],
  })

function makeKey(owner: string, expires: string, ...more: readonly string[]): void {
  // It has to be short: gpg's agent has a socket there.
  homes[owner] ??= mkdtempSync(join(tmpdir(), 'g-'))
  chmodSync(homes[owner], 0o700)
  const name = `Test: ${owner} <${owner}@example.org>`
  gpg(owner, [...more, '--passphrase', '', '--quick-generate-key', name, 'future-default', 'default', expires])
}

beforeAll(() => {
  for (const owner of ['first', 'second', 'stranger']) makeKey(owner, 'never')
  const publicKeys = ['first', 'second', 'stranger'].map((owner) => gpg(owner, ['--export']))
  for (const owner of ['first', 'second']) gpg(owner, ['--import'], Buffer.concat(publicKeys))
})

afterAll(() => {
  for (const home of Object.values(homes)) {
    execFileSync('gpgconf', ['--homedir', home, '--kill', 'all'])
    rmSync(home, { recursive: true, force: true })
  }
})

type Options = CliOptions & { readonly as?: string }

/** A project, and ov in it. No message ever tells a value. */
function project(plain?: string, recipients: readonly string[] = [keys.first]) {
  const place = new Workspace({ plain: plain ?? TEXT })
  const runtime = join(place.top, 'run')
  mkdirSync(runtime)
  const ov = async (args: readonly string[], { as = 'first', ...more }: Options = {}): Promise<Outcome> => {
    const env = { GNUPGHOME: homes[as] ?? '', XDG_RUNTIME_DIR: runtime, ...more.env }
    const outcome = await place.cli(['secrets', 'gpg', ...args], { ...more, env })
    expect(outcome.stderr).not.toContain(PLANTED)
    expect(readdirSync(runtime).filter((name) => name !== 'ov')).toEqual([])
    return outcome
  }
  const encrypt = (text: string | Uint8Array, ...args: readonly string[]) => {
    const whom = args.length > 0 ? args : recipients.flatMap((key) => ['-r', key])
    writeFileSync(place.path('.secrets'), gpg('first', ['--encrypt', '--armor', ...whom], text))
  }
  if (plain !== undefined) encrypt(plain)
  return {
    place,
    runtime,
    ov,
    encrypt,
    sealed: () => place.read('.secrets'),
    plain: (as = 'first') => gpg(as, ['--decrypt'], place.read('.secrets')).toString(),
    /** A program for `EDITOR`; the file is `$1`. */
    editor: (script: string) => {
      place.write({ 'bin/editor': `#!/bin/sh\n${script}\n` })
      chmodSync(place.path('bin/editor'), 0o755)
      return { env: { VISUAL: '', EDITOR: place.path('bin/editor') } }
    },
    /** A gpg that does something else first. */
    instead: (script: string) => {
      const real = execFileSync('sh', ['-c', 'command -v gpg'], { encoding: 'utf8' }).trim()
      place.write({ 'bin/gpg': `#!/bin/sh\n${script}\nexec ${real} "$@"\n` })
      chmodSync(place.path('bin/gpg'), 0o755)
      return { env: { PATH: `${place.path('bin')}${delimiter}${process.env['PATH']}` } }
    },
  }
}

const TEXT = `# a remark\nA=${PLANTED} 1\n\nnot a variable\nB='${PLANTED} 2'\n`
const CHANGING = [['edit'], ['set', 'A', `${PLANTED} 9`], ['unset', 'A'], ['add-recipient', keys.second]] as const

describe('ov secrets gpg', () => {
  it('CRED-65 encrypt, show, recipients, decrypt', async () => {
    const { place, ov, sealed } = project()
    place.write({ plain: TEXT })
    const made = await ov(['encrypt', '--force', '-r', keys.first, '--recipient', keys.second, 'plain'])
    expect(made).toEqual({
      code: 0,
      stdout: '',
      stderr:
        'Encrypted .secrets for 2 recipients\nplain is still there, as plain text: remove it when nothing needs it any more\n',
    })
    expect(place.read('plain')).toBe(TEXT)
    expect(sealed()).toMatch(/^-----BEGIN PGP MESSAGE-----\n/)
    expect(statSync(place.path('.secrets')).mode & 0o777).toBe(0o600)
    for (const as of ['first', 'second']) expect((await ov(['show'], { as })).stdout).toBe(TEXT)
    expect((await ov(['recipients'])).stdout).toMatch(
      /^[0-9A-F]{16} Test: first <first@example\.org>\n[0-9A-F]{16} Test: second <second@example\.org>\n$/,
    )
    const written = await ov(['decrypt', '-o', 'out'], { as: 'second' })
    expect([written.code, written.stderr]).toEqual([0, 'Wrote out, as plain text\n'])
    expect(place.read('out')).toBe(TEXT)
    expect(statSync(place.path('out')).mode & 0o777).toBe(0o600)
  })

  it('CRED-65 encrypt: from a pipe, anew for those who could read it, and for nobody', async () => {
    const { place, ov, plain } = project()
    const nobody = await ov(['encrypt', '--force'], { input: TEXT })
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('who shall be able to read .secrets')])
    expect(place.has('.secrets')).toBe(false)
    const twice = ['-r', keys.first, '-r', keys.second, '-r', keys.first]
    const empty = await ov(['encrypt', '--force', ...twice], { input: '' })
    expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('there is nothing to encrypt')])
    expect(place.has('.secrets')).toBe(false)
    expect((await ov(['encrypt', ...twice], { input: '# none yet\n' })).stderr).toBe(
      'Encrypted .secrets for 2 recipients\n',
    )
    expect(await ov(['show'])).toEqual({ code: 0, stdout: '# none yet\n', stderr: '' })
    expect(await ov(['env'])).toEqual({ code: 0, stdout: '', stderr: '' })
    const again = await ov(['encrypt'], { input: TEXT })
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('.secrets exists')])
    expect((await ov(['show'])).stdout).toBe('# none yet\n')
    expect((await ov(['encrypt', '--force'], { input: TEXT })).stderr).toBe('Encrypted .secrets for 2 recipients\n')
    expect(plain('second')).toBe(TEXT)
    await ov(['encrypt', '--force', '-r', keys.second], { input: TEXT })
    expect((await ov(['show'])).code).toBe(1)
  })

  it('CRED-65 encrypt never replaces what is not encrypted, and decrypt nothing without --force', async () => {
    const { place, ov, sealed } = project(TEXT)
    const before = sealed()
    for (const [args, message] of [
      [
        ['encrypt', '--force', '-f', 'plain', '-r', keys.first, 'plain'],
        'plain is the plain file, and would be replaced',
      ],
      [['encrypt', '--force', '-f', 'plain', '-r', keys.first, './plain'], './plain is the plain file'],
      [
        ['encrypt', '--force', '-f', 'plain', '-r', keys.first, '.secrets'],
        'plain is not a message that gpg has encrypted',
      ],
      [['encrypt', '--force', '-f', '.', '-r', keys.first, 'plain'], '. is not a file'],
      [['encrypt', '--force', '-r', keys.first, 'missing'], "missing can't be read (ENOENT)"],
      [['encrypt', '--force', '-r', keys.first, '.'], ". can't be read (EISDIR)"],
      [['decrypt', '-o', 'plain'], 'plain exists'],
      [['decrypt', '-o', '.secrets', '--force'], '.secrets is the encrypted file itself'],
    ] as const) {
      const { code, stderr } = await ov(args)
      expect([code, stderr]).toEqual([1, expect.stringContaining(message)])
    }
    expect([place.read('plain'), sealed()]).toEqual([TEXT, before])
    expect((await ov(['decrypt'])).code).toBe(64)
    chmodSync(place.path('plain'), 0o644)
    writeFileSync(place.path('plain'), 'other')
    expect((await ov(['decrypt', '-o', 'plain', '--force'])).code).toBe(0)
    expect([place.read('plain'), statSync(place.path('plain')).mode & 0o777]).toEqual([TEXT, 0o600])
  })

  it('CRED-65 what is not text comes back byte for byte, and is changed by nobody', async () => {
    const { place, ov, encrypt, sealed } = project()
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x41, 0x3d, 0xff, 0x00, 0x0d, 0x0a])
    encrypt(bytes)
    const before = sealed()
    await ov(['decrypt', '-o', 'out'])
    expect(readFileSync(place.path('out'))).toEqual(bytes)
    for (const args of [['show'], ['env'], ['set', 'A', 'x'], ['unset', 'A']]) {
      const { code, stdout, stderr } = await ov(args)
      expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('not text in UTF-8')])
    }
    expect(sealed()).toBe(before)
  })

  it('CRED-65 values of any kind reach a shell as they are', async () => {
    const values: Record<string, string> = {
      QUOTES: `it's "${PLANTED}"`,
      DOLLARS: '$HOME ${HOME} $(id) `id`',
      BACKSLASHES: '\\ \\n \\\\',
      BLANKS: '  around\t ',
      UNICODE: 'ünïcödé 日本 ✔ \u{1f511}',
      QUOTED: `'${PLANTED}'`,
      BOTH: `"it's"`,
      ONE: "'",
      REMARK: '# none',
      EQUALS: '=a=b=',
      DASH: '-n',
      RETURN: 'a\rb',
    }
    const { ov, plain } = project('# first\n')
    for (const [name, value] of Object.entries(values))
      expect(await ov(['set', name], { input: `${value}\n` })).toEqual({
        code: 0,
        stdout: '',
        stderr: `Stored ${name} in .secrets\n`,
      })
    expect(plain()).toMatch(/^# first\nQUOTES=/)
    const { stdout, stderr } = await ov(['env'])
    expect(stderr).toBe('')
    expect(stdout).toContain(`export QUOTES='it'\\''s "${PLANTED}"'\n`)
    const script = `eval "$1"; exec "${process.execPath}" -p 'JSON.stringify(process.env)'`
    const shell = spawnSync('sh', ['-c', script, 'sh', stdout], { encoding: 'utf8', env: {} })
    expect(JSON.parse(shell.stdout)).toMatchObject(values)
  })

  it('CRED-65 env leaves out what no shell can name, and says no more than where it is', async () => {
    const { ov } = project(`A=1\n${PLANTED}+/=x\nexport C=2\nbare\nB="2"\n`)
    const { code, stdout, stderr } = await ov(['env'])
    expect([code, stdout]).toEqual([0, "export A='1'\nexport B='2'\n"])
    expect(stderr).toBe(
      [2, 3]
        .map((line) => `ov: warning: line ${line} of .secrets is left out: no shell can have a variable like that\n`)
        .join(''),
    )
  })

  it('CRED-65 set and unset change one line, keep the others, and write nothing for nothing', async () => {
    const { ov, plain, sealed } = project(TEXT)
    await ov(['set', 'A', `${PLANTED} 3`])
    await ov(['set', 'C', `${PLANTED} 4`])
    expect(plain()).toBe(`${TEXT.replace('A=pl4nted 1', 'A=pl4nted 3')}C=${PLANTED} 4\n`)
    const before = sealed()
    expect((await ov(['set', 'C', `${PLANTED} 4`])).stderr).toBe('no change\n')
    expect(sealed()).toBe(before)
    expect((await ov(['unset', 'B'])).stderr).toBe('Removed B from .secrets\n')
    expect(plain()).toBe(`# a remark\nA=${PLANTED} 3\n\nnot a variable\nC=${PLANTED} 4\n`)
    const unknown = await ov(['unset', 'Cc'])
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('.secrets has no Cc (did you mean C?)')])
  })

  it('CRED-65 set refuses what the file can not hold', async () => {
    const { ov, sealed } = project(TEXT)
    const before = sealed()
    for (const [args, input, message] of [
      [['set', 'A'], `${PLANTED}\n2\n`, 'the value of A has line breaks'],
      [['set', 'A'], `${PLANTED}\n\n`, 'the value of A has line breaks'],
      [['set', 'A'], `${PLANTED}\0`, 'the value of A has NUL characters'],
      [['set', 'A'], '\n', 'the value of A is empty'],
      [['set', 'A'], '', 'the value of A is empty'],
      [['set', 'A', ''], undefined, 'the value of A is empty'],
      [['set', 'A-B', 'x'], undefined, '"A-B" is not the name of a variable'],
      [['set', 'A=B', 'x'], undefined, '"A=B" is not the name of a variable'],
    ] as const) {
      const { code, stderr } = await ov(args, input === undefined ? {} : { input })
      expect([code, stderr]).toEqual([1, expect.stringContaining(message)])
    }
    expect(sealed()).toBe(before)
  })

  it('CRED-65 every change keeps the recipients: the other one alone still reads it', async () => {
    const { ov, plain, editor } = project(TEXT, [keys.first, keys.second])
    const before = (await ov(['recipients'])).stdout
    await ov(['set', 'C', `${PLANTED} 3`])
    expect(plain('second')).toBe(`${TEXT}C=${PLANTED} 3\n`)
    await ov(['unset', 'C'], { as: 'second' })
    expect(plain('first')).toBe(TEXT)
    const edited = await ov(['edit'], editor(`echo "D=${PLANTED} 4" >> "$1"`))
    expect([edited.code, edited.stderr]).toEqual([0, 'Encrypted .secrets anew\n'])
    expect(plain('second')).toBe(`${TEXT}D=${PLANTED} 4\n`)
    expect((await ov(['recipients'])).stdout).toBe(before)
  })

  it('CRED-65 add-recipient lets one more read it, and nobody less', async () => {
    const { ov, plain, sealed } = project(TEXT)
    const added = await ov(['add-recipient', keys.second])
    expect([added.code, added.stderr]).toEqual([
      0,
      expect.stringMatching(/^\.secrets can be read by [0-9A-F]{16} Test: second <second@example\.org> now\n$/),
    ])
    expect([plain('first'), plain('second')]).toEqual([TEXT, TEXT])
    const before = sealed()
    expect((await ov(['add-recipient', keys.second])).stderr).toBe('no change\n')
    expect(sealed()).toBe(before)
  })

  it('CRED-65 nobody is a recipient whom only gpg.conf names, once it is said who is', async () => {
    const { ov, place } = project(TEXT)
    const conf = join(place.top, 'gpg')
    execFileSync('cp', ['-r', homes['first']!, conf])
    writeFileSync(join(conf, 'gpg.conf'), `hidden-encrypt-to ${keys.stranger}\nthrow-keyids\n`)
    const before = (await ov(['recipients'])).stdout
    await ov(['set', 'A', 'x'], { env: { GNUPGHOME: conf } })
    execFileSync('gpgconf', ['--homedir', conf, '--kill', 'all'])
    expect((await ov(['recipients'])).stdout).toBe(before)
    expect((await ov(['show'])).stdout).toContain('A=x\n')
  })

  it('CRED-65 the mode of the file stays, and a link to it stays one', async () => {
    const { place, ov, plain } = project(TEXT)
    chmodSync(place.path('.secrets'), 0o640)
    mkdirSync(place.path('sub'))
    symlinkSync('../.secrets', place.path('sub/link'))
    expect((await ov(['set', 'A', 'x', '--file', 'sub/link'])).stderr).toBe('Stored A in sub/link\n')
    expect(plain()).toContain('A=x\n')
    expect(statSync(place.path('.secrets')).mode & 0o777).toBe(0o640)
    expect(readdirSync(place.root).sort()).toEqual(['.secrets', 'plain', 'sub'])
  })

  it('CRED-65 changes at the same time are all kept', async () => {
    const { ov, plain } = project(TEXT)
    const names = ['V1', 'V2', 'V3', 'V4', 'V5']
    await Promise.all(names.map((name) => ov(['set', name, `${PLANTED} ${name}`])))
    for (const name of names) expect(plain()).toContain(`\n${name}=${PLANTED} ${name}\n`)
  })

  it('CRED-65 plain text is in no argument of gpg, and in no file but that of the editor', async () => {
    const { place, ov, instead, editor } = project(TEXT)
    const files = `grep -rl --exclude-dir=bin ${PLANTED} ${place.top} >> ${place.path('files')}`
    const watched = instead(`echo "$@" >> ${place.path('arguments')}; ${files}`)
    await ov(['set', 'A', `${PLANTED} 5`], watched)
    await ov(['encrypt', '--force'], { ...watched, input: TEXT.repeat(2) })
    await ov(['add-recipient', keys.second], watched)
    await ov(['edit'], { env: { ...watched.env, ...editor(`echo A=2 >> "$1"; ${files}`).env } })
    expect(place.read('arguments')).not.toContain(PLANTED)
    expect(place.read('arguments')).toContain('--batch --status-fd 2 --trust-model always --encrypt --armor --yes')
    const found = new Set(place.read('files').trim().split('\n'))
    expect([...found]).toEqual([place.path('plain'), expect.stringMatching(/\/run\/ov-edit-\w+\/secrets\.env$/)])
  })
})

describe('what is not as it should be', () => {
  it('CRED-65 no file: env is silent, everything else says so', async () => {
    const { ov, place } = project()
    expect(await ov(['env'])).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await ov(['env', '-f', 'none/at/all'])).toEqual({ code: 0, stdout: '', stderr: '' })
    for (const args of [['show'], ['decrypt', '-o', 'out'], ['recipients'], ...CHANGING]) {
      const { code, stdout, stderr } = await ov(args)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain('error OV6011: there is no .secrets\n  help: make it: ov secrets gpg encrypt')
    }
    expect(readdirSync(place.root)).toEqual(['plain'])
  })

  it.each([
    ['a plain one', () => TEXT],
    ['an empty one', () => ''],
    ['one that is cut off among the recipients', (sealed: string) => sealed.slice(0, 150)],
    ['one that is cut off in the text', (sealed: string) => sealed.slice(0, -120)],
    ['one that was changed', (sealed: string) => sealed.replace(/.{8}(?=\n=)/, 'AAAAAAAA')],
    ['one that was never encrypted', () => gpg('first', ['--store', '--armor'], TEXT).toString()],
    ['one that is only signed', () => gpg('first', ['--sign', '--armor'], TEXT).toString()],
  ])('CRED-65 another kind of file: %s', async (_, make) => {
    const { ov, place, sealed, editor } = project(TEXT)
    place.write({ '.secrets': make(sealed()) })
    const before = sealed()
    for (const args of [['show'], ['env'], ['decrypt', '-o', 'out'], ...CHANGING]) {
      const { code, stdout, stderr } = await ov(args, editor('echo X=1 >> "$1"'))
      expect([args[0], code, stdout]).toEqual([args[0], 1, ''])
      expect(stderr).toMatch(/error OV6011: (\.secrets is not a message that gpg|gpg could not decrypt \.secrets)/)
    }
    expect([sealed(), place.has('out')]).toEqual([before, false])
  })

  it('CRED-65 a key that is not known, before anything is written', async () => {
    const { ov, place, sealed } = project(TEXT)
    const before = sealed()
    for (const args of [
      ['add-recipient', 'nobody@example.org'],
      ['add-recipient', '0123456789ABCDEF'],
      ['encrypt', '--force', '-r', keys.first, '-r', 'nobody@example.org', 'plain'],
      ['encrypt', '--force', '-f', 'new', '-r', 'nobody@example.org', 'plain'],
    ]) {
      const { code, stderr } = await ov(args)
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/gpg knows no public key (nobody@example\.org|0123456789ABCDEF)\n/),
      ])
      expect(stderr).toContain('help: import it first: gpg --import FILE')
    }
    expect([sealed(), place.has('new')]).toEqual([before, false])
    expect((await ov(['encrypt', '--force', '-r', '', 'plain'])).code).toBe(1)
    expect(sealed()).toBe(before)
  })

  it('CRED-65 a recipient whose key is not here keeps others from changing it, not from reading it', async () => {
    const { ov, sealed } = project(TEXT, [keys.first, keys.stranger])
    expect((await ov(['recipients'])).stdout).toMatch(/first@example\.org>\n[0-9A-F]{16} Test: stranger/)
    const without = `${homes['first']}-copy`
    execFileSync('cp', ['-r', homes['first']!, without])
    homes['without'] = without
    gpg('without', ['--yes', '--delete-keys', keys.stranger])
    const before = sealed()
    expect((await ov(['recipients'], { as: 'without' })).stdout).toMatch(/first@example\.org>\n[0-9A-F]{16}\n$/)
    expect((await ov(['show'], { as: 'without' })).stdout).toBe(TEXT)
    for (const args of CHANGING) {
      const { code, stderr } = await ov(args, { as: 'without' })
      expect([code, stderr]).toEqual([1, expect.stringMatching(/gpg knows no public key [0-9A-F]{16}\n/)])
    }
    expect(sealed()).toBe(before)
  })

  it('CRED-65 no secret key', async () => {
    const { ov, place, sealed } = project(TEXT, [keys.second, keys.stranger])
    const before = sealed()
    for (const args of [['show'], ['env'], ['decrypt', '-o', 'out'], ...CHANGING.slice(0, 3)]) {
      const { code, stdout, stderr } = await ov(args)
      expect([code, stdout, stderr]).toEqual([
        1,
        '',
        expect.stringContaining('no secret key that gpg has here opens .secrets'),
      ])
      expect(stderr).toContain('| gpg: decryption failed: No secret key')
    }
    expect([sealed(), place.has('out')]).toEqual([before, false])
  })

  it('CRED-65 recipients who are hidden, and passphrases, would be lost', async () => {
    const { ov, encrypt, sealed } = project()
    const passphrase = ['--pinentry-mode', 'loopback', '--passphrase', PLANTED, '--symmetric']
    for (const [args, last, message] of [
      [['-R', keys.first, '-r', keys.second], '0000000000000000 (hidden)', 'hides who can read it'],
      [['-r', keys.first, ...passphrase], 'a passphrase', 'a passphrase opens .secrets'],
    ] as const) {
      encrypt(TEXT, ...args)
      const before = sealed()
      expect((await ov(['recipients'])).stdout.split('\n')).toContain(last)
      expect((await ov(['show'])).stdout).toBe(TEXT)
      for (const args of [...CHANGING, ['encrypt', '--force', 'plain']]) {
        const { code, stderr } = await ov(args)
        expect([code, stderr]).toEqual([1, expect.stringContaining(message)])
      }
      expect(sealed()).toBe(before)
      expect((await ov(['encrypt', '--force', '-r', keys.first], { input: TEXT })).code).toBe(0)
      expect((await ov(['set', 'A', 'x'])).code).toBe(0)
    }
  })

  it('CRED-65 a key that has expired: its owner’s new one takes its place, and without one that is told first', async () => {
    const past = ['--faked-system-time', '20200101T000000']
    makeKey('old', 'never', ...past)
    const [, fingerprint = ''] =
      /fpr:+([0-9A-F]{40}):/.exec(gpg('old', ['--with-colons', '--list-keys']).toString()) ?? []
    const subkey = (): string =>
      gpg('old', ['--with-colons', '--list-keys'])
        .toString()
        .split('\n')
        .findLast((line) => line.startsWith('sub:'))
        ?.split(':')[4] ?? ''
    const first = subkey()
    const { ov, place, sealed, editor } = project()
    writeFileSync(place.path('.secrets'), gpg('old', ['--encrypt', '--armor', '-r', `${first}!`], TEXT))
    gpg('old', [...past, '--quick-set-expire', fingerprint, '20200601T000000', '*'])
    const before = sealed()
    expect((await ov(['show'], { as: 'old' })).stdout).toBe(TEXT)
    const expired = await ov(['edit'], { as: 'old', ...editor(`touch ${place.path('edited')}`) })
    expect([expired.code, expired.stderr]).toEqual([1, expect.stringContaining('nothing can be encrypted for the key')])
    expect([sealed(), place.has('edited')]).toEqual([before, false])
    gpg('old', ['--passphrase', '', '--quick-add-key', fingerprint, 'cv25519', 'encr', 'never'])
    expect(subkey()).not.toBe(first)
    expect((await ov(['set', 'A', 'x'], { as: 'old' })).code).toBe(0)
    expect((await ov(['recipients'], { as: 'old' })).stdout).toBe(`${subkey()} Test: old <old@example.org>\n`)
  })

  it('CRED-65 a gpg that fails, or is not there', async () => {
    const { ov, sealed, instead, place } = project(TEXT)
    const before = sealed()
    const broken = instead(
      'case "$*" in *--encrypt*) cat >/dev/null; echo half; echo "gpg: out of luck" >&2; exit 2 ;; esac',
    )
    for (const args of [...CHANGING.slice(1), ['encrypt', '--force', '-r', keys.first, 'plain']]) {
      const { code, stderr } = await ov(args, broken)
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('error OV6011: gpg could not encrypt\n  | gpg: out of luck\n'),
      ])
    }
    expect(sealed()).toBe(before)
    mkdirSync(place.path('empty'))
    const { code, stderr } = await ov(['show'], { env: { PATH: place.path('empty') } })
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('error OV5004: gpg is not installed\n  help: install gnupg'),
    ])
  })
})

describe('ov secrets gpg edit', () => {
  it('CRED-65 the editor gets a private file, and no secrets of ov', async () => {
    const { ov, place, runtime, editor } = project(TEXT)
    const look = editor(`stat -c '%a %n' "$1" "$(dirname "$1")" > ${place.path('seen')}; env >> ${place.path('seen')}`)
    const sealedVariables = { OV_KDBX_PASSWORD: 'x-1', GOCRYPTFS_PASSWORD: 'x-2' }
    const { stderr } = await ov(['edit'], { env: { ...look.env, ...sealedVariables } })
    expect(stderr).toBe('no change\n')
    const seen = place.read('seen')
    expect(seen).toMatch(new RegExp(`^600 ${runtime}/ov-edit-\\w+/secrets\\.env\n700 ${runtime}/ov-edit-\\w+\n`))
    expect(seen).not.toMatch(/OV_KDBX|GOCRYPTFS|x-1|x-2/)
  })

  it('CRED-65 VISUAL goes before EDITOR, with arguments; without a runtime folder there is /tmp', async () => {
    const { ov, place, plain } = project(TEXT)
    const temporary = join(place.top, 'tmp')
    mkdirSync(temporary)
    const env = { VISUAL: `sed -i -e "s/A=.*/A=x y/"`, EDITOR: 'false', TMPDIR: temporary, XDG_RUNTIME_DIR: '' }
    expect((await ov(['edit'], { env })).stderr).toBe('Encrypted .secrets anew\n')
    expect(plain()).toContain('\nA=x y\n')
    expect(readdirSync(temporary)).toEqual([])
  })

  it.each([
    ['fails', 'echo X=1 >> "$1"; exit 3', 'ended with exit code 3'],
    ['is not there', 'exec /none/such/editor', 'ended with exit code 127'],
    ['removes the file', 'rm "$1"', 'left no file'],
    ['is interrupted', 'kill -INT $$', 'ended with exit code 130'],
  ])('CRED-65 an editor that %s changes nothing', async (_, script, message) => {
    const { ov, sealed, editor } = project(TEXT)
    const before = sealed()
    const { code, stderr } = await ov(['edit'], editor(script))
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)])
    expect(sealed()).toBe(before)
  })

  it('CRED-65 the plain text is overwritten, also what the editor left beside it', async () => {
    const { ov, place, editor } = project(TEXT)
    // A second name of the same content shows what became of it.
    const { code } = await ov(
      ['edit'],
      editor(
        `ln "$1" ${place.path('a')}; cp "$1" "$1~"; mkdir "$1.d"; cp "$1" "$1.d/x"; ln "$1~" ${place.path('b')}; ln "$1.d/x" ${place.path('c')}`,
      ),
    )
    expect(code).toBe(0)
    for (const name of ['a', 'b', 'c']) expect(place.read(name)).toBe('\0'.repeat(TEXT.length))
  })

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('CRED-65 %s leaves no plain text', async (signal) => {
    const { ov, place, runtime, sealed, editor } = project(TEXT)
    const before = sealed()
    // Nothing but the editor itself ends at Ctrl-C: it alone knows what that is meant to do.
    const wait = editor(`echo X=1 >> "$1"; echo $$ > ${place.path('pid')}; exec sleep 20`)
    const { code, stderr } = await ov(['edit'], {
      ...wait,
      started: (kill) => {
        const timer = setInterval(() => {
          if (!existsSync(place.path('pid')) || place.read('pid') === '') return
          clearInterval(timer)
          expect(readdirSync(runtime).some((name) => name.startsWith('ov-edit-'))).toBe(true)
          kill(signal)
          if (signal === 'SIGINT') process.kill(Number(place.read('pid')), signal)
        }, 50)
      },
    })
    if (signal === 'SIGINT') expect([code, stderr]).toEqual([1, expect.stringContaining('ended with exit code 130')])
    else expect([code, stderr]).toEqual([130, expect.stringContaining('interrupted')])
    expect(sealed()).toBe(before)
    expect(() => process.kill(Number(place.read('pid')), 0)).toThrow()
  })

  it('CRED-65 what was typed is not lost when the file is another one by then', async () => {
    const { ov, place, sealed, editor, encrypt } = project(TEXT)
    const old = sealed()
    encrypt('A=theirs\n')
    const theirs = sealed()
    writeFileSync(place.path('theirs'), theirs)
    writeFileSync(place.path('.secrets'), old)
    const { code, stderr } = await ov(
      ['edit'],
      editor(`echo X=1 >> "$1"; cp ${place.path('theirs')} ${place.path('.secrets')}`),
    )
    expect(code).toBe(1)
    const [, other = ''] = /what you wrote is in (\S+), encrypted/.exec(stderr) ?? []
    expect(sealed()).toBe(theirs)
    expect((await ov(['show', '-f', other])).stdout).toBe(`${TEXT}X=1\n`)
  })
})

describe('a key with a passphrase', () => {
  it('CRED-65 gpg asks for it itself, on the terminal of ov', async () => {
    const { place, ov, plain } = project()
    const home = (homes['locked'] = mkdtempSync(join(tmpdir(), 'g-')))
    chmodSync(home, 0o700)
    const pinentry = `#!/bin/sh
echo "OK here"
while read -r word rest; do
  case $word in
    OPTION) case $rest in ttyname=*) echo "$rest" > ${place.path('asked')} ;; esac; echo OK ;;
    GETPIN) echo "D ${PLANTED}"; echo OK ;;
    BYE) echo OK; exit ;;
    *) echo OK ;;
  esac
done
`
    place.write({ pinentry })
    chmodSync(place.path('pinentry'), 0o755)
    writeFileSync(join(home, 'gpg-agent.conf'), `pinentry-program ${place.path('pinentry')}\n`)
    gpg('locked', [
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      PLANTED,
      '--quick-generate-key',
      'locked@example.org',
      'future-default',
      'default',
      'never',
    ])
    execFileSync('gpgconf', ['--homedir', home, '--kill', 'all'])
    await ov(['encrypt', '--force', '-r', 'locked@example.org'], { input: TEXT, as: 'locked' })
    expect(place.has('asked')).toBe(false)
    const cli = process.env['OV_TEST_CLI'] ?? join(import.meta.dirname, '../../dist/cli.js')
    const { stdout } = spawnSync(
      'script',
      ['-qec', `tty; ${process.execPath} ${cli} secrets gpg env | cat > out`, '/dev/null'],
      {
        cwd: place.root,
        env: { PATH: process.env['PATH'], ...place.environment(), GNUPGHOME: home },
        encoding: 'utf8',
      },
    )
    expect(place.read('out')).toContain(`export B='${PLANTED} 2'\n`)
    expect(place.read('asked')).toBe(`ttyname=${stdout.trim()}\n`)
    expect(plain('locked')).toBe(TEXT)
  })
})
