import type { Security } from '../../../dsl/security.ts'
import { suggest } from '../../diagnostics/suggest.ts'
import type { DeployEntry, EntrySidecar } from '../../model/deploy-entry.ts'
import { byName } from '../../model/project.ts'
import { assignment } from './env.ts'
import type { Say } from './say.ts'
import type { CredentialSecret, PlannedSecret } from './secrets.ts'

/** A container beside the app. (POD-105, POD-120) */
export interface PlannedSidecar {
  readonly name: string
  /** `ov-web-tailscale` */
  readonly container: string
  readonly image: string
  readonly volumes: readonly { readonly volume: string; readonly path: string }[]
  readonly env: readonly (readonly [name: string, value: string])[]
  readonly secrets: readonly CredentialSecret[]
  /** Secrets that the unit hands in. */
  readonly secretLines: readonly PlannedSecret[]
  readonly security: Security
}

/** Sidecars that need no description of their own. (POD-107) */
export const SIDECAR_TEMPLATES: ReadonlyMap<string, EntrySidecar & { readonly image: string }> = new Map([
  [
    'tailscale',
    {
      description: 'a tailnet for the pod: names, addresses and an exit node of its own',
      image: 'ghcr.io/tailscale/tailscale:latest',
      env: {
        TS_STATE_DIR: '/var/lib/tailscale',
        TS_AUTH_ONCE: 'true',
        TS_USERSPACE: 'false',
        TS_DEBUG_FIREWALL_MODE: 'nftables',
        TS_ACCEPT_DNS: 'false',
        TS_ENABLE_HEALTH_CHECK: 'true',
        TS_LOCAL_ADDR_PORT: '[::]:9002',
      },
      secret: [{ name: 'ts-authkey', env: 'TS_AUTHKEY', description: 'key that joins the tailnet' }],
      volume: [{ name: 'state', path: '/var/lib/tailscale' }],
      security: { capAdd: ['NET_ADMIN', 'SYS_MODULE'], devices: ['/dev/net/tun:/dev/net/tun'] },
    },
  ],
])

/** The one whose variables are known by their beginning, and that joins a network with names of its own. */
export const TAILSCALE = 'tailscale'

/** A sidecar with what its template says: variables and parameters one by one, anything else as a whole. (POD-105) */
export function withTemplate(name: string, entry: EntrySidecar): EntrySidecar {
  const template = SIDECAR_TEMPLATES.get(name)
  if (!template) return entry
  return {
    ...template,
    ...entry,
    env: { ...template.env, ...entry.env },
    parameter: { ...template.parameter, ...entry.parameter },
  }
}

/** The variable of the operator that holds a secret of a sidecar; each tailnet has a key of its own. (POD-108) */
function hostVariable(sidecar: string, { env, envFrom }: { env: string; envFrom?: string }, tailnet?: string): string {
  if (envFrom !== undefined) return envFrom
  if (sidecar !== TAILSCALE || tailnet === undefined || tailnet === '') return env
  return `${env}_${tailnet.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
}

/** The sidecars of a deploy, by name. (POD-104 to POD-108) */
export function planSidecars(
  container: string,
  entry: DeployEntry,
  say: Say,
  there: (podman: string) => boolean,
): PlannedSidecar[] {
  return Object.entries(entry.sidecars ?? {})
    .sort(([a], [b]) => byName(a, b))
    .flatMap(([name, own]): PlannedSidecar[] => {
      const sidecar = withTemplate(name, own)
      if (sidecar.image === undefined) {
        const known = [...SIDECAR_TEMPLATES.keys()]
        const close = suggest(name, known)
        say(
          'OV4015',
          `sidecars.${name}`,
          `sidecars: there is no template "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
          `give it an image, or use one of ${known.join(', ')}`,
        )
        return []
      }
      const secrets = (sidecar.secret ?? []).map((secret): CredentialSecret => ({
        podman: `${container}-${name}-${secret.name}`,
        name: secret.env,
        variable: hostVariable(name, secret, sidecar.parameter?.['tailnet']),
        description: secret.description ?? `of the sidecar ${name}`,
        service: 'ov/secret',
        key: hostVariable(name, secret, sidecar.parameter?.['tailnet']),
        required: false,
      }))
      for (const { name: variable } of secrets)
        if (sidecar.env?.[variable] !== undefined)
          say(
            'OV4015',
            `sidecars.${name}`,
            `sidecars.${name}: ${variable} is a secret and can't stand in env`,
            `take it out, and run ov secrets set ov/secret ${variable}, or ov config … -e ${variable}=…`,
          )
      return [
        {
          name,
          container: `${container}-${name}`,
          image: sidecar.image,
          volumes: (sidecar.volume ?? []).map((volume) => ({
            volume: `${container}-${name}-${volume.name}`,
            path: volume.path,
          })),
          env: Object.entries(sidecar.env ?? {}).sort(([a], [b]) => byName(a, b)),
          secrets,
          secretLines: secrets.filter(({ podman }) => there(podman)).map(({ podman, name: env }) => ({ podman, env })),
          security: sidecar.security ?? {},
        },
      ]
    })
}

/** Where `-e` belongs. (POD-106) */
export interface RoutedVariables {
  /** Variables of the app. */
  readonly app: readonly string[]
  /** Variables of sidecars, by sidecar; their secrets are among them. */
  readonly sidecars: ReadonlyMap<string, readonly (readonly [name: string, value: string])[]>
}

/** Divides variables: those that a sidecar knows are its own, and the app never sees them. (POD-106) */
export function routeVariables(given: readonly string[], sidecars: DeployEntry['sidecars']): RoutedVariables {
  const attached = Object.entries(sidecars ?? {}).map(([name, own]) => [name, withTemplate(name, own)] as const)
  const owner = (variable: string) =>
    attached.find(
      ([name, { env, secret }]) =>
        env?.[variable] !== undefined ||
        secret?.some((one) => one.env === variable) === true ||
        (name === TAILSCALE && variable.startsWith('TS_')),
    )?.[0]
  const app: string[] = []
  const routed = new Map<string, (readonly [string, string])[]>()
  for (const text of given) {
    const [name, value] = assignment(text)
    const sidecar = text.includes('=') ? owner(name) : undefined
    if (sidecar === undefined) app.push(text)
    else routed.set(sidecar, [...(routed.get(sidecar) ?? []), [name, value]])
  }
  return { app, sidecars: routed }
}
