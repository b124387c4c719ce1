import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkVault } from '../../src/apply/volumes/checks.ts'
import { badPassphrase } from '../../src/apply/volumes/gocryptfs.ts'
import { encryptedVolume } from '../../src/apply/volumes/places.ts'
import { isPopulatedAndUnmounted, leftovers, mountTable, volumeState } from '../../src/apply/volumes/state.ts'
import type { DeployEntry } from '../../src/model/deploy-entry.ts'

const PATHS = { home: '/home/me', encrypted: '/home/me/.local/share/ov/encrypted' }

describe('where an encrypted volume is', () => {
  it.each([
    ['immich', undefined, '/home/me/.local/share/ov/encrypted/ov-immich-library', 'ov-enc-immich-library.scope'],
    ['web/eu', undefined, '/home/me/.local/share/ov/encrypted/ov-web-eu-library', 'ov-enc-web-eu-library.scope'],
    ['web/eu', '/mnt/nas/web-eu', '/mnt/nas/web-eu', 'ov-enc-web-eu-library.scope'],
    ['web', '~/vault', '/home/me/vault', 'ov-enc-web-library.scope'],
    ['web', '$HOME/vault', '/home/me/vault', 'ov-enc-web-library.scope'],
  ])('ENC-10 ENC-12 %s at %s', (key, host, directory, unit) => {
    expect(encryptedVolume(key, { name: 'library', ...(host !== undefined && { host }) }, PATHS)).toEqual({
      name: 'library',
      key,
      cipher: `${directory}/cipher`,
      plain: `${directory}/plain`,
      unit,
    })
  })

  const encrypted = (...volumes: (string | [string, string])[]): DeployEntry => ({
    volumes: volumes.map((one) =>
      typeof one === 'string' ? { name: one, type: 'encrypted' } : { name: one[0], type: 'encrypted', host: one[1] },
    ),
  })
  it.each([
    ['a-b', encrypted('c'), { a: encrypted('b-c') }, '"a: b-c" and "a-b: c"'],
    ['a', encrypted(['x', '/v'], ['y', '/v']), {}, '"a: x" and "a: y"'],
    ['a', encrypted('x'), { b: encrypted('x') }, undefined],
    ['a', encrypted('x'), { 'a/two': encrypted('x') }, undefined],
    ['c', encrypted('x'), { a: encrypted('b-c'), 'a-b': encrypted('c') }, undefined],
  ] as const)('ENC-13 ENC-T11 %s with %j beside %j', async (key, after, others, names) => {
    const problems = await checkVault(
      {
        key,
        before: undefined,
        after,
        entries: new Map(Object.entries(others)),
        force: false,
        entity: `deploy "${key}"`,
        place: { file: 'deploy.yml', line: 1, column: 1 },
      },
      PATHS,
    )
    expect(problems.length > 0).toBe(names !== undefined)
    if (names !== undefined) expect(problems[0]?.message).toContain(names)
  })
})

describe('how an encrypted volume is', () => {
  const CONF = JSON.stringify({ FeatureFlags: ['GCMIV128', 'HKDF', 'DirIV'] })
  const make = (cipher: Record<string, string> | undefined, plain?: Record<string, string>) => {
    const directory = mkdtempSync(join(tmpdir(), 'ov-vault-'))
    const write = (name: string, files: Record<string, string> | undefined) => {
      if (!files) return
      mkdirSync(join(directory, name))
      for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, name, file), text)
    }
    write('cipher', cipher)
    write('plain', plain)
    return encryptedVolume('web', { name: 'x', host: directory }, PATHS)
  }

  it.each([
    [undefined, 'not initialized'],
    [{}, 'not initialized'],
    [{ 'gocryptfs.conf': CONF, 'gocryptfs.diriv': 'x' }, 'not mounted'],
    [{ 'gocryptfs.conf': CONF, 'gocryptfs.diriv': 'x', abc: 'x' }, 'not mounted'],
    [{ abc: 'x' }, 'lost'],
    [{ 'gocryptfs.diriv': 'x' }, 'lost'],
    // what a killed -init leaves, step by step
    [{ 'gocryptfs.conf.tmp': 'x' }, 'not initialized'],
    [{ 'gocryptfs.conf': CONF }, 'not initialized'],
    // a vault without initialisation vectors of directories, and one that can't be read, were made by somebody
    [{ 'gocryptfs.conf': '{"FeatureFlags": ["PlaintextNames"]}' }, 'not mounted'],
    [{ 'gocryptfs.conf': 'torn' }, 'not mounted'],
  ] as const)('ENC-14 ENC-46 with %j: %s', async (cipher, state) => {
    expect(await volumeState(make(cipher))).toBe(state)
  })

  it('ENC-14 what a killed -init has left is taken away before the next one, and nothing else', async () => {
    const volume = make({ 'gocryptfs.conf': CONF, 'gocryptfs.conf.tmp': 'x', other: 'x' })
    expect((await leftovers(volume)).map((path) => path.replace(/^.*\//, '')).sort()).toEqual([
      'gocryptfs.conf',
      'gocryptfs.conf.tmp',
    ])
  })

  const META = { 'gocryptfs.conf': CONF, 'gocryptfs.diriv': 'x' }
  it.each([
    [{ ...META, abc: 'x' }, {}, true],
    [META, {}, false],
    [{ ...META, abc: 'x' }, { file: 'x' }, false],
    [undefined, {}, false],
    [{ ...META, abc: 'x' }, undefined, false],
  ] as const)('ENC-63 cipher %j, plain %j: a container would write over it: %s', async (cipher, plain, dangerous) => {
    expect(await isPopulatedAndUnmounted(make(cipher, plain))).toBe(dangerous)
  })

  it('ENC-15 the mount table, with its escapes undone; another file system in the place is no vault', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ov-mounts-'))
    const volume = encryptedVolume('web', { name: 'x', host: join(directory, 'a b\tc\\d') }, PATHS)
    mkdirSync(volume.plain, { recursive: true })
    const table = async (type: string) => {
      const escaped = volume.plain.replaceAll('\\', '\\134').replaceAll(' ', '\\040').replaceAll('\t', '\\011')
      writeFileSync(join(directory, 'mounts'), `proc /proc proc rw 0 0\n/source ${escaped} ${type} rw 0 0\n`)
      return mountTable(join(directory, 'mounts'))
    }
    expect((await table('fuse.gocryptfs')).at(-1)).toEqual({ at: volume.plain, type: 'fuse.gocryptfs' })
    expect(await volumeState(volume, table('fuse.gocryptfs'))).toBe('mounted')
    for (const type of ['fuse.sshfs', 'fuse', 'ext4', 'fuse.gocryptfs2'])
      expect(await volumeState(volume, table(type)), type).toBe('not initialized')
  })
})

describe('a passphrase', () => {
  it.each([
    ['', /empty/],
    ['a\nb', /line break/],
    ['a\r', /line break/],
    ['a\0b', /NUL/],
    ['x'.repeat(2049), /longer than 2048 bytes/],
    ['ü'.repeat(1025), /longer than 2048 bytes/],
    ['x'.repeat(2048), undefined],
    ['  with blanks and "quotes" ', undefined],
  ])('ENC-32 %j', (passphrase, problem) => {
    if (problem) expect(badPassphrase(passphrase)).toMatch(problem)
    else expect(badPassphrase(passphrase)).toBeUndefined()
  })
})
