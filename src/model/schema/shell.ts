/** Code for the shells of people. */
import * as z from 'zod'
import { prose } from './common.ts'

const place = (what: string) =>
  z
    .string()
    .regex(/^(\/|~\/)[^\n\r\0]*$/, `${what} must be absolute or start with ~/`)
    .regex(/^(?!.*\$\{)/, `${what} must not contain variables`)
    .refine((path) => !path.split('/').includes('..'), `${what} must not contain ..`)
const code = {
  init: prose.regex(/\S/, 'must not be empty').optional(),
  pathAppend: z.array(place('the directory').regex(/^[^:]*$/, 'the directory must not contain a colon')).optional(),
  path: place('the path').regex(/[^/]$/, 'the path must be that of a file').optional(),
}

export const shell = z.strictObject({
  ...code,
  priority: z.number().int().optional(),
  bash: z.strictObject(code).optional(),
  zsh: z.strictObject(code).optional(),
  fish: z.strictObject(code).optional(),
  sh: z.strictObject(code).optional(),
})

export type ShellData = z.infer<typeof shell>
