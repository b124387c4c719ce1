import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readBuilt } from '../../scripts/catalogue/built.ts'
import { readCatalogue, ROOT } from '../../scripts/catalogue/facts.ts'
import { page } from '../../scripts/catalogue/page.ts'

const catalogue = readCatalogue()
const { layers, images, warnings } = catalogue
const built = readBuilt()

describe('the starter catalogue', () => {
  it('has 45 layers and 15 images on four distributions, and 20 layers that need nothing from elsewhere', () => {
    expect(layers.length).toBeGreaterThanOrEqual(45)
    expect(images.length).toBeGreaterThanOrEqual(15)
    expect(layers.filter(({ within }) => within).length).toBeGreaterThanOrEqual(20)
    for (const distro of ['debian', 'fedora', 'ubuntu', 'arch'])
      expect(images.map(({ name }) => name)).toEqual(expect.arrayContaining([distro, `${distro}-builder`]))
  })

  it('has nothing that ov would warn of', () => {
    expect(warnings).toEqual([])
  })

  it.each(layers)('LAY-09 $name says what it is, and is checked', ({ data, within }) => {
    expect(data.description).toMatch(/^\S.*\.$/s)
    expect(data.version).toMatch(/^\d{4}\.\d{1,3}\.\d{4}$/)
    // A layer of others alone is as good as these.
    if (data.layers === undefined) expect(data.eval?.length).toBeGreaterThan(0)
    // Only what was tried is working.
    expect(data.status === 'working').toBe(within)
  })

  it('LAY-54 no layer depends on the program that makes Python environments in place of the layer that has Python', () => {
    expect(layers.map(({ name }) => name)).toEqual(expect.arrayContaining(['pixi', 'python']))
    const needing = layers.filter(({ needs }) => needs.includes('pixi'))
    expect(needing.map(({ name }) => name)).toEqual([])
  })

  it('every layer is in an image, and every image is described', () => {
    const used = new Set(images.flatMap((image) => image.layers))
    expect(
      layers.filter(({ name, data }) => !used.has(name) && data.layers === undefined).map(({ name }) => name),
    ).toEqual([])
    for (const { description } of images) expect(description).toMatch(/\.$/)
  })

  it('every image that takes Debian and npm alone was built as it is now; run: npm run build:catalogue', () => {
    const expected = images
      .filter(({ elsewhere }) => elsewhere.length === 0)
      .map(({ name, version }) => [name, version])
    expect(Object.entries(built).map(([name, { version }]) => [name, version])).toEqual(expected.sort())
  })

  it('docs/catalogue.md is of this catalogue; run: npm run docs:catalogue', () => {
    expect(readFileSync(join(ROOT, 'docs/catalogue.md'), 'utf8')).toBe(page(catalogue, built))
  })
})

/** Containerfiles of images that were never built; `OV_UPDATE_CASES=1` writes them. */
describe('Containerfiles that nobody built', () => {
  const GOLDEN = join(import.meta.dirname, 'golden')
  const never = images.filter(({ elsewhere }) => elsewhere.length > 0)
  const update = process.env['OV_UPDATE_CASES'] === '1'
  if (update) {
    rmSync(GOLDEN, { recursive: true, force: true })
    mkdirSync(GOLDEN)
  }
  it.each(never)('IMG-53 $name', ({ name, containerfile }) => {
    const file = join(GOLDEN, `${name}.Containerfile`)
    if (update) writeFileSync(file, containerfile)
    expect(existsSync(file) ? readFileSync(file, 'utf8') : 'there is no such file').toBe(containerfile)
  })
  it('IMG-53 all of them are kept, and no others', () => {
    expect(readdirSync(GOLDEN)).toEqual(never.map(({ name }) => `${name}.Containerfile`).sort())
  })
})
