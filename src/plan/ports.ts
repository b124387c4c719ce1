/** A published port as it is written. (POD-63) */
export interface Mapping {
  readonly bind?: string
  readonly host: number
  readonly container: number
  readonly protocol: 'tcp' | 'udp'
}

export function parseMapping(text: string): Mapping | undefined {
  const [, body = '', protocol = 'tcp'] = /^([^/]*)(?:\/(tcp|udp))?$/.exec(text) ?? []
  const [, bind, host, container] = /^(?:(\[[0-9a-fA-F:.]+\]|[0-9.]+):)?(?:(\d+):)?(\d+)$/.exec(body) ?? []
  if (container === undefined) return undefined
  return {
    ...(bind !== undefined && { bind }),
    host: Number(host ?? container),
    container: Number(container),
    protocol: protocol as 'tcp' | 'udp',
  }
}
