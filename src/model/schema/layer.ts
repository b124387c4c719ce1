import * as z from 'zod'
import {
  env,
  isPort,
  layerRef,
  NAME,
  name,
  ownPath,
  prose,
  quoted,
  security,
  status,
  textMap,
  version,
} from './common.ts'
import { envContracts, envProvides, mcpContracts, mcpProvides, secretContracts } from './contract.ts'
import { artifacts } from './artifact.ts'
import { capabilities, requiresCapabilities } from './capabilities.ts'
import { checks } from './check.ts'
import { data } from './data.ts'
import { extract } from './extracted.ts'
import {
  allFields,
  checkDistroPackages,
  commonPackages,
  distroPackages,
  section,
  type FormatRules,
} from './packages.ts'
import { refName } from './refs.ts'
import { checkRelays, portRelay, route } from './network.ts'
import { report } from './report.ts'
import { aliases, engine, hooks, secrets } from './runtime.ts'
import { services } from './service.ts'
import { shell } from './shell.ts'
import { taskList } from './tasks.ts'

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

/** Protocols of ports. (LAY-80) */
const PROTOCOLS = ['http', 'https', 'https+insecure', 'tcp', 'tls-terminated-tcp', 'ssh', 'rdp', 'smb', 'udp']
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

/** The schema of layers, given the formats of the vocabulary, and its builders that have manifests. */
export function layerSchema(formats: readonly FormatRules[], builders: readonly string[]) {
  const all = allFields(formats)
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
      packages: commonPackages.optional(),
      distros: distroPackages(formats).optional(),
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
                ...(issue.path.length === 0 && { known: ['packages', 'options', ...Object.keys(all)] }),
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
      secrets: secrets.optional(),
      mcpProvides: mcpProvides.optional(),
      mcpRequires: mcpContracts.optional(),
      mcpAccepts: mcpContracts.optional(),
      aliases: aliases.optional(),
      hooks: hooks.optional(),
      libvirt: z.array(z.string()).optional(),
      route: route.optional(),
      portRelay: portRelay.optional(),
      engine: engine.optional(),
      data: data.optional(),
      extract: extract.optional(),
      shell: shell.optional(),
      artifacts: artifacts.optional(),
      eval: checks('build').optional(),
      capabilities: capabilities.optional(),
      requiresCapabilities: requiresCapabilities.optional(),
      ...sections,
    })
    .superRefine((layer, ctx) => {
      checkDistroPackages(layer, needed, ctx)
      checkRelays(layer, ctx)
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

export type LayerData = z.infer<ReturnType<typeof layerSchema>>
