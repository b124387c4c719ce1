import { count } from './count.ts'
import type { Context } from './command.ts'
import { withProject } from './open.ts'
import { render } from './synthesise.ts'

/** `ov image validate`: checks everything that synth checks, and writes nothing. (LAY-110) */
export const run = (context: Context, _options: object, path?: string): Promise<number> =>
  withProject(path, async (open) => {
    const { compiled, pods, warnings } = await render(open)
    await context.warn(warnings, open.location.root)
    const { layers } = compiled.project
    context.say(
      `${count(layers.size, 'layer')}, ${count(compiled.images.size, 'image')} and ${count(pods.length, 'deploy')} are valid`,
    )
    return 0
  })
