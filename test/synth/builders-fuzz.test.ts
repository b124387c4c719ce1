import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defineBuilder, image, layer } from '../../dsl/index.ts'
import { parseContainerfile } from '../../src/format/index.ts'
import { NASTY } from '../format/texts.ts'
import { DiagnosticError, pipeline } from '../pipeline.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ov-fuzz-'))
  for (const name of ['package.json', 'x.toml']) writeFileSync(join(root, name), '{}')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme', maxLength: 12 }))
const fits = <T>(fitting: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: fitting }, { weight: 1, arbitrary: text })
const word = fits(fc.constantFrom('git', 'a>=2', 'b-c'))
const words = fc.array(word, { maxLength: 2 })
const repo = fc.record({ name: word, server: text, siglevel: text, key: text }, { requiredKeys: ['name', 'server'] })
const section = fc.record(
  { packages: words, options: fc.array(text, { maxLength: 1 }), repos: fc.array(repo, { maxLength: 1 }), keys: words },
  { requiredKeys: ['packages'] },
)
const built = fc.record({ packages: words, options: fc.array(text, { maxLength: 1 }) })
const layerSpec = fc.record(
  {
    pac: section,
    aur: built,
    packages: words,
    distros: fc.dictionary(fits(fc.constantFrom('arch', 'debian', 'arch-1')), section, { maxKeys: 2 }),
    tags: fc.dictionary(fits(fc.constantFrom('arch', 'debian')), section, { maxKeys: 1 }),
    npm: fits(fc.constantFrom('package.json', './package.json')),
    own: fits(fc.constant('x.toml')),
  },
  { requiredKeys: [] },
)
const stage = fc.array(
  fc.oneof(
    fc.record({ user: text }),
    fc.record({ workdir: text }),
    fc.record({ env: fc.dictionary(fc.constantFrom('A', 'B'), text, { minKeys: 1, maxKeys: 2 }) }),
    fc.record({ copy: text, to: text }),
    fc.record({
      run: fc.array(text, { minLength: 1, maxLength: 2 }),
      mounts: fc.dictionary(text, text, { maxKeys: 1 }),
      caches: fc.array(fc.record({ path: text, owned: fc.boolean() }), { maxLength: 1 }),
    }),
  ),
  { maxLength: 3 },
)

it('LAY-33 LAY-111 IMG-25 whatever sections hold and stages say: a diagnostic with its author, or lines that read back', () => {
  let written = 0
  fc.assert(
    fc.property(layerSpec, stage, fc.array(text, { maxLength: 2 }), (spec, steps, artifacts) => {
      const own = defineBuilder({
        name: 'own',
        detect: [['x.toml']],
        stage: () => steps,
        artifacts: () => artifacts,
        binaries: ['/usr/bin/own'],
      })
      const tools = image({ name: 'tools', base: 'x:1', distro: 'arch', version: '2026.1.1' })
      const demo = layer({ name: 'demo', version: '2026.1.1', env: { A: '1' }, ...spec })
      const app = image({
        name: 'app',
        base: 'x:1',
        distro: ['arch:1', 'arch'],
        build: ['pac', 'aur'],
        layers: [demo],
        builder: { npm: tools, aur: tools, own: tools },
      } as never)
      try {
        const { files } = pipeline({ own, app }, root)
        const file = files.get('.build/app/Containerfile')
        const instructions = parseContainerfile(file?.kind === 'text' ? file.text : '')
        const stages = instructions.flatMap((one) => (one.kind === 'from' ? [one.stage ?? one.image] : []))
        const copied = instructions.flatMap((one) => (one.kind === 'copy' && one.from !== undefined ? [one.from] : []))
        // Nothing is taken from where nothing was made, and the image is what comes last.
        expect(copied.filter((from) => !stages.includes(from))).toEqual([])
        expect(stages.at(-1)).toBe('${BASE_IMAGE}')
        written++
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error
        for (const { entity, place } of error.diagnostics) expect([entity, place]).not.toContain(undefined)
      }
    }),
    { numRuns: Number(process.env['OV_FUZZ_RUNS'] ?? 200) },
  )
  expect(written).toBeGreaterThan(5)
})
