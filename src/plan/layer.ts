import { createHash } from 'node:crypto'
import type { RunStep } from '../../dsl/vocabulary.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Facts, LayerFacts } from '../model/facts.ts'
import type { Pins } from '../model/pins.ts'
import { byName, placeOf, type LayerModel, type Vocabulary } from '../model/project.ts'
import { builderOf, sectionOf } from '../resolve/builders.ts'
import type { Account, ResolvedImage } from '../resolve/image.ts'
import { manifestNames, manifestsOf } from '../resolve/manifests.ts'
import { hasPackages, selectSections } from '../resolve/sections.ts'
import { manifestStep, NO_BUILDERS, sectionStep, wordPerItem, type BuilderImages } from './builder.ts'
import { expandHome } from './home.ts'
import type { BuilderStep, LayerPlan, RepoChangeStep, Step, SystemPackagesStep } from './ir.ts'
import { serviceSteps } from './service.ts'
import { checkTagSection } from './tag-section.ts'
import { shellSteps } from './shell.ts'
import { fillVars, references, resolveTask, type Say } from './task.ts'

/** What compiling one layer for one image needs. */
export interface LayerContext {
  readonly image: ResolvedImage
  /** What it is compiled for, as messages call it: `image "web"`. */
  readonly subject: string
  readonly vocabulary: Vocabulary
  readonly facts: LayerFacts
  /** The layer's directory in the build context. */
  readonly directory: string
  readonly builderImages: BuilderImages
  /** It is compiled for a machine that stays. */
  readonly host?: true
  /** Init that runs the image's services. */
  readonly init: string | undefined
  readonly tasks: TaskCompiler
  readonly pins: Pins
  readonly report: (
    field: string,
    ...rest: Parameters<Say> extends [infer C, string, ...infer R] ? [C, ...R] : never
  ) => void
}

/** Where a layer's files are in the build context, relative to the project root. (LAY-06, ruling on layer directories) */
export const stageDirectory = (layer: LayerModel, facts: Facts): string =>
  facts.get(layer.name)?.own?.inProject ?? `.build/_layers/${layer.name}`

/** Reports problems of a layer at the part that has them. */
export const reporter =
  (layer: LayerModel, diagnostics: Diagnostic[]): LayerContext['report'] =>
  (field, code, message, remedy, severity = 'error') => {
    diagnostics.push({
      code,
      severity,
      message,
      entity: `layer "${layer.name}"`,
      ...(field !== '' && { field }),
      place: placeOf(layer, field),
      ...(remedy !== undefined && { remedy }),
    })
  }

type TaskCompiler = (
  layer: LayerModel,
  context: Omit<LayerContext, 'image' | 'subject' | 'init' | 'tasks'>,
  account: Account,
) => readonly Step[]

/** Compiles the tasks of layers. Most images run them as the same account, with the same builders: what is compiled for one serves all of these. */
export function taskCompiler(): TaskCompiler {
  const known = new Map<string, readonly Step[]>()
  return (layer, context, account) => {
    const key = JSON.stringify([layer.name, account, context.builderImages.key])
    const steps = known.get(key) ?? taskAndBuilderSteps(layer, { ...context, user: account })
    known.set(key, steps)
    return steps
  }
}

/** Compiles a layer for an image, in the order of PLAN-13. */
export function compileLayer(layer: LayerModel, context: LayerContext): LayerPlan {
  const { image } = context
  const steps: Step[] = [
    ...hookSteps(layer, image),
    ...packageSteps(layer, context),
    ...context.tasks(layer, context, image.user),
    ...serviceSteps(layer, context),
    ...shellSteps(
      layer.data.shell,
      { kind: 'layer', name: layer.name, origin: placeOf(layer, 'shell') },
      image.user.home,
      context.report,
    ),
  ]
  return { ...emptyPlan(layer), image: image.name, distro: image.tags[0] ?? '', steps }
}

/** An account to judge a layer by that no image uses. */
const ANYBODY: Account = { name: 'user', uid: 1000, gid: 1000, home: '/home/user', adopted: false }

/** The tasks of a layer that is in no image, as they would be in some: what is wrong with them is wrong today. (LAY-125) */
export function compileUnused(
  layer: LayerModel,
  context: Omit<LayerContext, 'image' | 'subject' | 'init' | 'tasks' | 'builderImages'>,
): LayerPlan {
  const steps = taskAndBuilderSteps(layer, { ...context, builderImages: NO_BUILDERS, user: ANYBODY })
  return { ...emptyPlan(layer), steps }
}

const emptyPlan = (layer: LayerModel): LayerPlan => ({
  deployId: '',
  image: '',
  version: layer.data.version,
  distro: '',
  layer: layer.name,
  steps: [],
  layersIncluded: [layer.name],
  addLayers: [],
  builderImage: '',
  meta: {},
})

function hookSteps(layer: LayerModel, image: ResolvedImage): Step[] {
  const { env = {}, pathAppend = [] } = layer.data
  if (Object.keys(env).length === 0 && pathAppend.length === 0) return []
  const envVars = Object.fromEntries(
    Object.entries(env)
      .sort(([a], [b]) => byName(a, b))
      .map(([name, value]) => [name, expandHome(value, image.user.home)]),
  )
  return [
    {
      kind: 'ShellHook',
      layerName: layer.name,
      envVars,
      pathAdd: pathAppend.map((path) => expandHome(path, image.user.home)),
      envFile: '',
      origin: layer.origin,
    },
  ]
}

function packageSteps(layer: LayerModel, context: LayerContext): (RepoChangeStep | SystemPackagesStep | BuilderStep)[] {
  const { image, subject, vocabulary, report } = context
  const selected = selectSections(layer, image.tags, image.formats)
  if (selected.length === 0 && hasPackages(layer, vocabulary)) {
    report(
      '',
      'OV3013',
      `none of its package sections is for ${subject} (${[...image.tags, ...image.formats].join(', ')})`,
      'add a section for it, or leave the layer out of this image',
      'warning',
    )
  }
  return selected.flatMap(({ format: name, field, section }): (RepoChangeStep | SystemPackagesStep | BuilderStep)[] => {
    const format = vocabulary.formats.get(name)!
    const origin = placeOf(layer, field)
    if (/^(tags|distros)\[/.test(field)) checkTagSection(section, field, format, subject, report)
    const onHost = context.host && format.host
    const given = { install: image.distro?.install ?? '', quote: doubleQuoted }
    const {
      prepare = [],
      install,
      cleanup = [],
    } = (onHost && onHost.commands ? onHost.commands : format.commands)(section, given)
    const builder = builderOf(name, vocabulary)
    if (builder) {
      const { directory } = context
      const input = {
        layer,
        directory,
        account: image.user,
        image: context.builderImages.byKind.get(builder.name),
        ...(context.host && { host: context.host }),
      }
      const commands = [...prepare, ...install, ...cleanup].map(wordPerItem)
      const caches = image.distro?.caches ?? []
      return [{ ...sectionStep(builder, section, input, { format: name, commands, caches }), origin }]
    }
    const make = (phase: SystemPackagesStep['phase'], commands: readonly RunStep[]): SystemPackagesStep => {
      const list = (key: string) => ((section[key] as readonly string[] | undefined) ?? []).slice()
      return {
        kind: 'SystemPackages',
        format: name,
        phase,
        packages: phase === 'install' ? section.packages : [],
        repos:
          phase === 'prepare'
            ? ((section['repos'] as readonly Record<string, unknown>[] | undefined) ?? []).map((raw) => ({ raw }))
            : [],
        options: phase === 'install' ? (section.options ?? []) : [],
        copr: phase === 'install' ? [] : list('copr'),
        modules: phase === 'prepare' ? list('modules') : [],
        exclude: phase === 'install' ? list('exclude') : [],
        keys: phase === 'prepare' ? list('keys') : [],
        caches: image.distro?.caches ?? [],
        ...(phase === 'prepare' && onHost && onHost.creates && { creates: onHost.creates(section) }),
        ...(phase === 'prepare' && onHost && onHost.blocks && { blocks: onHost.blocks(section) }),
        commands: commands.map(wordPerItem),
        origin,
      }
    }
    const repositories = Object.entries((onHost && onHost.files?.(section)) || {}).map(
      ([file, content]): RepoChangeStep => ({
        kind: 'RepoChange',
        format: name,
        file,
        content,
        checksum: createHash('sha256').update(content).digest('hex'),
        layerName: layer.name,
        origin,
      }),
    )
    return [
      ...repositories,
      ...(prepare.length > 0 || (onHost && (onHost.blocks?.(section) ?? []).length > 0)
        ? [make('prepare', prepare)]
        : []),
      make('install', install),
      ...(cleanup.length > 0 ? [make('cleanup', cleanup)] : []),
    ]
  })
}

/** Whether a layer has packages that are built, on whatever images. */
const hasBuiltSection = (layer: LayerModel, vocabulary: Vocabulary): boolean =>
  [...vocabulary.builders.values()].some((builder) => {
    const format = sectionOf(builder)
    return format !== undefined && format in layer.data
  })

/** In double quotes for a shell, with nothing in it expanded. */
const doubleQuoted = (text: string) => `"${text.replace(/[\\"`$]/g, '\\$&')}"`

/** What vars refer to must be there, and not be themselves. (LAY-30) */
function checkVarValues(layer: LayerModel, report: LayerContext['report']): void {
  const { vars = {} } = layer.data
  for (const [key, value] of Object.entries(vars)) {
    const left = references(fillVars(value, vars)).filter((name) => name !== 'ARCH')
    for (const name of new Set(left))
      report(
        `vars.${key}`,
        'OV2023',
        name in vars
          ? `vars.${key}: \${${name}} refers to itself`
          : `vars.${key} references unknown \${VAR}: ${name} (declare in vars)`,
        'a $ that is no reference is written without braces; scripts see their own variables anyway',
      )
  }
}

function taskAndBuilderSteps(
  layer: LayerModel,
  context: Omit<LayerContext, 'image' | 'subject' | 'init' | 'tasks'> & { readonly user: Account },
): Step[] {
  const { user: account, vocabulary, facts, directory, pins, report } = context
  const tasks = layer.data.tasks ?? []
  const builds: BuilderStep[] = manifestsOf(layer, vocabulary, facts).map((manifest) => ({
    ...manifestStep(manifest, {
      layer,
      directory,
      account,
      image: context.builderImages.byKind.get(manifest.builder.name),
      ...(context.host && { host: context.host }),
    }),
    origin: placeOf(layer, manifest.builder.name),
  }))
  checkVarValues(layer, report)
  let placed = false
  const steps = tasks.flatMap((data, index): Step[] => {
    const path = `tasks[${index}]`
    const say: Say = (code, field, message, remedy, severity) =>
      report(
        `${path}.${field}`,
        code,
        `${path}: ${field}${/^(references|is) /.test(message) ? '' : ':'} ${message}`,
        remedy,
        severity,
      )
    const { task, user } = resolveTask(data, { user: account, vars: layer.data.vars ?? {}, pins, say })
    if (task.verb === 'build') {
      placed = true
      if (builds.length === 0 && !hasBuiltSection(layer, vocabulary))
        report(
          path,
          'OV3015',
          `${path}: there is no builder manifest in this layer`,
          `give the layer a directory with one of: ${manifestNames(vocabulary).join(', ')}`,
        )
      return builds.map((build) => ({ ...build, origin: placeOf(layer, path) }))
    }
    return [
      {
        kind: 'Task',
        task,
        ...('comment' in data && data.comment !== undefined && { comment: data.comment }),
        layerName: layer.name,
        layerDir: directory,
        ctxPath: '/ctx',
        resolvedUser: user,
        layerVars: layer.data.vars ?? {},
        origin: placeOf(layer, path),
      },
    ]
  })
  return placed ? steps : [...steps, ...builds]
}
