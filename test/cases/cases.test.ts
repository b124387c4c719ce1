import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Workspace } from '../harness.ts'
import { paragraph, parseCase, printCase, type Case } from './case.ts'

const update = process.env['OV_UPDATE_CASES'] === '1'

for (const folder of readdirSync(import.meta.dirname, { withFileTypes: true })) {
  if (!folder.isDirectory()) continue
  const at = join(import.meta.dirname, folder.name)
  describe(folder.name, () => {
    for (const file of readdirSync(at).sort()) {
      const path = join(at, file)
      const given = parseCase(readFileSync(path, 'utf8'))
      it(`${given.title} (${basename(file, '.txt')})`, async () => {
        const found = await run(given)
        if (update) writeFileSync(path, printCase(found))
        else
          for (const [index, { of, from, text }] of found.expected.entries())
            expect(text, `${of}${from === undefined ? '' : ` from ${from}`}`).toBe(given.expected[index]?.text)
      })
    }
  })
}

/** The case as it came out. */
async function run(given: Case): Promise<Case> {
  const project = new Workspace(given.files)
  const { code, stdout, stderr } = await project.run('synth')
  const fails = given.expected.some((one) => one.of === 'failure')
  expect({ code, stdout }, stderr).toEqual({ code: fails ? 1 : 0, stdout: '' })
  if (fails) expect(project.files('.')).toEqual(Object.keys(given.files).sort())
  return {
    ...given,
    expected: given.expected.map((one) => ({
      ...one,
      text:
        one.of === 'stderr' || one.of === 'failure'
          ? stderr.replaceAll(project.top, '/home')
          : paragraph(project.has(one.of) ? project.read(one.of) : 'there is no such file\n', one.from),
    })),
  }
}
