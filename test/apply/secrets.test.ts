import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gatherSecrets, type Snapshot } from '../../src/apply/targets/pod/index.ts'
import { localExecutor } from '../../src/apply/executors/local.ts'
import { Podman } from '../../src/apply/podman.ts'
import { Credentials } from '../../src/credentials/chain.ts'
import { ConfigFileStore } from '../../src/credentials/config-file.ts'
import { StoreProblem, type CredentialStore } from '../../src/credentials/store.ts'
import type { PodPlan } from '../../src/plan/pod/index.ts'

const home = mkdtempSync(join(tmpdir(), 'ov-secrets-'))
writeFileSync(join(home, 'key'), 'of a file\n')
const file = new ConfigFileStore(join(home, 'config.yml'), () => {})
const nothing = { ...file, name: 'keyring' as const, probe: () => Promise.resolve(false) } as unknown as CredentialStore
const store = new Credentials({
  backend: 'config',
  env: {},
  say: () => {},
  open: () => ({ config: file, keyring: nothing }),
})
const origin = { file: 'deploy.ts', line: 1, column: 1 }

/** Gathers one secret of the image's own, that podman has not. */
async function gather(
  source: string | undefined,
  env: readonly string[],
  given: Record<string, string> = {},
  credentials: Pick<Credentials, 'resolve' | 'set'> = store,
) {
  const secret = { podman: 'ov-web-key', name: 'key', env, ...(source !== undefined && { source }) }
  const plan = {
    name: 'web',
    base: 'web',
    container: 'ov-web',
    origin,
    sidecars: [],
    secrets: { owned: [secret], credentials: [] },
  }
  const { ready, diagnostics } = await gatherSecrets(plan as unknown as PodPlan, {
    podman: new Podman(localExecutor),
    now: {
      hasSecret: () => Promise.resolve(false),
      unit: () => Promise.reject(new Error('not asked')),
      containers: () => Promise.reject(new Error('not asked')),
      imageId: () => Promise.reject(new Error('not asked')),
    },
    credentials,
    env: given,
    home,
    ask: undefined,
  })
  return diagnostics[0]?.message ?? [ready[0]?.value, ready[0]?.from]
}

describe('where the value of a secret comes from', () => {
  it.each([
    ['env:TOKEN', [], { TOKEN: 'of a variable' }, ['of a variable', 'env:TOKEN']],
    ['env:TOKEN', [], {}, 'secrets.key: the variable TOKEN is not set'],
    ['file:~/key', [], {}, ['of a file\n', 'file:~/key']],
    ['file:~/key', ['KEY'], {}, ['of a file', 'file:~/key']],
    ['file:~/none', [], {}, `secrets.key: the file ${home}/none can't be read`],
    ['vault', [], {}, 'secrets.key: "vault" is not a source'],
    [undefined, ['KEY'], { KEY: 'of the operator' }, ['of the operator', 'env KEY']],
    ['file:~/key', ['KEY'], { KEY: 'of the operator' }, ['of a file', 'file:~/key']],
  ] as const)('POD-92 CRED-73 CRED-74 %s %j %j', async (source, env, given, found) => {
    expect(await gather(source, env, given)).toEqual(found)
  })

  it('POD-92 CRED-73 the store, the most particular place first; else a new one of 32 bytes', async () => {
    const [value, from] = await gather(undefined, ['KEY'])
    expect([from, Buffer.from(value!, 'base64url').length]).toEqual(['generated', 32])
    expect(await gather(undefined, ['KEY'])).not.toEqual([value, from])
    for (const [service, key] of [
      ['ov/secret', 'key'],
      ['ov/secret', 'ov-web-key'],
      ['ov/secret', 'web'],
    ] as const) {
      await store.set(service, key, `at ${key}`)
      expect(await gather(undefined, ['KEY'])).toEqual([`at ${key}`, `${service}/${key}`])
    }
    await store.set('ov/vnc', 'web', 'of the screen')
    expect(await gather(undefined, ['VNC_PASSWORD'])).toEqual(['of the screen', 'ov/vnc/web'])
  })

  it.each(['locked', 'unavailable'] as const)(
    'CRED-73 CRED-82 ENC-T5 a store that is %s may have it: nothing is made up in its place',
    async (source) => {
      const problem = new StoreProblem(source, 'said why')
      const asked = {
        resolve: () => Promise.resolve({ source, problem }),
        set: () => Promise.reject(new Error('kept')),
      }
      expect(await gather(undefined, ['KEY'], {}, asked)).toBe(
        `secrets.key: the credential store is ${source}, and may have ov/secret/web (said why)`,
      )
      expect(await gather(undefined, ['KEY'], { KEY: 'of the operator' }, asked)).toEqual([
        'of the operator',
        'env KEY',
      ])
    },
  )

  it.each([
    ['locked', true, true, { kept: ['ov-web-token'], absent: [], message: undefined }],
    ['unavailable', false, true, { kept: ['ov-web-token'], absent: [], message: undefined }],
    ['locked', true, false, { kept: [], absent: [], message: /store is locked, and may have ov\/secret\/TOKEN/ }],
    ['default', true, true, { kept: [], absent: [], message: /missing required credential-backed secret.*TOKEN/ }],
    ['default', false, false, { kept: [], absent: ['ov-web-token'], message: undefined }],
  ] as const)(
    'CRED-80 CRED-82 a credential, store %s, required %s, in podman %s',
    async (source, required, there, wanted) => {
      const token = {
        podman: 'ov-web-token',
        name: 'TOKEN',
        description: 'a token',
        service: 'ov/secret',
        key: 'TOKEN',
        required,
      }
      const plan = {
        name: 'web',
        base: 'web',
        container: 'ov-web',
        origin,
        sidecars: [],
        secrets: { owned: [], credentials: [token] },
      }
      const { kept, absent, diagnostics } = await gatherSecrets(plan as unknown as PodPlan, {
        podman: new Podman(localExecutor),
        now: { hasSecret: () => Promise.resolve(there) } as unknown as Snapshot,
        credentials: { resolve: () => Promise.resolve({ source }), set: () => Promise.reject(new Error('kept')) },
        env: {},
        home,
        ask: undefined,
      })
      expect([kept, absent]).toEqual([wanted.kept, wanted.absent])
      if (wanted.message) expect(diagnostics[0]?.message).toMatch(wanted.message)
      else expect(diagnostics).toEqual([])
    },
  )
})
