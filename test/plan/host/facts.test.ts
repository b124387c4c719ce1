import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import {
  architectureOf,
  distroTags,
  glibcVersion,
  isNewerGlibc,
  readOsRelease,
  type HostFacts,
} from '../../../src/plan/host/facts.ts'
import { deployEnvFile, envFileText, sourcingBlocks } from '../../../src/plan/host/shell-files.ts'

describe('a machine', () => {
  it.each([
    ['ID=debian\nVERSION_ID="13"\n', ['debian:13', 'debian']],
    ['# ID=x\nID=ubuntu\nVERSION_ID="24.04"\nID_LIKE=debian\n', ['ubuntu:24.04', 'ubuntu', 'debian']],
    ['ID=\'rocky\'\nVERSION_ID=9.4\nID_LIKE="rhel centos fedora"', ['rocky:9.4', 'rocky', 'fedora', 'rhel', 'centos']],
    ['ID=manjaro\nID_LIKE=arch', ['manjaro', 'arch']],
    ['ID=endeavouros\nBUILD_ID=rolling', ['endeavouros', 'arch']],
    ['', []],
  ])('HOST-01 tags of %j', (text, tags) => {
    expect(distroTags(readOsRelease(text))).toEqual(tags)
  })

  it.each([
    ['ldd (Debian GLIBC 2.41-12+deb13u1) 2.41', '2.41'],
    ['ldd (GNU libc) 2.9\nCopyright 20.12', '2.9'],
    ['musl libc (x86_64)', undefined],
    ['', undefined],
  ])('HOST-03 the C library of %j', (text, version) => {
    expect(glibcVersion(text)).toBe(version)
  })
  it('HOST-03 versions are compared as numbers, and unknown ones are fine', () => {
    expect(isNewerGlibc('2.40', '2.9')).toBe(true)
    expect(isNewerGlibc('2.9', '2.40')).toBe(false)
    expect(isNewerGlibc('2.40', '2.40')).toBe(false)
    expect(isNewerGlibc(undefined, '2.40')).toBe(false)
    expect(isNewerGlibc('2.40', undefined)).toBe(false)
  })
  it('HOST-65 architectures are called as builders call them', () => {
    expect(['x86_64', 'aarch64', 'armv7l', 'ppc64le', 's390x'].map(architectureOf)).toEqual([
      'amd64',
      'arm64',
      'arm',
      'ppc64le',
      's390x',
    ])
  })
})

describe('files for shells', () => {
  it('HOST-28 HOST-54 variables sorted, in quotes where they need them, and PATH as it is when the file is read', () => {
    const text = envFileText({
      layerName: 'uv',
      envVars: { UV_CACHE: '/home/u/.cache/uv', GREETING: 'hi there', EMPTY: '', TICK: "it's `$HOME`!" },
      pathAdd: ['/home/u/.local/bin', '/opt/a b$c'],
    })
    expect(text).toBe(
      [
        '# overthink env for layer uv — managed by ov; do not edit',
        "export EMPTY=''",
        "export GREETING='hi there'",
        String.raw`export TICK='it'\''s ${'`$HOME`'}!'`,
        'export UV_CACHE=/home/u/.cache/uv',
        String.raw`export PATH="/home/u/.local/bin:/opt/a b\$c:$PATH"`,
        '',
      ].join('\n'),
    )
    const shown = execFileSync(
      'sh',
      ['-c', `PATH=/bin:/usr/bin; eval "$1"; printf '%s|%s|%s' "$TICK" "$GREETING" "$PATH"`, 'sh', text],
      { encoding: 'utf8' },
    )
    expect(shown).toBe("it's `$HOME`!|hi there|/home/u/.local/bin:/opt/a b$c:/bin:/usr/bin")
  })

  const machine = (facts: Partial<HostFacts>): HostFacts => ({
    tags: [],
    machine: 'x86_64',
    user: { name: 'u', uid: 1000, gid: 1000, home: '/home/u', adopted: true },
    shells: ['bash'],
    loginShell: 'bash',
    bashProfiles: [],
    systemd: true,
    ...facts,
  })
  it('HOST-29 HOST-30 HOST-55 the block goes where the login shell reads it, and an empty folder breaks none', () => {
    expect(sourcingBlocks(machine({})).map(({ path }) => path)).toEqual(['/home/u/.profile'])
    expect(sourcingBlocks(machine({ bashProfiles: ['.bash_profile'] })).map(({ path }) => path)).toEqual([
      '/home/u/.profile',
      '/home/u/.bash_profile',
    ])
    expect(sourcingBlocks(machine({ loginShell: 'zsh' })).map(({ path }) => path)).toEqual(['/home/u/.zshenv'])
    expect(sourcingBlocks(machine({ loginShell: 'fish' })).map(({ path }) => path)).toEqual([
      '/home/u/.config/fish/conf.d/overthink.fish',
    ])
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const [{ body } = { body: '' }] = sourcingBlocks(
        machine({ loginShell: shell, user: { name: 'u', uid: 1, gid: 1, home: '/nonexistent', adopted: true } }),
      )
      const strict = shell === 'fish' ? '' : 'set -e\n'
      expect(execFileSync(shell, ['-c', `${strict}${body}\necho still there`], { encoding: 'utf8' })).toBe(
        'still there\n',
      )
    }
  })
  it('DEP-58 variables of the deploy are read last', () => {
    expect(deployEnvFile('/home/u', 'host:a/b')).toBe('/home/u/.config/overthink/env.d/zz-deploy-host-a-b.env')
  })
})
