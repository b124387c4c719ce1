import { expect, it } from 'vitest'
import { Snippets } from './harness.ts'
import { generateCatalogue } from './scale.ts'

it('authoring contract: a large catalogue compiles, and a deploy on top of it still knows every name', () => {
  const snippets = new Snippets()
  const files = Object.entries(generateCatalogue(120)).map(([name, text]) => snippets.add(text, name))
  const before = `import { pod } from 'ov'\nimport { image22 } from './images.ts'\nexport const p = pod({ image: image22, volumes: { `
  const deploy = snippets.add(`${before} } })`)

  expect(files.flatMap((file) => snippets.messages(file))).toEqual([])
  const volumes = snippets.complete(deploy, before.length).names
  expect(volumes).toContain('"data-114"')
  expect(volumes).toContain('"cache-1"')
  expect(volumes.length).toBeGreaterThan(100)
})
