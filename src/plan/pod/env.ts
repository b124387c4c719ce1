import type { DeployEntry, Provides } from '../../model/deploy-entry.ts'
import { byName } from '../../model/project.ts'
import type { Contract, ImageMetadata } from '../metadata.ts'
import { consumedVariables, mcpServers, type Provider } from './provides.ts'

/** A file of variables. */
export interface EnvFile {
  /** Absolute path. */
  readonly path: string
  readonly variables: ReadonlyMap<string, string>
}

/** What the variables of a deploy come from, besides its entry and its image. */
export interface EnvSources {
  readonly provides: Provides
  /** Containers of all deploys of the machine. */
  readonly containers: readonly string[]
  /** What follows from devices that were found. */
  readonly detected: Readonly<Record<string, string>>
  /** Files, the weakest first: `env_file` of the entry, `.env` of the workspace, `--env-file`. */
  readonly files: readonly EnvFile[]
  /** The file that the unit names, one of those. */
  readonly unitFile?: EnvFile
  /** `-e` of this run. */
  readonly given: Readonly<Record<string, string>>
}

export interface ResolvedEnv {
  /** Variables that stand in the unit. */
  readonly inline: readonly (readonly [name: string, value: string])[]
  /** What the image requires, and nobody says. */
  readonly missing: readonly Contract[]
}

export const NO_ENV_SOURCES: EnvSources = {
  provides: { env: [], mcp: [] },
  containers: [],
  detected: {},
  files: [],
  given: {},
}

/** `NAME=value` in two. */
export const assignment = (text: string): [name: string, value: string] => {
  const at = text.indexOf('=')
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/**
 * The variables of a container. Each has the value of the strongest source and the place of the first that named it. Those that the unit's own
 * file decides are not repeated: podman would let the unit win over the file. (POD-83 to POD-89)
 */
export function resolveEnv(
  provider: Provider,
  entry: DeployEntry,
  image: ImageMetadata,
  sources: EnvSources,
): ResolvedEnv {
  const servers = mcpServers(sources.provides, provider)
  const found = new Map<string, { value: string; file?: EnvFile }>()
  const put = (variables: Iterable<readonly [string, string]>, file?: EnvFile) => {
    for (const [name, value] of variables) found.set(name, { value, ...(file && { file }) })
  }
  put(Object.entries(sources.detected))
  put(consumedVariables(sources.provides, provider.key, image))
  if (servers !== undefined) put([['OV_MCP_SERVERS', servers]])
  put(image.env.map(assignment))
  put((entry.env ?? []).map(assignment))
  for (const file of sources.files) put(file.variables, file)
  put(Object.entries(sources.given))
  const missing: Contract[] = []
  for (const contract of image.envRequires)
    if (!found.has(contract.name)) {
      if (contract.default === undefined) missing.push(contract)
      else put([[contract.name, contract.default]])
    }
  bypassProxy(found, sources.containers)
  const inline = [...found].flatMap(([name, { value, file }]) =>
    file !== undefined && file === sources.unitFile ? [] : [[name, value] as const],
  )
  return { inline, missing }
}

/** Containers on the shared network are not reached through a proxy. (POD-85, POD-86) */
function bypassProxy(found: Map<string, { value: string; file?: EnvFile }>, containers: readonly string[]): void {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const given = found.get(name)
    if (given?.value.includes(';')) found.set(name, { value: given.value.replaceAll(';', ',') })
  }
  const proxied = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some((name) => found.get(name)?.value)
  if (!proxied) return
  const spelled = ['NO_PROXY', 'no_proxy'].filter((name) => found.has(name))
  for (const name of spelled.length > 0 ? spelled : ['NO_PROXY']) {
    const hosts = (found.get(name)?.value ?? '').split(',').filter((host) => host !== '')
    const more = [...containers].sort(byName).filter((container) => !hosts.includes(container))
    if (more.length > 0) found.set(name, { value: [...hosts, ...more].join(',') })
  }
}

/** Reads a file of variables: `NAME=value`, quotes around all of the value are taken off, a bare NAME is inherited. (POD-85) */
export function parseEnvFile(text: string, inherit: (name: string) => string | undefined): Map<string, string> {
  const variables = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue
    const [name, value] = assignment(line.trimStart())
    if (!line.includes('=')) {
      const inherited = inherit(name.trim())
      if (inherited !== undefined) variables.set(name.trim(), inherited)
      continue
    }
    const [, quote, inside] = /^(["'])(.*)\1$/s.exec(value.trim()) ?? []
    variables.set(name.trim(), quote === undefined ? value.trim() : (inside ?? ''))
  }
  return variables
}
