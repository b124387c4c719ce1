import { describe, expect, it } from 'vitest'
import { Credentials, type Backend } from '../../src/credentials/chain.ts'
import { StoreProblem, type Credential, type CredentialStore, type StoreName } from '../../src/credentials/store.ts'

/** A store in memory: what it has, or how it fails. */
class MemoryStore implements CredentialStore {
  readonly name: StoreName
  readonly values: Map<string, string>
  there = true
  broken: 'locked' | 'unavailable' | undefined
  /** Only writing fails. */
  refuses: 'locked' | 'unavailable' | undefined
  asked = 0
  constructor(name: StoreName, values: Record<string, string> = {}) {
    this.name = name
    this.values = new Map(Object.entries(values))
  }
  probe() {
    return Promise.resolve(this.there)
  }
  get(service: string, key: string) {
    this.asked++
    if (this.broken) return Promise.reject(new StoreProblem(this.broken, `${this.name} is ${this.broken}`))
    return Promise.resolve(this.values.get(`${service}/${key}`))
  }
  set(service: string, key: string, value: string) {
    const problem = this.broken ?? this.refuses
    if (problem) return Promise.reject(new StoreProblem(problem, `${this.name} is ${problem}`))
    this.values.set(`${service}/${key}`, value)
    return Promise.resolve()
  }
  delete(service: string, key: string) {
    if (this.broken) return Promise.reject(new StoreProblem(this.broken, `${this.name} is ${this.broken}`))
    this.values.delete(`${service}/${key}`)
    return Promise.resolve()
  }
  list(): Promise<readonly Credential[]> {
    if (this.broken) return Promise.reject(new StoreProblem(this.broken, `${this.name} is ${this.broken}`))
    return Promise.resolve(
      [...this.values.keys()].map((name) => {
        const at = name.lastIndexOf('/')
        return { service: name.slice(0, at), key: name.slice(at + 1) }
      }),
    )
  }
}

type Has = 'value' | 'none' | 'locked' | 'unavailable' | 'gone'

/** A chain over stores that have a value, none, fail, or are not there. */
function chain(backend: Backend, has: { keyring?: Has; kdbx?: Has; quiet?: Has; config?: Has }, env = {}) {
  const said: string[] = []
  const store = (name: StoreName, state: Has = 'none') => {
    const made = new MemoryStore(name, state === 'value' ? { 'ov/enc/web': `of ${name}` } : {})
    made.there = state !== 'gone'
    if (state === 'locked' || state === 'unavailable') made.broken = state
    return made
  }
  const stores = {
    keyring: store('keyring', has.keyring ?? 'gone'),
    ...(has.kdbx && { kdbx: { store: store('kdbx', has.kdbx), quiet: store('kdbx', has.quiet ?? has.kdbx) } }),
    config: store('config', has.config),
  }
  const credentials = new Credentials({ backend, env, say: (line) => said.push(line), open: () => stores })
  return { credentials, stores, said }
}

const resolved = async (...args: Parameters<typeof chain>) => {
  const { value, source } = await chain(...args).credentials.resolve('ov/enc', 'web', 'GOCRYPTFS_PASSWORD')
  return value === undefined ? source : `${source}: ${value}`
}

describe('where a credential is looked for', () => {
  it.each<[Backend, Parameters<typeof chain>[1], string]>([
    ['config', { keyring: 'value', kdbx: 'value', config: 'value' }, 'config: of config'],
    ['config', { keyring: 'value', kdbx: 'value' }, 'default'],
    ['kdbx', { keyring: 'value', kdbx: 'value', config: 'value' }, 'kdbx: of kdbx'],
    ['kdbx', { keyring: 'value', kdbx: 'none', config: 'value' }, 'config: of config'],
    ['kdbx', { keyring: 'value', kdbx: 'none' }, 'default'],
    ['keyring', { keyring: 'value', kdbx: 'value', config: 'value' }, 'keyring: of keyring'],
    ['keyring', { keyring: 'none', kdbx: 'value', config: 'value' }, 'config: of config'],
    ['auto', { keyring: 'value', kdbx: 'value', config: 'value' }, 'keyring: of keyring'],
    ['auto', { keyring: 'none', kdbx: 'value', config: 'value' }, 'kdbx: of kdbx'],
    ['auto', { keyring: 'none', kdbx: 'none', config: 'value' }, 'config: of config'],
    ['auto', { keyring: 'none' }, 'default'],
    ['auto', { keyring: 'gone', kdbx: 'value' }, 'kdbx: of kdbx'],
    ['auto', { keyring: 'gone', config: 'value' }, 'config: of config'],
    // a store that can't be asked does not keep the others from being asked
    ['auto', { keyring: 'locked', config: 'value' }, 'config: of config'],
    ['kdbx', { kdbx: 'locked', config: 'value' }, 'config: of config'],
    ['keyring', { keyring: 'unavailable', config: 'value' }, 'config: of config'],
  ])('CRED-11 CRED-12 %s with %j: %s', async (backend, has, found) => {
    expect(await resolved(backend, has)).toBe(found)
  })

  it.each<[Backend, Parameters<typeof chain>[1], string]>([
    ['auto', { keyring: 'locked' }, 'locked'],
    ['keyring', { keyring: 'locked' }, 'locked'],
    ['auto', { keyring: 'unavailable' }, 'unavailable'],
    ['keyring', { keyring: 'unavailable' }, 'unavailable'],
    ['keyring', { keyring: 'gone' }, 'unavailable'],
    // the config file became the first store only because the keyring had to be passed over
    ['auto', { keyring: 'gone' }, 'unavailable'],
    ['auto', { keyring: 'gone', kdbx: 'gone' }, 'unavailable'],
    ['auto', { keyring: 'gone', kdbx: 'none' }, 'default'],
    ['auto', { keyring: 'gone', kdbx: 'unavailable' }, 'unavailable'],
    ['kdbx', { kdbx: 'locked' }, 'locked'],
    ['kdbx', { kdbx: 'unavailable' }, 'unavailable'],
    // a second store that is closed must not make a miss a wait without end
    ['auto', { keyring: 'none', kdbx: 'none', quiet: 'locked' }, 'default'],
    ['auto', { keyring: 'gone', kdbx: 'locked' }, 'unavailable'],
  ])('CRED-12 CRED-13 CRED-43 ENC-52 ENC-T2 no value in %s with %j: %s', async (backend, has, found) => {
    expect(await resolved(backend, has)).toBe(found)
  })

  it('CRED-12 ENC-51 a variable that is not empty goes before all stores, and none is asked', async () => {
    const { credentials, stores } = chain('auto', { keyring: 'value' }, { GOCRYPTFS_PASSWORD: 'given' })
    expect(await credentials.resolve('ov/enc', 'web', 'GOCRYPTFS_PASSWORD')).toEqual({ value: 'given', source: 'env' })
    expect(stores.keyring.asked).toBe(0)
    expect(await resolved('auto', { keyring: 'value' }, { GOCRYPTFS_PASSWORD: '' })).toBe('keyring: of keyring')
  })

  it('CRED-11 with a healthy keyring nobody is asked for the password of the KeePass file', async () => {
    const { credentials, stores } = chain('auto', { keyring: 'none', kdbx: 'value', quiet: 'locked' })
    await credentials.resolve('ov/enc', 'web')
    expect(stores.kdbx?.store.asked).toBe(0)
    expect(stores.kdbx?.quiet.asked).toBe(1)
  })

  it('CRED-14 the stores are made once, and anew after a reset', async () => {
    let made = 0
    const { stores } = chain('auto', { keyring: 'none' })
    const credentials = new Credentials({ backend: 'auto', env: {}, say: () => {}, open: () => (made++, stores) })
    await credentials.resolve('ov/enc', 'web')
    stores.keyring.there = false
    expect((await credentials.resolve('ov/enc', 'web')).source).toBe('default')
    expect(made).toBe(1)
    credentials.reset()
    expect((await credentials.resolve('ov/enc', 'web')).source).toBe('unavailable')
    expect(made).toBe(2)
  })

  it('CRED-46 the backend kdbx without a file is an error, and writes no plain text', async () => {
    const { credentials, stores } = chain('kdbx', {})
    await expect(credentials.resolve('ov/enc', 'web')).rejects.toThrow(
      'secrets.kdbx_path is not configured; run: ov secrets init',
    )
    await expect(credentials.set('ov/enc', 'web', 'x')).rejects.toThrow('run: ov secrets init')
    expect(stores.config.values.size).toBe(0)
  })
})

describe('where a credential is kept', () => {
  it.each<[Backend, Parameters<typeof chain>[1], string]>([
    ['config', { keyring: 'none', kdbx: 'none' }, 'config'],
    ['kdbx', { keyring: 'none', kdbx: 'none' }, 'kdbx'],
    ['keyring', { keyring: 'none', kdbx: 'none' }, 'keyring'],
    ['auto', { keyring: 'none', kdbx: 'none' }, 'keyring'],
    ['auto', { keyring: 'gone', kdbx: 'none' }, 'kdbx'],
    ['auto', { keyring: 'gone', kdbx: 'gone' }, 'config'],
    ['auto', { keyring: 'unavailable' }, 'config'],
  ])('CRED-15 %s with %j: %s', async (backend, has, store) => {
    const { credentials, said } = chain(backend, has)
    expect(await credentials.set('ov/enc', 'web', 'new')).toBe(store)
    expect((await credentials.resolve('ov/enc', 'web')).value).toBe('new')
    // one line, however many values, where another store than the first took it
    await credentials.set('ov/enc', 'other', 'new')
    expect(said).toHaveLength(backend === 'auto' && store !== 'keyring' ? 1 : 0)
    if (said[0] !== undefined) expect(said[0]).toContain(`ov settings set secret_backend ${store}`)
  })

  it.each<[Backend, Parameters<typeof chain>[1], RegExp]>([
    ['auto', { keyring: 'locked' }, /keyring is locked/],
    ['keyring', { keyring: 'locked' }, /keyring is locked/],
    ['keyring', { keyring: 'unavailable' }, /keyring is unavailable/],
    ['keyring', { keyring: 'gone' }, /no desktop keyring answers here/],
    ['kdbx', { kdbx: 'locked' }, /kdbx is locked/],
    ['kdbx', { kdbx: 'gone' }, /the KeePass file does not exist/],
  ])('CRED-15 ENC-T5 %s with %j: an error, and no copy in plain text', async (backend, has, message) => {
    const { credentials, stores } = chain(backend, has)
    await expect(credentials.set('ov/enc', 'web', 'new')).rejects.toThrow(message)
    expect(stores.config.values.size).toBe(0)
  })

  it('CRED-15 CRED-31 a keyring that can be read and not written counts as not usable', async () => {
    const { credentials, stores } = chain('auto', { keyring: 'none' })
    stores.keyring.refuses = 'unavailable'
    expect(await credentials.set('ov/enc', 'web', 'new')).toBe('config')
  })

  it('CRED-33 deleting takes it out of every store', async () => {
    const { credentials, stores } = chain('auto', { keyring: 'value', kdbx: 'value', config: 'value' })
    await credentials.delete('ov/enc', 'web')
    await credentials.delete('ov/enc', 'web')
    expect([stores.keyring, stores.kdbx!.quiet, stores.config].map(({ values }) => values.size)).toEqual([0, 0, 0])
  })

  it('CRED-62 the list is that of all stores, each name once', async () => {
    const { credentials, stores } = chain('auto', { keyring: 'value', config: 'value' })
    stores.config.values.set('ov/api-key/a', 'x')
    const found = [
      { service: 'ov/api-key', key: 'a' },
      { service: 'ov/enc', key: 'web' },
    ]
    expect(await credentials.list()).toEqual({ found, complete: true })
    // A store that could not be asked may have more.
    stores.config.broken = 'locked'
    expect(await credentials.list()).toEqual({ found: found.slice(1), complete: false })
  })
})
