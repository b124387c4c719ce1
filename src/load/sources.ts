import { readFileSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Facts, LayerFacts } from '../model/facts.ts'
import { byName, placeOf, type LayerModel, type Project } from '../model/project.ts'
import type { LayerPlan } from '../plan/ir.ts'
import { filesOf, manifestsOf, namedManifest } from '../resolve/manifests.ts'
import { fingerprintFile, see, statFile, type Seen } from './cache.ts'
import { printListing } from './listing.ts'

/** A file of a layer, as it goes into the build context. */
export interface StagedFile {
  /** Absolute path of the source. */
  readonly from: string
  /** Path below the stage. */
  readonly to: string
  readonly hash: string
  readonly executable: boolean
}

/** What was looked up on disk: it must be the same for a later run to be the same. */
export class Lookups {
  readonly files = new Map<string, Seen>()
  readonly listings = new Map<string, Seen>()

  /** Hash of a file's content. */
  file(path: string): string | undefined {
    let seen = this.files.get(path)
    if (seen === undefined) this.files.set(path, (seen = see(path, fingerprintFile)))
    return seen[1]?.replace(/ x$/, '')
  }

  readonly #lists = new Map<string, readonly string[] | undefined>()
  readonly #names = new Map<string, ReadonlySet<string>>()

  /** Names in a folder, or undefined where there is none. */
  list(path: string): readonly string[] | undefined {
    if (this.#lists.has(path)) return this.#lists.get(path)
    const seen = see(path, printListing)
    const names = seen[1]?.split('\0').filter((name) => name !== '')
    this.#lists.set(path, names)
    this.listings.set(path, seen)
    return names
  }

  /** Whether a folder holds a name. Many layers ask the same few folders, so that each is read once and no path is tried in vain. */
  holds(folder: string, name: string): boolean {
    let names = this.#names.get(folder)
    if (!names) {
      names = new Set(this.list(folder)?.map((listed) => listed.replace(/\/$/, '')))
      this.#names.set(folder, names)
    }
    return names.has(name)
  }
}

const inside = (root: string, path: string): string | undefined => {
  const found = relative(root, path)
  return found !== '' && !found.startsWith('..') && !isAbsolute(found) ? found.split(sep).join('/') : undefined
}

/** Finds each layer's own directory, where it has one, and what is directly in it. (LAY-04, LAY-05) */
export function locateLayers(
  project: Project,
  root: string,
  lookups: Lookups,
): { facts: Facts; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const facts = new Map<string, LayerFacts>()
  for (const layer of project.layers.values()) {
    const declaring = dirname(resolve(root, layer.origin.file))
    const own = ownDirectory(layer, root, declaring, lookups, diagnostics)
    const beside = besideManifests(project, layer, own ?? declaring, lookups)
    if (own === undefined) {
      facts.set(layer.name, { base: declaring, ...(beside && { beside }) })
      continue
    }
    const listed = lookups.list(own) ?? []
    const names = listed.map((name) => name.replace(/\/$/, ''))
    const units = listed
      .filter((name) => name.endsWith('.service'))
      .filter((name) => lookups.file(join(own, name)) !== undefined)
      .map((name) => ({ name, text: readFileSync(join(own, name), 'utf8') }))
    const inProject = inside(root, own)
    facts.set(layer.name, {
      base: own,
      ...(beside && { beside }),
      own: { ...(inProject !== undefined && { inProject }), names, units },
    })
  }
  return { facts, diagnostics }
}

/** What lies beside the manifests that the layer's fields name. (LAY-52) */
function besideManifests(
  { vocabulary }: Project,
  layer: LayerModel,
  base: string,
  lookups: Lookups,
): LayerFacts['beside'] {
  const found = [...vocabulary.builders.values()].flatMap((builder) => {
    const named = namedManifest(layer, builder)
    if (!named) return []
    const listed = lookups.list(join(base, named.folder)) ?? []
    return [[builder.name, listed.map((name) => name.replace(/\/$/, ''))] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

function ownDirectory(
  layer: LayerModel,
  root: string,
  declaring: string,
  lookups: Lookups,
  diagnostics: Diagnostic[],
): string | undefined {
  const { directory } = layer.data
  if (directory !== undefined && directory !== '' && directory !== '.') {
    const found = resolve(declaring, directory)
    if (lookups.list(found) !== undefined) return found
    diagnostics.push({
      code: 'OV1008',
      severity: 'error',
      message: `directory ${JSON.stringify(directory)} does not exist (resolved to ${JSON.stringify(found)})`,
      entity: `layer "${layer.name}"`,
      field: 'directory',
      place: layer.origin,
      remedy: 'make it, or correct the path; it is relative to the file that declares the layer',
    })
    return undefined
  }
  return [join(declaring, 'layers'), join(root, 'layers')]
    .filter((folder) => lookups.holds(folder, layer.name))
    .map((folder) => join(folder, layer.name))
    .find((path) => lookups.list(path) !== undefined)
}

/** What `${ARCH}` may be for a layer that is in no image. */
const ARCHITECTURES = ['amd64', 'arm64']

/** Collects the files that each layer brings into the build context; reports those that are missing. (LAY-06, LAY-16) */
export function stageLayers(
  project: Project,
  facts: Facts,
  plans: Iterable<LayerPlan>,
  root: string,
  lookups: Lookups,
  /** What `${ARCH}` may be, by layer; a source that uses it must exist for each. (LAY-16) */
  architectures: ReadonlyMap<string, readonly string[]>,
): { stages: ReadonlyMap<string, readonly StagedFile[]>; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const stages = new Map<string, Map<string, StagedFile>>()
  const report = (layer: LayerModel, field: string, message: string, remedy: string) =>
    diagnostics.push({
      code: 'OV1008',
      severity: 'error',
      message,
      entity: `layer "${layer.name}"`,
      field,
      place: placeOf(layer, field),
      remedy,
    })
  for (const plan of plans) {
    const layer = project.layers.get(plan.layer)!
    const fact = facts.get(plan.layer)!
    const stage = stages.get(plan.layer) ?? new Map<string, StagedFile>()
    const first = !stages.has(plan.layer)
    stages.set(plan.layer, stage)
    /** Takes a file, or all below a folder; says how many files and obstacles it met. */
    const take = (relativePath: string, field: string, show: string): number => {
      const to = relativePath
        .split('/')
        .filter((part) => part !== '' && part !== '.')
        .join('/')
      const { files, obstacles } = readTree(join(fact.base, to), to, lookups, fact.base)
      for (const file of files) stage.set(file.to, file)
      const where = relative(root, fact.base) || '.'
      for (const { path, what } of obstacles) {
        const of = path === to ? show : `${show}: ${JSON.stringify(path)}`
        const [message, remedy] = OBSTACLES[what]
        report(layer, field, `${of} ${message} ${where}`, remedy)
      }
      return files.length + obstacles.length
    }
    for (const { path: source, index } of copySources(layer, plan))
      for (const arch of source.includes('${ARCH}') ? (architectures.get(layer.name) ?? ARCHITECTURES) : ['']) {
        const path = source.replaceAll('${ARCH}', arch)
        take(path, `tasks[${index}].copy`, `tasks[${index}]: copy: ${JSON.stringify(path)}`)
      }
    if (!first) continue
    layer.data.data?.forEach(({ src }, index) => {
      const field = `data[${index}].src`
      const folder = join(fact.base, src)
      // Engines can't copy a folder of which nothing is in the build context.
      if (lookups.list(folder) === undefined && lookups.file(folder) !== undefined)
        report(layer, field, `${field}: ${JSON.stringify(src)} is not a folder`, 'name the folder that holds the data')
      else if (take(src, field, `${field}: ${JSON.stringify(src)}`) === 0)
        report(layer, field, `${field}: ${JSON.stringify(src)} holds no files`, 'put the data into it')
    })
    // Naming a manifest names what belongs to it.
    for (const manifest of manifestsOf(layer, project.vocabulary, fact))
      if (manifest.builder.name in layer.data)
        for (const path of filesOf(manifest))
          take(path, manifest.builder.name, `${manifest.builder.name}: ${JSON.stringify(path)}`)
    if (fact.own) {
      // A directory of its own is staged whole: scripts see all of it under /ctx.
      take('', 'directory', 'directory')
      continue
    }
    layer.data.files?.forEach((path, index) =>
      take(path, `files[${index}]`, `files[${index}]: ${JSON.stringify(path)}`),
    )
  }
  return {
    stages: new Map(
      [...stages].map(([name, files]) => [name, [...files.values()].sort((a, b) => byName(a.to, b.to))] as const),
    ),
    diagnostics,
  }
}

const OBSTACLES: Readonly<Record<Obstacle['what'], readonly [message: string, remedy: string]>> = {
  missing: ['not found in', 'make the file, or correct the path'],
  unreadable: ["can't be read, in", 'make it readable'],
  outside: ['is a link that leads out of', 'copy the file into the layer'],
  circle: ['is a link to a folder that contains it, in', 'remove the link'],
  special: ['is neither a file nor a folder, in', 'a build context holds files and folders only'],
}

/** Sources of the copy tasks, with the task's place in the list: each task has one step, in the same order. */
function copySources(layer: LayerModel, plan: LayerPlan): { path: string; index: number }[] {
  const written = (layer.data.tasks ?? []).flatMap((task, index) => ('copy' in task ? [index] : []))
  return (
    plan.steps
      .flatMap((step) => (step.kind === 'Task' && step.task.verb === 'copy' ? [step.task.source] : []))
      .map((path, nth) => ({ path, index: written[nth] ?? 0 }))
      // What is wrong with these has been said already.
      .filter(({ path }) => !path.startsWith('/') && !path.split('/').includes('..') && !/\$\{(?!ARCH\})/.test(path))
  )
}

/** Where the output is, which never becomes input. */
const OUTPUT = '.build'

/** Something in a layer that can't go into a build context. */
interface Obstacle {
  /** Path below the layer's base. */
  readonly path: string
  readonly what: 'missing' | 'unreadable' | 'outside' | 'circle' | 'special'
}

/** All files below a path, or the file itself. Links inside the layer are followed; what leads out is refused, wherever the link stands. */
function readTree(
  from: string,
  to: string,
  lookups: Lookups,
  base: string,
): { files: StagedFile[]; obstacles: Obstacle[] } {
  const files: StagedFile[] = []
  const obstacles: Obstacle[] = []
  const realBase = realpathSync(base)
  const visit = (path: string, name: string, open: readonly string[]): void => {
    const fail = (what: Obstacle['what']) => obstacles.push({ path: name, what })
    const stat = statFile(path)
    if (!stat) {
      lookups.file(path)
      fail('missing')
      return
    }
    const real = realpathSync(path)
    if (real !== realBase && inside(realBase, real) === undefined) fail('outside')
    else if (open.includes(real)) fail('circle')
    else if (stat.isDirectory())
      for (const listed of lookups.list(path) ?? []) {
        const entry = listed.replace(/\/$/, '')
        // A layer may be the whole project: what ov and git keep there is not part of it.
        if (entry === '.git' || (entry === OUTPUT && name === '')) continue
        visit(join(path, entry), name === '' ? entry : `${name}/${entry}`, [...open, real])
      }
    else if (!stat.isFile()) fail('special')
    else {
      const hash = lookups.file(path)
      if (hash === undefined) fail('unreadable')
      else files.push({ from: path, to: name, hash, executable: (stat.mode & 0o111) !== 0 })
    }
  }
  visit(from, to, [])
  return { files, obstacles }
}
