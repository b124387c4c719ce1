import type { RunStep, SectionData } from '../../dsl/vocabulary.ts'
import { shellWord } from '../format/index.ts'
import type { LayerFacts } from '../model/facts.ts'
import { byName, placeOf, type LayerModel, type Vocabulary } from '../model/project.ts'
import { detects } from '../resolve/distro.ts'
import type { Account, ResolvedImage } from '../resolve/image.ts'
import type { BuilderStep, LayerPlan, Step, SystemPackagesStep } from './ir.ts'
import { serviceSteps } from './service.ts'
import { fillVars, references, resolveTask, type Say } from './task.ts'

/** What compiling one layer for one image needs. */
export interface LayerContext {
  readonly image: ResolvedImage
  readonly vocabulary: Vocabulary
  readonly facts: LayerFacts
  /** The layer's directory in the build context. */
  readonly directory: string
  /** Init that runs the image's services. */
  readonly init: string | undefined
  readonly tasks: TaskCompiler
  readonly report: (
    field: string,
    ...rest: Parameters<Say> extends [infer C, string, ...infer R] ? [C, ...R] : never
  ) => void
}

type TaskCompiler = (
  layer: LayerModel,
  context: Omit<LayerContext, 'image' | 'init' | 'tasks'>,
  account: Account,
) => readonly Step[]

/** Compiles the tasks of layers. Most images run them as the same account: what is compiled for one serves all of these. */
export function taskCompiler(): TaskCompiler {
  const known = new Map<string, readonly Step[]>()
  return (layer, context, account) => {
    const key = JSON.stringify([layer.name, account])
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
  ]
  return { ...emptyPlan(layer), image: image.name, distro: image.tags[0] ?? '', steps }
}

/** An account to judge a layer by that no image uses. */
const ANYBODY: Account = { name: 'user', uid: 1000, gid: 1000, home: '/home/user', adopted: false }

/** The tasks of a layer that is in no image, as they would be in some: what is wrong with them is wrong today. (LAY-125) */
export function compileUnused(layer: LayerModel, context: Omit<LayerContext, 'image' | 'init' | 'tasks'>): LayerPlan {
  return { ...emptyPlan(layer), steps: taskAndBuilderSteps(layer, { ...context, user: ANYBODY }) }
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

/** `~` and `$HOME` become the home; everything else is left as it is. (LAY-61) */
export function expandHome(text: string, home: string): string {
  return text.replace(/^~(?=\/|$)/, () => home).replace(/\$(HOME(?![A-Za-z0-9_])|\{HOME\})/g, () => home)
}

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

/** The package sections that count for these tags and formats. (LAY-45 to LAY-47) */
function selectSections(
  layer: LayerModel,
  tags: readonly string[],
  formats: readonly string[],
): { format: string; field: string; section: SectionData }[] {
  const byTag = Object.entries(layer.data.tags ?? {})
  for (const tag of tags) {
    const found = byTag.find(([key]) => key.split(',').some((part) => part.trim() === tag))
    const section = found?.[1] as SectionData | undefined
    if (found && section?.packages?.length)
      return [{ format: formats[0]!, field: `tags[${JSON.stringify(found[0])}]`, section }]
  }
  return formats.flatMap((format) => {
    const section = (layer.data as Readonly<Record<string, unknown>>)[format] as SectionData | undefined
    return section?.packages?.length ? [{ format, field: format, section }] : []
  })
}

/** Whether a layer has any package section at all. */
const hasSections = (layer: LayerModel, vocabulary: Vocabulary): boolean =>
  Object.keys(layer.data.tags ?? {}).length > 0 || [...vocabulary.formats.keys()].some((format) => format in layer.data)

function packageSteps(layer: LayerModel, { image, vocabulary, report }: LayerContext): SystemPackagesStep[] {
  const selected = selectSections(layer, image.tags, image.formats)
  if (selected.length === 0 && hasSections(layer, vocabulary)) {
    report(
      '',
      'OV3013',
      `none of its package sections is for image "${image.name}" (${[...image.tags, ...image.formats].join(', ')})`,
      'add a section for it, or leave the layer out of this image',
      'warning',
    )
  }
  return selected.flatMap(({ format: name, field, section }) => {
    const format = vocabulary.formats.get(name)!
    const origin = placeOf(layer, field)
    const {
      prepare = [],
      install,
      cleanup = [],
    } = format.commands(section, {
      install: image.distro?.install ?? '',
      quote: doubleQuoted,
    })
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
        // Each item is one word, whatever is in it: a version condition is no redirection.
        commands: commands.map((step) =>
          typeof step === 'string' ? step : { ...step, items: step.items.map(shellWord) },
        ),
        origin,
      }
    }
    return [
      ...(prepare.length > 0 ? [make('prepare', prepare)] : []),
      make('install', install),
      ...(cleanup.length > 0 ? [make('cleanup', cleanup)] : []),
    ]
  })
}

/** In double quotes for a shell, with nothing in it expanded. */
const doubleQuoted = (text: string) => `"${text.replace(/[\\"`$]/g, '\\$&')}"`

/** Where a builder finds its manifest. */
function manifestFolder(layer: LayerModel, builder: string): string {
  const manifest = (layer.data as Readonly<Record<string, unknown>>)[builder]
  const parts = typeof manifest === 'string' ? manifest.split('/').filter((part) => part !== '' && part !== '.') : []
  return ['/ctx', ...parts.slice(0, -1)].join('/')
}

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
  context: Omit<LayerContext, 'image' | 'init' | 'tasks'> & { readonly user: Account },
): Step[] {
  const { user: account, vocabulary, facts, directory, report } = context
  const tasks = layer.data.tasks ?? []
  const builders = [...vocabulary.builders.values()].filter(
    (builder) => builder.name in layer.data || (facts.own && detects(builder, facts.own.names)),
  )
  const builds: BuilderStep[] = builders.map((builder) => ({
    kind: 'Builder',
    builder: builder.name,
    builderImage: '',
    layerName: layer.name,
    layerDir: directory,
    phase: 'install',
    artifacts: [],
    caches: builder.caches ?? [],
    commands: builder.inline({
      layer: layer.name,
      directory: manifestFolder(layer, builder.name),
      home: account.home,
      uid: account.uid,
      gid: account.gid,
    }),
    origin: placeOf(layer, builder.name),
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
    const { task, user } = resolveTask(data, { user: account, vars: layer.data.vars ?? {}, say })
    if (task.verb === 'build') {
      placed = true
      if (builders.length === 0)
        report(
          path,
          'OV3015',
          `${path}: there is no builder manifest in this layer`,
          `give the layer a directory with one of: ${[...vocabulary.builders.values()].flatMap((builder) => builder.detect.map((group) => group.join(' + '))).join(', ')}`,
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
