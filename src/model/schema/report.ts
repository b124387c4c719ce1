import type { Code } from '../../diagnostics/diagnostic.ts'

/** Extra data of a rule that is more than a type: which diagnostic it becomes. */
export interface IssueParams {
  readonly code: Code
  readonly remedy?: string
}

/** What a rule needs to report. */
export interface RuleContext {
  addIssue(issue: { code: 'custom'; message: string; path: PropertyKey[]; params: IssueParams }): void
}

/** Reports a broken rule, so that it becomes a diagnostic with this code. */
export function report(ctx: RuleContext, code: Code, message: string, path: PropertyKey[] = [], remedy?: string): void {
  ctx.addIssue({ code: 'custom', message, path, params: { code, ...(remedy !== undefined && { remedy }) } })
}
