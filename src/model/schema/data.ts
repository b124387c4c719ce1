/** Folders of a layer that fill volumes. */
import * as z from 'zod'
import { NAME, oneLine, ownPath } from './common.ts'

export const data = z.array(
  z.strictObject({
    src: ownPath,
    volume: z.string().regex(NAME, 'must be the name of a volume'),
    dest: oneLine
      .min(1, 'must not be empty')
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
