import { unitState } from '../apply/systemd.ts'
import { argumentsOf, changeVault, mountVault, unmountVault, vaultStates, type Vault } from '../apply/volumes/index.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import { containerName, deployName } from '../model/deploy-key.ts'
import type { Context } from './command.ts'
import { askHidden } from './confirm.ts'
import { forgetPassphrase, isPiped, isUnderSystemd } from './passphrase.ts'
import { thisMachine, type Machine } from './machine.ts'
import { refuseOtherPlaces, vaultOf } from './vault-of.ts'
import { piped } from './secrets.ts'
import { runner, serviceOf, type InstanceOption } from './service-verbs.ts'

export interface VaultOptions extends InstanceOption {
  readonly volume?: string
}

export interface StatusOptions extends VaultOptions {
  readonly json?: boolean
  readonly table?: boolean
}

/** `ov config mount`: what units run before their container, too. (ENC-42, ENC-43, ENC-57) */
export async function mount(context: Context, options: VaultOptions, argument: string): Promise<number> {
  const machine = thisMachine(context)
  const vault = findVault(argument, options, machine)
  // To systemd, success means that the container may start: on what its unit says, whatever settings say now.
  if (options.volume === undefined) refuseOtherPlaces(vault, machine)
  if (vault.volumes.length === 0) return 0
  try {
    await mountVault(vault, machine)
    return 0
  } catch (error) {
    if (!context.signal.aborted) throw error
    // To systemd, 0 means that the container may start. Only a unit that is being stopped may hear it: it ends as one that was stopped.
    const { active } = await unitState(`${containerName(vault.key)}.service`, machine.executor)
    context.say(`ov: stopped waiting for the passphrase of ${vault.image}`)
    if (!isUnderSystemd()) return 130
    return active === 'deactivating' ? 0 : 1
  }
}

/** `ov config unmount` (ENC-47) */
export async function unmount(context: Context, options: VaultOptions, argument: string): Promise<number> {
  const machine = thisMachine(context)
  const vault = findVault(argument, options, machine)
  if (vault.volumes.length === 0) return 0
  // A container has a mount of its own, which keeps it from nothing: its daemon would go under it.
  const service = serviceOf(argument, options)
  if (await runner(service, machine))
    throw failure(
      `deploy "${vault.key}" runs, and uses ${vault.volumes.map(({ name }) => name).join(', ')}`,
      `stop it first: ov stop ${argumentsOf(vault.key)}, or ov stop ${argumentsOf(vault.key)} --unmount`,
    )
  await unmountVault(vault, machine)
  return 0
}

/** `ov config status`: asks no credential store. (ENC-46) */
export async function status(context: Context, options: StatusOptions, argument: string): Promise<number> {
  const { volumes } = findVault(argument, options, thisMachine(context))
  const states = await vaultStates(volumes)
  if (options.json === true) {
    context.result(
      [...states].map(([{ name, cipher, plain, unit }, state]) => ({
        name,
        initialized: state !== 'not initialized',
        state,
        cipher,
        plain,
        unit,
      })),
    )
    return 0
  }
  if (volumes.length === 0) context.result('No encrypted bind mounts configured')
  else if (options.table === true)
    context.result(
      [
        row('NAME', 'INITIALIZED', 'MOUNTED', 'PATH'),
        ...[...states].map(([{ name, plain }, state]) =>
          row(name, state === 'not initialized' ? 'no' : 'yes', state === 'mounted' ? 'yes' : 'no', plain),
        ),
      ].join('\n'),
    )
  else
    context.result(
      [...states]
        .map(([{ name }, state]) => {
          if (state === 'stale') return `${name}: stale (daemon died; run 'ov config mount ${argument}')`
          return `${name}: ${state === 'lost' ? 'configuration file lost (restore gocryptfs.conf from backup)' : state}`
        })
        .join('\n'),
    )
  return 0
}

const row = (name: string, initialized: string, mounted: string, path: string): string =>
  `${name.padEnd(20)} ${initialized.padEnd(12)} ${mounted.padEnd(8)} ${path}`

/** `ov config passwd` (ENC-48, ENC-49, ENC-68, ENC-69) */
export async function passwd(context: Context, options: VaultOptions, argument: string): Promise<number> {
  const machine = thisMachine(context)
  const vault = findVault(argument, options, machine)
  const { image } = vault
  if (vault.volumes.length === 0)
    throw failure(`deploy "${vault.key}" has no encrypted volumes`, `mark one: ov config ${argument} --encrypt NAME`)
  const all = options.volume === undefined
  const [from, to, again] = await readThree(image, machine)
  if (to !== again) throw failure('the new passphrase and its repetition differ; nothing was changed', 'run it again')
  await changeVault(
    image,
    () => {
      const now = findVault(argument, options, thisMachine(context))
      // The store has one passphrase for the image: other instances go with it.
      return { ...now, ...(all && { volumes: [...now.volumes, ...now.siblings] }) }
    },
    { from, to, all },
    { ...machine, forget: (name) => forgetPassphrase(name, machine) },
  )
  return 0
}

/** From the terminal, or the lines of what is piped in. (ENC-48) */
async function readThree(image: string, machine: Machine): Promise<[string, string, string]> {
  const names = ['old', 'new', 'confirm'] as const
  const words = { old: 'Current passphrase', new: 'New passphrase', confirm: 'New passphrase once more' }
  if (!isPiped()) {
    const answers: string[] = []
    for (const name of names)
      answers.push(
        (
          await askHidden(
            { text: `${words[name]} for ov-${image}:`, id: `ov-${image}-${name}`, cache: 'none' },
            machine,
          )
        )[0],
      )
    return answers as [string, string, string]
  }
  const lines = ((await piped()) ?? '').split('\n')
  if (lines.length !== 3)
    throw failure(
      `the current passphrase, the new one and the new one again are wanted on standard input, a line each; there are ${lines.length} lines`,
      'pipe three lines in, or run it on a terminal',
    )
  return lines as [string, string, string]
}

/** The encrypted volumes of a deploy, or the one that is asked for. (ENC-20) */
export function findVault(argument: string, { instance, volume }: VaultOptions, machine: Machine): Vault {
  const name = deployName(argument, instance)
  const { entries } = machine.deploys
  if (!entries.has(name.key)) {
    const close = suggest(name.key, [...entries.keys()])
    throw new DiagnosticError([
      {
        code: 'OV6007',
        severity: 'error',
        message: `no deploy named "${name.key}" in deploy.yml${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
        remedy: `set it up first: ov config ${argument}`,
      },
    ])
  }
  const vault = vaultOf(name.key, machine)
  if (volume === undefined) return vault
  const volumes = vault.volumes.filter((one) => one.name === volume)
  if (volumes.length === 0)
    throw failure(
      `deploy "${name.key}" has no encrypted volume "${volume}"`,
      vault.volumes.length === 0
        ? 'it has none at all'
        : `its encrypted volumes: ${vault.volumes.map((one) => one.name).join(', ')}`,
    )
  return { ...vault, volumes }
}

const failure = (message: string, remedy: string): DiagnosticError =>
  new DiagnosticError([{ code: 'OV5030', severity: 'error', message, remedy }])
