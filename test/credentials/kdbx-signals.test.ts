import { spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { EXIT } from '../../src/commands/terminal.ts'
import { makeCheap, makeStoreElsewhere, scratch, storeOf } from './kdbx-bed.ts'

const TERMINAL = join(import.meta.dirname, '../../src/commands/terminal.ts')

/** Writes and writes, until it is interrupted as ov is; says what it has written. */
function startWriting(folder: string, path: string, from: number) {
  const file = join(folder, 'program.ts')
  writeFileSync(
    file,
    `${makeStoreElsewhere(path)}
import { EXIT, untilInterrupted } from ${JSON.stringify(TERMINAL)}
const signal = untilInterrupted()
for (let count = ${from}; !signal.aborted; count++) {
  await store.set('ov/enc', 'count', String(count))
  console.log(count)
}
process.exit(EXIT.interrupted)
`,
  )
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | NodeJS.Signals | null>((end) =>
    child.once('close', (code, signal) => end(signal ?? code)),
  )
  return { child, ended, output: () => output }
}

it.each([
  ['one SIGTERM', ['SIGTERM']],
  ['one SIGHUP', ['SIGHUP']],
  // The second one does not wait for anything.
  ['SIGINT, and again', ['SIGINT', 'SIGINT']],
] as const)('CRED-45 %s at any time leaves a whole file, and nothing beside it', async (_, signals) => {
  const folder = scratch()
  const path = join(folder, 'a.kdbx')
  await makeCheap(path)
  let last = -1
  for (let round = 0; round < 6; round++) {
    const { child, ended, output } = startWriting(folder, path, last + 1)
    while (output() === '') await sleep(5)
    await sleep(round * 13)
    for (const signal of signals) {
      child.kill(signal)
      // Two at once would be one.
      await sleep(1)
    }
    expect(await ended).toBe(EXIT.interrupted)
    expect(readdirSync(folder).sort()).toEqual(['a.kdbx', 'a.kdbx.lock', 'program.ts'])
    const stored = Number(await storeOf(path).get('ov/enc', 'count'))
    const said = Number(output().trim().split('\n').at(-1))
    // The last one may have been stored, and not said any more.
    expect([said, said + 1]).toContain(stored)
    last = stored
  }
})
