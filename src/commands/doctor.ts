import { secretStorage } from '../doctor/secrets.ts'
import { encryptedStorage } from '../doctor/storage.ts'
import { lookAtHardware } from '../doctor/hardware.ts'
import { programGroups } from '../doctor/programs.ts'
import { isHealthy, reportJson, reportText, type Report } from '../doctor/report.ts'
import { readSystem } from '../doctor/system.ts'
import { operatorVariables } from '../state/environment.ts'
import { setting } from '../state/settings.ts'
import type { Context } from './command.ts'
import { lookAtKeyring, openCredentials, shadowIndex } from './credentials.ts'
import { thisMachine } from './machine.ts'
import { staleQuadlets, vaultOf } from './vault-of.ts'

export interface DoctorOptions {
  readonly json?: boolean
}

/** `ov doctor`: looks at this machine, asks nobody, and changes nothing. (DOC-01 to DOC-10) */
export async function run(context: Context, options: DoctorOptions): Promise<number> {
  // Stores say what they find on the way; here that is what the report is for.
  const quiet = { ...context, say: () => {} }
  const machine = thisMachine(quiet)
  const { executor, paths, deploys } = machine
  const tools = { executor, system: readSystem(), path: operatorVariables()['PATH'] ?? '' }
  const keyring = await lookAtKeyring()
  const [programs, storage, secrets] = await Promise.all([
    programGroups(tools),
    encryptedStorage({
      ...tools,
      paths,
      entries: deploys.entries,
      vaults: [...deploys.entries.keys()].map((key) => vaultOf(key, machine)),
      stale: staleQuadlets(machine),
      unattended: machine.mounting.unattended,
    }),
    secretStorage({
      credentials: openCredentials(quiet, { quiet: true }),
      keyring,
      index: shadowIndex().names(),
      configFile: paths.configFile,
      kdbxPath: context.kdbx ?? setting('secrets.kdbx_path', paths.configFile),
    }),
  ])
  const report: Report = {
    system: tools.system,
    groups: [...programs.before, storage, secrets, ...programs.after],
    hardware: lookAtHardware(),
  }
  context.result(options.json === true ? reportJson(report) : reportText(report))
  return isHealthy(report) ? 0 : 1
}
