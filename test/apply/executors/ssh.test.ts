import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { localExecutor } from '../../../src/apply/executors/local.ts'
import { commandLine } from '../../../src/apply/executors/ssh/index.ts'
import { judge, knownKeys, remember } from '../../../src/apply/executors/ssh/known-hosts.ts'
import { readSettings, sshSettings } from '../../../src/apply/executors/ssh/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'ssh-'))

describe('what ssh is configured to', () => {
  const config = join(folder, 'config')
  writeFileSync(
    config,
    `Host db-*
  HostName %h.example.org
  User ops
  Port 2222
  ProxyJump one@hop1:2200,hop2
  IdentityFile ~/.ssh/db
  IdentitiesOnly yes
  HostKeyAlias db
  StrictHostKeyChecking accept-new
  UserKnownHostsFile ${folder}/a ${folder}/b
Host piped
  ProxyCommand nc %h %p
  ConnectTimeout 3
`,
  )
  const settings = (host: string, args: string[] = []) =>
    sshSettings({ host, args: ['-F', config, ...args] }, '/agent', localExecutor)

  it('DEP-43 comes from ssh itself: aliases, jumps, identities', async () => {
    expect(await settings('db-1')).toMatchObject({
      hostname: 'db-1.example.org',
      port: 2222,
      user: 'ops',
      alias: 'db',
      jumps: [
        { host: 'hop1', user: 'one', port: 2200, args: [] },
        { host: 'hop2', args: [] },
      ],
      identityFiles: [expect.stringMatching(/^\/.*\/\.ssh\/db$/)],
      identitiesOnly: true,
      unknownKeys: 'add',
      agent: '/agent',
      connectSeconds: 10,
    })
    expect((await settings('db-1')).knownHosts.slice(0, 2)).toEqual([`${folder}/a`, `${folder}/b`])
    expect(await settings('piped')).toMatchObject({
      proxyCommand: 'nc piped 22',
      connectSeconds: 3,
      unknownKeys: 'ask',
      jumps: [],
    })
    expect(
      await settings('db-1', ['-o', 'ProxyJump=none', '-o', 'StrictHostKeyChecking=yes', '-p', '9']),
    ).toMatchObject({
      jumps: [],
      unknownKeys: 'refuse',
      port: 9,
    })
  })

  it('DEP-43 what ssh refuses is told with its words', async () => {
    await expect(settings('db-1', ['-o', 'Nonsense=1'])).rejects.toThrow('ssh refuses its settings')
  })

  it('DEP-43 an agent may be named, or none wanted', () => {
    expect(readSettings('identityagent none\n', 'x', '/agent').agent).toBeUndefined()
    expect(readSettings('identityagent /other\n', 'x', '/agent').agent).toBe('/other')
    expect(readSettings('identityagent SSH_AUTH_SOCK\n', 'x', '/agent').agent).toBe('/agent')
  })
})

describe('known hosts', () => {
  /** A key as machines show it. */
  const key = (type = 'ssh-ed25519') => {
    const name = Buffer.from(type)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(name.length)
    return Buffer.concat([length, name, randomBytes(36)])
  }

  it('DEP-43 a key is known, new, another one, or revoked; names may be hashed', async () => {
    const file = join(folder, 'known')
    const [mine, other] = [key(), key()]
    const settings = { alias: '[db]:2222', knownHosts: [file], hashKnownHosts: false }
    expect(judge(mine, await knownKeys(settings, localExecutor))).toEqual({ kind: 'unknown' })
    // A last line without its end stays what it is.
    writeFileSync(file, `elsewhere ssh-ed25519 ${other.toString('base64')}`)
    await remember(mine, settings)
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3)
    expect(judge(mine, await knownKeys(settings, localExecutor))).toEqual({ kind: 'known' })
    expect(judge(other, await knownKeys(settings, localExecutor))).toEqual({ kind: 'changed', place: `${file}:2` })
    await remember(other, { alias: 'hashed', knownHosts: [file], hashKnownHosts: true })
    expect(readFileSync(file, 'utf8')).not.toContain('hashed')
    expect(judge(other, await knownKeys({ alias: 'hashed', knownHosts: [file] }, localExecutor))).toEqual({
      kind: 'known',
    })
    writeFileSync(
      file,
      `@revoked * ssh-ed25519 ${mine.toString('base64')}\ndb ssh-ed25519 ${mine.toString('base64')}\n`,
    )
    expect(judge(mine, await knownKeys({ alias: 'db', knownHosts: [file] }, localExecutor))).toEqual({
      kind: 'revoked',
      place: `${file}:1`,
    })
  })
})

describe('a command line', () => {
  const program = ['sh', '-c', 'for word; do printf "%s\\0" "$word"; done; printf "%s" "$A" "$PWD"', 'x']

  it.each(['sh', 'bash', 'zsh', 'fish'])('DEP-38 means the same to %s as to any other shell', (shell) => {
    const said = (words: string[], value: string) =>
      execFileSync(shell, ['-c', commandLine([...program, ...words], { env: { A: value }, cwd: '/' })], {
        encoding: 'utf8',
      })
    const awkward = [
      '',
      ' ',
      "it's",
      '"',
      '\\',
      '$HOME',
      '`id`',
      '!!',
      '*',
      '~',
      'a\nb',
      '-n',
      '\\n',
      "'\\''",
      'ü😀',
      '%s',
      '#',
      '$(id)',
    ]
    expect(said(awkward, "a'b\\c")).toBe(`${awkward.map((word) => `${word}\0`).join('')}a'b\\c/`)
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed()),
          { maxLength: 3 },
        ),
        (words) => {
          expect(said(words, '')).toBe(`${words.map((word) => `${word}\0`).join('')}/`)
        },
      ),
      { numRuns: 15 },
    )
  })
})
