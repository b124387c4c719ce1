import type { LayerPlan, Step, TaskStep } from '../ir.ts'
import { snippetText } from '../shell.ts'
import { isSystemUser } from '../steps.ts'
import { fillVars } from '../task.ts'
import { architectureOf, type HostFacts } from './facts.ts'
import { envFileText } from './shell-files.ts'

/** A file of a layer, as the build context holds it. */
export interface LayerFile {
  /** Path below the layer's directory. */
  readonly to: string
  /** SHA-256 of what is in it. */
  readonly hash: string
  readonly executable: boolean
}

/** What a step leaves at a path. */
export type Wanted = {
  readonly path: string
  /** `uid:gid`, or a name; undefined for root. */
  readonly owner?: string
} & (
  | { readonly kind: 'directory'; readonly mode?: string }
  | { readonly kind: 'link'; readonly target: string }
  /** Text that ov writes itself. */
  | { readonly kind: 'text'; readonly mode: string; readonly text: string }
  /** A file of the layer. */
  | { readonly kind: 'copy'; readonly mode: string; readonly source: string; readonly hash: string }
  /** Something that the step's own commands make. */
  | { readonly kind: 'made' }
  /** A block in a file of somebody else's. */
  | { readonly kind: 'block'; readonly marker: string; readonly text: string }
)

/** What a layer is compiled to, with the files that it brings. */
export interface HostLayer {
  readonly plan: LayerPlan
  readonly files: readonly LayerFile[]
}

/** The names that tasks can use on a machine; those of the task itself win. (HOST-13) */
export function namesOf({ layerVars }: TaskStep, { machine }: HostFacts): Record<string, string> {
  return { ...layerVars, ARCH: architectureOf(machine), BUILD_ARCH: machine }
}

/** What a step leaves, as far as that is known before it runs. Packages, scripts and downloads are not among it. */
export function wantedBy(step: Step, files: readonly LayerFile[], machine: HostFacts): Wanted[] {
  const { home, uid, gid } = machine.user
  const own = uid === 0 ? {} : { owner: `${uid}:${gid}` }
  switch (step.kind) {
    case 'Task':
      return wantedByTask(step, files, machine)
    case 'ServicePackaged':
      if (step.overridesText === '') return []
      return [
        {
          kind: 'text',
          path: step.overridesPath,
          mode: '0644',
          text: step.overridesText,
          ...(step.targetScope === 'user' && own),
        },
      ]
    case 'ServiceCustom':
      return [
        {
          kind: 'text',
          path: step.unitPath,
          mode: '0644',
          text: step.unitText,
          ...(step.targetScope === 'user' && own),
        },
      ]
    case 'ShellHook':
      return [{ kind: 'text', path: step.envFile, mode: '0644', text: envFileText(step), ...own }]
    case 'ShellSnippet': {
      const text = snippetText(step)
      if (!step.useDropin) return [{ kind: 'block', path: step.destination, marker: step.marker, text, ...own }]
      return [
        {
          kind: 'text',
          path: step.destination,
          mode: '0644',
          text,
          ...(step.destination.startsWith(`${home}/`) && own),
        },
      ]
    }
    case 'RepoChange':
      return [{ kind: 'text', path: step.file, mode: '0644', text: step.content }]
    case 'File': {
      const file = files.find(({ to }) => to === step.source)
      if (!file) return []
      const owner = isSystemUser(step.owner) ? {} : { owner: step.owner }
      return [{ kind: 'copy', path: step.dest, mode: step.mode, source: step.source, hash: file.hash, ...owner }]
    }
    case 'SystemPackages':
      return [
        ...(step.creates ?? []).map((path) => ({ kind: 'made' as const, path })),
        ...(step.blocks ?? []).map(({ path, name, text }) => ({ kind: 'block' as const, path, marker: name, text })),
      ]
    case 'Builder':
    case 'ApkInstall':
      return []
  }
}

function wantedByTask(step: TaskStep, files: readonly LayerFile[], machine: HostFacts): Wanted[] {
  const { task, resolvedUser } = step
  const names = namesOf(step, machine)
  const fill = (text: string) => fillVars(text, names)
  const path = (text: string) =>
    fill(text)
      .replace(/\/+/g, '/')
      .replace(/(.)\/$/, '$1')
  const owner = resolvedUser.owner === undefined ? {} : { owner: resolvedUser.owner }
  switch (task.verb) {
    case 'mkdir':
      return [
        { kind: 'directory', path: path(task.path), ...(task.mode !== undefined && { mode: task.mode }), ...owner },
      ]
    case 'write':
      return [{ kind: 'text', path: path(task.to), mode: task.mode, text: task.content, ...owner }]
    case 'link':
      return [{ kind: 'link', path: path(task.path), target: fill(task.target), ...owner }]
    case 'copy':
      return copied(fill(task.source), fill(task.to), files).map(({ file, to }) => ({
        kind: 'copy',
        path: path(to),
        mode: task.mode,
        source: file.to,
        hash: file.hash,
        ...owner,
      }))
    case 'cmd':
    case 'download':
    case 'setcap':
    case 'build':
      return []
  }
}

/** Where the files of a copy go: one file to a path or into a folder, what a folder holds below a path. (LAY-16, as COPY does it) */
function copied(source: string, to: string, files: readonly LayerFile[]): { file: LayerFile; to: string }[] {
  const from = source
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
  const single = files.find((file) => file.to === from)
  if (single) return [{ file: single, to: to.endsWith('/') ? `${to}${from.replace(/^.*\//, '')}` : to }]
  const below = from === '' ? '' : `${from}/`
  return files
    .filter((file) => file.to.startsWith(below))
    .map((file) => ({ file, to: `${to}/${file.to.slice(below.length)}` }))
}
