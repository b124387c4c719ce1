import { describe, expect, it } from 'vitest'
import { LockFile } from '../../src/state/lock-file.ts'
import { Workspace } from '../harness.ts'

const digest = (digit: string) => `sha256:${digit.repeat(64)}`
const sum = (digit: string) => digit.repeat(64)
const lockOf = (text: string) => {
  const workspace = new Workspace({ 'ov.lock': text })
  return { workspace, lock: LockFile.read(workspace.root) }
}

describe('ov.lock', () => {
  it('IMG-18 a project without one pins nothing', () => {
    expect(LockFile.read(new Workspace().root).pins).toEqual({ images: {}, downloads: {} })
  })
  it('IMG-18 is written by name, whatever the order was, and keeps what this ov does not know', () => {
    const { workspace, lock } = lockOf(
      JSON.stringify({
        zeta: [1],
        remotes: { 'github.com/x/y:v1': { commit: 'c' } },
        images: { b: { note: 'kept', digest: digest('1') }, gone: { digest: digest('2') } },
        lockVersion: 1,
      }),
    )
    const users = { 1001: null, 1000: { name: 'u', gid: 1, home: '/u' } }
    lock
      .with({
        images: { b: { digest: digest('3'), users }, a: { digest: digest('4') } },
        downloads: { u: { sha256: { arm64: sum('5'), amd64: sum('6') } } },
      })
      .write()
    expect(workspace.read('ov.lock')).toBe(
      `${JSON.stringify(
        {
          lockVersion: 1,
          images: {
            a: { digest: digest('4') },
            b: { digest: digest('3'), users: { 1000: users[1000], 1001: null }, note: 'kept' },
          },
          downloads: { u: { sha256: { amd64: sum('6'), arm64: sum('5') } } },
          remotes: { 'github.com/x/y:v1': { commit: 'c' } },
          zeta: [1],
        },
        undefined,
        2,
      )}\n`,
    )
    const again = LockFile.read(workspace.root)
    expect(again.text).toBe(workspace.read('ov.lock'))
    expect(again.pins.images['b']).toEqual({ digest: digest('3'), users })
  })
  it.each([
    ['{', 'ov.lock: this is not JSON'],
    ['[]', 'this is not an object'],
    ['{"lockVersion":2}', 'has lockVersion 2, and this ov knows 1'],
    ['{"lockVersion":1,"images":[]}', 'images is not an object'],
    ['{"lockVersion":1,"images":{"a":1}}', 'images["a"] is not an object'],
    ['{"lockVersion":1,"images":{"a":{"digest":"sha256:0"}}}', 'images["a"] has no digest'],
    [
      `{"lockVersion":1,"images":{"a":{"digest":"${digest('1')}","users":{"1000":{"name":"a b","gid":1,"home":"/"}}}}}`,
      'has a user 1000 without',
    ],
    [
      `{"lockVersion":1,"images":{"a":{"digest":"${digest('1')}","users":{"1000":{"name":"a","gid":1,"home":"/$(x)"}}}}}`,
      'has a user 1000 without',
    ],
    [`{"lockVersion":1,"downloads":{"u":{"sha256":{"amd64":"x"}}}}`, 'downloads["u"] has no sha256'],
    [`{"lockVersion":1,"downloads":{"u":{"sha256":{"amd64) rm;;":"${sum('1')}"}}}}`, 'downloads["u"] has no sha256'],
  ])('IMG-18 what is not a lock file is refused: %s', (text, message) => {
    expect(() => lockOf(text)).toThrow(message)
  })
})
