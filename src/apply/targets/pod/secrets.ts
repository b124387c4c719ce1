import { existsSync, readFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { type Credentials as CredentialChain, type Resolution } from '../../../credentials/chain.ts'
import type { Diagnostic } from '../../../diagnostics/diagnostic.ts'
import type { PodPlan } from '../../../plan/pod/index.ts'
import type { CredentialSecret, OwnedSecret } from '../../../plan/pod/secrets.ts'
import type { Podman } from '../../podman.ts'
import { fillHome } from '../../volumes/index.ts'
import type { Snapshot } from './snapshot.ts'

/** The credentials of this user, wherever they are kept. */
type Credentials = Pick<CredentialChain, 'resolve' | 'set'>

export interface SecretTools {
  readonly podman: Podman
  readonly now: Snapshot
  readonly credentials: Credentials
  /** The operator's variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** Asks for a value; undefined where values are generated instead. */
  readonly ask: ((question: string) => Promise<string>) | undefined
}

/** A secret that podman is about to get. Its value is nowhere but here and on podman's standard input. */
export interface ReadySecret {
  readonly podman: string
  readonly value: string
  /** Where the value comes from, in words. */
  readonly from: string
  /** It was made up, and has to be kept. */
  readonly keepAs?: { readonly service: string; readonly key: string }
}

/** What podman has, and will get. */
export interface GatheredSecrets {
  readonly ready: readonly ReadySecret[]
  /** Names of those that podman has and that stay as they are. */
  readonly kept: readonly string[]
  /** Secrets of the image that nobody has a value for: its container starts without them. */
  readonly absent: readonly string[]
}

/** Finds the values of all secrets of a deploy. Changes nothing; what is missing is reported. (POD-91 to POD-95) */
export async function gatherSecrets(
  plan: PodPlan,
  tools: SecretTools,
): Promise<GatheredSecrets & { readonly diagnostics: readonly Diagnostic[] }> {
  const diagnostics: Diagnostic[] = []
  const ready: ReadySecret[] = []
  const kept: string[] = []
  const absent: string[] = []
  const report = (message: string, remedy: string) =>
    diagnostics.push({
      code: 'OV4007',
      severity: 'error',
      message,
      entity: `pod "${plan.name}"`,
      field: 'secrets',
      place: plan.origin,
      remedy,
    })
  for (const secret of plan.secrets.owned) {
    // A new value would lock a database out of its data.
    if (await tools.now.hasSecret(secret.podman)) {
      kept.push(secret.podman)
      continue
    }
    const found = await ownValue(plan, secret, tools)
    if ('problem' in found) report(found.problem, found.remedy)
    else ready.push(found)
  }
  for (const secret of [...plan.secrets.credentials, ...plan.sidecars.flatMap((sidecar) => sidecar.secrets)]) {
    const given = tools.env[secret.variable ?? secret.name]
    const found: Resolution = given
      ? { value: given, source: 'env' }
      : await tools.credentials.resolve(secret.service, secret.key)
    const { value } = found
    // What podman has is good enough while the store that knows more can't be asked.
    if (value === undefined && found.source !== 'default' && (await tools.now.hasSecret(secret.podman)))
      kept.push(secret.podman)
    else if (value === undefined && secret.required) report(...missing(plan, secret, found))
    else if (value === undefined) {
      absent.push(secret.podman)
      if (secret.variable !== undefined) diagnostics.push(unset(plan, secret))
    } else if ((await tools.now.hasSecret(secret.podman)) && (await tools.podman.secretValue(secret.podman)) === value)
      kept.push(secret.podman)
    else ready.push({ podman: secret.podman, value, from: `${secret.service}/${secret.key}` })
  }
  return { ready, kept, absent, diagnostics }
}

const missing = (
  plan: PodPlan,
  { name, description, service, key }: CredentialSecret,
  found: Resolution,
): [string, string] => [
  found.source === 'default'
    ? `missing required credential-backed secret(s) for ${plan.base}: ${name} — ${description}`
    : `${name} (${description}): ${inWords(found, service, key)}`,
  found.source === 'locked'
    ? 'unlock it, and run this again'
    : `run: ov secrets set ${service} ${key}, or: ov config ${plan.base}${plan.instance === undefined ? '' : ` -i ${plan.instance}`} -e ${name}=...`,
]

/** Why nobody can say whether there is a value. (CRED-82) */
const inWords = ({ source, problem }: Resolution, service: string, key: string): string =>
  `the credential store is ${source}, and may have ${service}/${key}${problem ? ` (${problem.message})` : ''}`

/** A sidecar that has joined its network before needs no key; a new one waits for it. */
const unset = (plan: PodPlan, { name, description, service, key }: CredentialSecret): Diagnostic => ({
  code: 'OV4007',
  severity: 'warning',
  message: `${name} has no value on this machine: ${description}`,
  entity: `pod "${plan.name}"`,
  field: 'sidecars',
  place: plan.places.sidecars,
  remedy: `run ov secrets set ${service} ${key}, or ov config ${plan.base}${plan.instance === undefined ? '' : ` -i ${plan.instance}`} -e ${name}=...`,
})

/** The value of a secret of the image's own: from where the entry says, else the operator, else the store, else a new one. (POD-92) */
async function ownValue(
  { name: deploy, container }: PodPlan,
  { podman, name, env, source = 'keyring' }: OwnedSecret,
  tools: SecretTools,
): Promise<ReadySecret | { problem: string; remedy: string }> {
  const problem = (text: string, remedy: string) => ({ problem: `secrets.${name}: ${text}`, remedy })
  const [, kind = source, rest = ''] = /^(env|file):(.*)$/s.exec(source) ?? []
  if (kind === 'env') {
    const value = tools.env[rest]
    return value === undefined
      ? problem(`the variable ${rest} is not set`, `set it, or name another source`)
      : { podman, value, from: source }
  }
  if (kind === 'file') {
    const path = fillHome(rest, tools.home)
    const text = existsSync(path) ? readText(path) : undefined
    if (text === undefined) return problem(`the file ${path} can't be read`, 'make it readable, or name another source')
    // One podman secret feeds the file and the variable, and nobody means the line break of the last line by a variable.
    return { podman, value: env.length > 0 ? text.replace(/\n$/, '') : text, from: source }
  }
  if (kind !== 'keyring')
    return problem(`"${source}" is not a source`, "write 'keyring', 'env:VARIABLE' or 'file:/path'")
  for (const variable of env) {
    const value = tools.env[variable]
    if (value !== undefined) return { podman, value, from: `env ${variable}` }
  }
  let unasked: { readonly found: Resolution; readonly service: string; readonly key: string } | undefined
  for (const [service, key] of addresses(deploy, container, podman, name, env)) {
    const found = await tools.credentials.resolve(service, key)
    if (found.value !== undefined) return { podman, value: found.value, from: `${service}/${key}` }
    if (found.source !== 'default') unasked ??= { found, service, key }
  }
  // A new value in place of one that merely can't be read now would lock a database out of its data. (CRED-73)
  if (unasked)
    return problem(
      inWords(unasked.found, unasked.service, unasked.key),
      unasked.found.source === 'locked'
        ? 'unlock it, and run this again'
        : 'where there is no desktop keyring, choose the store: ov settings set secret_backend config',
    )
  const keepAs = { service: 'ov/secret', key: podman }
  if (tools.ask) {
    const value = await tools.ask(`${name} of ${deploy}`)
    return { podman, value, from: 'prompt', keepAs }
  }
  return { podman, value: randomBytes(32).toString('base64url') + '=', from: 'generated', keepAs }
}

/** Where the store may have it, the most particular place first. (CRED-73) */
const addresses = (
  deploy: string,
  container: string,
  podman: string,
  name: string,
  env: readonly string[],
): (readonly [service: string, key: string])[] => {
  const own = container.replace(/^ov-/, '')
  return [
    env.includes('VNC_PASSWORD') ? (['ov/vnc', own] as const) : (['ov/secret', own] as const),
    ...(env.includes('VNC_PASSWORD') && deploy.includes('/') ? [['ov/vnc', deploy.replace(/\/.*$/, '')] as const] : []),
    ['ov/secret', podman],
    ['ov/secret', name],
  ]
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Gives podman what was gathered. A value that was made up is kept first: it must be stored somewhere before anything depends on it. */
export async function provisionSecrets(
  { ready, kept }: GatheredSecrets,
  { podman, credentials }: Pick<SecretTools, 'podman' | 'credentials'>,
  say: (line: string) => void,
): Promise<void> {
  for (const { podman: name, value, from, keepAs } of ready) {
    if (keepAs) await credentials.set(keepAs.service, keepAs.key, value)
    await podman.setSecret(name, value)
    say(`  ${name.padEnd(40)} → created (from ${from})`)
  }
  for (const name of kept) say(`  ${name.padEnd(40)} → kept (already provisioned)`)
}
