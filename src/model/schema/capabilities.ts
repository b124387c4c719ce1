/** What a layer makes of its image. */
import * as z from 'zod'
import { prose, quoted } from './common.ts'
import { report } from './report.ts'

/** ov's own labels come from the fields that they tell of. */
const OWN = 'org.overthinkos.'

export const capabilities = z.strictObject({
  preserveUser: z.boolean().optional(),
  needsRootAfterInit: z.boolean().optional(),
  initSystemHint: z.string().min(1, 'must not be empty').optional(),
  dataOnly: z.boolean().optional(),
  ociLabels: z
    .record(z.string(), prose)
    .superRefine((map, ctx) => {
      for (const key of Object.keys(map))
        if (key.startsWith(OWN) || !/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/.test(key))
          report(
            ctx,
            'OV2032',
            `${quoted(key)} is not a label name of your own`,
            [key],
            `use letters, digits, ., _, / and -; names below ${OWN} are ov's`,
          )
    })
    .optional(),
})

export const requiresCapabilities = z.array(
  z.enum(['preserveUser', 'needsRootAfterInit', 'initSystemHint', 'dataOnly']),
)
