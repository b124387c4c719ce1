/** Where a host deploy goes. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { containerName } from '../../model/deploy-key.ts'
import { readDestination, venueId, type Destination } from '../../model/destination.ts'
import { placeOf, type HostModel, type Project } from '../../model/project.ts'
import { refName } from '../../model/schema/refs.ts'

/** The machine that ov runs on, one that is reached over SSH, or a running container. */
export type HostPlace =
  | { readonly kind: 'local' }
  | { readonly kind: 'ssh'; readonly destination: Destination }
  | { readonly kind: 'container'; readonly container: string; readonly deploy: string; readonly engine: string }

export const HERE: HostPlace = { kind: 'local' }

/** One name for one place: what is equal is the same filesystem. (DEP-37) */
export function placeId(place: HostPlace): string {
  switch (place.kind) {
    case 'local':
      return 'local'
    case 'ssh':
      return venueId(place.destination)
    case 'container':
      return `nested:${place.engine}:${place.container}/local`
  }
}

/** The place of a host deploy, or what is wrong with it. `others` are deploys of this machine that the project does not declare. (DEP-32, DEP-35, DEP-43, DEP-45) */
export function placeOfHost(
  host: HostModel,
  project: Pick<Project, 'hosts' | 'pods'>,
  others: ReadonlySet<string> = new Set(),
  within: readonly string[] = [],
): HostPlace | Diagnostic {
  const { inside, host: machine, user, sshArgs = [] } = host.data
  const problem = (field: string, message: string, remedy: string): Diagnostic => ({
    code: 'OV3016',
    severity: 'error',
    message,
    entity: `host "${host.name}"`,
    field,
    place: placeOf(host, field),
    remedy,
  })
  if (inside !== undefined) {
    for (const field of ['host', 'user', 'sshArgs'] as const)
      if (host.data[field] !== undefined)
        return problem(
          field,
          `deployment "${host.name}" has both inside and ${field}`,
          'keep one: inside says where it lives',
        )
    const parent = refName(inside)
    if (within.includes(parent) || parent === host.name)
      return problem(
        'inside',
        `it lives inside itself: ${[...within, host.name, parent].join(' → ')}`,
        'break the circle',
      )
    const outer = project.hosts.get(parent)
    if (outer) return placeOfHost(outer, project, others, [...within, host.name])
    const pod = project.pods.get(parent)
    if (pod || others.has(parent))
      return {
        kind: 'container',
        deploy: parent,
        container: containerName(parent),
        engine: pod?.data.engine ?? 'podman',
      }
    const known = [...project.pods.keys(), ...project.hosts.keys()].filter((name) => name !== host.name)
    return problem(
      'inside',
      `no deployment named "${parent}"`,
      known.length === 0 ? 'export the deploy that it lives in' : `there are ${known.join(', ')}`,
    )
  }
  if (machine === undefined || machine === 'local') {
    for (const field of ['user', 'sshArgs'] as const)
      if (host.data[field] !== undefined)
        return problem(
          field,
          `deployment "${host.name}": ${field}: field only meaningful when host: is non-local`,
          'name the machine: host: "db1.example.org"',
        )
    return HERE
  }
  const destination = readDestination(machine, user, sshArgs)
  return 'problem' in destination
    ? problem(destination.field, `deployment "${host.name}": ${destination.problem}`, 'see the documentation of host()')
    : { kind: 'ssh', destination }
}

/** Problems of the places of a project's hosts. */
export const checkPlaces = (project: Project): Diagnostic[] =>
  [...project.hosts.values()].flatMap((host) => {
    const { inside } = host.data
    // A deploy that is not in the project may be on the machine.
    const others = new Set(inside !== undefined && typeof inside === 'string' ? [inside] : [])
    const place = placeOfHost(host, project, others)
    return 'kind' in place ? [] : [place]
  })
