import type { DeployEntry, EntryTunnel, TunnelPorts } from '../../model/deploy-entry.ts'
import type { ImageMetadata } from '../metadata.ts'
import { printMapping } from '../ports.ts'
import type { PublishedPort } from './index.ts'
import type { Say } from './say.ts'

/** A port of the host on a tailnet. */
export interface TailscaleRoute {
  readonly port: number
  /** `funnel` opens it to the internet, `serve` to the tailnet; UDP passes neither. */
  readonly by: 'funnel' | 'serve' | 'nothing'
  /** What tailscale listens for: the name of its flag. */
  readonly listen: 'https' | 'tcp' | 'tls-terminated-tcp'
  /** Where it hands on to. */
  readonly target: string
}

/** A host name at Cloudflare, and what answers there. */
export interface CloudflareRoute {
  readonly hostname: string
  readonly service: string
  /** The service's certificate is its own business. */
  readonly noTlsVerify: boolean
}

/** How a deploy is reached from elsewhere. (POD-72 to POD-76) */
export type PlannedTunnel =
  | { readonly provider: 'tailscale'; readonly routes: readonly TailscaleRoute[] }
  | { readonly provider: 'cloudflare'; readonly name: string; readonly routes: readonly CloudflareRoute[] }

/** Ports that funnel opens. https://tailscale.com/kb/1223/funnel */
const FUNNEL_PORTS = [443, 8443, 10000]
const FUNNEL = '443, 8443 or 10000'

/** Schemes that a provider carries. (POD-73) */
const TAILSCALE: Readonly<Record<string, Pick<TailscaleRoute, 'listen'> & { readonly target: string }>> = {
  http: { listen: 'https', target: 'http' },
  https: { listen: 'https', target: 'https' },
  'https+insecure': { listen: 'https', target: 'https+insecure' },
  tcp: { listen: 'tcp', target: 'tcp' },
  'tls-terminated-tcp': { listen: 'tls-terminated-tcp', target: 'tcp' },
}
const CLOUDFLARE: readonly string[] = ['http', 'https', 'tcp', 'ssh', 'rdp', 'smb']

const HOST_NAME = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/i
const TUNNEL_NAME = /^[a-zA-Z0-9][a-zA-Z0-9-]*$/

/** A port of the deploy as the tunnel sees it. */
interface TunnelPort {
  readonly host: number
  readonly container: number
  readonly scheme: string
}

/** What a tunnel does with each port of a deploy. A tunnel that can't be is reported, field by field. (POD-74) */
export function planTunnel(
  container: string,
  entry: DeployEntry,
  image: ImageMetadata,
  ports: readonly PublishedPort[],
  say: Say,
): PlannedTunnel | undefined {
  const { tunnel } = entry
  if (!tunnel) return undefined
  const bad: Bad = (field, message, remedy) => say('OV4014', `tunnel${field}`, `tunnel${field}${message}`, remedy)
  if (tunnel.provider !== 'tailscale' && tunnel.provider !== 'cloudflare') {
    bad('.provider', `: there is no provider ${JSON.stringify(tunnel.provider)}`, 'write tailscale or cloudflare')
    return undefined
  }
  const known = ports.flatMap((port): TunnelPort[] => {
    if (port.host === 'auto') return []
    const { host, container } = port
    const proto = image.portProtos[String(container)] ?? 'http'
    return [{ host, container, scheme: port.protocol === 'udp' || proto === 'udp' ? 'udp' : proto }]
  })
  const reached = chosenPorts(tunnel, known, bad)
  const awaited = ports.some(({ host }) => host === 'auto')
  for (const [side, wanted] of Object.entries({ public: tunnel.public, private: tunnel.private }))
    for (const port of portsOf(wanted))
      // A port that is not found yet may become any.
      if (!awaited && !known.some(({ host }) => host === port))
        bad(
          `.${side}`,
          `: the deploy publishes nothing on host port ${port}`,
          known.length === 0 ? 'give it ports' : `its host ports are ${known.map(({ host }) => host).join(', ')}`,
        )
  return tunnel.provider === 'tailscale'
    ? { provider: 'tailscale', routes: tailscale(tunnel, known, reached, bad) }
    : cloudflare(container, tunnel, entry.dns ?? image.fqdn, known, reached, bad)
}

type Bad = (field: string, message: string, remedy: string) => void

const portsOf = (ports: TunnelPorts | undefined): number[] => {
  if (ports === undefined || ports === 'all') return []
  return Array.isArray(ports) ? [...(ports as readonly number[])] : Object.keys(ports).map(Number)
}

interface Reached {
  readonly public: (port: number) => boolean
  readonly private: (port: number) => boolean
}

function chosenPorts(tunnel: EntryTunnel, known: readonly TunnelPort[], bad: Bad): Reached {
  const open = new Set(tunnel.public === 'all' ? known.map(({ host }) => host) : portsOf(tunnel.public))
  const inside = new Set(portsOf(tunnel.private))
  if (tunnel.public === undefined && tunnel.private === undefined)
    bad('', ' reaches no port', "add private: 'all', or public: a list of host ports")
  if (tunnel.public === 'all' && tunnel.private === 'all')
    bad('', ": both sides are 'all'", "list the public ports; private: 'all' means the others")
  for (const port of inside)
    if (open.has(port) && tunnel.private !== 'all')
      bad('', `: port ${port} is both public and private`, 'take it out of one of them')
  return {
    public: (port) => open.has(port),
    private: (port) => (tunnel.private === 'all' ? !open.has(port) : inside.has(port)),
  }
}

function tailscale(tunnel: EntryTunnel, known: readonly TunnelPort[], reached: Reached, bad: Bad): TailscaleRoute[] {
  for (const side of ['public', 'private'] as const)
    if (isNamed(tunnel[side]))
      bad(`.${side}`, ': tailscale has no host names of its own', 'list the ports; the tailnet names the machine')
  return known.flatMap(({ host, container, scheme }): TailscaleRoute[] => {
    const isPublic = reached.public(host)
    if (!isPublic && !reached.private(host)) return []
    // Both the tailnet and the deploy would be reached on this port: UDP needs no help.
    if (scheme === 'udp') return [{ port: host, by: 'nothing', listen: 'tcp', target: '' }]
    const carried = TAILSCALE[scheme]
    const side = isPublic ? '.public' : '.private'
    if (!carried) {
      bad(
        side,
        ` port ${host}: tailscale can't carry ${scheme}`,
        `publish another port, or declare ${container} in the layer as one of ${Object.keys(TAILSCALE).join(', ')}`,
      )
      return []
    }
    if (isPublic && !FUNNEL_PORTS.includes(host)) {
      bad(
        side,
        ` port ${host} is not allowed for tailscale funnel; use ${FUNNEL}`,
        `publish the container port ${container} on one of those`,
      )
      return []
    }
    if (isPublic && carried.target === 'tcp') {
      bad(side, ` port ${host}: tailscale funnel carries no ${scheme}`, 'make it private')
      return []
    }
    return [
      {
        port: host,
        by: isPublic ? 'funnel' : 'serve',
        listen: carried.listen,
        target: `${carried.target}://127.0.0.1:${host}`,
      },
    ]
  })
}

const isNamed = (ports: TunnelPorts | undefined): ports is Readonly<Record<string, string>> =>
  typeof ports === 'object' && !Array.isArray(ports)

function cloudflare(
  container: string,
  tunnel: EntryTunnel,
  dns: string,
  known: readonly TunnelPort[],
  reached: Reached,
  bad: Bad,
): PlannedTunnel {
  const name = tunnel.tunnel ?? container
  if (!TUNNEL_NAME.test(name))
    bad('.tunnel', `: ${JSON.stringify(name)} is not the name of a tunnel`, 'use letters, digits and hyphens')
  if (tunnel.private !== undefined)
    bad('.private', ': Cloudflare makes ports public', 'use public, or tailscale for a private network')
  const open = known.filter(({ host, scheme }) => reached.public(host) && scheme !== 'udp')
  const names = isNamed(tunnel.public) ? tunnel.public : undefined
  if (!names && open.length > 1)
    bad(
      '.public',
      `: ports ${open.map(({ host }) => host).join(', ')} would share one host name`,
      'give each its own: public: { 8080: "app.example.org", … }',
    )
  for (const hostname of names ? Object.values(names) : [])
    if (!HOST_NAME.test(hostname))
      bad('.public', `: ${JSON.stringify(hostname)} is not a host name`, 'write one such as app.example.org')
  if (!names && dns !== '' && !HOST_NAME.test(dns))
    bad('', `: ${JSON.stringify(dns)} is not a host name`, 'write a dns such as app.example.org')
  if (!names && dns === '')
    bad('', ': cloudflare needs a host name', 'add dns: "app.example.org", or public: { 8080: "app.example.org" }')
  return {
    provider: 'cloudflare',
    name,
    routes: open.flatMap(({ host, container, scheme }): CloudflareRoute[] => {
      if (!CLOUDFLARE.includes(scheme)) {
        bad(
          '.public',
          ` port ${host}: cloudflare can't carry ${scheme}`,
          `publish another port, or declare ${container} in the layer as one of ${CLOUDFLARE.join(', ')}`,
        )
        return []
      }
      return [
        {
          hostname: names?.[String(host)] ?? dns,
          service: `${scheme}://localhost:${host}`,
          noTlsVerify: scheme === 'https',
        },
      ]
    }),
  }
}

/**
 * Addresses that ports are published on. What tailscale hands on must be on loopback only: else the container takes the port on the tailnet's
 * own interface, and clients that want TLS find plain text. (POD-65)
 */
export function bindPorts(
  ports: readonly PublishedPort[],
  tunnel: PlannedTunnel | undefined,
  bindAddress: string,
  say: Say,
): PublishedPort[] {
  const served = new Set(
    tunnel?.provider === 'tailscale' ? tunnel.routes.flatMap(({ by, port }) => (by === 'nothing' ? [] : [port])) : [],
  )
  let overridden = false
  const bound = ports.map((port) => {
    const handedOn = port.host !== 'auto' && served.has(port.host)
    if (!handedOn) return { ...port, bind: port.bind === '' ? bindAddress : port.bind }
    if (port.bind === '') {
      overridden ||= bindAddress !== LOOPBACK
      return { ...port, bind: LOOPBACK }
    }
    if (!/^127\.|^\[::1\]$/.test(port.bind))
      say(
        'OV4014',
        'ports',
        `ports: ${printMapping({ ...port, host: Number(port.host) })} is in the tunnel, and not on a loopback address`,
        `leave out ${port.bind}; tailscale listens for other machines`,
      )
    return port
  })
  if (overridden)
    say(
      'OV4014',
      'ports',
      `ports: those in the tunnel are published on ${LOOPBACK}, not on ${bindAddress}`,
      'tailscale listens for other machines',
      'warning',
    )
  for (const route of tunnel?.provider === 'tailscale' ? tunnel.routes : [])
    if (route.by === 'nothing')
      say(
        'OV4014',
        'tunnel',
        `tunnel: port ${route.port} is UDP and is not tunneled`,
        'other machines of the tailnet reach it directly, where it is published on an address of theirs',
        'warning',
      )
  return bound
}

const LOOPBACK = '127.0.0.1'
