import type { Builder, BuilderContext, RunStep, SectionData, StageStep } from '../../dsl/vocabulary.ts'
import type { Place } from '../diagnostics/diagnostic.ts'
import { shellWord } from '../format/index.ts'
import type { LayerModel } from '../model/project.ts'
import type { Account } from '../resolve/image.ts'
import type { Manifest } from '../resolve/manifests.ts'
import { expandHome } from './home.ts'
import type { BuilderStep, ShellHookStep } from './ir.ts'

/** A builder image. */
export interface BuilderImage {
  readonly name: string
  /** Who it runs as. */
  readonly account: Account
}

/** The builder images of an image. */
export interface BuilderImages {
  /** Equal for images with the same ones. */
  readonly key: string
  readonly byKind: ReadonlyMap<string, BuilderImage>
}

/** For layers that are in no image. */
export const NO_BUILDERS: BuilderImages = { key: '', byKind: new Map() }

/** What building for a layer depends on. */
export interface BuilderInput {
  readonly layer: LayerModel
  /** The layer's directory in the build context. */
  readonly directory: string
  readonly account: Account
  readonly image: BuilderImage | undefined
  /** It is built for a machine that stays. */
  readonly host?: true
}

/** Each item is one word, whatever is in it: a version condition is no redirection. */
export const wordPerItem = (step: RunStep): RunStep =>
  typeof step === 'string' ? step : { ...step, items: step.items.map(shellWord) }

/** The step that builds a manifest of a layer. (IMG-38 to IMG-41) */
export function manifestStep(
  { builder, folder, file, names }: Manifest,
  input: BuilderInput,
): Omit<BuilderStep, 'origin'> {
  const context = contextOf(input, folder, file, names)
  const below = (name: string) => [folder, name].filter((part) => part !== '' && part !== '.').join('/')
  return {
    ...common(builder, input, context),
    format: '',
    ...(builder.stage && { stage: builder.stage(context).map((step) => placed(step, below)) }),
    caches: builder.stage ? [] : (builder.caches ?? []),
    commands: builder.stage ? [] : (builder.inline?.(context) ?? []),
  }
}

/** The step that builds the packages of a section; `commands` install them. (IMG-33, IMG-42) */
export function sectionStep(
  builder: Builder,
  section: SectionData,
  input: BuilderInput,
  install: Pick<BuilderStep, 'format' | 'commands' | 'caches'>,
): Omit<BuilderStep, 'origin'> {
  // Root installs the packages, but none is built by root: in an image of root's, the builder's own account does.
  const { account, image } = input
  const building = account.uid === 0 && image ? { ...input, account: image.account } : input
  const context = { ...contextOf(building, '', '', []), section }
  return {
    ...common(builder, building, context),
    ...install,
    ...(builder.stage && { stage: builder.stage(context).map((step) => placed(step, (name) => name)) }),
  }
}

/** What builders set in every image with a layer of theirs. (IMG-39) */
export const hooksOf = (builders: readonly Builder[], home: string, origin: Place): ShellHookStep[] =>
  builders.flatMap(({ name, env = {}, pathAppend = [] }) =>
    Object.keys(env).length + pathAppend.length === 0
      ? []
      : [
          {
            kind: 'ShellHook',
            layerName: name,
            envVars: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, expandHome(value, home)])),
            pathAdd: pathAppend.map((path) => expandHome(path, home)),
            envFile: '',
            origin,
          },
        ],
  )

const contextOf = (
  { layer, account, image }: BuilderInput,
  folder: string,
  manifest: string,
  files: readonly string[],
): BuilderContext => ({
  layer: layer.name,
  directory: folder === '' ? '/ctx' : `/ctx/${folder}`,
  manifest,
  files,
  // Whoever has this uid in the builder image may be called something else.
  user: (image?.account.uid === account.uid ? image.account : account).name,
  home: account.home,
  uid: account.uid,
  gid: account.gid,
})

function common(builder: Builder, { layer, directory, account, image, host }: BuilderInput, context: BuilderContext) {
  // Packages are installed by root, all else is the user's.
  const chown = builder.section === undefined ? `${account.uid}:${account.gid}` : ''
  return {
    kind: 'Builder',
    builder: builder.name,
    // A host needs no toolchain of its own: there everything is built in an image.
    builderImage: builder.stage || host ? (image?.name ?? '') : '',
    ...(host && builder.results && { results: builder.results(context) }),
    layerName: layer.name,
    layerDir: directory,
    phase: 'install',
    owner: account.uid === 0 ? '' : `${account.uid}:${account.gid}`,
    artifacts: (builder.artifacts?.(context) ?? []).map((path) => ({ containerPath: path, hostPath: path, chown })),
    binaries: builder.binaries ?? [],
  } as const
}

/** Names beside the manifest become paths below the layer's files. */
function placed(step: StageStep, below: (name: string) => string): StageStep {
  if ('copy' in step) return { ...step, copy: below(step.copy) }
  if (!('run' in step)) return step
  const mounts = Object.entries(step.mounts ?? {}).map(([name, at]) => [below(name), at] as const)
  return {
    ...step,
    run: step.run.map(wordPerItem),
    ...(mounts.length > 0 && { mounts: Object.fromEntries(mounts) }),
  }
}
