import { pin, unpinned } from '../apply/pin.ts'
import type { Pins } from '../model/pins.ts'
import type { Outside } from '../plan/outside.ts'
import { LOCK_FILE, LockFile } from '../state/lock-file.ts'
import { withLock } from '../state/lock.ts'
import { architecture } from './architecture.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import { withProject } from './open.ts'
import { pinTools } from './pinned.ts'
import { compileProject } from './project.ts'

export interface LockOptions {
  readonly project?: string
  readonly update?: readonly string[]
  readonly check?: boolean
}

/** `ov lock`: pins what the project takes from outside. Nothing that is pinned moves, unless it is named. */
export const run = (context: Context, options: LockOptions): Promise<number> =>
  withProject(options.project, async ({ location, bundle, entities, cache }) => {
    const machine = thisMachine(context)
    const { outside, lock: known } = await compileProject(location, bundle, entities, cache)
    if (options.check === true) {
      const missing = unpinned(outside, known.pins, architecture())
      for (const name of namesOf(missing)) context.say(`${name}: not in ${LOCK_FILE}`)
      return namesOf(missing).length > 0 ? 2 : 0
    }
    const update = new Set<string>()
    for (const name of options.update ?? []) {
      const meant = named(name, outside)
      if (meant.length === 0) {
        const known = namesOf(outside)
        context.say(
          `nothing from outside is called ${JSON.stringify(name)}; ${known.length === 0 ? 'the project takes nothing from there' : `known are ${known.join(', ')}`}`,
        )
        return 64
      }
      for (const one of meant) update.add(one)
    }
    return withLock(
      machine.paths.lock,
      () => context.say('waiting for another ov to finish'),
      async () => {
        // Another ov may have written it meanwhile.
        const lock = LockFile.read(location.root)
        const pins = await pin(outside, lock.pins, pinTools(machine), update)
        const changed = lock.with(pins)
        if (changed.text !== lock.text) changed.write()
        for (const name of namesOf(outside)) context.say(`${name}: ${state(name, lock.pins, pins)}`)
        for (const name of [...Object.keys(pins.images), ...Object.keys(pins.downloads)])
          if (!namesOf(outside).includes(name)) context.say(`${name}: no longer used; its pin can be deleted`)
        return 0
      },
    )
  })

const namesOf = ({ images, downloads }: Outside): string[] => [
  ...images.map(({ ref }) => ref),
  ...downloads.map(({ url }) => url),
]

/** What a name means: a reference, a URL, or all that an image of the project takes from outside. */
const named = (name: string, outside: Outside): string[] =>
  namesOf(outside).includes(name)
    ? [name]
    : namesOf({
        images: outside.images.filter(({ usedBy }) => usedBy.includes(name)),
        downloads: outside.downloads.filter(({ usedBy }) => usedBy.includes(name)),
      })

function state(name: string, before: Pins, after: Pins): string {
  const show = ({ images, downloads }: Pins) => {
    const image = images[name]
    const sum = downloads[name]?.sha256
    const text = image?.digest ?? (typeof sum === 'string' ? `sha256:${sum}` : sum && JSON.stringify(sum))
    return { text, all: JSON.stringify([image, sum]) }
  }
  const [old, now] = [show(before), show(after)]
  if (old.all === now.all) return 'pinned'
  return old.text === undefined || old.text === now.text ? `pinned to ${now.text}` : `${old.text} -> ${now.text}`
}
