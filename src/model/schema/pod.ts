import * as z from 'zod'
import { checkEnvValues, checkVariables, isPort, name, prose, quoted, REFERENCE, security, status } from './common.ts'
import { report } from './report.ts'

const backing = z.union(
  [
    z.strictObject({ type: z.enum(['bind', 'encrypted']), host: z.string().min(1).optional() }),
    z.strictObject({ type: z.literal('volume') }),
  ],
  { error: 'must be bind(), encrypted() or volume()' },
)
const hostPort = z
  .union([
    z.number(),
    z.string(),
    z.strictObject({ host: z.union([z.number(), z.literal('auto')]), bind: z.string().optional() }),
  ])
  .superRefine((target, ctx) => {
    const [port, bind] =
      typeof target === 'object'
        ? [String(target.host), target.bind]
        : (/^(?:(.*):)?([^:]*)$/.exec(String(target)) ?? []).slice(1).reverse()
    if (port !== 'auto' && !(/^\d+$/.test(port ?? '') && isPort(Number(port))))
      report(
        ctx,
        'OV2011',
        `${quoted(String(port))} is not a valid port number (1-65535)`,
        [],
        "write a host port, 'ip:port' or 'auto'",
      )
    if (bind !== undefined && !/^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]|)$/.test(bind))
      report(
        ctx,
        'OV2011',
        `${quoted(bind)} is not an address to bind to`,
        [],
        'write an IPv4 address, or an IPv6 address in brackets',
      )
  })

/** The schema of pod deploys. */
export const podSchema = z.strictObject({
  name,
  image: z.union(
    [
      z.string().regex(REFERENCE, 'is not an image reference'),
      z.object({ $ref: z.literal('image'), name: z.string() }),
    ],
    {
      error: (issue) => (issue.input === undefined ? 'image is missing' : 'must be an image, or the name of one'),
    },
  ),
  description: prose.optional(),
  ports: z
    .record(z.string(), hostPort)
    .superRefine((map, ctx) => {
      for (const key of Object.keys(map)) {
        const [number, proto = 'tcp'] = key.split('/')
        if (!/^\d+$/.test(number ?? '') || !isPort(Number(number)) || !['tcp', 'udp'].includes(proto))
          report(ctx, 'OV2011', `${quoted(key)} is not a container port`, [key], "write 8080, or '53/udp'")
      }
    })
    .optional(),
  volumes: z.record(z.string(), backing).optional(),
  env: z
    .record(
      z.string(),
      z.union(
        [z.string(), z.strictObject({ from: z.enum(['provided', 'file', 'operator']), deploy: z.string().optional() })],
        {
          error: 'must be text, provided(), fromFile() or fromOperator()',
        },
      ),
    )
    .superRefine((map, ctx) => {
      checkVariables(map, ctx)
      checkEnvValues(map, ctx)
    })
    .optional(),
  envFile: z.string().min(1).optional(),
  network: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.:-]*$/, 'is not a network name')
    .optional(),
  security: security.optional(),
  status: status.optional(),
  info: prose.optional(),
})

export type PodData = z.infer<typeof podSchema>
