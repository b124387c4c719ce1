import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import kdbxweb from 'kdbxweb'
import { describe, expect, it } from 'vitest'
import {
  Answers,
  headerEnd,
  keepassxc,
  makeCheap,
  makeStoreElsewhere,
  PASSWORD,
  problemOf,
  rehashed,
  scratch,
  storeOf,
  type Kind,
} from './kdbx-bed.ts'

/** A cheap file, as bytes. */
async function cheapBytes(kind: Kind): Promise<Buffer> {
  const path = join(scratch(), 'a.kdbx')
  await makeCheap(path, kind)
  return readFileSync(path)
}

describe('passwords', () => {
  it('CRED-43 a wrong password is asked for three times, by the whole process', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const answers = new Answers('hunter1', 'hunter2', 'hunter3', PASSWORD)
    const store = storeOf(path, answers)
    const problem = await problemOf(store.get('ov/enc', 'immich'))
    expect(problem.kind).toBe('locked')
    expect(problem.message).toContain(path)
    expect(problem.message).toContain('the password that was entered is wrong')
    expect(`${problem.message} ${problem.remedy}`).not.toContain('hunter')
    expect(answers.asked).toBe(3)
    expect(answers.told).toEqual(['failed: hunter1', 'failed: hunter2', 'failed: hunter3'])
    for (const again of [
      store.get('ov/enc', 'a'),
      store.set('ov/enc', 'a', 'b'),
      store.delete('ov/enc', 'a'),
      store.list(),
    ])
      expect((await problemOf(again)).kind).toBe('locked')
    expect(answers.asked).toBe(3)
  })

  it.each([3, 'argon2id'] as const)('CRED-43 the third attempt may be the right one (%s)', async (kind) => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, kind)
    const answers = new Answers('one', '', PASSWORD)
    const store = storeOf(path, answers)
    expect(await store.get('ov/enc', 'immich')).toBeUndefined()
    expect(answers.told).toEqual(['failed: one', 'failed: ', `worked: ${PASSWORD}`])
  })

  it('CRED-43 it is asked for once, however much is done, and at once', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const answers = new Answers(PASSWORD)
    const store = storeOf(path, answers)
    await Promise.all([
      store.get('ov/enc', 'a'),
      store.list(),
      store.set('ov/enc', 'a', '1'),
      store.set('ov/enc', 'b', '2'),
    ])
    await store.delete('ov/enc', 'a')
    expect(await store.list()).toEqual([{ service: 'ov/enc', key: 'b' }])
    expect(answers.asked).toBe(1)
  })

  it('CRED-43 without a password and anybody to ask, it is locked', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const problem = await problemOf(storeOf(path, new Answers()).get('ov/enc', 'immich'))
    expect(problem.kind).toBe('locked')
    expect(problem.message).toBe(`${path} needs its master password, and there is nobody to ask for it`)
    expect(problem.remedy).toContain('OV_KDBX_PASSWORD')
  })

  it('CRED-40 probing asks nobody, and wants a file', async () => {
    const folder = scratch()
    const path = join(folder, 'a.kdbx')
    const answers = new Answers(PASSWORD)
    expect(await storeOf(path, answers).probe()).toBe(false)
    expect(await storeOf(folder, answers).probe()).toBe(false)
    symlinkSync('loop', join(folder, 'loop'))
    expect(await storeOf(join(folder, 'loop'), answers).probe()).toBe(false)
    writeFileSync(path, 'anything')
    expect(await storeOf(path, answers).probe()).toBe(true)
    expect(answers.asked).toBe(0)
  })
})

describe('key files', () => {
  it('CRED-43 a key file that is missing, a folder, or broken is named, and no password is asked for again', async () => {
    const folder = scratch()
    const [path, keyFile] = [join(folder, 'a.kdbx'), join(folder, 'key.keyx')]
    keepassxc(['db-create', '-q', '-t', '100', '-p', '--set-key-file', keyFile, path], PASSWORD, PASSWORD)
    const good = new TextDecoder().decode(await kdbxweb.KdbxCredentials.createRandomKeyFile(2))
    const broken: Readonly<Record<string, () => void>> = {
      'does not exist': () => rmSync(keyFile),
      'is not a file': () => mkdirSync(keyFile),
      'is no key file that can be read': () => {
        rmSync(keyFile, { recursive: true })
        writeFileSync(keyFile, good.replace(/Hash="\w+"/, 'Hash="00000000"'))
      },
    }
    for (const [message, make] of Object.entries(broken)) {
      make()
      const answers = new Answers(PASSWORD, PASSWORD, PASSWORD)
      const problem = await problemOf(storeOf(path, answers, keyFile).get('ov/enc', 'immich'))
      expect(problem.kind).toBe('unavailable')
      expect(problem.message).toBe(`${keyFile} ${message}`)
      expect(problem.remedy).toContain('secrets.kdbx_key_file')
      expect(answers.asked).toBe(1)
    }
    for (const content of [
      good.replace('2.0', '9.0'),
      good.replace(/<Data[^]*<\/Data>/, ''),
      '<KeyFile><Meta><Version>1.00</Version></Meta><Key><Data>%%%</Data></Key></KeyFile>',
    ]) {
      writeFileSync(keyFile, content)
      const problem = await problemOf(storeOf(path, undefined, keyFile).get('ov/enc', 'immich'))
      expect(problem.message).toBe(`${keyFile} is no key file that can be read`)
    }
  })

  it('CRED-43 the wrong key file can not be told from the wrong password: the message has both', async () => {
    const folder = scratch()
    const [path, keyFile] = [join(folder, 'a.kdbx'), join(folder, 'key')]
    await makeCheap(path)
    writeFileSync(keyFile, 'not its key')
    const problem = await problemOf(storeOf(path, undefined, keyFile).get('ov/enc', 'immich'))
    expect(problem.message).toBe(
      `${path} can't be opened: the password that was entered, or the key file ${keyFile}, is wrong`,
    )
  })
})

describe('files that are no good', () => {
  const unavailable = async (path: string, message: string | RegExp) => {
    const answers = new Answers(PASSWORD, PASSWORD, PASSWORD)
    const store = storeOf(path, answers)
    for (const promise of [store.get('ov/enc', 'immich'), store.list(), store.set('ov/enc', 'immich', 'a value')]) {
      const problem = await problemOf(promise)
      expect(problem.kind).toBe('unavailable')
      expect(problem.message).toContain(path)
      if (typeof message === 'string') expect(problem.message).toContain(message)
      else expect(problem.message).toMatch(message)
      expect(problem.remedy).toBeDefined()
      expect(problem.message).not.toContain(PASSWORD)
    }
    // Nobody is asked for the password of what can't be opened.
    expect(answers.asked).toBe(0)
  }

  it('CRED-43 a file that does not exist, a folder, a pipe', async () => {
    const folder = scratch()
    await unavailable(join(folder, 'none.kdbx'), 'does not exist')
    await unavailable(folder, 'is not a file')
    symlinkSync('loop', join(folder, 'loop'))
    await unavailable(join(folder, 'loop'), "can't be read (ELOOP)")
    const pipe = join(folder, 'pipe')
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
    await unavailable(pipe, 'is not a file')
    await unavailable('/dev/zero', 'is not a file')
  })

  it.each<[string, Buffer, string]>([
    ['an empty file', Buffer.alloc(0), 'is damaged or cut short'],
    ['a text', Buffer.from('not a database\n'), 'is no KeePass file'],
    ['KeePass 1', Buffer.from('03d9a29a65fb4bb5000000000200030000000000', 'hex'), 'is no KeePass file'],
    ['version 5', Buffer.from('03d9a29a67fb4bb500000500', 'hex'), 'of a version of KDBX that ov does not know'],
    ['version 4.9', Buffer.from('03d9a29a67fb4bb509000400', 'hex'), 'of a version of KDBX that ov does not know'],
    ['version 2', Buffer.from('03d9a29a67fb4bb500000200', 'hex'), 'of a version of KDBX that ov does not know'],
  ])('CRED-43 %s', async (_, content, message) => {
    const path = join(scratch(), 'a.kdbx')
    writeFileSync(path, content)
    await unavailable(path, message)
  })

  it.each([3, 'argon2id'] as const)('CRED-43 a file cut short anywhere (%s)', async (kind) => {
    const path = join(scratch(), 'a.kdbx')
    const content = await cheapBytes(kind)
    for (let length = 0; length < content.length; length++) {
      writeFileSync(path, content.subarray(0, length))
      const answers = new Answers(PASSWORD)
      const problem = await problemOf(storeOf(path, answers).get('ov/enc', 'immich'))
      expect(problem.message).toContain(path)
      // Version 3 has no length in it: with nothing but whole blocks gone, it is no different from a wrong password.
      const whole = kind === 3 && (content.length - length) % 16 === 0 && length > headerEnd(content)
      if (!whole) expect(problem.kind).toBe('unavailable')
    }
  })

  it('CRED-44 a cipher and a key derivation that ov does not know', async () => {
    const path = join(scratch(), 'a.kdbx')
    const twofish = Buffer.from('ad68f29f576f4bb9a36ad47af965346c', 'hex')
    const content = await cheapBytes('argon2id')
    const aes = Buffer.from(kdbxweb.Consts.CipherId.Aes, 'base64')
    writeFileSync(path, rehashed(replaced(content, aes, twofish)))
    await unavailable(path, 'uses a cipher or key derivation that ov does not know')
    const argon2id = Buffer.from(kdbxweb.Consts.KdfId.Argon2id, 'base64')
    writeFileSync(path, rehashed(replaced(content, argon2id, Buffer.alloc(16, 1))))
    await unavailable(path, 'uses a cipher or key derivation that ov does not know')
    writeFileSync(path, rehashed(withParameter(content, 'V', 0x10, 4)))
    await unavailable(path, 'uses a cipher or key derivation that ov does not know')
  })

  /** Puts other bytes in the place of some, which are there once. */
  function replaced(content: Buffer, old: Buffer, other: Buffer): Buffer {
    const at = content.indexOf(old)
    expect(at).toBeGreaterThan(0)
    return Buffer.concat([content.subarray(0, at), other, content.subarray(at + old.length)])
  }

  /** Gives a parameter of the key derivation another value: its name, its length, and the value itself follow each other. */
  function withParameter(content: Buffer, name: string, value: number, length: 4 | 8): Buffer {
    const head = Buffer.from([1, 0, 0, 0, name.charCodeAt(0), length, 0, 0, 0])
    const at = content.indexOf(head)
    expect(at).toBeGreaterThan(0)
    const changed = Buffer.from(content)
    if (length === 4) changed.writeUInt32LE(value, at + head.length)
    else changed.writeBigUInt64LE(BigInt(value), at + head.length)
    return changed
  }

  it.each<['argon2id' | 'argon2d' | 'aes', string, number, 4 | 8, RegExp]>([
    ['argon2id', 'M', 4 * 1024 ** 3, 8, /Argon2 with 4096 MiB, 1 rounds, 1 lanes/],
    ['argon2d', 'M', 2 ** 52, 8, /absurd key derivation: Argon2/],
    ['argon2id', 'I', 1001, 8, /absurd key derivation: Argon2 with 1 MiB, 1001 rounds/],
    ['argon2id', 'I', 2 ** 53, 8, /damaged|absurd/],
    ['argon2d', 'P', 65, 4, /absurd key derivation: Argon2/],
    ['aes', 'R', 100_000_001, 8, /absurd key derivation: AES with 100000001 rounds/],
    ['aes', 'R', 2 ** 53, 8, /damaged|absurd/],
  ])(
    'CRED-43 what would take ages to open is refused before it is tried: %s %s=%d',
    async (kind, name, value, length, message) => {
      const path = join(scratch(), 'a.kdbx')
      writeFileSync(path, rehashed(withParameter(await cheapBytes(kind), name, value, length)))
      const start = performance.now()
      await unavailable(path, message)
      expect(performance.now() - start).toBeLessThan(2000)
    },
  )

  it('CRED-43 much memory, again and again, is refused as well', async () => {
    const path = join(scratch(), 'a.kdbx')
    const content = withParameter(withParameter(await cheapBytes('argon2id'), 'M', 1024 ** 3, 8), 'I', 1000, 8)
    writeFileSync(path, rehashed(content))
    await unavailable(path, 'absurd key derivation: Argon2 with 1024 MiB, 1000 rounds')
  })

  it('CRED-43 version 3.1 with absurdly many rounds is refused', async () => {
    const path = join(scratch(), 'a.kdbx')
    const rounds = Buffer.from([6, 8, 0, 0xf4, 1, 0, 0, 0, 0, 0, 0])
    const content = replaced(await cheapBytes(3), rounds, Buffer.from([6, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0]))
    writeFileSync(path, content)
    await unavailable(path, 'absurd key derivation: AES with 4294967296 rounds')
  })
})

it('CRED-45 a disk that is full leaves the old file, and no other', async () => {
  const folder = scratch()
  const path = join(folder, 'a.kdbx')
  await makeCheap(path)
  await storeOf(path).set('ov/enc', 'immich', 'one')
  const before = readFileSync(path)
  const script = join(folder, 'set.ts')
  writeFileSync(
    script,
    `${makeStoreElsewhere(path)}
await store.set('ov/enc', 'immich', 'two'.repeat(1000)).catch((error) => console.log(error.message))
`,
  )
  // No file of this process may be longer than that.
  const { stdout } = await promisify(execFile)('prlimit', ['--fsize=1000', process.execPath, script])
  expect(stdout).toMatch(`${path} could not be written: EFBIG`)
  expect(readFileSync(path)).toEqual(before)
  expect(readdirSync(folder).sort()).toEqual(['a.kdbx', 'a.kdbx.lock', 'set.ts'])
})
