/** How a layer is reached from outside: routes of a proxy, relays of ports. */
import * as z from 'zod'
import { isPort, quoted } from './common.ts'
import { report, type RuleContext } from './report.ts'

const port = z.number().refine(isPort, 'is not a valid port number (1-65535)')

export const hostName = z
  .string()
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
    "must be a host name, such as 'web.example.org'",
  )

export const route = z.strictObject({ host: hostName, port })

export const portRelay = z.array(port).superRefine((ports, ctx) => {
  ports.forEach((one, index) => {
    if (ports.indexOf(one) < index) report(ctx, 'OV2011', `${one} is relayed already`, [index], 'name it once')
  })
})

/** A relay stands in front of a port that the layer has. (LAY-82) */
export function checkRelays(
  layer: {
    readonly ports?: readonly (number | string)[] | undefined
    readonly portRelay?: readonly number[] | undefined
  },
  ctx: RuleContext,
): void {
  const ports = new Set((layer.ports ?? []).map(String).filter((one) => !one.startsWith('udp:')))
  const known = new Set([...ports].map((one) => Number(one.replace(/^.*:/s, ''))))
  layer.portRelay?.forEach((one, index) => {
    if (isPort(one) && !known.has(one))
      report(
        ctx,
        'OV2011',
        `${quoted(one)} is not in the layer's ports`,
        ['portRelay', index],
        'list it in ports too; only tcp can be relayed',
      )
  })
}
