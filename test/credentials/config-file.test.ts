import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { ConfigFileStore } from '../../src/credentials/config-file.ts'
import { ShadowIndex } from '../../src/credentials/shadow-index.ts'
import { splitCredential } from '../../src/credentials/store.ts'

let file: string
let said: string[]
let store: ConfigFileStore
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'ov-config-')), 'new', 'config.yml')
  said = []
  store = new ConfigFileStore(file, (line) => said.push(line))
})

describe('credentials in config.yml', () => {
  it('CRED-50 passwords of VNC servers have their bare key, all else its service', async () => {
    await store.set('ov/vnc', 'desktop', 'pw1')
    await store.set('ov/secret', 'ov-immich-db-password', 'pw2')
    expect(readFileSync(file, 'utf8')).toBe('vnc_passwords:\n  desktop: pw1\n  ov/secret/ov-immich-db-password: pw2\n')
    expect(await store.list('ov/vnc')).toEqual([{ service: 'ov/vnc', key: 'desktop' }])
    expect(await store.list()).toEqual([
      { service: 'ov/secret', key: 'ov-immich-db-password' },
      { service: 'ov/vnc', key: 'desktop' },
    ])
    await store.delete('ov/vnc', 'desktop')
    await store.delete('ov/vnc', 'desktop')
    expect(await store.get('ov/vnc', 'desktop')).toBeUndefined()
    expect(await store.get('ov/secret', 'ov-immich-db-password')).toBe('pw2')
  })

  it('CRED-50 what YAML takes for something else is still the text that was written', async () => {
    const values = ['123456', '0x1F', 'true', 'null', '~', '1e3', 'a: b', '#x', ' lead', 'ü\n2', "'", '"', '- x']
    for (const [index, value] of values.entries()) await store.set('ov/secret', `k${index}`, value)
    for (const [index, value] of values.entries()) expect(await store.get('ov/secret', `k${index}`)).toBe(value)
    writeFileSync(file, 'vnc_passwords: {a: 0123, b: yes, c: 1.50, d: null}\n', { mode: 0o600 })
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => store.get('ov/vnc', key)))).toEqual([
      '0123',
      'yes',
      '1.50',
      undefined,
    ])
  })

  it('CRED-51 ENC-T13 the file and its directory are this user’s alone, also after a rewrite of a loose one', async () => {
    await store.set('ov/vnc', 'desktop', 'pw')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
    writeFileSync(file, '# mine\nother: {x: 1}\nvnc_passwords: {desktop: pw}\n')
    chmodSync(file, 0o644)
    await store.get('ov/vnc', 'desktop')
    await store.get('ov/vnc', 'desktop')
    expect(said).toEqual([`ov: warning: ${file} has mode 0644, and others may read it: chmod 600 ${file}`])
    await store.set('ov/vnc', 'desktop', 'pw2')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toContain('# mine\nother: { x: 1 }\n')
  })

  it('CRED-32 the index of the keyring: names only, sorted, each once', async () => {
    const index = new ShadowIndex(file)
    for (const name of ['ov/enc/b', 'ov/api-key/a', 'ov/enc/b']) await index.add(name)
    expect(index.names()).toEqual(['ov/api-key/a', 'ov/enc/b'])
    expect(readFileSync(file, 'utf8')).toBe('keyring_keys:\n  - ov/api-key/a\n  - ov/enc/b\n')
    await index.remove('ov/enc/b', 'ov/enc/none')
    expect(index.names()).toEqual(['ov/api-key/a'])
    await index.remove('ov/api-key/a')
    expect(readFileSync(file, 'utf8').trim()).toBe('{}')
  })
})

describe('names of credentials', () => {
  it.each([
    ['ov/api-key/openrouter', 'ov/api-key', 'openrouter'],
    ['ov/enc/immich', 'ov/enc', 'immich'],
    ['ov/secret/ov-web-db_password', 'ov/secret', 'ov-web-db_password'],
  ])('CRED-01 CRED-02 ENC-T13 %s', (name, service, key) => {
    expect(splitCredential(name)).toEqual({ service, key })
  })
  it.each(['ov/enc', 'enc/web', 'ov/enc/', 'ov//web', 'ov/Enc/web', 'ov/enc/a/b', 'x', ''])(
    'CRED-01 %j is none',
    (name) => {
      expect(splitCredential(name)).toBeUndefined()
    },
  )
})
