/** Files from other images. */
import * as z from 'zod'
import { REFERENCE } from './common.ts'

/** Builders would fill variables in, and ov knows none here. */
const absolute = (pattern: RegExp, message: string) =>
  z
    .string()
    .regex(pattern, message)
    .regex(/^(?!.*\$\{)/, 'must not contain variables')

export const extract = z.array(
  z.strictObject({
    source: z.string().regex(REFERENCE, 'is not an image reference'),
    path: absolute(/^\/[^\n\r\0]+$/, 'must be an absolute path in that image'),
    dest: absolute(/^(\/|~\/)[^\n\r\0]+$/, 'must be an absolute path, or start with ~/'),
  }),
)
