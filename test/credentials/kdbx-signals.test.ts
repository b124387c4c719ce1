import { spawn } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeCheap, makeStoreElsewhere, scratch, storeOf } from './kdbx-bed.ts'

const SOURCES = join(import.meta.dirname, '../../src/credentials')

/** Runs a program of a few lines; comes back with how it ends, and what it prints. */
function start(folder: string, lines: string) {
  const file = join(folder, 'program.ts')
  writeFileSync(file, lines)
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | NodeJS.Signals | null>((end) =>
    child.once('close', (code, signal) => end(signal ?? code)),
  )
  return { child, ended, output: () => output }
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(5)
}

/** Is busy for a while, as a slow disk is, with a temporary file that has to go. */
const busy = (folder: string) => `
import { rmSync, writeFileSync } from 'node:fs'
import { holdSignals } from ${JSON.stringify(join(SOURCES, 'hold-signals.ts'))}
const [temporary, done] = [${JSON.stringify(join(folder, 'temporary'))}, ${JSON.stringify(join(folder, 'done'))}]
await holdSignals(() => {
  writeFileSync(temporary, '')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
  rmSync(temporary)
  writeFileSync(done, '')
})
setTimeout(() => process.exit(7), 5000)
`

describe('signals', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'CRED-45 %s waits for the file to be whole, and then ends the program',
    async (signal) => {
      const folder = scratch()
      const { child, ended } = start(folder, busy(folder))
      await until(() => existsSync(join(folder, 'temporary')))
      child.kill(signal)
      expect(await ended).toBe(signal)
      expect(readdirSync(folder).sort()).toEqual(['done', 'program.ts'])
    },
  )

  it('CRED-45 who listens to the signal is told, and decides', async () => {
    const folder = scratch()
    const { child, ended } = start(folder, `process.on('SIGTERM', () => process.exit(3))\n${busy(folder)}`)
    await until(() => existsSync(join(folder, 'temporary')))
    child.kill('SIGTERM')
    expect(await ended).toBe(3)
    expect(readdirSync(folder).sort()).toEqual(['done', 'program.ts'])
  })

  it('CRED-45 a store that is ended at any time leaves a whole file, and nothing beside it', async () => {
    const folder = scratch()
    const path = join(folder, 'a.kdbx')
    await makeCheap(path)
    let last = -1
    for (let round = 0; round < 8; round++) {
      const { child, ended, output } = start(
        folder,
        `${makeStoreElsewhere(path)}
for (let count = ${last + 1}; ; count++) {
  await store.set('ov/enc', 'count', String(count))
  console.log(count)
}
`,
      )
      await until(() => output() !== '')
      await sleep(round * 13)
      child.kill('SIGTERM')
      expect(await ended).toBe('SIGTERM')
      expect(readdirSync(folder).sort()).toEqual(['a.kdbx', 'a.kdbx.lock', 'program.ts'])
      const stored = Number(await storeOf(path).get('ov/enc', 'count'))
      const said = Number(output().trim().split('\n').at(-1))
      // The last one may have been stored, and not said any more.
      expect([said, said + 1]).toContain(stored)
      last = stored
    }
  })
})
