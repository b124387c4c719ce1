import type { BuilderStep } from '../../../plan/ir.ts'
import type { LedgerFiles } from './records.ts'
import type { Venue, Work } from './work.ts'

export interface HostTools extends Venue {
  readonly ledger: LedgerFiles
  readonly say: (line: string) => void
  readonly now: () => Date
  readonly signal: AbortSignal
  /** Reference of the image that a builder runs in, which is there. */
  readonly builderImage: (step: BuilderStep) => Promise<string>
  /** Called before a step is done. */
  readonly before: (work: Work) => Promise<void>
  /** Folder on the machine for the files of layers; it is there as long as this ov holds the ledger. */
  readonly stage: string
}
