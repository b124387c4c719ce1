import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import kdbxweb from 'kdbxweb'
import { expect, it, vi } from 'vitest'
import type { XmlNode } from '../../src/credentials/kdbx-tree.ts'
import { StoreProblem } from '../../src/credentials/store.ts'
import { Answers, makeCheap, PASSWORD, rehashed, scratch, storeOf } from './kdbx-bed.ts'

const VALUE = 'the value of immich'
/** How long one file may take, on a machine that has other things to do. */
const PATIENCE = 5000

/** A small change of some bytes. */
type Mutation = (bytes: Buffer) => Buffer

/** A place in the bytes, wherever they end. */
const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, fc.integer({ min: 0, max: 7 })).map(([place, bit]): Mutation => (bytes) => {
    const changed = Buffer.from(bytes)
    const index = Math.floor(place * bytes.length)
    if (index < bytes.length) changed[index]! ^= 1 << bit
    return changed
  }),
  fc.tuple(at, fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([place, other]): Mutation => (bytes) => {
    const changed = Buffer.from(bytes)
    changed.set(other.slice(0, bytes.length - Math.floor(place * bytes.length)), Math.floor(place * bytes.length))
    return changed
  }),
  fc.tuple(at, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(([place, more]): Mutation => (bytes) => {
    const index = Math.floor(place * bytes.length)
    return Buffer.concat([bytes.subarray(0, index), more, bytes.subarray(index)])
  }),
  fc.tuple(at, at).map(([place, length]): Mutation => (bytes) => {
    const index = Math.floor(place * bytes.length)
    return Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + 1 + Math.floor(length * 64))])
  }),
  at.map(
    (place): Mutation =>
      (bytes) =>
        bytes.subarray(0, Math.floor(place * bytes.length)),
  ),
  fc.tuple(at, at).map(([from, to]): Mutation => (bytes) => {
    const piece = bytes.subarray(Math.floor(from * bytes.length), Math.floor(from * bytes.length) + 48)
    const index = Math.floor(to * bytes.length)
    return Buffer.concat([bytes.subarray(0, index), piece, bytes.subarray(index)])
  }),
)

/** A header is most of what can be believed without a password: changes there are worth more. */
const inHeader = fc.tuple(mutation, fc.integer({ min: 40, max: 300 })).map(
  ([change, length]): Mutation =>
    (bytes) =>
      Buffer.concat([change(bytes.subarray(0, length)), bytes.subarray(length)]),
)
const mutations = fc.array(fc.oneof(mutation, inHeader), { minLength: 1, maxLength: 3 })

/** Reads a file, and says what came of it: a value, or a clear error. Anything else fails. */
async function read(path: string): Promise<'value' | 'none' | StoreProblem['kind']> {
  const start = performance.now()
  try {
    const value = await storeOf(path, new Answers(PASSWORD)).get('ov/enc', 'immich')
    if (value === undefined) return 'none'
    expect(value).toBe(VALUE)
    return 'value'
  } catch (error) {
    if (!(error instanceof StoreProblem)) throw error
    expect(error.message).toContain(path)
    expect(error.message).not.toMatch(/immich|master password$|undefined|NaN|TypeError|RangeError/)
    expect(error.cause).toBeUndefined()
    return error.kind
  } finally {
    expect(performance.now() - start).toBeLessThan(PATIENCE)
  }
}

it.each([
  ['3.1', 3, 4000],
  ['4 with Argon2', 'argon2id', 4000],
  ['4 with AES', 'aes', 2000],
] as const)(
  'CRED-43 a file of version %s that was changed in any way is a clear error: no crash, no hang (of 10000 in all)',
  async (_, kind, numRuns) => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, kind)
    await storeOf(path).set('ov/enc', 'immich', VALUE)
    const content = readFileSync(path)
    const outcomes: Record<string, number> = {}
    await fc.assert(
      fc.asyncProperty(mutations, fc.boolean(), async (changes, corrected) => {
        const changed = changes.reduce<Buffer>((bytes, change) => change(bytes), content)
        // Whoever changes a header may correct its checksum, too.
        writeFileSync(path, corrected && kind !== 3 ? rehashed(changed) : changed)
        const outcome = await read(path)
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      }),
      { numRuns, seed: 20_240_613 },
    )
    expect((outcomes['locked'] ?? 0) + (outcomes['unavailable'] ?? 0)).toBeGreaterThan(numRuns * 0.9)
    expect(outcomes['unavailable']).toBeGreaterThan(numRuns / 4)
  },
  60_000,
)

/** Parts of the XML behind an encryption that is in order: nobody's mistake, but a file is whatever another program has written. */
const structural = fc.record({
  place: at,
  change: fc.oneof(
    fc.constantFrom<(node: XmlNode) => void>(
      (node) => node.parentNode?.removeChild(node),
      (node) => void (node.textContent = ''),
      (node) => {
        for (const one of Array.from(node.childNodes ?? [])) node.removeChild(one)
      },
      (node) => node.parentNode?.appendChild(node.cloneNode(true)),
      (node) => node.appendChild(node.cloneNode(true)),
      (node) => node.setAttribute('Protected', 'True'),
      (node) => node.setAttribute('Ref', '99'),
      (node) => {
        let inner = node
        for (let depth = 0; depth < 3000; depth++) {
          const next = node.ownerDocument.createElement('Group')
          inner.appendChild(next)
          inner = next
        }
      },
    ),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => (node: XmlNode) => void (node.textContent = text)),
  ),
})

it.each([3, 'argon2id'] as const)(
  'CRED-41 CRED-43 contents that no program should write are read as far as they go, or are a clear error (%s)',
  async (kind) => {
    const path = join(scratch(), 'a.kdbx')
    const outcomes: Record<string, number> = {}
    await fc.assert(
      fc.asyncProperty(fc.array(structural, { minLength: 1, maxLength: 2 }), async (changes) => {
        await makeCheap(path, kind, async (kdbx) => {
          const enc = kdbx.createGroup(kdbx.createGroup(kdbx.getDefaultGroup(), 'ov'), 'enc')
          const entry = kdbx.createEntry(enc)
          entry.fields.set('Title', 'immich').set('Password', kdbxweb.ProtectedValue.fromString('older'))
          entry.binaries.set('a.txt', await kdbx.createBinary(new Uint8Array(20).buffer))
          entry.pushHistory()
          entry.fields.set('Password', kdbxweb.ProtectedValue.fromString(VALUE))
          const { buildXml } = kdbx
          kdbx.buildXml = (context) => {
            buildXml.call(kdbx, context)
            const { documentElement } = kdbx.xml as { documentElement: XmlNode }
            for (const { place, change } of changes) {
              const all = [documentElement]
              for (const node of all)
                for (const one of Array.from(node.childNodes ?? [])) if (one.tagName !== undefined) all.push(one)
              // Without a root element, it would be no XML.
              change(all[1 + Math.floor(place * (all.length - 1))]!)
            }
          }
        })
        for (const work of ['get', 'list', 'set', 'delete'] as const) {
          const store = storeOf(path, new Answers(PASSWORD))
          try {
            if (work === 'get') await store.get('ov/enc', 'immich')
            else if (work === 'list') await store.list()
            else if (work === 'set') await store.set('ov/enc', 'immich', 'new')
            else await store.delete('ov/enc', 'immich')
            outcomes['well'] = (outcomes['well'] ?? 0) + 1
            if (work === 'set') expect(await storeOf(path).get('ov/enc', 'immich')).toBe('new')
            if (work === 'delete') expect(await storeOf(path).get('ov/enc', 'immich')).toBeUndefined()
          } catch (error) {
            if (!(error instanceof StoreProblem)) throw error
            expect(error.message).toContain(path)
            outcomes['problem'] = (outcomes['problem'] ?? 0) + 1
          }
        }
      }),
      { numRuns: 80, seed: 20_240_613 },
    )
    expect(outcomes['well']).toBeGreaterThan(50)
    expect(outcomes['problem']).toBeGreaterThan(5)
  },
  60_000,
)

it('CRED-43 CRED-45 elements that are nested too deep to be written leave the file as it is', async () => {
  const path = join(scratch(), 'a.kdbx')
  const { serialize } = kdbxweb.XmlUtils
  const outcomes = new Set<string>()
  for (const depth of [100, 2000, 4000, 6000, 8000, 10_000, 50_000]) {
    const nested = '<X>'.repeat(depth) + '</X>'.repeat(depth)
    const patched = vi.spyOn(kdbxweb.XmlUtils, 'serialize')
    patched.mockImplementation((...given) => serialize(...given).replace('</Root>', `${nested}</Root>`))
    await makeCheap(path, 3)
    patched.mockRestore()
    const before = readFileSync(path)
    const outcome = await storeOf(path)
      .set('ov/enc', 'immich', VALUE)
      .then(
        () => 'written',
        (error: unknown) => {
          if (!(error instanceof StoreProblem)) throw error
          return error.message.replace(path, '').trim()
        },
      )
    outcomes.add(outcome)
    if (outcome === 'written') expect(await storeOf(path).get('ov/enc', 'immich')).toBe(VALUE)
    else expect(readFileSync(path)).toEqual(before)
  }
  expect([...outcomes]).toEqual(['written', "can't be written anew", 'is damaged or cut short'])
})
