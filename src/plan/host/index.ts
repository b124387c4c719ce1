/** Compiles host deploys: the same layers as of images, for a machine that stays. */
import type { Diagnostic, Place } from '../../diagnostics/diagnostic.ts'
import type { Facts } from '../../model/facts.ts'
import { byName, type ImageModel, type LayerModel, type Project, type Vocabulary } from '../../model/project.ts'
import { buildersForTags } from '../../resolve/builders.ts'
import { resolveDistro } from '../../resolve/distro.ts'
import type { ResolvedImage } from '../../resolve/image.ts'
import { hasPackages, selectSections } from '../../resolve/sections.ts'
import { hooksOf, type BuilderImages } from '../builder.ts'
import { evalLabel, type EvalLabel } from '../checks.ts'
import { deployId } from '../deploy-id.ts'
import type { BuilderStep, LayerPlan, ShellHookStep, ShellSnippetStep, Step } from '../ir.ts'
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
  /** It is another machine than the one that builders run on. */
  readonly remote?: boolean
  /** Image that brings the tools of all builders; else each builder has one of its own. (HOST-20) */
  readonly builderImage?: string
  /** Images for builders that the image of the deploy names; where it has none, those of the machine's distro count. */
  readonly builderUses?: Readonly<Record<string, string>>
  readonly origin: Place
}

/** A deploy, compiled for one machine. */
export interface HostPlan extends Pick<HostSpec, 'name' | 'target' | 'image' | 'tag' | 'addLayers' | 'env' | 'origin'> {
  readonly deployId: string
  readonly plans: readonly LayerPlan[]
  /** Layers that have nothing for this distro. (HOST-02) */
  readonly skipped: readonly string[]
  /** Checks of its layers. (DEP-08) */
  readonly checks: EvalLabel
}

/** Name of a plan's image where there is none. (PLAN-02) */
export const ADHOC = 'host-adhoc'

/** Compiles a deploy for a machine. (PLAN-02, PLAN-16, PLAN-26) */
export function planHost(
  spec: HostSpec,
  machine: HostFacts,
  {
    project,
    facts,
    resolved,
  }: { readonly project: Project; readonly facts: Facts; readonly resolved: ReadonlyMap<string, ResolvedImage> },
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
  const builderImages = buildersOn(spec, machine, vocabulary, resolved)
  const names = layers.map(({ name }) => name)
  const id = deployId({ target: spec.target, image: spec.image, layers: names, addLayers: spec.addLayers })
  const unbuilt: string[] = []
  const compiled = layers.map((layer): LayerPlan => {
    const plan = compileLayer(layer, {
      image,
      subject: `host "${spec.name}"`,
      vocabulary,
      facts: facts.get(layer.name) ?? { base: '' },
      directory: stageDirectory(layer, facts),
      builderImages,
      host: true,
      init: 'systemd',
      tasks,
      pins: project.pins,
      report: reporter(layer, diagnostics),
    })
    for (const step of plan.steps) {
      if (step.kind !== 'Builder') continue
      if (step.builderImage === '') diagnostics.push(noBuilderImage(step))
      if (spec.remote && step.format === '') {
        if (spec.skipIncompatible) unbuilt.push(layer.name)
        else diagnostics.push(builtElsewhere(step))
      }
    }
    return {
      ...plan,
      deployId: id,
      image: spec.image,
      layersIncluded: names,
      addLayers: spec.addLayers,
      steps: withBuilderHooks(layer, plan.steps, machine, vocabulary).map((step) => onHost(step, machine)),
    }
  })
  const plans = compiled.filter(({ layer }) => !unbuilt.includes(layer))
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
      skipped: [...skipped.map((layer) => layer.name), ...unbuilt],
      checks: evalLabel({ ...image, levels: [layers.filter(({ name: layer }) => !unbuilt.includes(layer))] }, project),
    },
    diagnostics,
  }
}

/** Images that bring the tools of builders: none of these has to be on the machine. (HOST-20) */
function buildersOn(
  { builderImage, builderUses }: HostSpec,
  { tags, user }: HostFacts,
  { builders }: Vocabulary,
  resolved: ReadonlyMap<string, ResolvedImage>,
): BuilderImages {
  const uses = builderUses ?? buildersForTags(tags, resolved)
  const byKind = new Map(
    [...builders.keys()].flatMap((kind) => {
      const name = builderImage ?? uses[kind]
      return name === undefined ? [] : [[kind, { name, account: resolved.get(name)?.user ?? user }] as const]
    }),
  )
  return { key: JSON.stringify([...byKind]), byKind }
}

const noBuilderImage = ({ builder, layerName, origin }: BuilderStep): Diagnostic => ({
  code: 'OV3030',
  severity: 'error',
  message: `no builder image for ${builder} (layer=${layerName}); set --builder-image or define builder.${builder}`,
  entity: `layer "${layerName}"`,
  place: origin,
  remedy: 'an image of the project with this distro may name one for all: builder: { … }',
})

/** (HOST-27) */
const builtElsewhere = ({ builder, layerName, origin }: BuilderStep): Diagnostic => ({
  code: 'OV5042',
  severity: 'error',
  message: `builder ${builder} (layer=${layerName}) builds into the home of this machine's user, and the deploy is for another machine`,
  entity: `layer "${layerName}"`,
  place: origin,
  remedy: 'run ov on that machine, install it another way, or leave such layers out with --skip-incompatible',
})

/** What a builder sets in images is set in the deploying user's shells, beneath what the layer sets itself. (IMG-39) */
function withBuilderHooks(
  layer: LayerModel,
  steps: readonly Step[],
  { user }: HostFacts,
  { builders }: Vocabulary,
): Step[] {
  const used = [...new Set(steps.flatMap((step) => (step.kind === 'Builder' ? [step.builder] : [])))]
  const hooks = hooksOf(
    used.map((name) => builders.get(name)!),
    user.home,
    layer.origin,
  )
  if (hooks.length === 0) return [...steps]
  const own = steps.find((step): step is ShellHookStep => step.kind === 'ShellHook')
  const all = [...hooks, ...(own ? [own] : [])]
  const names = Object.assign({}, ...all.map(({ envVars }) => envVars)) as Record<string, string>
  return [
    {
      kind: 'ShellHook',
      layerName: layer.name,
      envVars: Object.fromEntries(Object.entries(names).sort(([a], [b]) => byName(a, b))),
      pathAdd: [...new Set([...(own?.pathAdd ?? []), ...hooks.flatMap(({ pathAdd }) => pathAdd)])],
      envFile: '',
      origin: layer.origin,
    },
    ...steps.filter((step) => step !== own),
  ]
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
