import { statSync } from 'node:fs'
import { detectDevices } from '../apply/devices.ts'
import {
  checkPod,
  comparePod,
  configureDirect,
  configurePod,
  desirePod,
  findPorts,
  gatherSecrets,
  networkGateway,
  runDirect,
  runHook,
  snapshot,
  startPod,
  unitOf,
  vaultOf,
  type DesiredPod,
  type PodChange,
  type SeedMode,
} from '../apply/targets/pod/index.ts'
import { checkVault, unmountVault } from '../apply/volumes/index.ts'
import { preflight } from '../apply/preflight.ts'
import { unitState } from '../apply/systemd.ts'
import { throwIfErrors, type Diagnostic } from '../diagnostics/diagnostic.ts'
import type { DeployEntry, EntrySidecar } from '../model/deploy-entry.ts'
import { containerName } from '../model/deploy-key.ts'
import { assignment } from '../plan/pod/env.ts'
import { ANYWHERE, networkOf, planPod, type PodPlan, type Surroundings } from '../plan/pod/index.ts'
import { withFlags, type DeployFlags } from '../plan/pod/flags.ts'
import { secretVariables } from '../plan/pod/secrets.ts'
import { routeVariables, withTemplate } from '../plan/pod/sidecars.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import { backUpDeployFile } from '../state/deploy-file/index.ts'
import { operatorVariables } from '../state/environment.ts'
import { setting } from '../state/settings.ts'
import { envFiles } from './env-files.ts'
import { findDeploy, localImage, transfer, type DeployChoice, type LocalDeploy } from './local-deploy.ts'
import type { Machine } from './machine.ts'
import { runMode } from './run-mode.ts'

/** How a deploy is set up. */
export interface SetUp extends DeployChoice {
  readonly flags: DeployFlags
  readonly seed?: SeedMode
  /** Image that volumes are filled from. */
  readonly dataFrom?: string
  readonly detect: boolean
  /** Encrypted volumes are left as they are when it is false. */
  readonly mount?: boolean
  /** Unmounts them afterwards, unless the deploy runs. (ENC-40) */
  readonly unmount?: boolean
  /** A volume with encrypted data may be kept in another way from now on. (ENC-07) */
  readonly force?: boolean
  /** Scripts of the image are left alone when it is false. */
  readonly hooks?: boolean
  /** A container without a unit is made and not started when it is false. */
  readonly start?: boolean
  /** Ports that are taken are an error, not a warning: where the deploy is started, too, unless this says otherwise. */
  readonly portsMustBeFree?: boolean
  /** Brings the image to the engine even where that has it. */
  readonly transferAgain?: boolean
  /** Asks for secrets that nobody has, instead of making them up. */
  readonly ask?: (question: string) => Promise<string>
}

/** Sets a deploy up from its entry, what flags say, and what its image says of itself. (POD-28 to POD-33) */
export async function setUp(argument: string, options: SetUp, here: Machine): Promise<DesiredPod> {
  const { say } = here
  const ready = await prepare(argument, options, here)
  const { change, direct, machine, metadata, source } = ready
  await keepCredentials(ready.credentials(change.desired.plan), options.flags, machine)
  const manual = options.ask !== undefined
  const seeding = {
    manual,
    remake: options.force === true,
    mount: options.mount !== false,
    ...(options.seed && { seed: options.seed }),
    ...(source && { source }),
  }
  const { plan: planned } = change.desired
  let active = true
  if (direct) {
    await configureDirect(change, seeding, { ...machine, say })
    warnWithoutUnits(planned, say)
    await runDirect(change, { keep: true, start: options.start !== false }, machine)
    active = options.start !== false
    if (active) say(`Started ${planned.container}`)
  } else {
    await configurePod(change, seeding, { ...machine, say })
    for (const { path } of change.desired.files) say(`Wrote ${path}`)
    say('Reloaded systemd user daemon')
    active = (await unitState(unitOf(planned.container), machine.executor)).active === 'active'
    if (active) say('Restart affected services to pick up changes')
  }
  if (metadata.hooks.post_enable !== undefined && options.hooks !== false) {
    if (!active) await startPod(change.desired, machine)
    await runHook('post_enable', metadata.hooks.post_enable, planned, machine.podman, say)
  }
  if (options.unmount === true) {
    if (active) say(`Note: ${planned.name} runs: its encrypted volumes stay mounted`)
    else await unmountVault(vaultOf(planned, machine), machine)
  }
  warnAboutServers(metadata, planned, machine)
  return change.desired
}

/** A deploy that is about to be set up or started, with nothing of it written yet. */
export interface ReadyDeploy {
  readonly change: PodChange
  readonly metadata: ImageMetadata
  /** It runs without a unit. */
  readonly direct: boolean
  /** This machine, with the engine that runs the deploy. */
  readonly machine: Machine
  readonly source: { readonly image: string; readonly metadata: ImageMetadata } | undefined
  readonly credentials: (plan: PodPlan) => Import[]
}

/** Finds everything out that a deploy needs; what is wrong is reported here, before anything is written. (POD-31) */
export async function prepare(argument: string, options: SetUp, here: Machine): Promise<ReadyDeploy> {
  const { say } = here
  const local = await findDeploy(argument, options, here)
  const mode = await runMode(local.entry, local.image.metadata, here)
  if (!mode.direct) throwIfErrors(await preflight(here.executor))
  await transfer(local, mode.engine, options.transferAgain === true, here)
  const machine = { ...here, podman: mode.engine }
  const { key } = local.name
  const { metadata } = local.image
  const found = options.detect ? detectDevices() : undefined
  if (found && found.devices.length > 0) say(`Auto-detected devices: ${found.devices.join(', ')}`)
  const variable = operatorVariables()[`OV_VOLUMES_${local.name.image.toUpperCase().replaceAll('-', '_')}`]
  const flags = routeFlags(local.entry, options.flags, say)
  const flagged = withFlags(local.entry, flags, metadata, variable)
  if (flagged.image !== undefined && flagged.image !== local.name.image)
    say(`config: deploy "${key}" declares image: "${flagged.image}"`)
  const source =
    options.dataFrom === undefined
      ? undefined
      : await localImage(options.dataFrom, machine).then(({ reference, metadata }) => ({ image: reference, metadata }))
  const { entry, credentials, values } = withoutSecrets(named(flagged, local), metadata)
  const change = await plan(
    local,
    withDevices(entry, found?.devices ?? []),
    { ...options, flags, portsMustBeFree: options.portsMustBeFree ?? (mode.direct && options.start !== false) },
    { env: found?.env ?? {}, values },
    machine,
  )
  if (mode.direct) throwIfErrors(withoutFolder(change.desired))
  return { change, metadata, direct: mode.direct, machine, source, credentials }
}

/** An engine alone would take whatever is there. (POD-48) */
const withoutFolder = ({ binds, plan }: DesiredPod): Diagnostic[] =>
  binds
    .filter(({ path, auto }) => !auto && !statSync(path).isDirectory())
    .map(({ path }) => ({
      code: 'OV1008',
      severity: 'error',
      message: `volumes: ${path} is not a directory`,
      entity: `deploy "${plan.name}"`,
      place: plan.places.volumes,
      remedy: 'name a directory',
    }))

/** What only units can give. (POD-115) */
function warnWithoutUnits({ name, sidecars, tunnel }: PodPlan, say: (line: string) => void): void {
  if (sidecars.length > 0)
    say(`Warning: ${name}: without units there is no pod, and its sidecars are left out (run_mode quadlet has them)`)
  if (tunnel) say(`Warning: ${name}: without units nothing keeps its tunnel open (run_mode quadlet does)`)
}

/** Puts values of secrets where they belong. Those that stood in `deploy.yml` leave it, and a copy of it as it was. (POD-98, POD-99) */
async function keepCredentials(
  imports: readonly Import[],
  { env = [] }: DeployFlags,
  { credentials, clock, paths, say }: Machine,
): Promise<void> {
  const given = new Set(env.map((text) => assignment(text)[0]))
  if (imports.some(({ name }) => !given.has(name))) backUpDeployFile(paths.deployFile, clock.now())
  for (const { name, service, key, value } of imports) {
    await credentials.set(service, key, value)
    say(
      given.has(name)
        ? `Imported ${name} into credential store (${service}/${key})`
        : `Migrated plaintext ${name} from deploy.yml to credential store (${service}/${key})`,
    )
  }
}

/** Gives variables of sidecars to them. (POD-106) */
function routeFlags(entry: DeployEntry, flags: DeployFlags, say: (line: string) => void): DeployFlags {
  const attached = { ...Object.fromEntries((flags.sidecars ?? []).map((name) => [name, {}])), ...entry.sidecars }
  const { app, sidecars } = routeVariables(flags.env ?? [], attached)
  for (const [sidecar, variables] of sidecars)
    for (const [name] of variables) say(`Routed ${name} to sidecar ${sidecar}`)
  return { ...flags, env: app, sidecarEnv: sidecars }
}

/** Works out what the machine should have; everything that can be wrong is found here, before anything is written. (POD-31) */
async function plan(
  local: LocalDeploy,
  entry: DeployEntry,
  options: SetUp,
  found: { readonly env: Readonly<Record<string, string>>; readonly values: ReadonlyMap<string, string> },
  machine: Machine,
): Promise<PodChange> {
  const { key } = local.name
  const absent = new Set<string>()
  // Ports that were found before are found again, or others in their place.
  const { resolvedPort: _, ...rest } = entry
  let settled: DeployEntry = rest
  const now = snapshot([containerName(key)], machine)
  const gateway = await networkGateway(networkOf(entry, local.image.metadata), machine.podman)
  const look = () => {
    const around = {
      ...surroundings(key, settled, local.image.metadata, options.flags, found.env, absent, machine),
      gateway: () => gateway,
    }
    return planPod(key, settled, local.author, local.image, around)
  }
  let { plan: planned, diagnostics } = look()
  throwIfErrors(diagnostics)
  const taken = new Set(
    [...machine.deploys.entries].flatMap(([other, { resolvedPort, ports }]) =>
      other === key ? [] : (resolvedPort ?? ports ?? []).flatMap((text) => Number(/(\d+):\d+/.exec(text)?.[1]) || []),
    ),
  )
  settled = planned.ports.some(({ host }) => host === 'auto')
    ? { ...rest, resolvedPort: await findPorts(planned, local.entry, taken, machine) }
    : rest
  if (settled.resolvedPort) machine.say(`Resolved ports for ${key}: ${settled.resolvedPort.join(', ')}`)
  const given = new Map([...(options.flags.env ?? []).map(assignment), ...found.values])
  for (const { name, variable = name } of planned.sidecars.flatMap((sidecar) => sidecar.secrets)) {
    const value = given.get(name)
    if (value !== undefined) given.set(variable, value)
  }
  const secrets = await gatherSecrets(planned, {
    ...machine,
    now,
    env: { ...operatorVariables(), ...Object.fromEntries(given) },
    home: machine.paths.home,
    ask: options.ask,
  })
  for (const name of secrets.absent) absent.add(name)
  ;({ plan: planned, diagnostics } = look())
  const desired = desirePod(
    {
      plan: planned,
      entry: settled,
      typed: machine.store.typed(key)[0] ?? {},
      image: local.reference,
      project: machine.store.get(key)?.project ?? '',
    },
    machine,
  )
  machine.deploys.checkNames([[key, settled]])
  const problems = [
    ...(await checkPod(desired, now, machine)),
    ...(await checkVault(
      {
        key,
        before: local.entry,
        after: settled,
        entries: machine.deploys.entries,
        force: options.force === true,
        entity: local.author.entity,
        place: local.author.place('volumes'),
      },
      machine.paths,
    )),
  ]
  throwIfErrors([
    ...diagnostics,
    ...secrets.diagnostics,
    ...problems.filter(({ code }) => options.portsMustBeFree || code !== 'OV5011'),
  ])
  for (const one of [...diagnostics, ...secrets.diagnostics, ...problems]) warn(one, machine)
  return (
    (await comparePod(desired, secrets, false, now, machine)) ?? { desired, before: new Map(), secrets, reasons: [] }
  )
}

function warn({ message, remedy }: Diagnostic, { say }: Machine): void {
  say(`Warning: ${message}`)
  if (remedy !== undefined) say(`    ${remedy}`)
}

/** What this machine adds to a deploy. */
function surroundings(
  key: string,
  entry: DeployEntry,
  image: ImageMetadata,
  flags: DeployFlags,
  detected: Readonly<Record<string, string>>,
  absent: ReadonlySet<string>,
  { deploys, paths, podman }: Machine,
): Surroundings {
  const files = envFiles(key, entry, image, paths)
  const explicit = files.find(({ path }) => path === flags.envFile)
  const unitFile = explicit ?? files[0]
  return {
    ...ANYWHERE,
    bindAddress: setting('bind_address', paths.configFile),
    engine: podman.program,
    hasSecret: (name) => !absent.has(name),
    env: {
      provides: deploys.provides,
      containers: [...new Set([...deploys.entries.keys(), key])].map(containerName),
      detected,
      files,
      ...(unitFile && { unitFile }),
      given: Object.fromEntries(
        (flags.env ?? []).map(assignment).filter(([name]) => !secretVariables(image).has(name)),
      ),
    },
  }
}

/** A new entry says what it is; one that is there is not told otherwise. (POD-17) */
const named = (entry: DeployEntry, { name }: LocalDeploy): DeployEntry => ({
  ...entry,
  target: entry.target ?? 'pod',
  image: entry.image ?? name.image,
})

/** Devices that were found are kept, so that the deploy has them when its units are written anew. (POD-18) */
function withDevices(entry: DeployEntry, devices: readonly string[]): DeployEntry {
  if (devices.length === 0 || entry.security?.privileged === true) return entry
  return {
    ...entry,
    security: { ...entry.security, devices: [...new Set([...(entry.security?.devices ?? []), ...devices])] },
  }
}

interface Import {
  readonly name: string
  readonly service: string
  readonly key: string
  readonly value: string
}

/** Values of secrets don't stay in an entry: they go to the credential store. (POD-98, POD-99) */
function withoutSecrets(
  entry: DeployEntry,
  image: ImageMetadata,
): { entry: DeployEntry; credentials: (plan: PodPlan) => Import[]; values: ReadonlyMap<string, string> } {
  const secret = secretVariables(image)
  const [kept, moved] = [
    (entry.env ?? []).filter((text) => !secret.has(assignment(text)[0])),
    (entry.env ?? []).map(assignment).filter(([name]) => secret.has(name)),
  ]
  const beside = withoutSidecarSecrets(entry.sidecars ?? {})
  const { env: _, sidecars: __, ...rest } = entry
  return {
    entry: {
      ...rest,
      ...(kept.length > 0 && { env: kept }),
      ...(entry.sidecars && { sidecars: beside.sidecars }),
    },
    values: new Map([...moved, ...beside.moved.map(({ name, value }) => [name, value] as const)]),
    credentials: ({ secrets, sidecars }) => [
      ...moved.map(([name, value]) => {
        const credential = secrets.credentials.find((one) => one.name === name)
        const own = secrets.owned.find(({ env }) => env.includes(name))
        const service = credential?.service ?? 'ov/secret'
        return { name, value, service, key: credential?.key ?? own?.podman ?? name }
      }),
      ...beside.moved.flatMap(({ sidecar, name, value }) => {
        const found = sidecars.find((one) => one.name === sidecar)?.secrets.find((one) => one.name === name)
        return found ? [{ name, value, service: found.service, key: found.key }] : []
      }),
    ],
  }
}

/** The same of the variables of sidecars. (POD-106) */
function withoutSidecarSecrets(sidecars: Readonly<Record<string, EntrySidecar>>): {
  sidecars: Record<string, EntrySidecar>
  moved: { sidecar: string; name: string; value: string }[]
} {
  const moved: { sidecar: string; name: string; value: string }[] = []
  const kept = Object.entries(sidecars).map(([sidecar, own]) => {
    const secret = new Set(withTemplate(sidecar, own).secret?.map(({ env }) => env))
    const { env, ...rest } = own
    const plain = Object.entries(env ?? {}).filter(([name, value]) => {
      if (secret.has(name)) moved.push({ sidecar, name, value })
      return !secret.has(name)
    })
    return [sidecar, { ...rest, ...(plain.length > 0 && { env: Object.fromEntries(plain) }) }] as const
  })
  return { sidecars: Object.fromEntries(kept), moved }
}

/** A server that others should offer may come later. (POD-88) */
function warnAboutServers({ mcpRequires }: ImageMetadata, { base }: PodPlan, { deploys, say }: Machine): void {
  for (const { name, description } of mcpRequires)
    if (!deploys.provides.mcp.some((server) => server.name === name))
      say(`Warning: ${base} requires MCP server ${name} (${description}) — not available`)
}
