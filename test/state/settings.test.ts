import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync, chmodSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { findSetting, listSettings, resetSettings, setSetting, setting, settingKeys } from '../../src/state/settings.ts'

let file: string
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'ov-settings-')), 'config.yml')
})

/** Every key of the catalogue's table: variable, default, a value that it may have, its place in the file, one that it may not have. */
const TABLE: [key: string, variable: string, fallback: string, value: string, yaml: string, bad?: string][] = [
  ['engine.build', 'OV_BUILD_ENGINE', 'auto', 'docker', 'engine:\n  build: docker\n', 'lxc'],
  ['engine.run', 'OV_RUN_ENGINE', 'auto', 'podman', 'engine:\n  run: podman\n', 'lxc'],
  ['engine.rootful', 'OV_ENGINE_ROOTFUL', 'auto', 'sudo', 'engine:\n  rootful: sudo\n', 'su'],
  ['run_mode', 'OV_RUN_MODE', 'auto', 'direct', 'run_mode: direct\n', 'indirect'],
  ['auto_enable', 'OV_AUTO_ENABLE', 'true', 'false', 'auto_enable: false\n', 'maybe'],
  ['bind_address', 'OV_BIND_ADDRESS', '127.0.0.1', '0.0.0.0', 'bind_address: 0.0.0.0\n', '10.0.0.1'],
  [
    'encrypted_storage_path',
    'OV_ENCRYPTED_STORAGE_PATH',
    `${homedir()}/.local/share/ov/encrypted`,
    '/srv/enc',
    'encrypted_storage_path: /srv/enc\n',
  ],
  ['volumes_path', 'OV_VOLUMES_PATH', `${homedir()}/.local/share/ov/volumes`, '/srv/vol', 'volumes_path: /srv/vol\n'],
  ['secret_backend', 'OV_SECRET_BACKEND', 'auto', 'kdbx', 'secret_backend: kdbx\n', 'vault'],
  ['keyring_collection_label', 'OV_KEYRING_COLLECTION_LABEL', '', 'My Keys', 'keyring_collection_label: My Keys\n'],
  ['secrets.kdbx_path', 'OV_KDBX_PATH', '', '/k.kdbx', 'secrets_kdbx_path: /k.kdbx\n'],
  ['secrets.kdbx_key_file', 'OV_KDBX_KEY_FILE', '', '/k.key', 'secrets_kdbx_key_file: /k.key\n'],
  ['secrets.kdbx_cache', 'OV_KDBX_CACHE', 'true', 'false', 'kdbx_cache: false\n', 'no'],
  ['secrets.kdbx_cache_timeout', 'OV_KDBX_CACHE_TIMEOUT', '3600', '60', 'kdbx_cache_timeout: 60\n', '0'],
  ['forward_gpg_agent', 'OV_FORWARD_GPG_AGENT', 'true', 'false', 'forward_gpg_agent: false\n', 'x'],
  ['forward_ssh_agent', 'OV_FORWARD_SSH_AGENT', 'true', 'false', 'forward_ssh_agent: false\n', 'x'],
  ['vm.backend', 'OV_VM_BACKEND', 'auto', 'qemu', 'vm:\n  backend: qemu\n', 'xen'],
  ['vm.disk_size', 'OV_VM_DISK_SIZE', '', '20G', 'vm:\n  disk_size: 20G\n'],
  ['vm.root_size', 'OV_VM_ROOT_SIZE', '', '10G', 'vm:\n  root_size: 10G\n'],
  ['vm.ram', 'OV_VM_RAM', '4G', '8G', 'vm:\n  ram: 8G\n'],
  ['vm.cpus', 'OV_VM_CPUS', '2', '4', 'vm:\n  cpus: 4\n', 'many'],
  ['vm.rootfs', 'OV_VM_ROOTFS', 'ext4', 'btrfs', 'vm:\n  rootfs: btrfs\n', 'ntfs'],
  ['vm.transport', 'OV_VM_TRANSPORT', '', 'oci', 'vm:\n  transport: oci\n', 'ftp'],
]

describe('settings of a machine', () => {
  it.each(TABLE)(
    'SET-01 SET-02 SET-03 %s: default, file, variable, list, reset',
    async (...[key, variable, fallback, value, yaml, bad]: (typeof TABLE)[number]) => {
      expect(findSetting(key, file, {})).toEqual({ value: fallback, source: 'default' })
      await setSetting(key, value, file)
      expect(readFileSync(file, 'utf8')).toBe(yaml)
      expect(findSetting(key, file, {})).toEqual({ value, source: 'config' })
      expect(new Map(listSettings(file)).get(key)).toEqual({ value, source: 'config' })
      expect(findSetting(key, file, { [variable]: value })).toEqual({ value, source: `env (${variable})` })
      expect(findSetting(key, file, { [variable]: '' })).toEqual({ value, source: 'config' })
      if (bad !== undefined) {
        await expect(setSetting(key, bad, file)).rejects.toThrow(`${key} is "${bad}", and has to be`)
        expect(readFileSync(file, 'utf8')).toBe(yaml)
      }
      await resetSettings(file, key)
      expect(findSetting(key, file, {})).toEqual({ value: fallback, source: 'default' })
      expect(readFileSync(file, 'utf8').trim()).toBe('{}')
    },
  )

  it('SET-01 the table is complete', () => {
    expect(TABLE.map(([key]) => key).concat('hosts.<name>')).toEqual(settingKeys())
  })

  it.each([
    ['run_mode', { OV_RUN_MODE: 'often' }, 'OV_RUN_MODE is "often", and has to be one of auto, direct, quadlet'],
    [
      'secrets.kdbx_cache_timeout',
      { OV_KDBX_CACHE_TIMEOUT: '-1' },
      'OV_KDBX_CACHE_TIMEOUT is "-1", and has to be a whole number above 0',
    ],
    [
      'secret_backend',
      { OV_SECRET_BACKEND: 'vault' },
      'OV_SECRET_BACKEND is "vault", and has to be one of auto, keyring, kdbx, config',
    ],
  ])('SET-03 CRED-10 a variable is checked when it is used: %s', (key, env, message) => {
    expect(() => findSetting(key, file, env)).toThrow(message)
  })

  it('SET-03 a variable that is a switch is true for true and 1, and false for the rest', () => {
    const values = ['true', '1', 'false', '0', 'yes']
    expect(values.map((value) => setting('auto_enable', file, { OV_AUTO_ENABLE: value }))).toEqual([
      'true',
      'true',
      'false',
      'false',
      'false',
    ])
  })

  it('SET-01 the older names of the variables of engines, and the newer ones before them', () => {
    expect(setting('engine.run', file, { OV_ENGINE_RUN: 'docker' })).toBe('docker')
    expect(setting('engine.run', file, { OV_ENGINE_RUN: 'docker', OV_RUN_ENGINE: 'podman' })).toBe('podman')
    expect(setting('engine.build', file, { OV_ENGINE_BUILD: 'docker' })).toBe('docker')
  })

  it('SET-01 an unknown key is an error that lists those that there are', async () => {
    for (const key of ['runmode', 'toString', 'vm', 'hosts'])
      await expect(setSetting(key, 'x', file), key).rejects.toThrow(`there is no setting "${key}"`)
    expect(() => findSetting('runmode', file, {})).toThrow(/.*/)
    expect(existsSync(file)).toBe(false)
  })

  it('SET-01 SET-02 names of hosts', async () => {
    await setSetting('hosts.nas', 'me@nas.example', file)
    expect(findSetting('hosts.nas', file, {})).toEqual({ value: 'me@nas.example', source: 'config' })
    expect(new Map(listSettings(file)).get('hosts.nas')?.value).toBe('me@nas.example')
    await resetSettings(file, 'hosts.nas')
    expect(findSetting('hosts.nas', file, {}).value).toBe('')
  })

  it('SET-05 CRED-51 resetting all keeps credentials, the index, remarks and what nobody knows; the file is this user’s alone', async () => {
    writeFileSync(
      file,
      '# mine\n\nrun_mode: direct\nengine: {run: docker}\nvnc_passwords:\n  web: pw\nkeyring_keys: [ov/enc/web]\nother: 1\nhost_aliases: {a: b}\n',
    )
    chmodSync(file, 0o644)
    await resetSettings(file)
    expect(readFileSync(file, 'utf8')).toBe(
      '# mine\n\nvnc_passwords:\n  web: pw\nkeyring_keys: [ ov/enc/web ]\nother: 1\n',
    )
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('CRED-10 a file that is no YAML is an error, never a default', () => {
    writeFileSync(file, 'secret_backend: [\n')
    expect(() => setting('secret_backend', file, {})).toThrow('is not the YAML it should be')
  })
})
