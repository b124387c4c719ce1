import type { RunStep } from '../../dsl/vocabulary.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Facts } from '../model/facts.ts'
import { pinnedReference } from '../model/pins.ts'
import { byName, placeOf, type LayerModel, type Project } from '../model/project.ts'
import { resolveBuilders, type BuilderMap, type BuildersOf } from '../resolve/builders.ts'
import { mergeCapabilities } from '../resolve/capabilities.ts'
import type { ResolvedImage } from '../resolve/image.ts'
import { checkManifests } from '../resolve/manifests.ts'
import type { ImageLayer, ImagePlan, InitPlan, LayerPlan, ServiceCustomStep, ServicePackagedStep, Step } from './ir.ts'
import { stagedData } from './data.ts'
import { compileDataImage } from './data-image.ts'
import { compileLayer, compileUnused, reporter, stageDirectory, taskCompiler, type LayerContext } from './layer.ts'
import { hooksOf, type BuilderImages } from './builder.ts'
import { imageMetadata } from './image-metadata.ts'
import { expandHome } from './home.ts'
import { checkInitHint, checkTogether } from './image-checks.ts'
import { shellSteps } from './shell.ts'
import { checkStyle } from './style.ts'
import { proxyRoutes } from './routes.ts'
import { chooseInit, runsProcesses, serviceSteps } from './service.ts'

/** Compiles the images, bases first. */
export function compileImages(
  project: Project,
  images: ReadonlyMap<string, ResolvedImage>,
  facts: Facts,
): { plans: ReadonlyMap<string, ImagePlan>; unused: LayerPlan[]; diagnostics: Diagnostic[] } {
  const plans = new Map<string, ImagePlan>()
  const diagnostics: Diagnostic[] = []
  const tasks = taskCompiler()
  const builders = resolveBuilders(project, images, facts)
  diagnostics.push(...checkManifests(project, facts), ...builders.diagnostics)
  const unusedContext = (layer: LayerModel) => ({
    vocabulary: project.vocabulary,
    facts: facts.get(layer.name) ?? { base: '' },
    directory: stageDirectory(layer, facts),
    pins: project.pins,
    report: reporter(layer, diagnostics),
  })
  for (const image of images.values()) {
    const parent = image.base.kind === 'internal' ? plans.get(image.base.image) : undefined
    if (image.base.kind === 'none') {
      const planOf = (layer: LayerModel) => compileUnused(layer, unusedContext(layer))
      plans.set(
        image.name,
        compileDataImage(image, planOf, (layer) => stageDirectory(layer, facts), diagnostics),
      )
      continue
    }
    plans.set(
      image.name,
      compileImage(image, parent, project, facts, tasks, toolsFor(image, images, builders), diagnostics),
    )
  }
  const used = new Set([...plans.values()].flatMap((plan) => plan.layers.map((layer) => layer.plan.layer)))
  const unused = [...project.layers.values()]
    .filter((layer) => !used.has(layer.name))
    .map((layer) => compileUnused(layer, unusedContext(layer)))
  for (const layer of project.layers.values()) {
    checkInitHint(layer, project.vocabulary, reporter(layer, diagnostics))
    checkStyle(layer, project.vocabulary, reporter(layer, diagnostics))
  }
  return { plans, unused, diagnostics }
}

function compileImage(
  image: ResolvedImage,
  parent: ImagePlan | undefined,
  project: Project,
  facts: Facts,
  tasks: LayerContext['tasks'],
  tools: Tools,
  diagnostics: Diagnostic[],
): ImagePlan {
  const { vocabulary } = project
  const shipsUnits = image.chain.some((layer) => (facts.get(layer.name)?.own?.units ?? []).length > 0)
  const init = chooseInit(image, vocabulary, shipsUnits)
  const entity = `image "${image.name}"`
  checkVars(image, diagnostics)
  if (!image.auto) checkTogether(image, project, diagnostics)
  checkUnits(image, init, facts, diagnostics)
  const initSpec = init === undefined ? undefined : vocabulary.inits.get(init)
  // A layer that suggests one nobody knows was told so.
  if (init !== undefined && !initSpec && image.images.some((one) => one.data.init === init))
    diagnostics.push({
      code: 'OV3011',
      severity: 'error',
      message: `init: there is no init "${init}"`,
      entity,
      field: 'init',
      place: image.model.origin,
      remedy: `known are ${[...vocabulary.inits.keys()].join(', ')}`,
    })
  const needing = image.chain.filter(runsProcesses)
  // What an intermediate lacks, an image on it may still install.
  if (
    !image.auto &&
    initSpec?.layer !== undefined &&
    needing.length > 0 &&
    !image.chain.some((layer) => layer.name === initSpec.layer)
  )
    diagnostics.push({
      code: 'OV3011',
      severity: 'error',
      message: `has layers requiring ${init} (${needing.map((layer) => `${layer.name} (${init})`).join(', ')}) but missing the "${initSpec.layer}" layer in its dependency chain`,
      entity,
      field: 'layers',
      place: image.model.origin,
      related: needing.map((layer) => ({ message: `layer "${layer.name}" has services`, place: layer.origin })),
      remedy: `add "${initSpec.layer}" to the image's layers or a base image`,
    })

  const contextOf = (layer: LayerModel, report: LayerContext['report']): LayerContext => ({
    image,
    subject: entity,
    vocabulary,
    facts: facts.get(layer.name) ?? { base: '' },
    directory: stageDirectory(layer, facts),
    builderImages: tools.image,
    init,
    tasks,
    pins: project.pins,
    report,
  })
  const buildersIn = (of: readonly LayerModel[]) => [...new Set(of.flatMap((layer) => tools.of(layer, image)))]
  const layers = image.own.map((layer): ImageLayer => ({
    origin: layer.origin,
    directory: stageDirectory(layer, facts),
    vars: layer.data.vars ?? {},
    plan: compileLayer(layer, contextOf(layer, reporter(layer, diagnostics))),
    data: stagedData(layer),
    extract: (layer.data.extract ?? []).map((one) => ({
      ...one,
      pinned: pinnedReference(one.source, project.pins),
      dest: expandHome(one.dest, image.user.home),
    })),
  }))
  // What is wrong with a service of a base image was said there.
  const inherited = (layer: LayerModel) =>
    serviceSteps(
      layer,
      contextOf(layer, () => {}),
    )
  const initPlan = initSpec && compileInit(image, layers, initSpec, facts, inherited)
  const external = image.base.kind !== 'internal'
  const bootstrap = external ? image.distro?.bootstrap : undefined
  const { registry, tag } = image.model.data
  const ports = [...new Set(image.own.flatMap((layer) => (layer.data.ports ?? []).map(exposed)))].sort(byName)
  return {
    name: image.name,
    auto: image.auto,
    origin: image.model.origin,
    base: image.base,
    ...(registry !== undefined && { registry }),
    ...(tag !== undefined && { tag }),
    user: image.user,
    newAccount: parent?.user.uid !== image.user.uid,
    ...(bootstrap && {
      bootstrap: {
        caches: image.distro?.caches ?? [],
        steps: [
          ...(bootstrap.prepare ?? []),
          ...(image.distro?.install === undefined ? [] : [`${image.distro.install} ${bootstrap.packages.join(' ')}`]),
          ...(bootstrap.workarounds ?? []).map((command) => `{ ${command} || true; }`),
          '{ [ -L /usr/local ] && mkdir -p "$(readlink /usr/local)"; mkdir -p /usr/local/bin; }',
        ] satisfies RunStep[],
      },
    }),
    shellIsBash: image.distro?.shellIsBash ?? false,
    caches: image.distro?.caches ?? [],
    ports,
    layers,
    ...(initPlan && { init: initPlan }),
    shell: shellSteps(
      image.model.data.shell,
      { kind: 'image', name: image.name, origin: placeOf(image.model, 'shell') },
      image.user.home,
      (field, code, message, remedy) =>
        diagnostics.push({
          code,
          severity: 'error',
          message,
          entity,
          field,
          place: placeOf(image.model, field),
          remedy,
        }),
    ),
    routes: proxyRoutes(image),
    bootc: image.model.data.bootc ?? false,
    keepsRoot: image.model.data.bootc === true || mergeCapabilities(image.chain).preserveUser,
    builderHooks: hooksOf(buildersIn(image.own), image.user.home, image.model.origin),
    metadata: imageMetadata(image, init, project, tools.map, buildersIn(image.chain)),
    // Images in between say nothing that could be inherited.
    ancestors: parent ? [...(parent.auto ? [] : [parent.metadata]), ...parent.ancestors] : [],
  }
}

/** Where an image gets the tools of its builders from. */
interface Tools {
  readonly map: BuilderMap
  readonly of: BuildersOf
  readonly image: BuilderImages
}

function toolsFor(
  image: ResolvedImage,
  images: ReadonlyMap<string, ResolvedImage>,
  { maps, of }: { readonly maps: ReadonlyMap<string, BuilderMap>; readonly of: BuildersOf },
): Tools {
  const map = maps.get(image.name) ?? {}
  const known = Object.entries(map).flatMap(([kind, name]) => {
    const from = images.get(name)
    return from ? [[kind, { name, account: from.user }] as const] : []
  })
  return { map, of, image: { key: JSON.stringify(known), byKind: new Map(known) } }
}

/** `8080` → `8080`, `'udp:53'` → `53/udp`. (LAY-80) */
function exposed(port: number | string): string {
  const [, proto, number] = /^(?:([^:]*):)?(\d+)$/.exec(String(port)) ?? []
  return proto === 'udp' ? `${number}/udp` : String(number)
}

/** Fragments of the whole chain when this image adds services; nothing otherwise, the base has them. (IMG-73, IMG-74, IMG-77) */
function compileInit(
  image: ResolvedImage,
  layers: readonly ImageLayer[],
  init: NonNullable<ReturnType<Project['vocabulary']['inits']['get']>>,
  facts: Facts,
  inherited: (layer: LayerModel) => readonly Step[],
): InitPlan {
  const services = (steps: readonly Step[]) =>
    steps.filter(
      (step): step is ServiceCustomStep | ServicePackagedStep =>
        step.kind === 'ServiceCustom' || step.kind === 'ServicePackaged',
    )
  const own = layers.flatMap(({ plan }) => services(plan.steps))
  const addsFragments = own.some((step) => step.kind === 'ServiceCustom' && step.unitPath === '')
  const compiled = new Map(layers.map((layer) => [layer.plan.layer, layer]))
  const fragments = addsFragments
    ? image.chain.flatMap((layer, index) => {
        const steps = services(compiled.get(layer.name)?.plan.steps ?? inherited(layer)).filter(
          (step): step is ServiceCustomStep => step.kind === 'ServiceCustom' && step.unitPath === '',
        )
        const number = String(index + 1).padStart(2, '0')
        const fragment = (name: string, of: readonly ServiceCustomStep[]) => ({
          file: `${number}-${name}.conf`,
          text: of.map((step) => step.unitText).join('\n'),
          origin: layer.origin,
          lines: of.flatMap((step) => step.unitText.split('\n').map(() => step.origin)),
        })
        const described = steps.filter((step) => step.relay === undefined)
        return [
          ...(described.length > 0 ? [fragment(layer.name, described)] : []),
          ...steps.flatMap((step) => (step.relay === undefined ? [] : [fragment(`relay-${step.relay}`, [step])])),
        ]
      })
    : []
  const files = own.flatMap((step) => {
    const [to, text] =
      step.kind === 'ServiceCustom' ? [step.unitPath, step.unitText] : [step.overridesPath, step.overridesText]
    return text === '' || to === '' ? [] : [{ file: to.slice(1), to, text, origin: step.origin }]
  })
  const shipped = init.unit ? shippedUnits(image, facts) : []
  const enable =
    init.enable?.([
      ...own.flatMap((step) =>
        step.enable ? [{ unit: step.kind === 'ServiceCustom' ? step.name : step.unit, scope: step.targetScope }] : [],
      ),
      ...shipped.map(({ unit }) => ({ unit, scope: 'user' as const })),
    ]) ?? []
  return {
    name: init.name,
    fragmentDirectory: init.fragmentDirectory,
    fragments,
    ...(init.config && {
      config: { path: init.config.path, header: init.config.header({ user: image.user.name, uid: image.user.uid }) },
    }),
    files: [...files, ...shipped],
    enable,
  }
}

/** Units that nothing would start are said to be so; empty ones are mistakes. (LAY-77) */
function checkUnits(image: ResolvedImage, init: string | undefined, facts: Facts, diagnostics: Diagnostic[]): void {
  for (const layer of image.own)
    for (const { name, text } of facts.get(layer.name)?.own?.units ?? []) {
      const about = { entity: `layer "${layer.name}"`, place: layer.origin }
      if (text.trim() === '')
        diagnostics.push({
          code: 'OV2013',
          severity: 'error',
          message: `${name} is empty`,
          ...about,
          remedy: 'write the unit, or remove the file',
        })
      else if (init !== 'systemd')
        diagnostics.push({
          code: 'OV3012',
          severity: 'warning',
          message: `the unit ${name} is not started in image "${image.name}", whose init is not systemd`,
          ...about,
          remedy: "describe the process in services, or use an image with init: 'systemd'",
        })
    }
}

/** `*.service` files in a layer's own directory: user units, enabled for everyone. (LAY-77, IMG-77) */
const shippedUnits = (image: ResolvedImage, facts: Facts) =>
  image.own.flatMap((layer) =>
    (facts.get(layer.name)?.own?.units ?? []).map(({ name, text }) => {
      const to = `/usr/lib/systemd/user/${name}`
      return { unit: name, file: to.slice(1), to, text, origin: layer.origin }
    }),
  )

/** vars are ENV lines that come after the layers' env: they must not overwrite another layer's. (LAY-121) */
function checkVars(image: ResolvedImage, diagnostics: Diagnostic[]): void {
  for (const layer of image.own)
    for (const [key, value] of Object.entries(layer.data.vars ?? {}))
      for (const other of image.chain) {
        const set = other === layer ? undefined : other.data.env?.[key]
        if (set !== undefined && set !== value)
          diagnostics.push({
            code: 'OV3009',
            severity: 'error',
            message: `vars.${key} overwrites the env of layer "${other.name}" in image "${image.name}"`,
            entity: `layer "${layer.name}"`,
            field: `vars.${key}`,
            place: layer.origin,
            related: [{ message: `layer "${other.name}" sets ${key} here`, place: other.origin }],
            remedy: 'rename the variable',
          })
      }
}
