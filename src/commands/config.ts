import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { containerName } from '../model/deploy-key.ts'
import { BadFlag, type DeployFlags } from '../plan/pod/flags.ts'
import { SIDECAR_TEMPLATES } from '../plan/pod/sidecars.ts'
import { withLock } from '../state/lock.ts'
import type { Context } from './command.ts'
import { setUp } from './configure.ts'
import { buildFirst } from './local-deploy.ts'
import { thisMachine } from './machine.ts'
import { askSecret } from './confirm.ts'
import { publicKeys } from './ssh-key.ts'

export interface ConfigOptions {
  readonly instance?: string
  readonly tag?: string
  readonly env?: readonly string[]
  readonly clean?: boolean
  readonly envFile?: string
  readonly port?: readonly string[]
  readonly volume?: readonly string[]
  readonly bind?: readonly string[]
  readonly encrypt?: readonly string[]
  readonly password?: string
  readonly memoryMax?: string
  readonly memoryHigh?: string
  readonly memorySwapMax?: string
  readonly cpus?: string
  readonly seed?: boolean
  readonly forceSeed?: boolean
  readonly dataFrom?: string
  readonly autodetect?: boolean
  readonly updateAll?: boolean
  readonly sidecar?: readonly string[]
  readonly listSidecars?: boolean
  readonly build?: boolean
  readonly sshKey?: string
  readonly keepMounted?: boolean
  readonly force?: boolean
}

/** `ov config`: sets a deploy up on this machine, from its image and what the operator says. It needs no project. (POD-28) */
export async function run(context: Context, options: ConfigOptions, image?: string): Promise<number> {
  if (options.listSidecars === true) {
    for (const [name, { description = '' }] of SIDECAR_TEMPLATES) context.result(`${name.padEnd(20)} ${description}`)
    return 0
  }
  if (image === undefined) {
    context.say("which deploy? write ov config NAME; 'ov help config' shows more")
    return 64
  }
  const machine = thisMachine(context)
  const password = options.password ?? 'auto'
  if (password !== 'auto' && password !== 'manual') {
    context.say(`--password is auto or manual, not ${JSON.stringify(password)}`)
    return 64
  }
  const built = options.build === true ? await buildFirst(context, image, options, machine) : 0
  if (built !== 0) return built
  return withLock(
    machine.paths.lock,
    () => context.say('waiting for another ov to finish'),
    async () => {
      try {
        const keys = options.sshKey === undefined ? undefined : await publicKeys(options.sshKey, machine)
        const env = [...(options.env ?? []), ...(keys === undefined ? [] : [`SSH_AUTHORIZED_KEYS=${keys}`])]
        const { plan } = await setUp(
          image,
          {
            flags: flagsOf({ ...options, ...(env.length > 0 && { env }) }),
            detect: options.autodetect !== false,
            ...(options.instance !== undefined && { instance: options.instance }),
            ...(options.tag !== undefined && { tag: options.tag }),
            ...(options.seed !== false && { seed: options.forceSeed === true ? 'force' : 'initial' }),
            ...(options.dataFrom !== undefined && { dataFrom: options.dataFrom }),
            ...(password === 'manual' && { ask: askSecret }),
            ...(options.keepMounted === false && { unmount: true }),
            ...(options.force === true && { force: true }),
          },
          machine,
        )
        if (options.updateAll === true) await updateOthers(context, plan.name)
        return 0
      } catch (error) {
        if (!(error instanceof BadFlag)) throw error
        context.say(error.message)
        return 64
      }
    },
  )
}

/** Writes the units of all other deploys anew, from their entries and images: what they are offered may have changed. (POD-35) */
async function updateOthers(context: Context, key: string): Promise<void> {
  const quadletOf = ({ paths }: ReturnType<typeof thisMachine>, name: string) =>
    join(paths.quadlets, `${containerName(name)}.container`)
  const { deploys } = thisMachine(context)
  for (const name of deploys.entries.keys()) {
    const machine = thisMachine({ ...context, say: () => {} })
    if (name === key || !existsSync(quadletOf(machine, name))) continue
    try {
      await setUp(name, { flags: {}, detect: false, hooks: false, mount: false }, machine)
      context.say(`Updated quadlet for ${name}`)
    } catch (error) {
      // One that can't be written keeps the others from nothing.
      if (!(error instanceof DiagnosticError)) throw error
      context.say(`Warning: ${name}: ${error.diagnostics[0]?.message ?? error.message}`)
    }
  }
  context.say('Restart affected services to pick up changes')
}

/** What of the options goes into the entry. */
export function flagsOf(options: ConfigOptions): DeployFlags {
  const limits = {
    ...(options.memoryMax !== undefined && { memoryMax: size(options.memoryMax, '--memory-max') }),
    ...(options.memoryHigh !== undefined && { memoryHigh: size(options.memoryHigh, '--memory-high') }),
    ...(options.memorySwapMax !== undefined && { memorySwapMax: size(options.memorySwapMax, '--memory-swap-max') }),
    ...(options.cpus !== undefined && { cpus: processors(options.cpus) }),
  }
  return {
    ...(options.env && { env: options.env }),
    ...(options.clean === true && { clean: true }),
    ...(options.envFile !== undefined && { envFile: resolve(options.envFile) }),
    ...(options.port && { ports: options.port }),
    ...(options.volume && { volumes: options.volume }),
    ...(options.bind && { binds: options.bind }),
    ...(options.encrypt && { encrypt: options.encrypt }),
    ...(options.sidecar && { sidecars: options.sidecar }),
    ...(Object.keys(limits).length > 0 && { limits }),
  }
}

function size(text: string, flag: string): string {
  if (!/^\d+[kKmMgGtT]?$/.test(text))
    throw new BadFlag(`${flag} ${JSON.stringify(text)}: write a size such as 6g: digits with an optional k, m, g or t`)
  return text
}

function processors(text: string): string {
  if (!(Number(text) > 0)) throw new BadFlag(`--cpus ${JSON.stringify(text)}: write a number above 0, such as 2.5`)
  return text
}
