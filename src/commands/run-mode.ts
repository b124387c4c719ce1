import { statSync } from 'node:fs'
import type { Podman } from '../apply/podman.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import type { ImageMetadata } from '../plan/metadata.ts'
import { setting } from '../state/settings.ts'
import { engineNamed } from './engine.ts'
import type { Machine } from './machine.ts'

/** How a deploy runs: as a unit of systemd, or as a container that its engine was told to run. */
export interface RunMode {
  readonly direct: boolean
  readonly engine: Podman
}

/** What runs a deploy: its entry says it, else its image, else the settings of the machine. (POD-36, POD-37, SET-14) */
export async function runMode(
  entry: DeployEntry,
  image: Pick<ImageMetadata, 'engine'>,
  { executor, paths, say }: Pick<Machine, 'executor' | 'paths' | 'say'>,
): Promise<RunMode> {
  const wanted = entry.engine ?? (image.engine || setting('engine.run', paths.configFile))
  const engine = await engineNamed(wanted, executor)
  const mode = setting('run_mode', paths.configFile)
  if (mode === 'quadlet' && engine.program !== 'podman')
    throw new DiagnosticError([
      {
        code: 'OV5005',
        severity: 'error',
        message: `quadlets need podman, and the engine is ${engine.program}`,
        remedy: 'set run_mode to direct (OV_RUN_MODE=direct), or choose podman',
      },
    ])
  if (mode !== 'auto') return { direct: mode === 'direct', engine }
  const systemd = (await executor.run(['systemctl', '--version'])).exitCode !== 127 && hasUserManager()
  const direct = engine.program !== 'podman' || !systemd
  if (direct)
    say(
      systemd
        ? `${engine.program} runs it without a unit`
        : 'there is no systemd user manager here: it runs without a unit, and nothing starts it at boot',
    )
  return { direct, engine }
}

function hasUserManager(): boolean {
  if (!process.env['XDG_RUNTIME_DIR']) return false
  return statSync(`/run/user/${process.getuid?.() ?? 0}/systemd`, { throwIfNoEntry: false })?.isDirectory() === true
}
