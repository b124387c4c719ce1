import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { Docker } from '../apply/docker.ts'
import { findImage } from '../apply/local-image.ts'
import type { Podman } from '../apply/podman.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import { deployName, type DeployName } from '../model/deploy-key.ts'
import { fromLabels } from '../plan/labels.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import type { DeployImage } from '../plan/pod/index.ts'
import type { Author } from '../plan/pod/say.ts'
import { BUILT_IN } from '../vocabulary/index.ts'
import type { Context } from './command.ts'
import { isInstalled } from './engine.ts'
import type { Machine } from './machine.ts'

/** A deploy of this machine, known by its entry and its image alone: no project is asked. (POD-10) */
export interface LocalDeploy {
  readonly name: DeployName
  /** What `deploy.yml` says of it; empty for one that is not there yet. */
  readonly entry: DeployEntry
  /** Full reference of the image. */
  readonly reference: string
  readonly image: DeployImage
  readonly author: Author
  /** Where the image was found. */
  readonly storage: Podman
}

/** The arguments that name a deploy. */
export interface DeployChoice {
  readonly instance?: string
  readonly tag?: string
}

/** Finds a deploy and what its image says of itself. (POD-22, POD-23) */
export async function findDeploy(argument: string, choice: DeployChoice, machine: Machine): Promise<LocalDeploy> {
  const name = deployName(argument, choice.instance)
  const { key } = name
  const entry = machine.deploys.entries.get(key) ?? {}
  const named = entry.image ?? name.image
  const tag = choice.tag ?? entry.version
  const ref = tag === undefined ? named : `${named.replace(/:[^/:]*$/, '')}:${tag}`
  const { reference, metadata, storage } = await localImage(ref, machine)
  const file = machine.paths.deployFile
  const origin = machine.deploys.place(key) ?? { file, line: 1, column: 1 }
  return {
    name,
    entry,
    reference,
    storage,
    image: {
      source: { kind: 'local', ref: reference },
      metadata,
      layers: Object.keys(metadata.layerVersions),
      entrypoint: BUILT_IN.inits.get(metadata.init)?.entrypoint,
    },
    author: {
      entity: `deploy "${key}"`,
      origin,
      giveVariables: (names) =>
        `give them: ov config ${name.image}${name.instance === undefined ? '' : ` -i ${name.instance}`} ${names.map((one) => `-e ${one}=...`).join(' ')}`,
      place: (field) => machine.deploys.place(key, field) ?? origin,
    },
  }
}

/** An image of local storage, with its metadata; anything else is an error that says what to do. */
export async function localImage(
  ref: string,
  { podman, executor }: Pick<Machine, 'podman' | 'executor'>,
): Promise<{ reference: string; metadata: ImageMetadata; storage: Podman }> {
  const fail = (message: string, remedy: string): never => {
    throw new DiagnosticError([{ code: 'OV4009', severity: 'error', message, remedy }])
  }
  if (ref.startsWith('@'))
    return fail('remote refs are not accepted here', `run 'ov image pull ${ref}' first, then use the image's name`)
  // docker may have what podman has not, and be all there is. (POD-37)
  const here = (await isInstalled(podman)) ? await findImage(ref, podman) : undefined
  const docker = new Docker(executor)
  const elsewhere = here === undefined && (await isInstalled(docker)) ? await findImage(ref, docker) : undefined
  const found = here ?? elsewhere
  if (found === undefined)
    return fail(`image "${ref}" is not available locally.`, `Run 'ov image pull ${ref}' to fetch it first`)
  if (!('reference' in found))
    return fail(`image "${ref}" may be any of ${found.join(', ')}`, 'name one of them in full')
  const metadata = fromLabels(found.labels)
  if (metadata.version === '')
    return fail(`image ${found.reference} has no embedded metadata`, 'rebuild with latest ov')
  return { reference: found.reference, metadata, storage: here === undefined ? docker : podman }
}

/** `--build`: the image of a deploy is built by the project around, before anything else. */
export async function buildFirst(
  context: Context,
  argument: string,
  { instance, tag }: DeployChoice,
  { deploys }: Machine,
): Promise<number> {
  const name = deployName(argument, instance)
  const image = deploys.entries.get(name.key)?.image ?? name.image
  const short = image.replace(/^.*\//, '').replace(/[:@].*$/, '')
  const { run } = await import('./image-build.ts')
  return run(context, tag === undefined ? {} : { tag }, [short])
}

/** Brings an image to the engine that is to run it. (POD-37) */
export async function transfer(
  { reference, storage }: LocalDeploy,
  engine: Podman,
  again: boolean,
  { executor, say, signal }: Machine,
): Promise<void> {
  if (storage.program === engine.program || (!again && (await engine.exists('image', reference)))) return
  say(`Transferring ${reference} from ${storage.program} to ${engine.program}`)
  const moved = await executor.run(
    ['bash', '-o', 'pipefail', '-c', '"$1" save "$3" | "$2" load', 'bash', storage.program, engine.program, reference],
    { signal },
  )
  if (moved.exitCode !== 0)
    throw new DiagnosticError([
      {
        code: 'OV5007',
        severity: 'error',
        message: `${reference} could not be moved from ${storage.program} to ${engine.program}: ${moved.stderr.trim().split('\n').at(-1)}`,
        remedy: 'see what they say; the command can be repeated',
      },
    ])
  say(`Transferred ${reference} to ${engine.program}`)
}
