import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { findImage } from '../apply/local-image.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import { deployName, type DeployName } from '../model/deploy-key.ts'
import { fromLabels } from '../plan/labels.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import type { DeployImage } from '../plan/pod/index.ts'
import type { Author } from '../plan/pod/say.ts'
import { BUILT_IN } from '../vocabulary/index.ts'
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
  const { reference, metadata } = await localImage(ref, machine)
  const file = machine.paths.deployFile
  const origin = machine.deploys.place(key) ?? { file, line: 1, column: 1 }
  return {
    name,
    entry,
    reference,
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
  { podman }: Pick<Machine, 'podman'>,
): Promise<{ reference: string; metadata: ImageMetadata }> {
  const fail = (message: string, remedy: string): never => {
    throw new DiagnosticError([{ code: 'OV4009', severity: 'error', message, remedy }])
  }
  if (ref.startsWith('@'))
    return fail('remote refs are not accepted here', `run 'ov image pull ${ref}' first, then use the image's name`)
  const found = await findImage(ref, podman)
  if (found === undefined)
    return fail(`image "${ref}" is not available locally.`, `Run 'ov image pull ${ref}' to fetch it first`)
  if (!('reference' in found))
    return fail(`image "${ref}" may be any of ${found.join(', ')}`, 'name one of them in full')
  const metadata = fromLabels(found.labels)
  if (metadata.version === '')
    return fail(`image ${found.reference} has no embedded metadata`, 'rebuild with latest ov')
  return { reference: found.reference, metadata }
}
