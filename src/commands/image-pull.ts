import { localExecutor } from '../apply/executors/local.ts'
import type { Podman } from '../apply/podman.ts'
import { DiagnosticError, throwIfErrors } from '../diagnostics/diagnostic.ts'
import { LABEL_PREFIX } from '../plan/labels.ts'
import { highestVersion } from '../resolve/calver.ts'
import type { Context } from './command.ts'
import { buildEngine } from './engine.ts'
import { knownImages } from './known-images.ts'
import { withProject } from './open.ts'
import { compileProject } from './project.ts'

export interface ImagePullOptions {
  readonly project?: string
  readonly engine?: string
}

/** `ov image pull`: fetches an image into local storage. Nothing is started. (IMG-189) */
export async function run(context: Context, options: ImagePullOptions, name: string): Promise<number> {
  const engine = await buildEngine(options.engine, localExecutor)
  if (typeof engine === 'string') {
    context.say(engine)
    return 64
  }
  if (name.startsWith('@')) {
    context.say(
      'images of other repositories are pulled by their registry reference: ov image pull ghcr.io/org/image:tag',
    )
    return 64
  }
  // Something with a slash says itself where it comes from.
  const reference = name.includes('/') ? name : await ofProject(options, name, engine, context)
  context.say(`pulling ${reference}`)
  const failure = await engine.pull(reference, context.signal)
  if (failure !== undefined)
    throw new DiagnosticError([
      {
        code: 'OV5021',
        severity: 'error',
        message: `image ${reference}: ${failure}`,
        remedy: `check the reference, and that you may read it (${engine.program} login)`,
      },
    ])
  const version = (await engine.labels(reference))?.[`${LABEL_PREFIX}version`] ?? ''
  context.say(`${reference} is here${version === '' ? '; it was not built by ov' : `, version ${version}`}`)
  return 0
}

/** The reference of an image of the project: the tag that is given, or its own, or the newest of its registry. */
const ofProject = (options: ImagePullOptions, given: string, engine: Podman, context: Context): Promise<string> =>
  withProject(options.project, async ({ location, bundle, entities, cache }) => {
    const [short = '', tag] = given.split(':')
    const compiled = await compileProject(location, bundle, entities, cache)
    const [name] = knownImages([short], compiled)
    const image = compiled.images.get(name!)!
    if (image.registry === undefined)
      throwIfErrors([
        {
          code: 'OV5021',
          severity: 'error',
          message: 'has no registry to be pulled from',
          entity: `image "${image.name}"`,
          field: 'registry',
          place: image.origin,
          remedy: `set registry, or build it: ov image build ${image.name}`,
        },
      ])
    const repository = `${image.registry}/${image.name}`
    return `${repository}:${tag ?? image.tag ?? (await newestTag(repository, engine, context.signal))}`
  })

async function newestTag(repository: string, engine: Podman, signal: AbortSignal): Promise<string> {
  const { exitCode, stdout, stderr } = await engine.try(
    ['search', '--list-tags', '--limit', '100000', '--format', '{{.Tag}}', repository],
    { signal },
  )
  const newest = highestVersion(stdout.split('\n').filter((tag) => /^\d+\.\d+\.\d+$/.test(tag)))
  if (exitCode === 0 && newest !== undefined) return newest
  throw new DiagnosticError([
    {
      code: 'OV5021',
      severity: 'error',
      message: `no version of ${repository} is known${exitCode === 0 ? '' : `: ${stderr.trim().split('\n').at(-1) ?? ''}`}`,
      remedy: `name its tag: ov image pull ${repository}:TAG`,
    },
  ])
}
