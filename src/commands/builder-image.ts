import { decideImages, withBases } from '../apply/images.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { BuilderStep } from '../plan/ir.ts'
import { withLock } from '../state/lock.ts'
import { architecture } from './architecture.ts'
import { buildAll } from './build.ts'
import type { Context } from './command.ts'
import { thisMachine } from './machine.ts'
import type { CompiledProject } from './project.ts'

/** The image that a builder of a host deploy runs in: one of the project is built when that is due, another one is fetched when it is not here. (HOST-20) */
export async function builderImage(
  { builder, builderImage: name, layerName, origin }: BuilderStep,
  context: Context,
  compiled: CompiledProject,
): Promise<string> {
  const machine = thisMachine(context)
  const { podman, clock, paths, signal } = machine
  const { images, stages } = compiled
  if (!images.has(name)) {
    if (await podman.exists('image', name)) return name
    context.say(`pulling ${name}`)
    const failure = await podman.pull(name, signal)
    if (failure === undefined) return name
    throw new DiagnosticError([
      {
        code: 'OV5021',
        severity: 'error',
        message: `builder image ${name} (for ${builder}): ${failure}`,
        entity: `layer "${layerName}"`,
        place: origin,
        remedy: 'name an image of the project, or one that podman can pull',
      },
    ])
  }
  return withLock(
    paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      const input = { images, stages, architecture: architecture() }
      const decisions = await decideImages(withBases([name], images), input, podman, clock)
      const due = decisions.filter(({ build }) => build)
      if (due.length > 0) await buildAll(context, machine, compiled, due, {})
      return decisions.find(({ image }) => image.name === name)!.reference
    },
  )
}
