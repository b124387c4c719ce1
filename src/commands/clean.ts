import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CALVER } from '../apply/calver.ts'
import type { LocalImage, Podman } from '../apply/podman.ts'
import { LABEL_PREFIX } from '../plan/labels.ts'
import { highestVersion } from '../resolve/calver.ts'
import { withLock } from '../state/lock.ts'
import { CONTENT_IMAGES, qualified } from '../synth/index.ts'
import type { Context } from './command.ts'
import { thisMachine, type Machine } from './machine.ts'

/** `ov clean`: removes older builds that nothing uses, and what only these stood on. Nothing else is touched, whoever made it. (POD-136) */
export async function run(context: Context, options: { readonly dryRun?: boolean }): Promise<number> {
  const machine = thisMachine(context)
  const waiting = () => context.say('waiting for another ov to finish')
  return withLock(machine.paths.lock, waiting, async () => {
    const images = await machine.podman.images()
    const old = await superseded(images, machine)
    const unused = [...old, ...(await withoutUse(images, old, machine.podman))]
    for (const name of unused) {
      if (options.dryRun === true) {
        context.say(`would remove ${name}`)
        continue
      }
      // Without force: what podman knows to be in use stays, whatever was found here.
      const { exitCode, stderr } = await machine.podman.try(['rmi', name])
      context.say(exitCode === 0 ? `removed ${name}` : `${name} stays: ${stderr.trim()}`)
    }
    if (unused.length === 0) context.say('nothing to clean')
    return 0
  })
}

/** Names that ov gave to builds that were followed by others, and that no container, quadlet or deploy has. */
async function superseded(
  images: readonly LocalImage[],
  { podman, paths, store, deploys }: Machine,
): Promise<string[]> {
  const running = new Set((await podman.containers()).map(({ imageId }) => imageId))
  const wanted = new Set(
    [
      ...quadletImages(paths.quadlets),
      ...store.all().map(({ image }) => image),
      ...[...deploys.entries.values()].flatMap(({ image }) => image ?? []),
    ].map(qualified),
  )
  const builds = images.flatMap(({ id, names, labels }) => {
    // A name that somebody gave by hand is there for a reason.
    const dated = names.filter((name) => CALVER.test(tagOf(name)))
    const ours = `${LABEL_PREFIX}image` in labels && dated.length === names.length
    const free = ours && !running.has(id) && !names.some((name) => wanted.has(name))
    return names.map((name) => ({ name, repository: repositoryOf(name), tag: tagOf(name), free }))
  })
  const newest = new Map(
    [...Map.groupBy(builds, ({ repository }) => repository)].map(([repository, all]) => [
      repository,
      highestVersion(all.map(({ tag }) => tag).filter((tag) => CALVER.test(tag))),
    ]),
  )
  return builds
    .filter(({ repository, tag, free }) => free && newest.get(repository) !== tag)
    .map(({ name }) => name)
    .sort()
}

/** Images of content that none of those that stay is built on. */
async function withoutUse(images: readonly LocalImage[], old: readonly string[], podman: Podman): Promise<string[]> {
  const isContent = ({ names }: LocalImage) =>
    names.length > 0 && names.every((name) => name.startsWith(CONTENT_IMAGES))
  const contents = images.filter(isContent)
  if (contents.length === 0) return []
  const ids = images.map(({ id }) => id)
  const { stdout } = await podman.run(['image', 'inspect', '--format', '{{.Id}} {{json .RootFS.Layers}}', ...ids])
  const layers = new Map(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf(' ')), JSON.parse(line.slice(line.indexOf(' '))) as string[] | null]),
  )
  const stay = images.filter(
    (image) => !isContent(image) && (image.names.length === 0 || image.names.some((name) => !old.includes(name))),
  )
  const standsOn = (above: readonly string[], below: readonly string[]) =>
    below.every((layer, at) => above[at] === layer)
  return contents
    .filter(({ id }) => !stay.some((one) => standsOn(layers.get(one.id) ?? [], layers.get(id) ?? [])))
    .flatMap(({ names }) => names)
    .sort()
}

/** What quadlets run, those of others as well. */
const quadletImages = (folder: string): string[] =>
  (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    .filter((name) => /\.(?:container|image|volume)$/.test(name))
    .flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/^Image=(.*)$/gm)].map(([, image]) => image!),
    )

const repositoryOf = (name: string): string => name.slice(0, name.lastIndexOf(':'))
const tagOf = (name: string): string => name.slice(name.lastIndexOf(':') + 1)
