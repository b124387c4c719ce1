import type { Diagnostic, Place } from '../../diagnostics/diagnostic.ts'

/** Reports something about a field of a deploy. */
export type Say = (
  code: Diagnostic['code'],
  field: string,
  message: string,
  remedy?: string,
  severity?: Diagnostic['severity'],
) => void

/** Who wrote a deploy: a typed one its program, one of the operator's `deploy.yml`. */
export interface Author {
  /** `pod "site"` */
  readonly entity: string
  readonly origin: Place
  /** What to do about variables that are missing. */
  readonly giveVariables: (names: readonly string[]) => string
  /** Where a field was written, or the nearest place above it. */
  readonly place: (field: string) => Place
}

/** Collects reports about a deploy. */
export const sayTo =
  (diagnostics: Diagnostic[], { entity, place }: Author): Say =>
  (code, field, message, remedy, severity = 'error') =>
    void diagnostics.push({
      code,
      severity,
      message,
      entity,
      field,
      place: place(field),
      ...(remedy !== undefined && { remedy }),
    })
