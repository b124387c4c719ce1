/** A published port as people write it. (POD-63) */
export interface Mapping {
  /** Address of the host, where one is given; IPv6 in brackets. */
  readonly bind?: string
  readonly host: number
  readonly container: number
  readonly protocol: 'tcp' | 'udp'
}

const BIND = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\])$/

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535

/** Reads `P`, `H:C`, `IP:H:C` or `[v6]:H:C`, with `/tcp` or `/udp` behind; undefined for anything else. (POD-63) */
export function parseMapping(text: string): Mapping | undefined {
  const [, body, protocol = 'tcp'] = /^([^/]+)(?:\/(tcp|udp))?$/.exec(text) ?? []
  if (body === undefined) return undefined
  const [, bind, rest = body] = /^(\[[^\]]*\]|[^:]*\.[^:]*):(.*)$/.exec(body) ?? []
  if (bind !== undefined && !BIND.test(bind)) return undefined
  const ports = rest.split(':')
  // An address stands before two ports, never before one.
  if (!ports.every(isPort) || ports.length > 2 || (bind !== undefined && ports.length !== 2)) return undefined
  const [host, container = host] = ports.map(Number) as [number, number?]
  return { ...(bind !== undefined && { bind }), host, container: container, protocol: protocol as Mapping['protocol'] }
}

/** A mapping in its normal form. (POD-63) */
export const printMapping = ({ bind, host, container, protocol }: Mapping): string =>
  `${bind === undefined || bind === '' ? '' : `${bind}:`}${host}:${container}${protocol === 'udp' ? '/udp' : ''}`
