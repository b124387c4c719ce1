/**
 * The run-time check of what people write: one zod schema per entity. Nothing here transforms, so data that was found valid before may skip
 * it. Rules that involve other entities are in `resolve/`.
 */
import * as z from 'zod'
import type { Code } from '../diagnostics/diagnostic.ts'
import { report, type RuleContext as Context } from './schema-report.ts'
import { refName } from './schema-refs.ts'
import { taskList } from './schema-tasks.ts'

/** Text that must match; the message says what is wrong with it. */
function matching(pattern: RegExp, code: Code, say: (text: string) => string, remedy?: string) {
  const text = z.string({ error: (issue) => (issue.input === undefined ? 'is missing' : undefined) })
  return text.superRefine((value, ctx) => {
    if (!pattern.test(value)) report(ctx, code, say(value), [], remedy)
  })
}

const quoted = (value: unknown) => JSON.stringify(value)

/** Names become file names, unit names and build stages; so do volume names. */
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/
const name = matching(
  NAME,
  'OV2003',
  (value) => `name ${quoted(value)} is not valid`,
  'use lower case letters and digits, in parts joined by single hyphens',
)
const version = matching(
  /^\d+\.\d+\.\d+$/,
  'OV2004',
  (value) => `version must be CalVer format (YYYY.DDD.HHMM), got ${quoted(value)}`,
  'write year, day of the year and time of day: 2026.144.1443',
)
const textMap = z.record(z.string(), z.string())
const status = z.enum(['working', 'testing', 'broken'])
const oneLine = z.string().regex(/^[^\n\r\0]*$/, 'must be one line')
const prose = z.string().regex(/^[^\0]*$/, 'contains a NUL character')
const words = z.array(oneLine.min(1, 'must not be empty'))

const layerRef = z.union([z.string(), z.object({ $ref: z.literal('layer'), name: z.string() })], {
  error: 'must be a layer or the name of one',
})

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
function checkVariables(map: object, ctx: Context): void {
  for (const key of Object.keys(map))
    if (!VARIABLE.test(key))
      report(
        ctx,
        'OV2005',
        `${quoted(key)} is not a variable name`,
        [key],
        'use letters, digits and _, not starting with a digit',
      )
}
/** Values end up on one line of a Containerfile or unit; NUL can't be in an environment at all. */
function checkEnvValues(map: Readonly<Record<string, unknown>>, ctx: Context): void {
  for (const [key, value] of Object.entries(map))
    if (typeof value === 'string' && value.includes('\0'))
      report(
        ctx,
        'OV2007',
        `the value of ${key} contains a NUL character`,
        [key],
        'environment values end at a NUL; remove it',
      )
    else if (typeof value === 'string' && value.includes('\r\n'))
      report(
        ctx,
        'OV2007',
        `the value of ${key} has a carriage return before a line break`,
        [key],
        'units have no spelling for it; keep the line break alone, or put the text into a file',
      )
}

const notList = (input: unknown) =>
  Array.isArray(input) ? 'must be a map of NAME to value, not a list' : 'must be a map of NAME to value'
const env = z
  .record(z.string(), z.string(), {
    error: (issue) => (issue.code === 'invalid_type' ? notList(issue.input) : undefined),
  })
  .superRefine((map, ctx) => {
    checkVariables(map, ctx)
    checkEnvValues(map, ctx)
    if ('PATH' in map)
      report(
        ctx,
        'OV2006',
        'use pathAppend instead of setting PATH in env',
        ['PATH'],
        'move its directories to pathAppend',
      )
  })

/** A layer's env becomes ENV lines, for which Containerfiles have no line breaks. */
const layerEnv = env.superRefine((map, ctx) => {
  for (const [key, value] of Object.entries(map))
    if (value.includes('\n'))
      report(
        ctx,
        'OV2007',
        `the value of ${key} has a line break`,
        [key],
        "an image's ENV is one line; set the variable in the deploy's env, or write a file",
      )
})

/** Names that every task knows already. (LAY-29) */
const RESERVED = ['USER', 'UID', 'GID', 'HOME', 'ARCH', 'BUILD_ARCH'] as const
const vars = textMap.superRefine((map, ctx) => {
  for (const key of Object.keys(map)) {
    if (key === 'PATH')
      report(
        ctx,
        'OV2006',
        'use pathAppend instead of setting PATH in vars',
        [key],
        'move its directories to pathAppend',
      )
    else if ((RESERVED as readonly string[]).includes(key))
      report(
        ctx,
        'OV2008',
        `key ${quoted(key)} collides with a reserved auto-export (${RESERVED.join(', ')})`,
        [key],
        'choose another name; the reserved ones are set by ov',
      )
    else if (!/^[A-Z_][A-Z0-9_]*$/.test(key))
      report(ctx, 'OV2008', `key ${quoted(key)} is not valid`, [key], 'use upper case letters, digits and _')
  }
  for (const [key, value] of Object.entries(map))
    if (/[\0\n\r]/.test(value))
      report(
        ctx,
        'OV2007',
        `the value of ${key} has a line break or NUL`,
        [key],
        'vars are one line each; use write() for longer text',
      )
})

const description = z.string().min(1, 'must not be empty: say what it is for')
const contract = <T extends z.ZodRawShape>(more: T) => z.union([description, z.strictObject({ description, ...more })])
const envContracts = z
  .record(z.string(), contract({ default: z.string().optional() }))
  .superRefine((map, ctx) => checkVariables(map, ctx))
const SECRET_KEY = /^ov\/[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9_-]*$/
const secretContracts = z.record(z.string(), contract({ key: z.string().optional() })).superRefine((map, ctx) => {
  checkVariables(map, ctx)
  for (const [key, value] of Object.entries(map)) {
    const path = typeof value === 'object' ? value.key : undefined
    if (path !== undefined && !SECRET_KEY.test(path))
      report(ctx, 'OV2009', `key ${quoted(path)} is not a credential path`, [key, 'key'], 'write ov/<service>/<key>')
    if (!/^[a-z0-9][a-z0-9-]*$/.test(key.toLowerCase().replaceAll('_', '-')))
      report(ctx, 'OV2009', `${quoted(key)} can't be a secret's name`, [key], 'start it with a letter or digit')
  }
})
const envProvides = textMap.superRefine((map, ctx) => {
  checkVariables(map, ctx)
  for (const [key, value] of Object.entries(map)) {
    const foreign = value.match(/\{\{(?!\.ContainerName\}\}|\.(Host|Container)Port \d+\}\}).*?(\}\}|$)/)
    if (foreign)
      report(
        ctx,
        'OV2010',
        `unknown template ${quoted(foreign[0])}`,
        [key],
        'known are {{.ContainerName}}, {{.HostPort N}} and {{.ContainerPort N}}',
      )
  }
})

/** Protocols of ports. (LAY-80) */
const PROTOCOLS = ['http', 'https', 'https+insecure', 'tcp', 'tls-terminated-tcp', 'ssh', 'rdp', 'smb', 'udp']
const isPort = (port: number) => Number.isInteger(port) && port >= 1 && port <= 65535
const layerPort = z.union([z.number(), z.string()]).superRefine((port, ctx) => {
  const [proto, number] =
    typeof port === 'number' ? ['http', String(port)] : port.includes(':') ? port.split(/:(.*)/s) : ['http', port]
  if (/^\d+$/.test(proto ?? ''))
    report(
      ctx,
      'OV2011',
      `${quoted(port)} is a host:container pair`,
      [],
      'a layer lists container ports only; publish them in the image or the deploy',
    )
  else if (!PROTOCOLS.includes(proto ?? ''))
    report(ctx, 'OV2011', `${quoted(port)} has an unknown protocol`, [], `known are ${PROTOCOLS.join(', ')}`)
  else if (!/^\d+$/.test(number ?? '') || !isPort(Number(number)))
    report(ctx, 'OV2011', `${quoted(String(number))} is not a valid port number (1-65535)`)
})

const volumes = z
  .record(z.string(), z.string(), {
    error: (issue) => (Array.isArray(issue.input) ? 'must be a map of name to path, not a list' : undefined),
  })
  .superRefine((map, ctx) => {
    for (const [key, path] of Object.entries(map)) {
      if (!NAME.test(key))
        report(
          ctx,
          'OV2012',
          `volume name ${quoted(key)} is not valid`,
          [key],
          'use lower case letters and digits, in parts joined by single hyphens',
        )
      if (!/^(\/|~\/|~$|\$HOME|\$\{HOME\})/.test(path) || /[\0\n\r:]/.test(path))
        report(
          ctx,
          'OV2012',
          `volume path ${quoted(path)} is not valid`,
          [key],
          'write an absolute path in the container, or one that starts with ~/',
        )
    }
  })

const size = (example: string) =>
  z.string().regex(/^\d+[kKmMgGtT]?$/, `must be a size such as '${example}': digits with an optional k, m, g or t`)
const security = z.strictObject({
  privileged: z.boolean().optional(),
  capAdd: words.optional(),
  devices: words.optional(),
  securityOpt: words.optional(),
  groupAdd: words.optional(),
  mounts: z
    .array(
      z
        .string()
        .regex(
          /^(tmpfs:\/[^:\n\0]*(:[^:\n\0]+)?|[^:\n\0]+:\/[^:\n\0]*(:[^:\n\0]+)?)$/,
          "must be 'host:container[:options]' or 'tmpfs:/path[:options]'",
        ),
    )
    .optional(),
  shmSize: size('1g').optional(),
  memoryMax: size('6g').optional(),
  memoryHigh: size('5g').optional(),
  memorySwapMax: size('0').optional(),
  cpus: z
    .union([z.number(), z.string()])
    .refine(
      (value) => /^\d+(\.\d+)?$/.test(String(value)) && Number(value) > 0,
      "must be a number of cores above 0, such as '2.5'",
    )
    .optional(),
  cgroupns: z.enum(['host', 'private']).optional(),
  ipcMode: oneLine.min(1, 'must not be empty').optional(),
})

const serviceEnv = textMap.superRefine((map, ctx) => {
  checkVariables(map, ctx)
  for (const [key, value] of Object.entries(map))
    if (/[\n\r\0]/.test(value))
      report(
        ctx,
        'OV2007',
        `the value of ${key} has a line break or NUL`,
        [key],
        'inits read one line per setting; put such a value into a file',
      )
})
const serviceName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]*$/, 'must be letters, digits, ., _, @ and -, starting with a letter or digit')
const serviceShape = {
  name: serviceName,
  env: serviceEnv.optional(),
  after: z.array(oneLine).optional(),
  scope: z.enum(['system', 'user']).optional(),
  enable: z.boolean().optional(),
  usePackaged: z
    .string()
    .regex(/^[^/\s]+$/, 'must be a unit name, without / and blanks')
    .optional(),
  overrides: z
    .strictObject({ env: serviceEnv.optional(), after: z.array(oneLine).optional(), exec: oneLine.optional() })
    .optional(),
  exec: oneLine.min(1).optional(),
  restart: z.enum(['no', 'on-failure', 'always', 'unless-stopped']).optional(),
  workingDirectory: oneLine.optional(),
  user: oneLine.optional(),
  before: z.array(oneLine).optional(),
  stdout: z
    .string()
    .regex(/^(journal|none|file:\/[^\n\r\0]+)$/, "must be 'journal', 'none' or 'file:/path'")
    .optional(),
  stopTimeout: z
    .union([
      z.number().int().positive(),
      z.string().regex(/^\d+\s*(s|sec|min|m|h)?$/, "must be '30s', '2min' or seconds"),
    ])
    .optional(),
  priority: z.number().int().optional(),
  kind: z.enum(['program', 'eventlistener']).optional(),
  events: words.optional(),
  autoStart: z.boolean().optional(),
  startRetries: z.number().int().nonnegative().optional(),
  startSecs: z.number().int().nonnegative().optional(),
  stopSignal: z
    .string()
    .regex(/^(SIG)?[A-Z0-9]+$/, "must be a signal name such as 'INT'")
    .optional(),
  exitCodes: z.array(z.number().int().min(0).max(255)).optional(),
}
/** Fields of a service that only one form takes. (LAY-122) */
const CUSTOM_ONLY = [
  'restart',
  'workingDirectory',
  'user',
  'before',
  'stdout',
  'stopTimeout',
  'priority',
  'kind',
  'events',
  'autoStart',
  'startRetries',
  'startSecs',
  'stopSignal',
  'exitCodes',
] as const
const service = z.strictObject(serviceShape).superRefine((entry, ctx) => {
  if ((entry.exec === undefined) === (entry.usePackaged === undefined)) {
    report(
      ctx,
      'OV2013',
      'set exactly one of usePackaged, exec',
      [],
      'usePackaged takes a unit that a package brings, exec describes a process',
    )
    return
  }
  if (entry.usePackaged !== undefined)
    for (const field of CUSTOM_ONLY)
      if (entry[field] !== undefined)
        report(
          ctx,
          'OV2013',
          `${field} is not valid with usePackaged`,
          [field],
          'a packaged unit is changed through overrides: env, after, exec',
        )
  if (entry.exec !== undefined && entry.overrides !== undefined)
    report(
      ctx,
      'OV2013',
      'overrides is only valid with usePackaged',
      ['overrides'],
      'write the values into the service itself',
    )
  if (entry.kind === 'eventlistener' && !entry.events?.length)
    report(
      ctx,
      'OV2013',
      'an eventlistener needs events',
      ['events'],
      "name what it listens to, e.g. ['PROCESS_STATE_FATAL']",
    )
  if (entry.events && entry.kind !== 'eventlistener')
    report(ctx, 'OV2013', "events is only valid with kind: 'eventlistener'", ['events'])
})
const services = z
  .array(service, {
    error: (issue) =>
      typeof issue.input === 'string'
        ? 'must be a list of entries; raw supervisord text is no longer accepted'
        : undefined,
  })
  .superRefine((entries, ctx) => {
    const seen = new Set<string>()
    entries.forEach((entry, index) => {
      const key = `${entry.usePackaged === undefined ? 'exec' : 'packaged'} ${entry.name}`
      if (seen.has(key)) report(ctx, 'OV2013', `the name ${quoted(entry.name)} is used twice`, [index, 'name'])
      seen.add(key)
    })
  })

/** A package word reaches a root shell: only what package managers accept may pass. */
const packageWord = z
  .string()
  .regex(/^[A-Za-z0-9@*_./:+~=<>^()-]+( [<>=]+ [A-Za-z0-9_.:~^+-]+)?$/, 'is not a package name')
const repo = z.strictObject({
  name: z
    .string({ error: (issue) => (issue.input === undefined ? 'repos entry requires name' : undefined) })
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]*$/, 'must be letters, digits, ., _, : and -'),
  url: oneLine.optional(),
  rpm: oneLine.optional(),
  gpgkey: oneLine.optional(),
  gpgcheck: z.boolean().optional(),
  suite: oneLine.optional(),
  components: oneLine.optional(),
  key: oneLine.optional(),
  signedBy: oneLine.optional(),
  ppa: oneLine.optional(),
})
/** Fields that package sections may have, by name; a format says which of them it takes. */
const SECTION_FIELDS: Readonly<Record<string, z.ZodType>> = {
  copr: words,
  repos: z.array(repo),
  exclude: words,
  modules: words,
  keys: words,
}

/** What validation needs to know of a package format. */
export interface FormatRules {
  readonly name: string
  readonly fields: readonly string[]
  readonly needPackages: readonly string[]
}

/** A package section by the rules of its format, or of all formats for tag sections. */
function section(label: string, fields: readonly string[], needPackages: readonly string[]) {
  const shape: Record<string, z.ZodType> = { packages: z.array(packageWord), options: z.array(oneLine).optional() }
  for (const field of fields) shape[field] = (SECTION_FIELDS[field] ?? z.json()).optional()
  return z
    .strictObject(shape)
    .partial({ packages: true })
    .superRefine((value, ctx) => {
      const { packages } = value as { packages?: readonly string[] }
      if (packages?.length) return
      const alone = needPackages.find((field) => {
        const given = (value as Record<string, unknown>)[field]
        return Array.isArray(given) && given.length > 0
      })
      if (alone !== undefined)
        report(
          ctx,
          'OV2014',
          `${label}.${alone} requires ${label.startsWith('tags') ? 'packages' : `${label}.packages`}`,
          [alone],
          'without packages this set-up would be lost',
        )
      else if (packages === undefined) report(ctx, 'OV2002', 'packages is missing', ['packages'])
    })
}

/** A file or folder of the layer; what lies outside is not its own. */
const ownPath = z
  .string()
  .min(1, 'must not be empty')
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..') && !/[\0\n\r]/.test(path),
    "must be a relative path within the layer's directory, without '..'",
  )

/** The schema of layers, given the formats and builders of the vocabulary. */
export function layerSchema(formats: readonly FormatRules[], builders: readonly string[]) {
  const all = [...new Set(formats.flatMap((format) => format.fields))]
  const needed = [...new Set(formats.flatMap((format) => format.needPackages))]
  const sections: Record<string, z.ZodType> = {}
  for (const format of formats)
    sections[format.name] = section(format.name, format.fields, format.needPackages).optional()
  for (const builder of builders) sections[builder] = ownPath.optional()
  return z
    .strictObject({
      name,
      version: z
        .string({
          error: (issue) => (issue.input === undefined ? 'missing required version (CalVer YYYY.DDD.HHMM)' : undefined),
        })
        .pipe(version),
      description: prose.optional(),
      status: status.optional(),
      info: prose.optional(),
      directory: z.string().optional(),
      files: z.array(ownPath).optional(),
      depends: z.array(layerRef).optional(),
      layers: z.array(layerRef).optional(),
      tags: z
        .record(
          z.string().regex(/^[^,\s]+(\s*,\s*[^,\s]+)*$/, 'must be a distro tag, or several separated by commas'),
          z.unknown(),
        )
        .superRefine((map, ctx) => {
          for (const [tag, value] of Object.entries(map)) {
            const checked = section(`tags[${quoted(tag)}]`, all, needed).safeParse(value)
            for (const issue of checked.error?.issues ?? [])
              ctx.addIssue({
                ...issue,
                path: [tag, ...issue.path],
                ...(issue.path.length === 0 && { known: ['packages', 'options', ...all] }),
              })
          }
        })
        .optional(),
      vars: vars.optional(),
      tasks: taskList.optional(),
      env: layerEnv.optional(),
      pathAppend: z
        .array(
          z
            .string()
            .regex(
              /^(\/|~\/|~$|\$HOME|\$\{HOME\})[^\n\0:]*$/,
              'must be an absolute path or start with ~/, without colons',
            ),
        )
        .optional(),
      services: services.optional(),
      ports: z.array(layerPort).optional(),
      volumes: volumes.optional(),
      envRequires: envContracts.optional(),
      envAccepts: envContracts.optional(),
      envProvides: envProvides.optional(),
      secretRequires: secretContracts.optional(),
      secretAccepts: secretContracts.optional(),
      security: security.optional(),
      ...sections,
    })
    .superRefine((layer, ctx) => {
      for (const key of Object.keys(layer.vars ?? {}))
        if (layer.env && key in layer.env)
          report(
            ctx,
            'OV2008',
            `key ${quoted(key)} also declared in env — pick one`,
            ['vars', key],
            'env is what the running container sees, vars are for the install',
          )
      const sections = {
        envRequires: layer.envRequires,
        envAccepts: layer.envAccepts,
        secretRequires: layer.secretRequires,
        secretAccepts: layer.secretAccepts,
      }
      const owner = new Map<string, string>()
      for (const [field, map] of Object.entries(sections))
        for (const key of Object.keys(map ?? {})) {
          const other = owner.get(key)
          if (other !== undefined)
            report(
              ctx,
              'OV2009',
              `env var ${key} appears in both ${other} and ${field} — an env var belongs to exactly one section`,
              [field, key],
              'a secret stays out of the env sections',
            )
          owner.set(key, field)
          if (field.startsWith('secret') && layer.envProvides && key in layer.envProvides)
            report(
              ctx,
              'OV2009',
              `secret ${key} can't be in envProvides`,
              ['envProvides', key],
              'what is provided is readable by every other deploy',
            )
        }
      const lists = new Map((layer.depends ?? []).map((ref) => [refName(ref), 'depends']))
      layer.layers?.forEach((ref, index) => {
        if (lists.has(refName(ref)))
          report(
            ctx,
            'OV2015',
            `layer ${quoted(refName(ref))} is in both depends and layers`,
            ['layers', index],
            'name it once: depends for what must come first, layers for what this one consists of',
          )
      })
      for (const field of ['depends', 'layers'] as const)
        layer[field]?.forEach((ref, index) => {
          if (refName(ref) === layer.name)
            report(ctx, 'OV2015', `it is in its own ${field}`, [field, index], 'remove it')
        })
    })
}

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
const REFERENCE =
  /^[a-zA-Z0-9][a-zA-Z0-9._-]*(:\d+)?(\/[a-zA-Z0-9._-]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/

/** The schema of images. */
export const imageSchema = z.strictObject({
  name,
  base: z.union(
    [
      z.string().regex(REFERENCE, 'is not an image reference'),
      z.object({ $ref: z.literal('image'), name: z.string() }),
      z.strictObject({ $base: debootstrapSpec }),
    ],
    {
      error: (issue) =>
        issue.input === undefined ? 'base is missing' : 'must be an image, debootstrap({…}), or a registry reference',
    },
  ),
  layers: z.array(layerRef).optional(),
  version: version.optional(),
  description: prose.optional(),
  enabled: z.boolean().optional(),
  status: status.optional(),
  info: prose.optional(),
  distro: z.union([distroRef, z.array(distroRef)]).optional(),
  build: z.union([z.string(), z.array(z.string())]).optional(),
  user: accountName.optional(),
  uid: id.optional(),
  gid: id.optional(),
  userPolicy: z.enum(['auto', 'adopt', 'create']).optional(),
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
  env: env.optional(),
  security: security.optional(),
  init: z.string().optional(),
})

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

export type LayerData = z.infer<ReturnType<typeof layerSchema>>
export type ImageData = z.infer<typeof imageSchema>
export type PodData = z.infer<typeof podSchema>
