/**
 * What was installed on a machine, and how it is taken back: records as JSON, which other programs of this family read and write, too. Fields
 * that are not known are kept. (HOST-33 to HOST-40)
 */
import * as z from 'zod'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'

/** Takes back what a step did. Scopes are numbers: 0 system, 1 user, 2 the user's profile; 0 is left out. (HOST-35) */
export interface RecordedOp {
  readonly kind: string
  readonly format?: string
  readonly targets?: readonly string[]
  readonly scope?: number
  readonly extra?: Readonly<Record<string, string>>
}

/** A step that was done. */
export interface RecordedStep {
  readonly kind: string
  readonly scope?: number
  readonly venue?: number
  readonly summary?: string
  readonly completed_at: string
  readonly extra?: Readonly<Record<string, string>>
}

/** A deploy: what it consists of. (HOST-34) */
export interface DeployRecord {
  readonly deploy_id: string
  readonly image: string
  readonly tag?: string
  readonly target: string
  /** In the order of installation. */
  readonly layer: readonly string[]
  readonly add_layer?: readonly string[]
  readonly deployed_at: string
}

/** A layer that some deploys have installed. (HOST-35) */
export interface LayerRecord {
  readonly layer: string
  readonly version?: string
  /** Ids of the deploys that have it. */
  readonly deployed_by: readonly string[]
  readonly deployed_at: string
  readonly builder_image?: string
  readonly steps?: readonly RecordedStep[]
  readonly reverse_ops?: readonly RecordedOp[]
  /** Of this program only: directories that it made, which go when they are empty. */
  readonly directories?: readonly string[]
  /** Of this program only: SHA-256 of the files it wrote, by path. What is not so any more was changed by somebody else. */
  readonly written?: Readonly<Record<string, string>>
  /** Of this program only: packages, and what builders make, that were there before a step that has not ended. */
  readonly before?: Readonly<Record<string, readonly string[]>>
}

const text = z.string().min(1)
const texts = z.array(z.string())
const extra = z.record(z.string(), z.string())

const deployRecord = z.looseObject({
  deploy_id: text,
  image: z.string(),
  tag: z.string().optional(),
  target: text,
  layer: texts,
  add_layer: texts.optional(),
  deployed_at: text,
})
const layerRecord = z.looseObject({
  layer: text,
  version: z.string().optional(),
  deployed_by: texts,
  deployed_at: text,
  builder_image: z.string().optional(),
  steps: z
    .array(
      z.looseObject({
        kind: text,
        scope: z.number().optional(),
        venue: z.number().optional(),
        summary: z.string().optional(),
        completed_at: text,
        extra: extra.optional(),
      }),
    )
    .optional(),
  reverse_ops: z
    .array(
      z.looseObject({
        kind: text,
        format: z.string().optional(),
        targets: texts.optional(),
        scope: z.number().optional(),
        extra: extra.optional(),
      }),
    )
    .optional(),
  directories: texts.optional(),
  written: extra.optional(),
  before: z.record(z.string(), texts).optional(),
})

/** Everything that a machine's ledger holds. */
export interface Ledger {
  readonly deploys: ReadonlyMap<string, DeployRecord>
  readonly layers: ReadonlyMap<string, LayerRecord>
}

/** Reads records: path below the ledger → text. One that can't be read stops whatever would rely on it. (HOST-36) */
export function readLedger(files: ReadonlyMap<string, string>, where: string): Ledger {
  const deploys = new Map<string, DeployRecord>()
  const layers = new Map<string, LayerRecord>()
  for (const [path, content] of files) {
    const [, kind, name] = /^(deploys|layers)\/(.+)\.json$/.exec(path) ?? []
    if (name === undefined) continue
    const fail = (why: string) => {
      throw new DiagnosticError([
        {
          code: 'OV6012',
          severity: 'error',
          message: `${where}/${path} can't be read: ${why}`,
          remedy: `nothing was changed; bring the file back from a copy, or repair it: it says how ${kind === 'layers' ? `layer "${name}"` : 'a deploy'} is taken back`,
        },
      ])
    }
    let value: unknown
    try {
      value = JSON.parse(content)
    } catch (error) {
      return fail(content.trim() === '' ? 'it is empty' : (error as Error).message)
    }
    const { data, error } = (kind === 'deploys' ? deployRecord : layerRecord).safeParse(value)
    if (error) {
      const [issue] = error.issues
      return fail(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
    }
    if (kind === 'deploys') deploys.set(name, data as DeployRecord)
    else layers.set(name, data as LayerRecord)
  }
  return { deploys, layers }
}

/** A record as a file: two spaces, what is empty left out, but who has a layer is told even when nobody does. (HOST-33, HOST-35) */
export function printRecord(record: DeployRecord | LayerRecord): string {
  const entries = Object.entries(record).filter(
    ([name, value]) => ['layer', 'deployed_by'].includes(name) || !isEmpty(value as unknown),
  )
  return `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

/** What one operation is about: two of them with the same key do the same. (HOST-40) */
const opKey = ({ kind, format = '', scope = 0, targets = [] }: RecordedOp): string =>
  JSON.stringify([kind, format, scope, targets])

/** Kinds that put a file back, or take it away: it is the path that two of them have in common. */
const FILE_KINDS = ['rm-file-system', 'rm-file-user', 'remove-repo-file', 'service-remove', 'remove-dropin']

/** Whether two operations of different layers are about the same thing. */
export const isLike = (one: RecordedOp, other: RecordedOp): boolean => {
  const normal = (op: RecordedOp) => (FILE_KINDS.includes(op.kind) ? { kind: 'file', targets: op.targets ?? [] } : op)
  return opKey(normal(one)) === opKey(normal(other))
}

/** Operations of an earlier run and of this one: nothing twice, and what was known first stays. (HOST-40) */
export function mergeOps(before: readonly RecordedOp[], now: readonly RecordedOp[]): RecordedOp[] {
  const known = new Set(before.map(opKey))
  return [...before, ...now.filter((op) => !known.has(opKey(op)))]
}

/** Steps likewise; of one that was done again, the last time counts. */
export function mergeSteps(before: readonly RecordedStep[], now: readonly RecordedStep[]): RecordedStep[] {
  const keyOf = ({ kind, scope = 0, summary = '' }: RecordedStep) => JSON.stringify([kind, scope, summary])
  const steps = new Map(before.map((step) => [keyOf(step), step]))
  for (const step of now) steps.set(keyOf(step), step)
  return [...steps.values()]
}

/** A layer without a deploy; undefined when that was the last one. (HOST-39) */
export function withoutDeploy(record: LayerRecord, id: string): LayerRecord | undefined {
  const left = record.deployed_by.filter((one) => one !== id)
  return left.length === 0 ? undefined : { ...record, deployed_by: left }
}
