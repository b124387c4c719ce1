import { callSite, ORIGIN } from './origin.ts'

/** Fields that both forms of a service take. (LAY-122) */
interface ServiceCommon {
  /** Name, unique per form in the layer: letters, digits, `.`, `_`, `-`, `@`. */
  readonly name: string
  /** Environment of the process. */
  readonly env?: Readonly<Record<string, string>>
  /** Start after these: services of the image by name, or systemd units. Under supervisord this becomes priorities. (LAY-71) */
  readonly after?: readonly string[]
  /** `'system'` (default) or the user's own manager. (LAY-72) */
  readonly scope?: 'system' | 'user'
  /** Enable the unit when the image is built (systemd). (LAY-75) */
  readonly enable?: boolean
}

/** A unit that a package brings along: it is enabled, never rewritten. (LAY-73) */
export interface PackagedService extends ServiceCommon {
  /** The unit's name, with or without `.service`. */
  readonly usePackaged: string
  /** Changes laid over the packaged unit, as a drop-in. */
  readonly overrides?: {
    /** Environment to add. */
    readonly env?: Readonly<Record<string, string>>
    /** Units to start after, besides the unit's own. */
    readonly after?: readonly string[]
    /** Replaces the packaged command line. */
    readonly exec?: string
  }
}

/** A process the layer describes itself. (LAY-65) */
export interface CustomService extends ServiceCommon {
  /** Command line, started without a shell. */
  readonly exec: string
  /** When to start it again. Default: not at all. (LAY-68) */
  readonly restart?: 'no' | 'on-failure' | 'always' | 'unless-stopped'
  /** Directory it runs in. */
  readonly workingDirectory?: string
  /** Account it runs as. Default: that of the init. */
  readonly user?: string
  /** Start before these. */
  readonly before?: readonly string[]
  /** `'journal'` (default), `` `file:/path` `` or `'none'`. (LAY-69) */
  readonly stdout?: 'journal' | 'none' | `file:${string}`
  /** How long a stop may take: `'30s'`, `'2min'` or seconds. (LAY-70) */
  readonly stopTimeout?: string | number
  /** Start order under supervisord, lower first, default 999. Has no counterpart under systemd. */
  readonly priority?: number
  /** `'eventlistener'` makes a supervisord event listener. Default: `'program'`. */
  readonly kind?: 'program' | 'eventlistener'
  /** Events a listener subscribes to, e.g. `['PROCESS_STATE_FATAL']`. */
  readonly events?: readonly string[]
  /** Start together with the init. Default: true. Under systemd: enable. */
  readonly autoStart?: boolean
  /** Attempts before giving up. Under systemd: `StartLimitBurst=`. */
  readonly startRetries?: number
  /** Seconds a process must run to count as started (supervisord). */
  readonly startSecs?: number
  /** Signal that stops it, e.g. `'INT'`. */
  readonly stopSignal?: string
  /** Exit codes that count as success. */
  readonly exitCodes?: readonly number[]
}

/** A process kept running in the image (supervisord, systemd) or on a host. Exactly one of `exec` and `usePackaged`. (LAY-65) */
export type Service =
  (CustomService & { readonly usePackaged?: undefined }) | (PackagedService & { readonly exec?: undefined })

/**
 * A service of a layer.
 * @example service({ name: 'web', exec: '/usr/local/bin/web --port 8080', restart: 'always', env: { LOG: 'info' } })
 * @example service({ name: 'db', usePackaged: 'postgresql', enable: true, overrides: { env: { PGDATA: '/data' } } })
 */
export function service(spec: Service): Service {
  const made = { ...spec, [ORIGIN]: callSite(service) }
  return made
}
