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
    hold: () => Promise.reject(new Error('nothing is held')),
    run: () =>
      Promise.resolve({
        exitCode: 0,
        stdout: JSON.stringify(
          decisions.flatMap(({ reference, inputs, content }, index) => [
            { Id: String(index), Names: [reference], Labels: { [INPUTS_LABEL]: inputs.hash } },
            ...(content ? [{ Id: `content-${index}`, Names: [content.reference] }] : []),
          ]),
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
it('IMG-180 what is built with a builder follows when its content must be made anew, and stays when only its name is gone', async () => {
  const workspace = new Workspace({ 'package.json': '{}' })
  const first = await decide(workspace, 'one', [], '2026-01-02T03:04:00Z')
  const lost = first.filter((one) => one.image.name !== 'tools')
  expect(tags(await decide(workspace, 'one', lost, '2026-02-02T00:00:00Z'))).toEqual([
    'root:2026.2.304',
    'tools:2026.33.0 built',
    'app:2026.33.0 built',
    'other:2026.2.304',
  ])
  const untagged = first.map((one) => (one.image.name === 'tools' ? { ...one, reference: 'localhost/gone:1' } : one))
  const decided = await decide(workspace, 'one', untagged, '2026-02-02T00:00:00Z')
  expect(tags(decided)).toEqual(['root:2026.2.304', 'tools:2026.33.0 built', 'app:2026.2.304', 'other:2026.2.304'])
})

it('IMG-161 a label of a base is no input of what is built on it; its content is built where something needs it', async () => {
  const workspace = new Workspace({})
  const make = (command: string, script: string) => {
    const base = image({ name: 'base', base: 'debian:13', distro: 'debian', version, aliases: { x: command } })
    return {
      base,
      child: image({ name: 'child', base, layers: [layer({ name: 'a', version, tasks: [cmd(script)] })] }),
    }
  }
  const decideBoth = (command: string, script: string, before: readonly ImageDecision[], time: string) => {
    const { images, stages } = pipeline(make(command, script), workspace.root)
    const clock = { now: () => new Date(time), sleep: () => Promise.resolve() }
    return decideImages(withBases(['child'], images), { images, stages, architecture: 'amd64' }, stored(before), clock)
  }
  const first = await decideBoth('one', 'x', [], '2026-01-02T03:04:00Z')
  expect(tags(first)).toEqual(['base:2026.2.304 built', 'child:2026.2.304 built'])
  expect(tags(await decideBoth('two', 'x', first, '2026-02-02T00:00:00Z'))).toEqual([
    'base:2026.33.0 built',
    'child:2026.2.304',
  ])
  // Only the image itself is left: it is built once more for what is now built on it, under the tag that it has.
  const bare = first.map(({ content: _, ...one }) => one)
  const decided = await decideBoth('one', 'y', bare, '2026-02-02T00:00:00Z')
  expect(tags(decided)).toEqual(['base:2026.2.304 built', 'child:2026.33.0 built'])
  expect(decided[0]?.content?.build).toBe(true)
})
it('IMG-152 a tag that is given to what is there under another one is only given; nothing is built', async () => {
  const workspace = new Workspace({ 'package.json': '{}' })
  const { images, stages } = pipeline(project('one'), workspace.root)
  const clock = { now: () => new Date('2026-01-02T03:04:00Z'), sleep: () => Promise.resolve() }
  const input = { images, stages, architecture: 'amd64' }
  const decideWith = (before: readonly ImageDecision[], options: { tag?: string; force?: () => boolean }) =>
    decideImages(withBases(['app'], images), input, stored(before), clock, options)
  const first = await decideWith([], {})
  const told = await decideWith(first, { tag: 'release' })
  expect(told.map(({ image, reference, equal }) => [image.name, reference, equal?.names[0]])).toEqual(
    first.map(({ image, reference }) => [image.name, reference.replace(/:[^:]*$/, ':release'), reference]),
  )
  for (const { equal } of await decideWith(first, { tag: 'release', force: () => true })) expect(equal).toBeUndefined()
})
it('IMG-181 what is built for another platform is another image', async () => {
  const workspace = new Workspace({ 'package.json': '{}' })
  const { images, stages } = pipeline(project('one'), workspace.root)
  const clock = { now: () => new Date('2026-01-02T03:04:00Z'), sleep: () => Promise.resolve() }
  const input = { images, stages, architecture: 'amd64' }
  const decideFor = (before: readonly ImageDecision[], platforms: readonly string[]) =>
    decideImages(withBases(['app'], images), input, stored(before), clock, { platforms: () => platforms })
  const here = await decideFor([], [])
  const there = await decideFor(here, ['linux/arm64'])
  expect(there.every(({ build }) => build)).toBe(true)
  expect((await decideFor([...here, ...there], [])).some(({ build }) => build)).toBe(false)
  expect((await decideFor([...here, ...there], ['linux/arm64'])).some(({ build }) => build)).toBe(false)
})
