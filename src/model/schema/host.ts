import * as z from 'zod'
import { env as variables, matching, prose, quoted, REFERENCE } from './common.ts'

/** A name of an entry, of which a path of nested deploys is made with dots. (DEP-32) */
const key = matching(
  /^[a-z0-9]+(-[a-z0-9]+)*$/,
  'OV2003',
  (value) => `name ${quoted(value)} is not valid`,
  'use lower case letters and digits, in parts joined by single hyphens',
)

const reference = (kinds: readonly string[], what: string) =>
  z.union([z.string().min(1), z.object({ $ref: z.enum(kinds as [string, ...string[]]), name: z.string() })], {
    error: `must be ${what}, or the name of one`,
  })

const installOptions = z.strictObject({
  withServices: z.boolean().optional(),
  allowRepoChanges: z.boolean().optional(),
  allowRootTasks: z.boolean().optional(),
  skipIncompatible: z.boolean().optional(),
  verify: z.boolean().optional(),
  yes: z.boolean().optional(),
  builderImage: reference(['image'], 'an image').optional(),
})

/** The schema of host deploys. */
export const hostSchema = z.strictObject({
  name: key,
  description: prose.optional(),
  image: z
    .union([z.string().regex(REFERENCE), z.object({ $ref: z.literal('image'), name: z.string() })], {
      error: 'must be an image, or the name of one',
    })
    .optional(),
  layers: z.array(reference(['layer'], 'a layer')).optional(),
  host: z.string().optional(),
  user: z.string().optional(),
  sshArgs: z.array(z.string()).optional(),
  inside: reference(['pod', 'host'], 'a deploy').optional(),
  env: variables.optional(),
  installOpts: installOptions.optional(),
  disposable: z.boolean().optional(),
  lifecycle: z.string().min(1).optional(),
})

export type HostData = z.infer<typeof hostSchema>
