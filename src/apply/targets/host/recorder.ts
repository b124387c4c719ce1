import { persisted } from '../../../plan/steps.ts'
import {
  isLike,
  mergeOps,
  mergeSteps,
  type LayerRecord,
  type RecordedOp,
  type RecordedStep,
} from '../../../state/ledger.ts'
import { describe } from './describe.ts'
import type { HostTools } from './tools.ts'
import type { Work } from './work.ts'

export const timeOf = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z')

/** Something that a step changes, and that can be told only by what was there before. */
export interface Pending {
  /** Name in the record. */
  readonly key: string
  readonly before: Iterable<string>
  /** How what was not there then is taken back. */
  readonly ops: (before: ReadonlySet<string>) => Promise<readonly RecordedOp[]> | readonly RecordedOp[]
}

/** The record of a layer while its steps are done. */
export class Recorder {
  #record: LayerRecord
  readonly #records: Map<string, LayerRecord>
  readonly #tools: HostTools

  /** `records` are those of all layers on the machine; they are kept as they are now. */
  constructor(record: LayerRecord, records: Map<string, LayerRecord>, tools: HostTools) {
    this.#record = record
    this.#records = records
    this.#tools = tools
  }

  /** What a step is about to change; of what is only known afterwards, what was there before. */
  async before(ops: readonly RecordedOp[], directories: readonly string[], pending?: Pending): Promise<void> {
    const { reverse_ops = [], directories: known = [], before = {} } = this.#record
    this.#record = {
      ...this.#record,
      reverse_ops: mergeOps(reverse_ops, ops),
      directories: [...new Set([...known, ...directories])],
      // What an earlier run has not finished began with less.
      ...(pending && { before: { [pending.key]: [...pending.before], ...before } }),
    }
    await this.save()
  }

  /** A step that was done. */
  async after(step: RecordedStep, written: Readonly<Record<string, string>>, pending?: Pending): Promise<void> {
    const { steps = [], reverse_ops = [], written: known = {}, before = {} } = this.#record
    const { [pending?.key ?? '']: had = [], ...others } = before
    const ops = pending ? await pending.ops(new Set(had)) : []
    this.#record = {
      ...this.#record,
      before: others,
      steps: mergeSteps(steps, [step]),
      reverse_ops: mergeOps(reverse_ops, ops),
      written: { ...known, ...written },
    }
    await this.save()
  }

  has(op: RecordedOp): boolean {
    const { reverse_ops = [] } = this.#record
    return mergeOps(reverse_ops, [op]).length === reverse_ops.length
  }

  /**
   * How what is at a path is kept before a step replaces it. An earlier run may have recorded that, and have ended before it did it: then it is
   * still to be done. Where that run found nothing there, what is there now is ov's own.
   */
  keeping(path: string, backup: string, op: RecordedOp): { path: string; backup: string }[] {
    const known = this.#record.reverse_ops?.find((one) => mergeOps([one], [op]).length === 1)
    if (!known) return [{ path, backup }]
    const recorded = known.extra?.['backup']
    return recorded === undefined ? [] : [{ path, backup: recorded }]
  }

  get layer(): string {
    return this.#record.layer
  }

  /** Whether a step was done by an earlier run. */
  knows(digest: string): boolean {
    return this.#record.steps?.some(({ extra }) => extra?.['digest'] === digest) === true
  }

  /** The other layer that has an operation like this one; of several, the one that came last. (HOST-57) */
  otherWith(op: RecordedOp): string | undefined {
    const { layer } = this.#record
    const theirs = [...this.#records.values()].flatMap((record) =>
      record.layer !== layer && record.deployed_by.length > 0
        ? (record.reverse_ops ?? []).filter((one) => isLike(one, op)).map((one) => ({ layer: record.layer, one }))
        : [],
    )
    return theirs.find(({ layer: name }) => !theirs.some(({ one }) => one.extra?.['of'] === name))?.layer
  }

  save(): Promise<void> {
    this.#records.set(this.#record.layer, this.#record)
    return this.#tools.ledger.writeLayer(this.#record)
  }
}

/** A step that was done; `uses` are names that it shares with other layers, by the operation that takes them back. */
export const recordOf = (
  { step, digest }: Work,
  uses: Readonly<Record<string, string>>,
  { now }: Pick<HostTools, 'now'>,
): RecordedStep => ({
  ...persisted(step),
  summary: describe(step),
  completed_at: timeOf(now()),
  extra: { digest, ...uses },
})
