/** Compiles host deploys: the same layers as of images, for a machine that stays. */
import type { Diagnostic, Place } from '../../diagnostics/diagnostic.ts'
import type { Facts } from '../../model/facts.ts'
import { type ImageModel, type LayerModel, type Project } from '../../model/project.ts'
import { resolveDistro } from '../../resolve/distro.ts'
import type { ResolvedImage } from '../../resolve/image.ts'
import { hasPackages, selectSections } from '../../resolve/sections.ts'
import { NO_BUILDERS } from '../builder.ts'
import { deployId } from '../deploy-id.ts'
import type { LayerPlan, ShellSnippetStep, Step } from '../ir.ts'
import { compileLayer, reporter, stageDirectory, taskCompiler } from '../layer.ts'
import type { HostFacts } from './facts.ts'

/** What goes onto a machine, whoever said so. */
export interface HostSpec {
  /** Key of the deploy. */
  readonly name: string
  /** Name in ledgers: `host`, `host:<name>`. (HOST-41) */
  readonly target: string
  /** The image that it comes from; `host-adhoc` for layers alone. (PLAN-02) */
  readonly image: string
  readonly tag?: string
  /** All layers, in the order in which they are installed. */
  readonly layers: readonly LayerModel[]
  /** Those that were asked for beside the image, as they were named. */
  readonly addLayers: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly skipIncompatible: boolean
  readonly origin: Place
}

/** A deploy, compiled for one machine. */
export interface HostPlan extends Pick<HostSpec, 'name' | 'target' | 'image' | 'tag' | 'addLayers' | 'env' | 'origin'> {
  readonly deployId: string
  readonly plans: readonly LayerPlan[]
  /** Layers that have nothing for this distro. (HOST-02) */
  readonly skipped: readonly string[]
}

/** Name of a plan's image where there is none. (PLAN-02) */
export const ADHOC = 'host-adhoc'

/** Compiles a deploy for a machine. (PLAN-02, PLAN-16, PLAN-26) */
export function planHost(
  spec: HostSpec,
  machine: HostFacts,
  { project, facts }: { readonly project: Project; readonly facts: Facts },
): { plan: HostPlan; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const { vocabulary } = project
  const distro = resolveDistro(machine.tags, vocabulary)
  const formats = distro?.formats ?? []
  const skipped = spec.layers.filter(
    (layer) => hasPackages(layer, vocabulary) && selectSections(layer, machine.tags, formats).length === 0,
  )
  if (!spec.skipIncompatible)
    for (const layer of skipped) diagnostics.push(incompatible(layer, machine, [...vocabulary.formats.keys()]))
  const layers = spec.layers.filter((layer) => !skipped.includes(layer))
  const image = asImage({ ...spec, layers }, machine, distro)
  const tasks = taskCompiler()
  const names = layers.map(({ name }) => name)
  const id = deployId({ target: spec.target, image: spec.image, layers: names, addLayers: spec.addLayers })
  const plans = layers.map((layer): LayerPlan => {
    const plan = compileLayer(layer, {
      image,
      subject: `host "${spec.name}"`,
      vocabulary,
      facts: facts.get(layer.name) ?? { base: '' },
      directory: stageDirectory(layer, facts),
      builderImages: NO_BUILDERS,
      host: true,
      init: 'systemd',
      tasks,
      pins: project.pins,
      report: reporter(layer, diagnostics),
    })
    return {
      ...plan,
      deployId: id,
      image: spec.image,
      layersIncluded: names,
      addLayers: spec.addLayers,
      steps: plan.steps.map((step) => onHost(step, machine)),
    }
  })
  const { name, target, tag, addLayers, env, origin } = spec
  return {
    plan: {
      name,
      target,
      image: spec.image,
      ...(tag !== undefined && { tag }),
      addLayers,
      env,
      origin,
      deployId: id,
      plans,
      skipped: skipped.map((layer) => layer.name),
    },
    diagnostics,
  }
}

/** A machine as layers are compiled for it: the same questions as to an image, other answers. */
function asImage(
  { name, layers, origin }: HostSpec,
  { tags, user }: HostFacts,
  distro: ResolvedImage['distro'],
): ResolvedImage {
  const model = { name, data: { name }, origin, parts: {} } as unknown as ImageModel
  return {
    name,
    model,
    base: { kind: 'none' },
    tags,
    distro,
    formats: distro?.formats ?? [],
    user,
    chain: layers,
    own: layers,
    levels: [layers],
    images: [model],
    version: '',
    auto: false,
  }
}

function incompatible(layer: LayerModel, { tags }: HostFacts, formats: readonly string[]): Diagnostic {
  const known = ['packages', 'distros', 'tags', ...formats]
  const sections = Object.keys(layer.data).filter((field) => known.includes(field))
  return {
    code: 'OV3013',
    severity: 'error',
    message: `it has no packages for this machine (${tags.join(', ')}), only ${sections.join(', ')}`,
    entity: `layer "${layer.name}"`,
    place: layer.origin,
    remedy: 'add a section for it, or leave such layers out with --skip-incompatible',
  }
}

/** What is elsewhere on a machine than in an image. (PLAN-22, PLAN-24) */
function onHost(step: Step, { user }: HostFacts): Step {
  switch (step.kind) {
    case 'ServicePackaged':
      return step.targetScope === 'user' ? { ...step, overridesPath: inHome(step.overridesPath, user.home) } : step
    case 'ServiceCustom':
      return step.targetScope === 'user' ? { ...step, unitPath: inHome(step.unitPath, user.home) } : step
    case 'ShellHook':
      return { ...step, envFile: `${user.home}/.config/overthink/env.d/${step.layerName}.env` }
    case 'ShellSnippet':
      return snippetOnHost(step, user.home)
    default:
      return step
  }
}

const inHome = (path: string, home: string): string =>
  path.replace(/^\/etc\/systemd\/user\//, `${home}/.config/systemd/user/`)

const PROFILES = { bash: '.bashrc', zsh: '.zshrc', sh: '.profile' } as const

/** Code that a layer gives no file of its own goes into a block of the shell's. (PLAN-24) */
function snippetOnHost(step: ShellSnippetStep, home: string): ShellSnippetStep {
  if (!/^\/etc\/(?:profile\.d|fish\/conf\.d)\/ov-/.test(step.destination)) return step
  if (step.shell === 'fish') return { ...step, destination: `${home}/.config/fish/conf.d/ov-${step.layerName}.fish` }
  return { ...step, destination: `${home}/${PROFILES[step.shell]}`, useDropin: false, marker: step.layerName }
}
