/**
 * `npm run build:catalogue [IMAGE…]`: builds every image of the catalogue that takes Debian's archive and npm alone on a disposable machine, runs
 * the checks of each in a container of it, prints how they came out, and keeps that in built.json. Takes a quarter of an hour or two, and root.
 */
import { startCatalogue } from '../../test/catalogue/machine.ts'
import { readBuilt, writeBuilt, type Built } from './built.ts'
import { readCatalogue } from './facts.ts'

const reachable = readCatalogue().images.filter(({ elsewhere }) => elsewhere.length === 0)
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !reachable.some((image) => image.name === name))
if (unknown.length > 0) {
  console.error(`not among the images that can be built: ${unknown.join(', ')}`)
  process.exit(64)
}
const images = reachable.filter(({ name }) => asked.length === 0 || asked.includes(name))

const { machine, ov, check } = await startCatalogue('catalogue')
await using _ = machine.bed
const built = new Map<string, Built>(asked.length === 0 ? [] : Object.entries(readBuilt()))
let failures = 0
const line = (...cells: readonly string[]) =>
  console.log(
    cells
      .map((cell, column) => cell.padEnd([18, 16, 8, 8][column] ?? 0))
      .join(' ')
      .trimEnd(),
  )

line('IMAGE', 'VERSION', 'PASSED', 'SKIPPED', 'FAILED')
for (const { name, version } of images) {
  built.delete(name)
  const { exitCode, stderr } = await ov('image', 'build', name)
  if (exitCode !== 0) {
    failures += 1
    line(name, version, '-', '-', 'not built')
    console.error(stderr)
    continue
  }
  const { passed, skipped, failed } = await check(name)
  line(name, version, String(passed), String(skipped), String(failed.length))
  for (const failure of failed) console.log(`  ${failure}`)
  if (failed.length > 0) failures += 1
  else built.set(name, { version, passed, skipped })
  writeBuilt(Object.fromEntries(built))
}
process.exitCode = failures === 0 ? 0 : 1
