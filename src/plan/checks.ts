/** Checks as an image's label tells them. (EVAL-03 to EVAL-05) */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { MODIFIERS, OPERATORS, VERB_FIELDS, VERBS, type Operator } from '../model/check.ts'
import { byName, placeOf, type ImageModel, type LayerModel, type Project } from '../model/project.ts'
import type { CheckData } from '../model/schema/check.ts'
import type { ResolvedImage } from '../resolve/image.ts'

/** A matcher as a label tells it. */
export interface MatcherLabel {
  readonly op: Operator
  readonly value: unknown
}

/** A check as a label tells it: the names of its fields are those of {@link VERB_FIELDS}. */
export type CheckLabel = Readonly<Record<string, unknown>>

/** The sections of the label; empty ones are left out. */
export interface EvalLabel {
  readonly layer?: readonly CheckLabel[]
  readonly image?: readonly CheckLabel[]
  readonly deploy?: readonly CheckLabel[]
}

/** A check as it is kept, and who wrote it. */
function checkLabel(check: CheckData, section: Section, origin: string): CheckLabel {
  const verb = VERBS.find((one) => one in check)!
  const given = check as Readonly<Record<string, unknown>>
  const fields = Object.entries({ ...VERB_FIELDS[verb], ...MODIFIERS }).flatMap(([name, { label, kind }]) => {
    const value = given[name]
    if (value === undefined) return []
    if (kind === 'matchers') return [[label, matcherLabels(value, label)] as const]
    return [[label, kind === 'map' ? sorted(value as object) : value] as const]
  })
  return { ...Object.fromEntries(fields), scope: section === 'deploy' ? 'deploy' : 'build', origin }
}

const sorted = (map: object) => Object.fromEntries(Object.entries(map).sort(([a], [b]) => byName(a, b)))

/** One matcher or several; a text alone means what its field is called. (EVAL-08) */
function matcherLabels(value: unknown, label: string): MatcherLabel[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) => {
    if (typeof one !== 'object' || one === null) return { op: label === 'contains' ? 'contains' : 'equals', value: one }
    const [operator, operand] = Object.entries(one as Readonly<Record<string, unknown>>).find(
      ([, given]) => given !== undefined,
    )!
    return { op: OPERATORS[operator as keyof typeof OPERATORS], value: operand }
  })
}

/** Layers of the image, then those of its bases, whether or not images in between install them. (EVAL-03, IMG-146) */
function layersOf({ images, levels }: ResolvedImage, project: Project): LayerModel[] {
  const groups: LayerModel[][] = []
  images.forEach(({ name }, index) => {
    const level = levels[index] ?? []
    const last = groups.at(-1)
    // What an image in between installs comes first among the layers of the image that it is made for.
    if (last && !project.images.has(name)) last.unshift(...level)
    else groups.push([...level])
  })
  return groups.flat()
}

type Section = keyof EvalLabel

/** A check with what its label and its diagnostics say of it. */
interface Placed {
  readonly section: Section
  readonly check: CheckData
  readonly origin: string
  readonly author: LayerModel | ImageModel
  readonly entity: string
  readonly field: string
}

/** The checks of an image in their order. */
function placed(image: ResolvedImage, project: Project): Placed[] {
  const of = (author: LayerModel | ImageModel, kind: 'layer' | 'image'): Placed[] =>
    (author.data.eval ?? []).map((check, index) => ({
      section: check.scope === 'deploy' ? 'deploy' : kind,
      check,
      origin: `${kind}:${author.name}`,
      author,
      entity: `${kind} "${author.name}"`,
      field: `eval[${index}]`,
    }))
  const { model } = image
  return [
    ...layersOf(image, project).flatMap((layer) => of(layer, 'layer')),
    ...of(model, 'image'),
    ...(model.data.deployEval ?? []).map((check, index): Placed => ({
      section: 'deploy',
      check,
      origin: 'deploy-default',
      author: model,
      entity: `image "${model.name}"`,
      field: `deployEval[${index}]`,
    })),
  ]
}

/** What an image's label says of its checks. */
export function evalLabel(image: ResolvedImage, project: Project): EvalLabel {
  const all = placed(image, project)
  const section = (name: Section) => {
    const checks = all.filter((one) => one.section === name)
    return checks.length > 0 && { [name]: checks.map(({ check, origin }) => checkLabel(check, name, origin)) }
  }
  return { ...section('layer'), ...section('image'), ...section('deploy') }
}

/** An id means one check of a section, whoever wrote it. Said once, however many images have both layers. (EVAL-23) */
export function checkIds(image: ResolvedImage, project: Project, diagnostics: Diagnostic[]): void {
  const known = new Map<string, Placed>()
  for (const one of placed(image, project)) {
    const { id } = one.check
    if (id === undefined) continue
    const key = `${one.section} ${id}`
    const first = known.get(key)
    if (!first) {
      known.set(key, one)
      continue
    }
    const field = `${one.field}.id`
    if (diagnostics.some((other) => other.code === 'OV3041' && other.entity === one.entity && other.field === field))
      continue
    diagnostics.push({
      code: 'OV3041',
      severity: 'error',
      message: `${field}: ${JSON.stringify(id)} is the id of a check of ${first.origin} and of ${one.origin} in section ${one.section} of image "${image.name}"`,
      entity: one.entity,
      field,
      place: placeOf(one.author, field),
      related: [{ message: `${first.entity} uses it here`, place: placeOf(first.author, `${first.field}.id`) }],
      remedy: 'rename one of them',
    })
  }
}
