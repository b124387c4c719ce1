import * as z from 'zod'
import {
  checkEnvValues,
  checkVariables,
  env as variables,
  isPort,
  matching,
  NAME,
  prose,
  quoted,
  REFERENCE,
  security,
  status,
  version,
} from './common.ts'
import { hostName } from './network.ts'
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

/** A name, or one and an instance of it: `web`, `web/eu`, `web/10.0.0.4`. (POD-01, POD-101) */
const key = matching(
  /^[a-z0-9]+(-[a-z0-9]+)*(\/[a-z0-9]+([._-][a-z0-9]+)*)?$/,
  'OV2003',
  (value) => `name ${quoted(value)} is not valid`,
  "use lower case letters and digits, in parts joined by single hyphens; 'name/instance' for one of several",
)

const tunnelPorts = z.union(
  [z.literal('all'), z.array(z.number().refine(isPort, 'is not a valid port number (1-65535)'))],
  {
    error: "must be 'all' or a list of host ports",
  },
)
const tunnel = z.union(
  [
    z.enum(['tailscale', 'cloudflare']),
    z.strictObject({
      provider: z.literal('tailscale'),
      public: tunnelPorts.optional(),
      private: tunnelPorts.optional(),
    }),
    z.strictObject({
      provider: z.literal('cloudflare'),
      public: z.union([tunnelPorts, z.record(z.string().regex(/^\d+$/, 'is not a host port'), hostName)]).optional(),
      tunnel: z.string().optional(),
    }),
  ],
  { error: "must be 'tailscale', 'cloudflare', or { provider, public, private }" },
)

const secretSource = z
  .string()
  .regex(/^(keyring|env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/s, "must be 'keyring', 'env:VARIABLE' or 'file:/path'")

const volumeName = z
  .string()
  .regex(NAME, 'is not a volume name: lower case letters and digits, in parts joined by single hyphens')
const containerPath = z.string().regex(/^(\/|~\/)[^:\n\0]*$/, 'must be an absolute path in the container')

const sidecar = z.strictObject({
  description: prose.optional(),
  image: z.string().regex(REFERENCE, 'is not an image reference').optional(),
  env: variables.optional(),
  parameter: z.record(z.string(), z.string()).optional(),
  secrets: z
    .record(
      volumeName,
      z.strictObject({ env: z.string(), envFrom: z.string().optional(), description: prose.optional() }),
    )
    .optional(),
  volumes: z.record(volumeName, containerPath).optional(),
  security: security.optional(),
})

/** The schema of pod deploys. */
export const podSchema = z.strictObject({
  name: key,
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
  version: version.optional(),
  volumes: z.record(z.string(), backing).optional(),
  extraVolumes: z.record(volumeName, z.strictObject({ path: containerPath, backing: backing.optional() })).optional(),
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
  engine: z.enum(['podman', 'docker']).optional(),
  tunnel: tunnel.optional(),
  dns: hostName.optional(),
  acmeEmail: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+$/, 'is not an address')
    .optional(),
  secrets: z.record(volumeName, secretSource).optional(),
  sidecars: z.record(volumeName, sidecar).optional(),
})

export type PodData = z.infer<typeof podSchema>
export type TunnelData = z.infer<typeof tunnel>
export type SidecarData = z.infer<typeof sidecar>
