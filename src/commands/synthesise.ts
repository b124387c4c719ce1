import { join } from 'node:path'
import { throwIfErrors, type Diagnostic } from '../diagnostics/diagnostic.ts'
import { sha256 } from '../load/cache.ts'
import { OUTPUT, synthesise } from '../synth/index.ts'
import type { FileTree } from '../synth/tree.ts'
import { writeTree } from '../state/output.ts'
import { projectToJson } from '../plan/json.ts'
import type { PodPlan } from '../plan/pod/index.ts'
import { architecture } from './architecture.ts'
import type { Context } from './command.ts'
import { count } from './count.ts'
import type { OpenProject } from './open.ts'
import { compileProject, planDeploys, type CompiledProject } from './project.ts'
import { declared, recipeOf, type SynthOptions, type SynthRecord } from './synth.ts'

/** A project as synth writes it. */
export interface Rendered {
  readonly compiled: CompiledProject
  readonly pods: readonly PodPlan[]
  /** Deploys of images that the project does not build: only a machine knows what these hold. */
  readonly unknown: readonly string[]
  readonly files: FileTree
  /** Errors are thrown. */
  readonly warnings: readonly Diagnostic[]
}

/** Compiles and prints everything, for no machine in particular. */
export async function render({ location, bundle, entities, cache }: OpenProject, tag?: string): Promise<Rendered> {
  const compiled = await compileProject(location, bundle, entities, cache)
  const { pods: planned, unknown, diagnostics } = planDeploys(compiled)
  const pods = planned.map(({ plan }) => plan)
  throwIfErrors([...compiled.diagnostics, ...diagnostics])
  const { images, stages } = compiled
  const output = synthesise({
    images,
    pods,
    stages,
    tag: (image) => tag ?? image.tag ?? image.metadata.version,
    architecture: architecture(),
  })
  const warnings = [...compiled.diagnostics, ...diagnostics, ...output.diagnostics]
  throwIfErrors(warnings)
  return { compiled, pods, unknown, files: output.files, warnings }
}

/** The long way of `ov synth`: something changed. Nothing is written while there is an error. */
export async function synthesiseProject(context: Context, open: OpenProject, options: SynthOptions): Promise<number> {
  const { location, cache } = open
  const { compiled, pods, unknown, files: tree, warnings } = await render(open, options.tag)
  const { images } = compiled
  if (options.json === true) {
    await context.warn(warnings, location.root)
    context.result(projectToJson([...images.values()], pods))
    return 0
  }
  const result = writeTree(location.root, OUTPUT, tree)
  const { files, listings } = compiled.lookups
  const record: SynthRecord = {
    recipe: recipeOf(open, options),
    files: [...files.values()],
    listings: [...listings.values()],
    outputs: outputs(location.root, tree),
    warnings,
  }
  cache.write('synth', record, declared(open))
  await context.warn(warnings, location.root)
  for (const name of unknown)
    context.say(`deploy ${name}: its image is not part of this project; its quadlet is written by ov apply`)
  const parts = [
    `${result.written.length} written`,
    ...(result.removed.length > 0 ? [`${result.removed.length} removed`] : []),
    `${result.unchanged} unchanged`,
  ]
  context.say(`${count(images.size, 'image')}, ${count(pods.length, 'deploy')}: ${parts.join(', ')} in ${OUTPUT}`)
  return 0
}

/** What was written; it has just been written, or read, so that its stamps are left to the next run. */
const outputs = (root: string, files: FileTree): SynthRecord['outputs'] =>
  [...files].map(([path, file]) => [join(root, path), file.kind === 'text' ? sha256(file.text) : file.hash, null])
