import { byName } from '../model/project.ts'
import { withBases } from '../apply/images.ts'
import type { Context } from './command.ts'
import { withProject } from './open.ts'
import { compileProject, type CompiledProject } from './project.ts'

type Row = Readonly<Record<string, unknown>>

/** What can be listed: rows for programs, and how a person reads one. */
const LISTS: Readonly<Record<string, { rows(compiled: CompiledProject): Row[]; text(row: Row): string }>> = {
  images: {
    rows: ({ images }) =>
      [...images.values()]
        .filter((image) => !image.auto)
        .map(({ name, metadata }) => ({ name, version: metadata.version, status: metadata.status })),
    text: ({ name, status }) => marked(name, status),
  },
  targets: {
    rows: ({ images }) =>
      withBases([...images.keys()], images).map(({ name, auto, metadata }) => ({
        name,
        auto,
        status: metadata.status,
      })),
    text: ({ name, auto, status }) => `${marked(name, status)}${auto === true ? ' [auto]' : ''}`,
  },
  layers: {
    rows: ({ project }) =>
      [...project.layers.values()].map(({ name, data }) => ({
        name,
        version: data.version,
        status: data.status ?? 'testing',
        ...(data.description !== undefined && { description: data.description }),
      })),
    text: ({ name, status }) => marked(name, status),
  },
  services: {
    rows: ({ project }) =>
      [...project.layers.values()].flatMap(({ name: layer, data }) =>
        (data.services ?? []).map(({ name }) => ({ layer, name })),
      ),
    text: ({ layer, name }) => `${String(layer)}\t${String(name)}`,
  },
  volumes: {
    rows: ({ project }) =>
      [...project.layers.values()].flatMap(({ name: layer, data }) =>
        Object.entries(data.volumes ?? {})
          .sort(([a], [b]) => byName(a, b))
          .map(([name, path]) => ({ layer, name, path })),
      ),
    text: ({ layer, name, path }) => `${String(layer)}\t${String(name)}\t${String(path)}`,
  },
  aliases: {
    rows: ({ project }) =>
      [...project.layers.values()].flatMap(({ name: layer, data }) =>
        Object.entries(data.aliases ?? {})
          .sort(([a], [b]) => byName(a, b))
          .map(([name, command]) => ({ layer, name, command })),
      ),
    text: ({ layer, name, command }) => `${String(layer)}\t${String(name)}\t${String(command)}`,
  },
  routes: {
    rows: ({ project }) =>
      [...project.layers.values()].flatMap(({ name: layer, data: { route } }) =>
        route === undefined ? [] : [{ layer, host: route.host, port: route.port }],
      ),
    text: ({ layer, host, port }) => `${String(layer)}\thost=${String(host)}\tport=${String(port)}`,
  },
}

const marked = (name: unknown, status: unknown) =>
  status === 'working' ? String(name) : `${String(name)} [${String(status)}]`

export interface ListOptions {
  readonly project?: string
  readonly json?: boolean
}

/** `ov image list`: names of what the project declares, one per line. (LAY-114, IMG-188) */
export function run(context: Context, options: ListOptions, what = 'images'): Promise<number> {
  const list = LISTS[what]
  if (!list) {
    context.say(`there is no list of ${JSON.stringify(what)}; known are ${Object.keys(LISTS).join(', ')}`)
    return Promise.resolve(64)
  }
  return withProject(options.project, async ({ location, bundle, entities, cache }) => {
    const compiled = await compileProject(location, bundle, entities, cache)
    await context.warn(compiled.diagnostics, location.root)
    const rows = list.rows(compiled)
    if (options.json === true) context.result({ schemaVersion: 1, [what]: rows })
    else if (rows.length > 0) context.result(rows.map((row) => list.text(row)).join('\n'))
    return 0
  })
}
