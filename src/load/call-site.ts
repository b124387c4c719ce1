import type { CallSite } from '../../dsl/origin.ts'

/** A position in the file that ran. Lines and columns count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Reads a captured frame. */
export function positionOf(site: CallSite): Position | undefined {
  const { prepareStackTrace } = Error
  Error.prepareStackTrace = (_, [frame]): Position => ({
    file: frame?.getFileName() ?? '',
    line: frame?.getLineNumber() ?? 0,
    column: frame?.getColumnNumber() ?? 0,
  })
  try {
    // It is text where something in the user's program has read it before.
    const { stack } = site
    return typeof stack === 'object' ? (stack as Position) : undefined
  } finally {
    Error.prepareStackTrace = prepareStackTrace
  }
}
