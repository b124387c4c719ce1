import { fstatSync, realpathSync } from 'node:fs'
import { Passphrases } from '../apply/volumes/index.ts'
import { operatorVariables } from '../state/environment.ts'
import { userPaths } from '../state/paths.ts'
import { setting } from '../state/settings.ts'
import type { Mounting } from '../synth/index.ts'
import type { Context } from './command.ts'
import { askHidden, confirm, hasTerminal } from './confirm.ts'
import { subscribeToUnlock } from './credentials.ts'
import type { Machine } from './machine.ts'

/** The passphrase of the encrypted volumes of an image. */
export const passphrasesOf = (image: string, context: Context, machine: Machine): Passphrases =>
  new Passphrases(image, {
    ...machine,
    credentials: machine.credentials,
    ask: hasTerminal() ? (question) => askHidden(question, machine) : undefined,
    confirm,
    underSystemd: isUnderSystemd(),
    subscribe: subscribeToUnlock,
  })

/** Terminals of a desktop inherit the variable from their session: one that is there says more. (ENC-50) */
export const isUnderSystemd = (): boolean => !!operatorVariables()['INVOCATION_ID'] && !process.stdin.isTTY

/**
 * What units mount encrypted volumes with, and whether they can at boot: that is what the setting says, not what the keyring is like just now. (ENC-60,
 * ENC-61)
 */
export function mountingHere({ kdbx }: Pick<Context, 'kdbx'>): Mounting {
  const backend = kdbx === undefined ? setting('secret_backend', userPaths().configFile) : 'kdbx'
  return {
    ov: [launcher(), ...(kdbx === undefined ? [] : ['--kdbx', kdbx])],
    unattended: backend === 'auto' || backend === 'keyring',
  }
}

/** The program itself, whatever links lead to it. */
const launcher = (): string =>
  realpathSync(new URL(import.meta.url.endsWith('.ts') ? '../../bin/ov' : '../bin/ov', import.meta.url))

/** Drops what the kernel has cached for an image. (ENC-68) */
export async function forgetPassphrase(image: string, { executor }: Pick<Machine, 'executor'>): Promise<void> {
  const { exitCode, stdout } = await executor.run(['keyctl', 'search', '@u', 'user', `ov-${image}`])
  if (exitCode === 0) await executor.run(['keyctl', 'unlink', stdout.trim(), '@u'])
}

/** Whether something is piped in, and not merely nothing. */
export const isPiped = (): boolean => {
  const input = fstatSync(0)
  return input.isFIFO() || input.isFile() || input.isSocket()
}
