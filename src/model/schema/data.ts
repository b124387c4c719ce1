/** Folders of a layer that fill volumes. */
import * as z from 'zod'
import { NAME, oneLine, ownPath } from './common.ts'

export const data = z.array(
  z.strictObject({
    // Builders would fill variables in, and ov knows none here.
    src: ownPath.regex(/^(?!.*\$\{)/, 'must not contain variables'),
    volume: z.string().regex(NAME, 'must be the name of a volume'),
    dest: oneLine
      .min(1, 'must not be empty')
      .regex(/^(?!.*\$\{)/, 'must not contain variables')
      .refine(
        (path) => !path.startsWith('/') && !path.split('/').includes('..'),
        "must be a relative path within the volume, without '..'",
      )
      .optional(),
  }),
  {
    error: (issue) =>
      issue.code === 'invalid_type' && !Array.isArray(issue.input) ? 'must be a list of { src, volume }' : undefined,
  },
)
