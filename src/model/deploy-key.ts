import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { DeployEntry } from './deploy-entry.ts'

/** What a deploy is called: the key of its entry, and the two parts that a key has. */
export interface DeployName {
  /** `web` or `web/eu`. */
  readonly key: string
  /** `web`: the image that runs unless the entry names another one. */
  readonly image: string
  /** `eu`. */
  readonly instance?: string
}

/** References to registries hold a slash, too: they are told by a domain, a port, a tag or a digest. */
const isReference = (argument: string): boolean =>
  argument.includes('@') ||
  /^[^/]*\.[^/]*\//.test(argument) ||
  /^(?:localhost|[^/]*:\d+)\//.test(argument) ||
  /:[^/]*$/.test(argument) ||
  argument.split('/').length > 2

const bad = (message: string, remedy: string) =>
  new DiagnosticError([{ code: 'OV6005', severity: 'error', message, remedy }])

/** The deploy that an argument of a command and its `-i` mean: `web/eu` is `web -i eu`. (POD-08) */
export function deployName(argument: string, instance?: string): DeployName {
  if (argument.trim() !== argument || argument === '' || /(?:^|\/)(?:\/|$)/.test(argument))
    throw bad(`${JSON.stringify(argument)} is not the name of a deploy`, "write a name such as 'web', or 'web/eu'")
  if (instance !== undefined) {
    checkInstance(instance)
    return { key: `${argument}/${instance}`, image: argument, instance }
  }
  const slash = argument.indexOf('/')
  if (slash < 0 || isReference(argument)) return { key: argument, image: argument }
  checkInstance(argument.slice(slash + 1))
  return { key: argument, image: argument.slice(0, slash), instance: argument.slice(slash + 1) }
}

/** It becomes part of the container's name. */
function checkInstance(instance: string): void {
  if (!/^[a-z\d][\w.-]*$/i.test(instance))
    throw bad(
      `${JSON.stringify(instance)} is not the name of an instance`,
      'write letters, digits, ".", "_" and "-", beginning with a letter or digit',
    )
}

/** Container and unit name of a deploy. (POD-01) */
export const containerName = (key: string): string => `ov-${storageName(key)}`

/** Its part of the paths of its data. (POD-05) */
export const storageName = (key: string): string => key.replaceAll('/', '-')

/** The unit that keeps a tunnel open beside a container. (POD-03) */
export const tunnelUnit = (container: string): string => `${container}-tunnel.service`
/** The unit of a pod, as podman's generator names it. (POD-02) */
export const podUnit = (container: string): string => `${container}-pod.service`

/** Units of a deploy, by the names they have without their ending. (POD-01 to POD-03) */
function unitNames(key: string, { sidecars, tunnel }: DeployEntry): string[] {
  const container = containerName(key)
  const beside = Object.keys(sidecars ?? {})
  return [
    container,
    ...(beside.length > 0 ? [`${container}-pod`] : []),
    ...beside.map((name) => `${container}-${name}`),
    ...(tunnel?.provider === 'cloudflare' ? [`${container}-tunnel`] : []),
  ]
}

/** Two deploys that would share a unit. (POD-07) */
export interface Collision {
  readonly first: string
  readonly second: string
  readonly unit: string
}

/** Deploys that would share a container or another unit, in the order given. (POD-07) */
export function collisions(entries: Iterable<readonly [key: string, entry: DeployEntry]>): Collision[] {
  const owners = new Map<string, string>()
  const found: Collision[] = []
  for (const [key, entry] of entries)
    for (const unit of unitNames(key, entry)) {
      const owner = owners.get(unit)
      if (owner === undefined) owners.set(unit, key)
      else if (owner !== key) found.push({ first: owner, second: key, unit })
    }
  return found
}
