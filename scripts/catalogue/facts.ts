/** What there is to say of the starter catalogue: for its page, its tests, and the script that builds it. */
import { join } from 'node:path'
import * as deploys from '../../deploy.ts'
import * as images from '../../images.ts'
import * as infrastructure from '../../layers/infrastructure.ts'
import * as languages from '../../layers/languages.ts'
import * as services from '../../layers/services.ts'
import * as tools from '../../layers/tools.ts'
import { refName } from '../../src/model/schema/refs.ts'
import { byName, type LayerModel, type Project } from '../../src/model/project.ts'
import type { ImagePlan, Step } from '../../src/plan/ir.ts'
import { imagesNeeded } from '../../src/plan/needs.ts'
import { hasPackages, selectSections } from '../../src/resolve/sections.ts'
import { pipeline } from '../../test/pipeline.ts'

export const ROOT = join(import.meta.dirname, '../..')

/** The files of `layers/`, by what they are about. */
const SUBJECTS: Readonly<Record<string, object>> = {
  Languages: languages,
  Services: services,
  Tools: tools,
  Infrastructure: infrastructure,
}

/** What the catalogue is for, most specific tag first, with the formats that its images have there. */
const DISTROS: Readonly<Record<string, { tags: readonly string[]; formats: readonly string[] }>> = {
  Debian: { tags: ['debian:13', 'debian'], formats: ['deb'] },
  Ubuntu: { tags: ['ubuntu:24.04', 'ubuntu', 'debian'], formats: ['deb'] },
  Fedora: { tags: ['fedora:43', 'fedora'], formats: ['rpm'] },
  Arch: { tags: ['arch'], formats: ['pac', 'aur'] },
}

/** A layer of the catalogue. */
export interface LayerFacts {
  readonly subject: string
  /** Name of the export. */
  readonly constant: string
  readonly name: string
  readonly data: LayerModel['data']
  /** Where it installs, with all that it needs. */
  readonly distros: readonly string[]
  /** Names of layers that come along. */
  readonly needs: readonly string[]
  /** Whether an image that takes Debian's archive and npm alone has it. */
  readonly within: boolean
  /** The hosts of what images fetch for it, but for the distribution's own archive and npm. */
  readonly elsewhere: readonly string[]
}

/** An image of the catalogue. */
export interface ImageFacts {
  readonly constant: string
  readonly name: string
  readonly version: string
  readonly description: string
  readonly base: string
  /** Names of its layers, in the order of their installation, without those of its bases. */
  readonly layers: readonly string[]
  /** Those of them that it names. */
  readonly named: readonly string[]
  /** What neither Debian's archive nor npm has: the hosts. Empty: everything does, so that it can be built without them. */
  readonly elsewhere: readonly string[]
  readonly containerfile: string
}

/** The catalogue. */
export interface Catalogue {
  readonly layers: readonly LayerFacts[]
  readonly images: readonly ImageFacts[]
  /** What synthesising it warned of. */
  readonly warnings: readonly string[]
}

const constants = (module: object): [constant: string, name: string][] =>
  Object.entries(module as Readonly<Record<string, { readonly name: string } | (() => unknown)>>)
    .flatMap(([constant, value]): [string, string][] => (typeof value === 'object' ? [[constant, value.name]] : []))
    .sort(([, a], [, b]) => byName(a, b))
const host = (url: string) => url.replace(/^[a-z]+:\/\//, '').replace(/[/:].*$/s, '')
const unique = (texts: readonly string[]) => [...new Set(texts)].sort()

/** Reads the catalogue, as `ov synth` would. */
export function readCatalogue(): Catalogue {
  const { project, images: plans, files, warnings } = pipeline({ ...SUBJECTS, images, deploys }, ROOT)
  const elsewhere = elsewhereOf(plans)
  const within = new Set(
    [...plans.values()].flatMap((plan) => (elsewhere(plan).length === 0 ? layersOf(plan, plans) : [])),
  )
  return {
    layers: Object.entries(SUBJECTS).flatMap(([subject, module]) =>
      constants(module).map(([constant, name]): LayerFacts => {
        const { data } = project.layers.get(name)!
        return {
          subject,
          constant,
          name,
          data,
          distros: Object.keys(DISTROS).filter((distro) => installs(name, distro, project)),
          needs: [...(data.depends ?? []), ...(data.layers ?? [])].map(refName),
          within: within.has(name) || (data.layers ?? []).some((one) => within.has(refName(one))),
          elsewhere: unique(layerSources(name, plans)),
        }
      }),
    ),
    images: constants(images).map(([constant, name]): ImageFacts => {
      const plan = plans.get(name)!
      const { data } = project.images.get(name)!
      const containerfile = files.get(`.build/${name}/Containerfile`)
      if (containerfile?.kind !== 'text') throw new Error(`${name} has no Containerfile`)
      return {
        constant,
        name,
        version: plan.metadata.version,
        description: data.description ?? '',
        base: baseOf(plan, plans),
        layers: layersOf(plan, plans),
        named: (data.layers ?? []).map(refName),
        elsewhere: elsewhere(plan),
        containerfile: containerfile.text,
      }
    }),
    warnings: warnings.map(({ code, message }) => `${code}: ${message}`),
  }
}

/** Whether a layer has what it installs on a distro, and so have all that it needs. */
function installs(name: string, distro: string, project: Project): boolean {
  const layer = project.layers.get(name)
  const { tags, formats } = DISTROS[distro]!
  if (!layer) return false
  const itself = !hasPackages(layer, project.vocabulary) || selectSections(layer, tags, formats).length > 0
  const others = [...(layer.data.depends ?? []), ...(layer.data.layers ?? [])].map(refName)
  return itself && others.every((other) => installs(other, distro, project))
}

/** The image that people wrote as base; ov puts others in between. */
function baseOf({ base }: ImagePlan, plans: ReadonlyMap<string, ImagePlan>): string {
  if (base.kind === 'bootstrap') return `${base.spec.distro} ${base.spec.suite}`
  if (base.kind !== 'internal') return base.kind === 'external' ? base.ref : ''
  const parent = plans.get(base.image)!
  return parent.auto ? baseOf(parent, plans) : parent.name
}

function layersOf({ base, layers }: ImagePlan, plans: ReadonlyMap<string, ImagePlan>): string[] {
  const parent = base.kind === 'internal' ? plans.get(base.image) : undefined
  return [...(parent?.auto === true ? layersOf(parent, plans) : []), ...layers.map(({ plan }) => plan.layer)]
}

/** Hosts that a step fetches from, but for the distribution's own archive and npm. */
function stepSources(step: Step): string[] {
  if (step.kind === 'Task') return step.task.verb === 'download' ? [host(step.task.url)] : []
  if (step.kind === 'SystemPackages')
    return [
      ...step.repos.flatMap(({ raw }) =>
        [raw['url'], raw['rpm']].flatMap((url) => (typeof url === 'string' ? [host(url)] : [])),
      ),
      ...(step.copr.length > 0 ? ['copr.fedorainfracloud.org'] : []),
    ]
  if (step.kind === 'Builder')
    return step.builder === 'pixi' ? ['conda.anaconda.org'] : step.builder === 'aur' ? ['aur.archlinux.org'] : []
  return []
}

const layerSources = (name: string, plans: ReadonlyMap<string, ImagePlan>) =>
  [...plans.values()].flatMap(({ layers }) =>
    layers.flatMap(({ plan }) => (plan.layer === name ? plan.steps.flatMap(stepSources) : [])),
  )

/** For each image the hosts that building it takes, with all the images that it needs. */
function elsewhereOf(plans: ReadonlyMap<string, ImagePlan>): (image: ImagePlan) => string[] {
  const sources = (image: ImagePlan): string[] => [
    ...(image.base.kind === 'external' ? [host(image.base.ref)] : []),
    ...image.layers.flatMap(({ plan }) => plan.steps.flatMap(stepSources)),
    ...imagesNeeded(image).flatMap((name) => sources(plans.get(name)!)),
  ]
  return (image) => unique(sources(image))
}
