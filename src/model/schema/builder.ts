import * as z from 'zod'
import { name } from './common.ts'
import { report } from './report.ts'

/** The schema of builders: their functions are called, not checked. */
export const builderSchema = z.looseObject({ name }).superRefine((builder, ctx) => {
  const missing = !('inline' in builder || 'stage' in builder)
    ? 'inline or stage'
    : !('detect' in builder || 'section' in builder)
      ? 'detect or section'
      : 'section' in builder && !('stage' in builder)
        ? 'stage'
        : undefined
  if (missing !== undefined)
    report(
      ctx,
      'OV2041',
      `needs ${missing}`,
      [],
      'say what triggers it (detect, section) and how it builds (inline, stage)',
    )
})
