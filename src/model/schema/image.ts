import * as z from 'zod'
import { env, isPort, layerRef, name, oneLine, prose, quoted, REFERENCE, security, status, version } from './common.ts'
import { checks } from './check.ts'
import { report } from './report.ts'
import { hostName } from './network.ts'
import { imageAliases } from './runtime.ts'
import { shell } from './shell.ts'

const distroRef = z.union([z.string().min(1), z.object({ $ref: z.literal('distro'), name: z.string() })], {
  error: 'must be a distro tag or a distro',
})
const accountName = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]*$/, 'must be an account name: lower case letters, digits, _ and -')
const id = z.number().int().min(0).max(4294967294)
const debootstrapSpec = z.strictObject({
  suite: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be the name of a release, such as trixie'),
  distro: z.enum(['debian', 'ubuntu']).optional(),
  release: z
    .string()
    .regex(/^[0-9]+(\.[0-9]+)*$/, "must be a release number, such as '13'")
    .optional(),
  variant: z.enum(['essential', 'apt', 'minbase']).optional(),
  components: z
    .array(z.string().regex(/^[a-z0-9-]+$/, 'must be an archive component'))
    .min(1)
    .optional(),
  include: z.array(z.string().regex(/^[a-z0-9][a-z0-9.+-]*$/, 'is not a package name')).optional(),
  mirror: z
    .string()
    .regex(/^(https?|file):\/\/[^\s'"]+$/, 'must be the address of an archive')
    .optional(),
  snapshot: z
    .string()
    .regex(/^\d{8}T\d{6}Z$/, 'must be a date such as 20260901T000000Z')
    .optional(),
})
const imagePort = z.union([z.number(), z.string()]).superRefine((port, ctx) => {
  const parts = String(port)
    .replace(/\/(tcp|udp)$/, '')
    .split(':')
  if (parts.length > 2 || !parts.every((part) => /^\d+$/.test(part) && isPort(Number(part))))
    report(ctx, 'OV2011', `${quoted(port)} is not a port: "port" or "host:container", each 1-65535`)
})
const builderImage = z.union([z.string(), z.object({ $ref: z.literal('image'), name: z.string() })], {
  error: 'must be an image or the name of one',
})
const builderRef = z.union([z.string(), z.object({ $ref: z.literal('builder'), name: z.string() })], {
  error: 'must be a builder or the name of one',
})
const imageFields = z.strictObject({
  name,
  base: z
    .union(
      [
        z.string().regex(REFERENCE, 'is not an image reference'),
        z.object({ $ref: z.literal('image'), name: z.string() }),
        z.strictObject({ $base: debootstrapSpec }),
      ],
      {
        error: 'must be an image, debootstrap({…}), or a registry reference',
      },
    )
    .optional(),
  dataImage: z.boolean().optional(),
  layers: z.array(layerRef).optional(),
  version: version.optional(),
  description: prose.optional(),
  enabled: z.boolean().optional(),
  status: status.optional(),
  info: prose.optional(),
  distro: z.union([distroRef, z.array(distroRef)]).optional(),
  build: z.union([z.string(), z.array(z.string())]).optional(),
  builder: z.record(z.string(), builderImage).optional(),
  builds: z.array(builderRef).optional(),
  user: accountName.optional(),
  uid: id.optional(),
  gid: id.optional(),
  userPolicy: z.enum(['auto', 'adopt', 'create']).optional(),
  platforms: z
    .array(z.enum(['linux/amd64', 'linux/arm64', 'linux/ppc64le', 'linux/s390x']))
    .min(1, 'must name a platform')
    .optional(),
  tag: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'is not a tag')
    .optional(),
  registry: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)*$/, 'is not a registry')
    .optional(),
  ports: z.array(imagePort).optional(),
  network: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.:-]*$/, 'is not a network name')
    .optional(),
  fqdn: hostName.optional(),
  acmeEmail: z
    .string()
    .regex(/^[^\s@\0]+@[^\s@\0]+$/, 'must be a mail address')
    .optional(),
  env: env.optional(),
  envFile: oneLine.min(1, 'must not be empty').optional(),
  security: security.optional(),
  aliases: imageAliases.optional(),
  bootc: z.boolean().optional(),
  shell: shell.optional(),
  eval: checks('build').optional(),
  deployEval: checks('deploy').optional(),
  init: z.string().optional(),
})

/** What an image without programs may say. (IMG-67) */
const DATA_IMAGE = [
  'name',
  'dataImage',
  'layers',
  'version',
  'description',
  'enabled',
  'user',
  'uid',
  'gid',
  'tag',
  'registry',
]

/** The schema of images. */
export const imageSchema = imageFields.superRefine((image, ctx) => {
  if (image.dataImage !== true) {
    if (image.base === undefined) report(ctx, 'OV2002', 'base is missing', ['base'])
    return
  }
  for (const field of Object.keys(image))
    if (!DATA_IMAGE.includes(field))
      report(
        ctx,
        'OV3022',
        field === 'base' ? 'data_image cannot specify base' : 'is not valid on a data image',
        [field],
        'a data image holds the data of its layers and nothing else',
      )
})

export type ImageData = z.infer<typeof imageSchema>
