import type { ProvidedServer, ProvidedVariable, Provides } from '../../model/deploy-entry.ts'
import { byName } from '../../model/project.ts'
import type { ImageMetadata } from '../metadata.ts'
import type { Say } from './say.ts'

/** A deploy, as far as what it offers depends on it. */
export interface Provider {
  /** Its key: `web`, or `web/eu` for an instance. */
  readonly key: string
  readonly container: string
  readonly ports: readonly { readonly host: number | 'auto'; readonly container: number }[]
}

export const NO_PROVIDES: Provides = { env: [], mcp: [] }

/** `{{.ContainerName}}`, `{{.ContainerPort N}}`, `{{.HostPort N}}`; anything else in braces is returned as what is wrong. (POD-80) */
export function fillTemplate(template: string, { container, ports }: Provider): string | { readonly unknown: string } {
  const unknown: string[] = []
  const text = template.replace(/\{\{(.*?)\}\}/gs, (whole, inside: string) => {
    const [, name, port] = /^\s*\.(ContainerName|ContainerPort|HostPort)(?:\s+(\d+))?\s*$/.exec(inside) ?? []
    if (name === 'ContainerName' && port === undefined) return container
    if (name === 'ContainerPort' && port !== undefined) return port
    if (name === 'HostPort' && port !== undefined) {
      const host = ports.find((one) => one.container === Number(port))?.host
      return String(host === undefined || host === 'auto' ? port : host)
    }
    unknown.push(whole)
    return whole
  })
  return unknown[0] === undefined ? text : { unknown: unknown[0] }
}

/** What a deploy offers to others. (POD-79 to POD-82) */
export function providesOf(provider: Provider, image: ImageMetadata, say: Say): Provides {
  const { key } = provider
  const instance = key.includes('/') ? key.slice(key.indexOf('/') + 1) : undefined
  const fill = (of: string, template: string): string | undefined => {
    const text = fillTemplate(template, provider)
    if (typeof text === 'string') return text
    say(
      'OV4012',
      'image',
      `${of} of the image has ${text.unknown} in it, which means nothing`,
      'use {{.ContainerName}}, {{.ContainerPort N}} or {{.HostPort N}}',
    )
    return undefined
  }
  const env = Object.entries(image.envProvides)
    .sort(([a], [b]) => byName(a, b))
    .flatMap(([name, template]): ProvidedVariable[] => {
      const value = fill(`envProvides.${name}`, template)
      return value === undefined ? [] : [{ name, value, source: key }]
    })
  const mcp = [...image.mcpProvides]
    .sort((a, b) => byName(a.name, b.name))
    .flatMap(({ name, url: template, transport }): ProvidedServer[] => {
      const url = fill(`mcpProvides.${name}`, template)
      // Two instances of one server are two servers.
      const own = instance === undefined ? name : `${name}-${instance}`
      return url === undefined ? [] : [{ name: own, url, transport: transport || 'http', source: key }]
    })
  return { env, mcp }
}

/** Puts what a deploy offers in the place of what it offered before; says what is new or different. (POD-81) */
export function updateProvides(all: Provides, key: string, own: Provides): { provides: Provides; news: string[] } {
  const news = [
    ...own.env.flatMap(({ name, value }) =>
      all.env.some((one) => one.source === key && one.name === name && one.value === value)
        ? []
        : [`Env provides injected: ${name}=${value}`],
    ),
    ...own.mcp.flatMap(({ name, url }) =>
      all.mcp.some((one) => one.source === key && one.name === name && one.url === url)
        ? []
        : [`MCP provides injected: ${name} → ${url}`],
    ),
  ]
  return { provides: { env: replaced(all.env, key, own.env), mcp: replaced(all.mcp, key, own.mcp) }, news }
}

/** Entries of a source that stay keep their place, new ones come last. */
function replaced<One extends { readonly name: string; readonly source: string }>(
  all: readonly One[],
  key: string,
  own: readonly One[],
): One[] {
  const kept = all.flatMap((one) => {
    if (one.source !== key) return [one]
    const now = own.find(({ name }) => name === one.name)
    return now ? [{ ...one, ...now }] : []
  })
  const known = new Set(all.flatMap((one) => (one.source === key ? [one.name] : [])))
  return [...kept, ...own.filter(({ name }) => !known.has(name))]
}

/**
 * What is left when a deploy goes: an instance takes its own along. What the base deploy of an image offers stays while another entry of that
 * image is there, and goes with the last of them. (POD-90)
 */
export function withoutProvider(
  all: Provides,
  key: string,
  image: string,
  /** The entries that stay: key → image. */
  others: ReadonlyMap<string, string>,
): Provides {
  const last = ![...others.values()].includes(image)
  const gone = new Set<string>()
  if (key !== image || last) gone.add(key)
  if (last && !others.has(image)) gone.add(image)
  const stays = ({ source }: { readonly source: string }) => !gone.has(source)
  return { env: all.env.filter(stays), mcp: all.mcp.filter(stays) }
}

/** Variables of others that the image asks for by name; what the deploy offers itself is not among them. (POD-83) */
export function consumedVariables(all: Provides, key: string, image: ImageMetadata): [name: string, value: string][] {
  const wanted = new Set([...image.envAccepts, ...image.envRequires].map(({ name }) => name))
  return all.env.flatMap(({ name, value, source }) =>
    source !== key && wanted.has(name) ? [[name, value] as [string, string]] : [],
  )
}

/** `OV_MCP_SERVERS`: the servers of the machine, the deploy's own first and under localhost. (POD-84) */
export function mcpServers(all: Provides, { key, container }: Provider): string | undefined {
  const own = all.mcp.filter(({ source }) => source === key)
  const names = new Set(own.map(({ name }) => name))
  const host = new RegExp(`(?<![\\w.-])${container.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w.-])`, 'g')
  const servers = [
    ...own.map((one) => ({ ...one, url: one.url.replace(host, 'localhost') })),
    ...all.mcp.filter(({ source, name }) => source !== key && !names.has(name)),
  ]
  if (servers.length === 0) return undefined
  return JSON.stringify(servers.map(({ name, url, transport, source }) => ({ name, url, transport, source })))
}
