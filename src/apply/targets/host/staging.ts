import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DiagnosticError } from '../../../diagnostics/diagnostic.ts'
import type { HostLayer } from '../../../plan/host/wanted.ts'
import type { StageFile } from '../../../synth/index.ts'
import { archiveOf } from '../../executors/local.ts'
import type { Executor } from '../../executor.ts'

/** A layer, and the files that it brings. */
export interface StagedLayer {
  readonly plan: HostLayer['plan']
  readonly files: readonly StageFile[]
}

/** Brings the files of layers to a machine, each layer's in a folder of its own. (HOST-07) */
export async function stageFiles(layers: readonly StagedLayer[], stage: string, executor: Executor): Promise<void> {
  if (layers.every(({ files }) => files.length === 0)) return
  const folder = await mkdtemp(join(tmpdir(), 'ov-stage-'))
  try {
    // Root reads it there, and so do accounts that tasks name.
    await chmod(folder, 0o755)
    for (const { plan, files } of layers)
      for (const { from, to, executable } of files) {
        const target = join(folder, plan.layer, to)
        await mkdir(dirname(target), { recursive: true, mode: 0o755 })
        await copyFile(from, target)
        await chmod(target, executable ? 0o755 : 0o644)
      }
    const { exitCode, stderr } = await executor.run(['tar', '-xf', '-', '--no-same-owner', '-C', stage], {
      stdin: archiveOf(folder),
    })
    if (exitCode !== 0)
      throw new DiagnosticError([
        {
          code: 'OV5007',
          severity: 'error',
          message: `the files of the layers could not be brought to the machine (tar ended with ${exitCode})`,
          output: stderr.trim().split('\n'),
          remedy: 'it needs tar, and room in /tmp; nothing was changed',
        },
      ])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
