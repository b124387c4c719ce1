import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { localExecutor } from '../../src/apply/executors/local.ts'
import { KdbxStore } from '../../src/credentials/kdbx.ts'
import { MasterPassword, type MasterPasswordOptions } from '../../src/credentials/master-password.ts'
import { makeCheap, PASSWORD, problemOf, scratch } from './kdbx-bed.ts'

let count = 0

/** The kernel's own keyring, by keyctl, with a key of this test's alone: the user's may be there, too. */
class Keyring {
  readonly key = `ov-test-${process.pid}-${++count}`
  readonly argv: (readonly string[])[] = []
  readonly #before: readonly string[]
  /** Programs that come before keyctl. */
  constructor(...before: readonly string[]) {
    this.#before = before
    onTestFinished(async () => void (await this.run(['keyctl', 'purge', 'user', this.key])))
  }
  readonly run: MasterPasswordOptions['run'] = (argv, options) => {
    this.argv.push(argv)
    const words = argv.map((word) => (word === 'ov-kdbx-password' ? this.key : word))
    return localExecutor.run([...this.#before, ...words], options)
  }
  /** The value that is kept. */
  async value(): Promise<string | undefined> {
    const { exitCode, stdout } = await localExecutor.run(['keyctl', 'search', '@u', 'user', this.key])
    return exitCode === 0 ? (await localExecutor.run(['keyctl', 'pipe', stdout.trim()])).stdout : undefined
  }
  /** What the kernel says of the key. */
  get line(): string | undefined {
    return readFileSync('/proc/keys', 'utf8')
      .split('\n')
      .find((line) => line.includes(` ${this.key}: `))
  }
}

/** Someone to ask, who knows what to say, and counts. */
function user(...answers: readonly (string | undefined)[]) {
  const questions: string[] = []
  return {
    questions,
    ask: (question: string) => {
      questions.push(question)
      return Promise.resolve(answers[questions.length - 1])
    },
  }
}

/** A command of its own, over one file. */
const command = (path: string, options: MasterPasswordOptions) =>
  new KdbxStore({ path, password: new MasterPassword(options) })

async function cheapFile(): Promise<string> {
  const path = join(scratch(), 'a.kdbx')
  await makeCheap(path)
  return path
}

describe('the kernel keyring', () => {
  it('CRED-42 CRED-43 the first command asks, and the next ones do not', async () => {
    const path = await cheapFile()
    const { run } = new Keyring()
    const { ask, questions } = user(PASSWORD)
    await command(path, { run, ask, cacheSeconds: 60 }).set('ov/enc', 'immich', 'secret')
    expect(questions).toEqual(['KeePass database password:'])
    expect(await command(path, { run, ask, cacheSeconds: 60 }).get('ov/enc', 'immich')).toBe('secret')
    expect(await command(path, { run, cacheSeconds: 60 }).get('ov/enc', 'immich')).toBe('secret')
    expect(questions).toHaveLength(1)
  })

  it('CRED-42 it keeps what has opened the file, for as long as the settings say', async () => {
    const path = await cheapFile()
    const keyring = new Keyring()
    const wrong = user('wrong', undefined)
    await problemOf(command(path, { run: keyring.run, ask: wrong.ask, cacheSeconds: 3600 }).list())
    expect(await keyring.value()).toBeUndefined()
    await command(path, { run: keyring.run, ask: user(PASSWORD).ask, cacheSeconds: 3600 }).list()
    expect(keyring.line).toMatch(/ (?:60m|59m|1h) 3f3f0000 /)
    expect(await keyring.value()).toBe(PASSWORD)
  })

  it('CRED-42 afterwards it is asked for again', async () => {
    const path = await cheapFile()
    const { run } = new Keyring()
    const { ask, questions } = user(PASSWORD, PASSWORD)
    await command(path, { run, ask, cacheSeconds: 1 }).list()
    await sleep(1500)
    await command(path, { run, ask, cacheSeconds: 1 }).list()
    expect(questions).toHaveLength(2)
  })

  it('CRED-42 using it does not make it stay longer', async () => {
    const path = await cheapFile()
    const keyring = new Keyring()
    await command(path, { run: keyring.run, ask: user(PASSWORD).ask, cacheSeconds: 3600 }).list()
    keyring.argv.length = 0
    await command(path, { run: keyring.run, cacheSeconds: 3600 }).list()
    expect(keyring.argv.map(([, verb]) => verb)).toEqual(['search', 'pipe'])
  })

  it('CRED-42 the value goes through pipes only', async () => {
    const path = await cheapFile()
    const keyring = new Keyring()
    await command(path, { run: keyring.run, ask: user('wrong', PASSWORD).ask, cacheSeconds: 60 }).list()
    await command(path, { run: keyring.run, cacheSeconds: 60 }).list()
    expect(keyring.argv.map(([, verb]) => verb)).toEqual(expect.arrayContaining(['padd', 'setperm', 'timeout', 'pipe']))
    expect(JSON.stringify(keyring.argv)).not.toMatch(new RegExp(`${PASSWORD}|wrong`))
  })

  it.each(['pässwörd 密码 🎉', ' spaces ', 'a line\n'])('CRED-42 %j comes back as it was', async (value) => {
    const { run } = new Keyring()
    const options = { run, cacheSeconds: 60 }
    const first = new MasterPassword({ ...options, ask: user(value).ask })
    await first.worked((await first.get(false))!)
    expect((await new MasterPassword(options).get(false))?.value).toBe(value)
  })

  it('CRED-42 other sessions of the user have it, too', async () => {
    const keyring = new Keyring()
    const first = new MasterPassword({ run: keyring.run, ask: user(PASSWORD).ask, cacheSeconds: 60 })
    await first.worked((await first.get(false))!)
    const elsewhere: MasterPasswordOptions['run'] = (argv, options) =>
      keyring.run(['keyctl', 'session', '-', ...argv], options)
    expect((await new MasterPassword({ run: elsewhere, cacheSeconds: 60 }).get(false))?.value).toBe(PASSWORD)
  })

  it('CRED-42 a session that does not own the keyring keeps it without an error', async () => {
    const path = await cheapFile()
    const { run } = new Keyring('keyctl', 'session', '-')
    const { ask, questions } = user(PASSWORD, PASSWORD)
    await command(path, { run, ask, cacheSeconds: 60 }).list()
    await command(path, { run, ask, cacheSeconds: 60 }).list()
    // Nobody else may read it, not even the next session of that kind.
    expect(questions).toHaveLength(2)
  })

  it('CRED-42 switched off, it is neither asked nor told', async () => {
    const path = await cheapFile()
    const keyring = new Keyring()
    const { ask, questions } = user(PASSWORD, PASSWORD)
    for (let round = 0; round < 2; round++) await command(path, { run: keyring.run, ask }).list()
    expect(questions).toHaveLength(2)
    expect(keyring.argv).toEqual([])
  })

  it('CRED-42 without keyctl nothing is kept, and nothing fails', async () => {
    const path = await cheapFile()
    const run = () => Promise.resolve({ exitCode: 127, stdout: '' })
    const { ask, questions } = user('wrong', PASSWORD, PASSWORD)
    for (let round = 0; round < 2; round++) await command(path, { run, ask, cacheSeconds: 60 }).list()
    expect(questions).toHaveLength(3)
  })

  it('CRED-42 a key that can be given no end is not kept', async () => {
    const keyring = new Keyring()
    const run: MasterPasswordOptions['run'] = (argv, options) =>
      argv[1] === 'timeout' ? Promise.resolve({ exitCode: 1, stdout: '' }) : keyring.run(argv, options)
    const password = new MasterPassword({ run, ask: user(PASSWORD).ask, cacheSeconds: 60 })
    await password.worked((await password.get(false))!)
    expect(keyring.argv.map(([, verb]) => verb)).toContain('padd')
    expect(await keyring.value()).toBeUndefined()
  })

  it('CRED-43 a kept password that is wrong is dropped, and asked for: three attempts in all', async () => {
    const path = await cheapFile()
    const keyring = new Keyring()
    const options = { run: keyring.run, cacheSeconds: 60 }
    const stale = new MasterPassword({ ...options, ask: user('of another file').ask })
    await stale.worked((await stale.get(false))!)
    expect(await keyring.value()).toBe('of another file')

    const wrong = user('wrong', 'wrong again', PASSWORD)
    const problem = await problemOf(command(path, { ...options, ask: wrong.ask }).list())
    expect(problem.kind).toBe('locked')
    expect(wrong.questions).toHaveLength(2)
    expect(await keyring.value()).toBeUndefined()

    await stale.worked({ value: 'of another file', from: 'that was entered' })
    const right = user(PASSWORD)
    await command(path, { ...options, ask: right.ask }).list()
    // It was not the user who was wrong.
    expect(right.questions).toEqual(['KeePass database password:'])
    expect(await command(path, options).list()).toEqual([])
  })
})

describe('other sources', () => {
  it('CRED-42 OV_KDBX_PASSWORD comes first, and is not kept', async () => {
    const path = await cheapFile()
    const keyring = new Keyring()
    const { ask, questions } = user('wrong')
    const store = command(path, { given: PASSWORD, run: keyring.run, ask, cacheSeconds: 60 })
    await store.set('ov/enc', 'immich', 'secret')
    expect(await store.get('ov/enc', 'immich')).toBe('secret')
    expect(questions).toEqual([])
    expect(keyring.argv).toEqual([])
  })

  it('CRED-43 a wrong OV_KDBX_PASSWORD is named, and nobody is asked for another', async () => {
    const path = await cheapFile()
    const keyring = new Keyring()
    const { ask, questions } = user(PASSWORD)
    const problem = await problemOf(
      command(path, { given: 'wrong one', run: keyring.run, ask, cacheSeconds: 60 }).list(),
    )
    expect(problem.kind).toBe('locked')
    expect(problem.message).toBe(`${path} can't be opened: the password of OV_KDBX_PASSWORD is wrong`)
    expect(questions).toEqual([])
    expect(keyring.argv).toEqual([])
    // Nor is it tried again.
    const password = new MasterPassword({ given: 'wrong one', run: keyring.run, ask, cacheSeconds: 60 })
    expect((await password.get(false))?.value).toBe('wrong one')
    expect(await password.get(true)).toBeUndefined()
  })

  it('CRED-42 an empty OV_KDBX_PASSWORD is none', async () => {
    const { ask, questions } = user(PASSWORD)
    const password = new MasterPassword({ given: '', run: new Keyring().run, ask })
    expect((await password.get(false))?.value).toBe(PASSWORD)
    await password.worked((await password.get(true)) ?? { value: '', from: '' })
    expect(questions).toHaveLength(2)
  })

  it('CRED-43 it is asked for once, for all stores of a process, and again after it was wrong', async () => {
    const path = await cheapFile()
    const { ask, questions } = user('wrong', PASSWORD)
    const keyring = new Keyring()
    const password = new MasterPassword({ run: keyring.run, ask, cacheSeconds: 60 })
    for (let round = 0; round < 2; round++) expect(await new KdbxStore({ path, password }).list()).toEqual([])
    expect(questions).toEqual(['KeePass database password:', 'That was not right. KeePass database password:'])
    expect(keyring.argv.filter(([, verb]) => verb === 'padd')).toHaveLength(1)
  })

  it('CRED-43 without anybody to ask it is locked, after the keyring was', async () => {
    const path = await cheapFile()
    const keyring = new Keyring()
    const problem = await problemOf(command(path, { run: keyring.run, cacheSeconds: 60 }).list())
    expect(problem.kind).toBe('locked')
    expect(keyring.argv.map(([, verb]) => verb)).toEqual(['search'])
  })

  it('CRED-43 who does not answer is not asked again', async () => {
    const path = await cheapFile()
    const { ask, questions } = user(undefined, PASSWORD)
    const store = command(path, { run: new Keyring().run, ask })
    for (let round = 0; round < 2; round++) expect((await problemOf(store.list())).kind).toBe('locked')
    expect(questions).toHaveLength(1)
  })
})
