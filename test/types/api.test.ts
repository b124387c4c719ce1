import { expect, it } from 'vitest'
import { declarations } from './emit.ts'

/** Modules of which the door exports nothing. */
const INTERNAL = ['entity.d.ts', 'origin.d.ts', 'text-imports.d.ts']

/** What the types of `'ov'` are, without the words about them. */
function surface(): string {
  const files = declarations({ removeComments: true })
  for (const file of INTERNAL) files.delete(file)
  return [...files].map(([file, text]) => `// ${file}\n${text}`).join('\n')
}

it('authoring contract: the public types are the committed ones', async () => {
  const changed =
    'The public types changed. If they should, say so in CHANGELOG.md and run: npx vitest run test/types/api -u'
  await expect(surface(), changed).toMatchFileSnapshot('./public-api.d.ts.txt')
})
