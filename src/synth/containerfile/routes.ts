import type { Place } from '../../diagnostics/diagnostic.ts'
import type { Instruction, Printed } from '../../format/index.ts'
import type { ImagePlan } from '../../plan/ir.ts'

const STAGE = 'traefik-routes'

/** Where the proxy's file of an image is, in the build context. */
export const routesFile = (image: string): string => `.build/${image}/traefik-routes.yml`

/** The stage that holds the proxy's file. (IMG-79) */
export const routesStage = (image: ImagePlan): Instruction[] =>
  image.routes.length === 0
    ? []
    : [
        { kind: 'blank' },
        { kind: 'from', image: 'scratch', stage: STAGE },
        { kind: 'copy', sources: [routesFile(image.name)], to: '/routes.yml' },
      ]

/** Puts the proxy's file where it looks for it. (IMG-79) */
export const routesCopy = (image: ImagePlan): Instruction[] =>
  image.routes.length === 0
    ? []
    : [
        { kind: 'blank' },
        { kind: 'comment', text: 'Traefik dynamic routes' },
        { kind: 'copy', from: STAGE, sources: ['/routes.yml'], to: '/etc/traefik/dynamic/routes.yml' },
      ]

/** A layer's name as a key of YAML: some would be read as numbers or truth values. */
const key = (name: string): string => (/^\d|^(true|false|yes|no|on|off|null|y|n)$/.test(name) ? `"${name}"` : name)

/** The dynamic configuration of Traefik, in the order of the layers. Host names and ports need no quoting of their own. (IMG-79) */
export function renderRoutes(image: ImagePlan): Printed<Place> {
  const { routes } = image
  const lines: (readonly [text: string, author: Place])[] = [
    [`# ${routesFile(image.name)} (generated -- do not edit)`, image.origin],
    ['http:', image.origin],
    ['  routers:', image.origin],
    ...routes.flatMap(({ layer, host, origin }) =>
      [
        `    ${key(layer)}:`,
        `      rule: "Host(\`${host}\`)"`,
        `      service: ${key(layer)}`,
        '      entryPoints:',
        '        - websecure',
        '      tls:',
        '        certResolver: letsencrypt',
      ].map((text) => [text, origin] as const),
    ),
    ['  services:', image.origin],
    ...routes.flatMap(({ layer, port, origin }) =>
      [
        `    ${key(layer)}:`,
        '      loadBalancer:',
        '        servers:',
        `          - url: "http://127.0.0.1:${port}"`,
      ].map((text) => [text, origin] as const),
    ),
  ]
  return { text: lines.map(([text]) => `${text}\n`).join(''), lines: lines.map(([, author]) => author) }
}
