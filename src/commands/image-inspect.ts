import type { ImagePlan } from '../plan/ir.ts'
import type { Context } from './command.ts'
import { knownImages } from './known-images.ts'
import { withProject } from './open.ts'
import { compileProject } from './project.ts'

export interface InspectOptions {
  readonly project?: string
  readonly format?: string
}

/** `ov image inspect`: an image as it came out of its base, its distro and its layers. (IMG-188) */
export const run = (context: Context, options: InspectOptions, name: string): Promise<number> =>
  withProject(options.project, async ({ location, bundle, entities, cache }) => {
    const compiled = await compileProject(location, bundle, entities, cache)
    await context.warn(compiled.diagnostics, location.root)
    const [known] = knownImages([name], compiled)
    const image = compiled.images.get(known!)!
    const all = describe(image)
    if (options.format === undefined) {
      context.result({ schemaVersion: 1, ...all })
      return 0
    }
    if (!(options.format in all)) {
      context.say(`an image has no field ${JSON.stringify(options.format)}; known are ${Object.keys(all).join(', ')}`)
      return 64
    }
    const value = all[options.format]
    const lines = Array.isArray(value) ? value : typeof value === 'object' ? [JSON.stringify(value)] : [value]
    if (lines.length > 0) context.result(lines.map(String).join('\n'))
    return 0
  })

function describe({ name, base, user, layers, auto, registry, tag, metadata }: ImagePlan): Record<string, unknown> {
  const {
    image: _,
    version,
    uid: _u,
    gid: _g,
    user: _n,
    home: _h,
    registry: _r,
    distro,
    formats,
    builderUses,
    builderProvides,
    ...more
  } = metadata
  return {
    name,
    version,
    base:
      base.kind === 'internal'
        ? base.image
        : base.kind === 'external'
          ? base.ref
          : base.kind === 'bootstrap'
            ? base.spec
            : 'scratch',
    auto,
    registry: registry ?? '',
    tag: tag ?? 'auto',
    user: user.name,
    uid: user.uid,
    gid: user.gid,
    home: user.home,
    userAdopted: user.adopted,
    distro,
    build: formats,
    builder: builderUses,
    builds: builderProvides,
    layers: layers.map(({ plan }) => plan.layer),
    ...more,
  }
}
