import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { DeployEntry, Provides } from '../../model/deploy-entry.ts'
import { containerName } from '../../model/deploy-key.ts'
import { placeOf, type PodModel, type Project } from '../../model/project.ts'
import { refName } from '../../model/schema/refs.ts'
import type { ImageMetadata } from '../metadata.ts'
import { assignment } from './env.ts'
import { ANYWHERE, planPod, planPorts, type PodPlan, type Surroundings } from './index.ts'
import { fillTemplate, NO_PROVIDES, providesOf, updateProvides, type Provider } from './provides.ts'
import { sayTo, type Author } from './say.ts'
import { threeWay, type LocalOverride } from './three-way.ts'
import { typedEntry, type FindProvided } from './typed.ts'

/** What is known of images, by how deploys name them. */
export interface KnownImages {
  readonly metadata: ReadonlyMap<string, ImageMetadata>
  /** Layers of the project's images, in the order in which they were installed. */
  readonly layers: ReadonlyMap<string, readonly string[]>
  /** Container ports of the project's images, `8080` and `53/udp`. */
  readonly containerPorts: ReadonlyMap<string, readonly string[]>
  /** How inits are started. */
  readonly entrypoints: ReadonlyMap<string, readonly string[]>
}

/** What a machine has already, and adds. */
export interface MachineDeploys {
  /** What `deploy.yml` says of a deploy. */
  readonly local: (key: string) => DeployEntry | undefined
  /** What the project said of it when it was applied last; of an apply that was cut short, and of the one before. */
  readonly applied: (key: string) => readonly DeployEntry[]
  /** A typed entry with the paths of this machine. */
  readonly localise: (pod: PodModel, entry: DeployEntry) => DeployEntry
  /** Ports of deploys that want free ones, as far as they were found. */
  readonly resolvedPorts: ReadonlyMap<string, readonly string[]>
  /** What deploys offer each other. */
  readonly provides: Provides
  readonly around: (key: string, entry: DeployEntry, image: ImageMetadata, provides: Provides) => Surroundings
}

/** A deploy of the project, for this machine or for any. */
export interface ProjectPod {
  readonly plan: PodPlan
  /** What the project says. */
  readonly typed: DeployEntry
  /** That, with what the operator changed. */
  readonly entry: DeployEntry
  readonly overrides: readonly LocalOverride[]
}

/** How a deploy names the image that it runs. */
export const imageRef = ({ data }: PodModel): string =>
  data.version === undefined ? refName(data.image) : `${refName(data.image)}:${data.version}`

/** Plans the deploys of a project; those of images that nobody knows come back by name. */
export function planProject(
  project: Project,
  images: KnownImages,
  only: ReadonlySet<string> | undefined,
  machine?: MachineDeploys,
): { pods: ProjectPod[]; unknown: string[]; provides: Provides; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const unknown: string[] = []
  const chosen: { pod: PodModel; author: Author; metadata: ImageMetadata; provider: Provider }[] = []
  for (const pod of project.pods.values()) {
    const author = authorOf(pod)
    const ref = imageRef(pod)
    if (project.images.get(ref)?.data.enabled === false) {
      if (only === undefined || only.has(pod.name))
        sayTo(diagnostics, author)(
          'OV3004',
          'image',
          `image: image "${ref}" is disabled`,
          'enable it, or run another one',
        )
      continue
    }
    const metadata = images.metadata.get(ref)
    if (metadata === undefined) {
      if (only === undefined || only.has(pod.name)) unknown.push(pod.name)
      continue
    }
    chosen.push({ pod, author, metadata, provider: providerOf(pod, metadata, ref, images, machine) })
  }
  let provides = machine?.provides ?? NO_PROVIDES
  for (const { pod, metadata, provider } of chosen)
    ({ provides } = updateProvides(
      provides,
      pod.name,
      providesOf(provider, metadata, () => {}),
    ))
  const find = findProvided(chosen)
  const pods = chosen.flatMap(({ pod, author, metadata }): ProjectPod[] => {
    if (only && !only.has(pod.name)) return []
    const ref = imageRef(pod)
    const known = { ref: refName(pod.data.image), metadata, ports: images.containerPorts.get(ref) }
    const say = sayTo(diagnostics, author)
    const written = typedEntry(pod, known, find(pod), say)
    const typed = machine?.localise(pod, written) ?? written
    const { entry, overrides } = merge(pod.name, typed, machine)
    const around = machine?.around(pod.name, entry, metadata, provides) ?? {
      ...ANYWHERE,
      env: { ...ANYWHERE.env, provides, containers: chosen.map(({ provider }) => provider.container) },
    }
    const { plan, diagnostics: found } = planPod(
      pod.name,
      entry,
      author,
      {
        source: project.images.has(ref) ? { kind: 'project', name: ref } : { kind: 'local', ref },
        metadata,
        layers: images.layers.get(ref) ?? Object.keys(metadata.layerVersions),
        entrypoint: images.entrypoints.get(metadata.init),
      },
      around,
    )
    if (plan.image.kind === 'project' && (images.layers.get(ref) ?? []).some((name) => bringsArtifacts(name, project)))
      say(
        'OV4011',
        'image',
        `image "${ref}": deploys don't fetch its artifacts yet`,
        'do it by hand, with podman cp',
        'warning',
      )
    const elsewhere = Object.entries(pod.data.env ?? {}).filter(([, value]) => typeof value === 'object')
    diagnostics.push(...found.filter((one) => !isAwaited(one, machine, elsewhere.length)))
    if (machine) checkAwaited(pod, entry, around, say)
    return [{ plan, typed, entry, overrides }]
  })
  return { pods, unknown, provides, diagnostics }
}

/** No machine, no values of its operator or of its files: what they will bring is not missing. */
const isAwaited = ({ code }: Diagnostic, machine: MachineDeploys | undefined, sources: number): boolean =>
  code === 'OV4003' && machine === undefined && sources > 0

/** Values that the program leaves to a file or to the operator must be there when the deploy is applied. */
function checkAwaited(pod: PodModel, entry: DeployEntry, { env }: Surroundings, say: ReturnType<typeof sayTo>): void {
  const given = new Set((entry.env ?? []).map((one) => assignment(one)[0]))
  for (const [name, value] of Object.entries(pod.data.env ?? {})) {
    if (typeof value !== 'object' || given.has(name)) continue
    if (value.from === 'operator')
      say(
        'OV4005',
        `env.${name}`,
        `env.${name} comes from the operator, and has no value on this machine`,
        `run ov apply ${pod.name} -e ${pod.name}.${name}=VALUE`,
      )
    if (value.from === 'file' && env.unitFile && !env.unitFile.variables.has(name))
      say('OV4005', `env.${name}`, `env.${name} is not in ${env.unitFile.path}`, `add a line ${name}=VALUE`)
  }
}

const bringsArtifacts = (layer: string, { layers }: Project) => (layers.get(layer)?.data.artifacts?.length ?? 0) > 0

const authorOf = (pod: PodModel): Author => ({
  entity: `pod "${pod.name}"`,
  origin: pod.origin,
  giveVariables: (names) => `add them: env: { ${names.map((name) => `${name}: '…'`).join(', ')} }`,
  place: (field) => placeOf(pod, field),
})

function merge(
  key: string,
  typed: DeployEntry,
  machine: MachineDeploys | undefined,
): Pick<ProjectPod, 'entry' | 'overrides'> {
  if (!machine) return { entry: typed, overrides: [] }
  const { entry, overrides } = threeWay(machine.applied(key), machine.local(key), typed)
  const resolvedPort = machine.resolvedPorts.get(key)
  return { entry: { ...entry, ...(resolvedPort && { resolvedPort }) }, overrides }
}

/** Where a deploy can be reached does not depend on its variables; so that theirs may depend on each other's addresses. */
function providerOf(
  pod: PodModel,
  metadata: ImageMetadata,
  ref: string,
  images: KnownImages,
  machine: MachineDeploys | undefined,
): Provider {
  const typed = typedEntry(
    pod,
    { ref, metadata, ports: images.containerPorts.get(ref) },
    () => '',
    () => {},
  )
  const { entry } = merge(pod.name, typed, machine)
  return { key: pod.name, container: containerName(pod.name), ports: planPorts(entry, metadata, '') }
}

/** What another deploy of the project offers under a name. (POD-80, POD-83) */
const findProvided =
  (all: readonly { pod: PodModel; metadata: ImageMetadata; provider: Provider }[]) =>
  (pod: PodModel): FindProvided =>
  (name, from) => {
    const offers = all.flatMap((other) => {
      const template = other.pod === pod ? undefined : other.metadata.envProvides[name]
      return template !== undefined && (from === undefined || other.pod.name === from) ? [{ ...other, template }] : []
    })
    const [offer, second] = offers
    if (!offer)
      return from === undefined
        ? {
            problem: `no other deploy of the project provides ${name}`,
            remedy: 'declare a deploy whose layers have it in envProvides, or give the value',
          }
        : {
            problem: `deploy "${from}" does not provide ${name}`,
            remedy: 'name a deploy whose layers have it in envProvides',
          }
    if (second)
      return {
        problem: `${offers.map((one) => one.pod.name).join(' and ')} both provide ${name}`,
        remedy: `choose: provided('${offer.pod.name}')`,
      }
    const value = fillTemplate(offer.template, offer.provider)
    // A bad template is reported where it stands.
    return typeof value === 'string' ? value : offer.template
  }
