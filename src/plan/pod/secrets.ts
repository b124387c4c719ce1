import type { DeployEntry, EntrySecret } from '../../model/deploy-entry.ts'
import type { Contract, ImageMetadata } from '../metadata.ts'

/** A secret as a container gets it: as a file, as a variable, or both. */
export interface PlannedSecret {
  /** Its name in podman. */
  readonly podman: string
  /** Path of the file in the container. */
  readonly target?: string
  /** Variable of the container. */
  readonly env?: string
}

/** A secret of the image's own: made once, and kept. (POD-91, POD-92) */
export interface OwnedSecret {
  readonly podman: string
  readonly name: string
  /** Variables that hold it. */
  readonly env: readonly string[]
  readonly source?: string
}

/** A credential that the image asks for by name; the store has it. (POD-94) */
export interface CredentialSecret {
  readonly podman: string
  /** Variable of the container. */
  readonly name: string
  /** Variable of the operator that may hold it. Default: the same. */
  readonly variable?: string
  readonly description: string
  readonly service: string
  readonly key: string
  readonly required: boolean
}

export interface PlannedSecrets {
  readonly owned: readonly OwnedSecret[]
  readonly credentials: readonly CredentialSecret[]
}

/** Everything secret that a deploy has to do with. No value is here, nor anywhere else in a plan. */
export function planSecrets(container: string, entry: DeployEntry, image: ImageMetadata): PlannedSecrets {
  const owned = new Map<string, { target: string; env: string[] }>()
  for (const { name, target, env } of image.secrets) {
    const known = owned.get(name) ?? { target, env: [] }
    if (env !== undefined) known.env.push(env)
    owned.set(name, known)
  }
  const sources = new Map((entry.secrets ?? []).map((one): [string, EntrySecret] => [one.name, one]))
  for (const name of sources.keys()) if (!owned.has(name)) owned.set(name, { target: `/run/secrets/${name}`, env: [] })
  const credential = (required: boolean) => (contract: Contract) => {
    const { service, key } = addressOf(contract)
    const { name, description } = contract
    return { podman: `${container}-${slug(name)}`, name, description, service, key, required }
  }
  return {
    owned: [...owned].map(([name, { env }]) => {
      const source = sources.get(name)?.source
      return { podman: `${container}-${name}`, name, env, ...(source !== undefined && { source }) }
    }),
    credentials: [...image.secretRequires.map(credential(true)), ...image.secretAccepts.map(credential(false))],
  }
}

/** Where the file of a secret is in the container. */
const targetOf = (image: ImageMetadata, name: string): string =>
  image.secrets.find((one) => one.name === name)?.target ?? `/run/secrets/${name}`

/** The lines of the unit: a file for each secret of the image, and a variable for each that is declared; of credentials those that are there. */
export const secretLines = (
  { owned, credentials }: PlannedSecrets,
  image: ImageMetadata,
  there: (secret: OwnedSecret | CredentialSecret) => boolean,
): PlannedSecret[] => [
  ...owned
    .filter(there)
    .flatMap(({ podman, name, env }) => [
      { podman, target: targetOf(image, name) },
      ...env.map((variable) => ({ podman, env: variable })),
    ]),
  ...credentials.filter(there).map(({ podman, name }) => ({ podman, env: name })),
]

/** `DB_PASSWORD` → `db-password`. */
const slug = (name: string): string => name.toLowerCase().replaceAll('_', '-')

/** `ov/api/token` → service `ov/api`, key `token`; without a key it is `ov/secret/<NAME>`. */
function addressOf({ name, key }: Contract): { service: string; key: string } {
  if (key === undefined || key === '') return { service: 'ov/secret', key: name }
  const cut = key.lastIndexOf('/')
  return { service: key.slice(0, cut), key: key.slice(cut + 1) }
}

/** Names whose values never stand in an entry: variables that a secret of the image fills. (POD-98, POD-99) */
export const secretVariables = (image: ImageMetadata): ReadonlySet<string> =>
  new Set([
    ...image.secrets.flatMap(({ env }) => (env === undefined ? [] : [env])),
    ...[...image.secretRequires, ...image.secretAccepts].map(({ name }) => name),
  ])
