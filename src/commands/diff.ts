import { join } from 'node:path'
import { INPUTS_LABEL } from '../apply/podman.ts'
import { readText, withBases, type ImageDecision } from '../apply/images.ts'
import { preflight } from '../apply/preflight.ts'
import { isThere, sameFiles } from '../apply/targets/pod/index.ts'
import { throwIfErrors } from '../diagnostics/diagnostic.ts'
import { buildDiff } from '../diff/build.ts'
import { outputDiff } from '../diff/output.ts'
import { assignment } from '../plan/pod/env.ts'
import { textDiff } from '../diff/text.ts'
import { sha256 } from '../load/cache.ts'
import { listTree } from '../state/output.ts'
import { OUTPUT } from '../synth/index.ts'
import type { Context } from './command.ts'
import { chosen, orphanHosts, sideBySide } from './host-apply.ts'
import { pendingOn } from './host-deploys.ts'
import { intend, selection, thisMachine, type Machine } from './machine.ts'
import { withProject, type OpenProject } from './open.ts'
import { compileProject, type CompiledProject } from './project.ts'
import { render } from './synthesise.ts'

export interface DiffOptions {
  readonly project?: string
  readonly json?: boolean
  readonly tag?: string
  readonly offline?: boolean
}

/** One thing that differs. */
interface Difference {
  readonly kind: 'image' | 'layer' | 'deploy' | 'host' | 'undeclared'
  readonly name: string
  readonly action: 'build' | 'create' | 'update' | 'restart' | 'remove'
  readonly reasons: readonly string[]
  readonly diff: string
}

/** `ov diff`: what apply would change here; offline, what synth would. Exit code 2 when there is something. */
export const run = (context: Context, options: DiffOptions, deploys: readonly string[]): Promise<number> =>
  withProject(options.project, async (open) => {
    const differences =
      options.offline === true
        ? await differencesOffline(context, open, options, deploys)
        : await differencesHere(context, open, options, deploys)
    if (options.json === true) context.result({ schemaVersion: 1, differences })
    else
      context.result(
        differences.length === 0 ? 'no differences' : differences.map((one) => show(one, context.color)).join('\n'),
      )
    return differences.length === 0 ? 0 : 2
  })

type Differences = (
  context: Context,
  open: OpenProject,
  options: DiffOptions,
  deploys: readonly string[],
) => Promise<Difference[]>

/** What synth would change below `.build/`. Asks nothing of the machine. */
const differencesOffline: Differences = async (context, open, { tag }, deploys) => {
  const { root } = open.location
  const { compiled, pods, files, warnings } = await render(open, tag)
  await context.warn(warnings, root)
  const only = selection(deploys, [...compiled.project.pods.keys()])
  const chosen = pods.filter((pod) => only.has(pod.name))
  const wanted = new Set(
    withBases(
      chosen.flatMap((pod) => (pod.image.kind === 'project' ? [pod.image.name] : [])),
      compiled.images,
    ).flatMap((image) => [`image ${image.name}`, ...image.layers.map((layer) => `layer ${layer.plan.layer}`)]),
  )
  const before = [...listTree(root, OUTPUT)].map(([path, { path: file, hash }]) => entry(path, hash, readText(file)))
  const after = [...files].map(([path, file]) =>
    file.kind === 'text'
      ? entry(path, sha256(file.text), file.text)
      : entry(path, `${file.hash}${file.executable ? ' x' : ''}`, readText(file.from)),
  )
  return outputDiff(OUTPUT, new Map(before), new Map(after))
    .filter(
      ({ kind, name }) => deploys.length === 0 || (kind === 'deploy' ? only.has(name) : wanted.has(`${kind} ${name}`)),
    )
    .map((one) => ({ ...one, reasons: [] }))
}

const entry = (path: string, hash: string, text: string | undefined) =>
  [path, { hash, ...(text !== undefined && { text }) }] as const

/** What apply would change on this machine. */
const differencesHere: Differences = async (context, open, options, deploys) => {
  const { hosts, pods } = chosen(open, deploys)
  return [
    ...(pods === undefined ? [] : await podDifferences(context, open, options, pods)),
    ...(await hostDifferences(context, open, hosts, deploys.length === 0 ? orphanHosts(open) : [])),
  ]
}

/** What is not on this machine yet of what its host deploys install, and what somebody has changed since. */
async function hostDifferences(
  context: Context,
  open: OpenProject,
  hosts: readonly string[],
  orphans: readonly string[],
): Promise<Difference[]> {
  const gone = orphans.map((name): Difference => ({
    kind: 'undeclared',
    name,
    action: 'remove',
    reasons: ['no longer declared; only ov apply --prune takes it back'],
    diff: '',
  }))
  if (hosts.length === 0) return gone
  const { location, bundle, entities, cache } = open
  const compiled = await compileProject(location, bundle, entities, cache)
  const differences: Difference[] = []
  const looked = await sideBySide(context, hosts, compiled, (name) => pendingOn(context, name, compiled))
  for (const name of hosts) {
    const { steps, profile, isNew } = looked.get(name)!
    const left = steps.filter(({ closed }) => closed === undefined)
    for (const { layer, summary, closed } of steps)
      if (closed !== undefined) context.say(`${name}: left out (--${closed}): ${layer}: ${summary}`)
    if (left.length === 0 && profile.length === 0 && !isNew) continue
    differences.push({
      kind: 'host',
      name,
      action: isNew ? 'create' : 'update',
      reasons: left.map(
        ({ layer, summary, drifted }) =>
          `${layer}: ${summary}${drifted.length > 0 ? ' (changed by somebody else)' : ''}`,
      ),
      diff: [...left.flatMap(({ texts }) => texts), ...profile]
        .map(([path, before, after]) => textDiff(path, before, after))
        .join(''),
    })
  }
  return [...differences, ...gone]
}

const podDifferences: Differences = async (context, open, options, deploys) => {
  const machine = thisMachine(context)
  throwIfErrors(await preflight(machine.executor))
  const intent = await intend(open, machine, { deploys, ...(options.tag !== undefined && { tag: options.tag }) })
  await context.warn(intent.warnings, open.location.root)
  const building = new Map(
    intent.images.filter((decision) => decision.build).map((decision) => [decision.reference, decision]),
  )
  const differences: Difference[] = []
  for (const decision of building.values())
    differences.push(await imageDifference(decision, machine, contextText(intent.compiled)))
  for (const change of intent.changes) {
    const { desired, before, reasons } = change
    const pending = building.get(desired.image)
    // A tag that only the build will make is not known yet; what was built last is shown against that.
    const shown = (text: string) =>
      pending
        ? text.replace(`Image=${desired.image}`, `Image=${desired.image.replace(/:[^:]*$/, '')}:(new build)`)
        : text
    const after = new Map(desired.files.map(({ path, text }) => [path, shown(text)]))
    differences.push({
      kind: 'deploy',
      name: desired.plan.name,
      action: !isThere(change) ? 'create' : sameFiles(change) ? 'restart' : 'update',
      reasons,
      diff: [...new Set([...after.keys(), ...before.keys()])]
        .map((path) => textDiff(path, before.get(path), after.get(path)))
        .join(''),
    })
  }
  for (const { name, overrides } of intent.overrides)
    for (const { path, local, project } of overrides)
      context.say(
        `${name}: ${path} is ${inWords(path, local)} on this machine, the project says ${inWords(path, project)}; the machine's value stays (ov deploy reset ${name} --field ${path} drops it)`,
      )
  for (const record of intent.orphans)
    differences.push({
      kind: 'undeclared',
      name: record.name,
      action: 'remove',
      reasons: ['no longer declared; only ov apply --prune removes it'],
      diff: '',
    })
  return differences
}

/** Texts of the build context, also of files that only the next synth will stage. */
function contextText({ root, stages, images }: CompiledProject): (path: string) => string | undefined {
  const sources = new Map<string, string>(
    [...images.values()].flatMap((image) =>
      image.layers.flatMap((layer) =>
        (stages.get(layer.plan.layer) ?? []).map((file) => [`${layer.directory}/${file.to}`, file.from] as const),
      ),
    ),
  )
  return (path) => readText(sources.get(path) ?? join(root, path))
}

/** What changed since the image that is there was built. */
async function imageDifference(
  { image, inputs, reference }: ImageDecision,
  machine: Machine,
  text: (path: string) => string | undefined,
): Promise<Difference> {
  const prefix = reference.replace(/[^:]*$/, '')
  const last = (await machine.podman.images()).find((one) => one.names.some((name) => name.startsWith(prefix)))
  const record = last && machine.builds.get(last.labels[INPUTS_LABEL] ?? '')
  return {
    kind: 'image',
    name: image.name,
    action: 'build',
    reasons: last ? (record ? [] : ['what it was built from is not remembered on this machine']) : ['not built yet'],
    diff: record
      ? buildDiff(
          image.name,
          { ...record, text: (path) => record.texts[path] },
          { ...inputs, text: (path) => inputs.texts[path] ?? text(path) },
        )
      : '',
  }
}

function show({ kind, name, action, reasons, diff }: Difference, color: boolean): string {
  const head = `${kind} ${name}: ${action}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`
  const body = diff === '' ? '' : `\n${color ? paintDiff(diff) : diff}`
  return head + body.trimEnd() + (diff === '' ? '' : '\n')
}

function inWords(path: string, value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value !== 'string') return JSON.stringify(value)
  return path.startsWith('env.') ? JSON.stringify(assignment(value)[1]) : value
}

const paintDiff = (diff: string) =>
  diff
    .split('\n')
    .map((line) =>
      line.startsWith('+') ? `\x1b[32m${line}\x1b[39m` : line.startsWith('-') ? `\x1b[31m${line}\x1b[39m` : line,
    )
    .join('\n')
