/**
 * Where in the user's program a value was written: a captured stack frame that nobody has read yet. Reading it makes the engine walk through
 * the table of positions of the function it is in, which costs ten times as much as capturing it; a run that finds nothing changed needs none.
 */
export interface CallSite {
  readonly stack?: unknown
}

/** Key under which a value carries its call site. A symbol, so it never shows in JSON and survives `{ ...spread }`. */
export const ORIGIN: unique symbol = Symbol.for('ov.origin') as never

/** The place that called `callee`: one structured frame. (Text such as `err.stack` would cost more with every frame of the program.) */
export function callSite(callee: (...args: never[]) => unknown): CallSite {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 1
  const site: CallSite = {}
  Error.captureStackTrace(site, callee)
  Error.stackTraceLimit = stackTraceLimit
  return site
}
