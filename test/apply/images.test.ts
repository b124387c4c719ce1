import { expect, it } from 'vitest'
import { cmd, image, layer } from '../../dsl/index.ts'
import { decideImages, withBases, type ImageDecision } from '../../src/apply/images.ts'
import { INPUTS_LABEL, Podman } from '../../src/apply/podman.ts'
import { Workspace } from '../harness.ts'
import { pipeline } from '../pipeline.ts'

const version = '2026.1.1'

/** A project with an image whose layer is built by another image, which has a base of its own. */
function project(script: string) {
  const root = image({ name: 'root', base: 'debian:13', distro: 'debian', version })
  const compiler = layer({ name: 'compiler', version, tasks: [cmd(script)] })
  const tools = image({ name: 'tools', base: root, layers: [compiler], registry: 'ghcr.io/acme' })
  const web = layer({ name: 'web', version, npm: 'package.json' })
  const app = image({ name: 'app', base: 'debian:12', distro: 'debian', layers: [web], builder: { npm: tools } })
  const other = image({ name: 'other', base: root, builder: { npm: tools } })
  return { app, other }
}

/** Local storage with images that were built earlier. */
const stored = (decisions: readonly ImageDecision[]) =>
  new Podman({
    run: () =>
      Promise.resolve({
        exitCode: 0,
        stdout: JSON.stringify(
          decisions.map(({ reference, inputs }, index) => ({
            Id: String(index),
            Names: [reference],
            Labels: { [INPUTS_LABEL]: inputs.hash },
          })),
        ),
        stderr: '',
      }),
  })

async function decide(workspace: Workspace, script: string, before: readonly ImageDecision[], time: string) {
  const { images, stages } = pipeline(project(script), workspace.root)
  const clock = { now: () => new Date(time), sleep: () => Promise.resolve() }
  const input = { images, stages, architecture: 'amd64' }
  return decideImages(withBases(['app', 'other'], images), input, stored(before), clock)
}
const tags = (decisions: readonly ImageDecision[]) =>
  decisions.map(({ image: { name }, tag, build }) => `${name}:${tag}${build ? ' built' : ''}`)

it('IMG-22 IMG-180 IMG-T8 IMG-T13 a builder image comes first, with its bases, and its exact tag is what the stage begins with', async () => {
  const workspace = new Workspace({ 'package.json': '{}' })
  const first = await decide(workspace, 'one', [], '2026-01-02T03:04:00Z')
  expect(tags(first)).toEqual(['root', 'tools', 'app', 'other'].map((name) => `${name}:2026.2.304 built`))
  const app = first.find((one) => one.image.name === 'app')!
  expect(app.inputs.containerfile).toContain('\nFROM ghcr.io/acme/tools:2026.2.304 AS web-npm-build\n')
  expect(app.inputs.containerfile).not.toContain(':latest')

  // Nothing changed: later, everything is as it was, the tag of the builder included.
  const again = await decide(workspace, 'one', first, '2026-02-02T00:00:00Z')
  expect(tags(again)).toEqual(['root', 'tools', 'app', 'other'].map((name) => `${name}:2026.2.304`))

  // The builder changed: so did what it builds; what only names it did not.
  const changed = await decide(workspace, 'two', first, '2026-03-02T00:00:00Z')
  expect(tags(changed)).toEqual(['root:2026.2.304', 'tools:2026.61.0 built', 'app:2026.61.0 built', 'other:2026.2.304'])
})
it('IMG-180 a builder that must be built anew although nothing changed has what it builds follow', async () => {
  const workspace = new Workspace({ 'package.json': '{}' })
  const first = await decide(workspace, 'one', [], '2026-01-02T03:04:00Z')
  const lost = first.filter((one) => one.image.name !== 'tools')
  expect(tags(await decide(workspace, 'one', lost, '2026-02-02T00:00:00Z'))).toEqual([
    'root:2026.2.304',
    'tools:2026.33.0 built',
    'app:2026.33.0 built',
    'other:2026.2.304',
  ])
})
