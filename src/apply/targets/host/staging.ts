import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { HostLayer } from '../../../plan/host/wanted.ts'
import type { StageFile } from '../../../synth/index.ts'

/** The files of layers, on the machine that they are installed on, as long as ov works there. (HOST-07) */
export class Staging {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async make(
    layers: readonly { readonly plan: HostLayer['plan']; readonly files: readonly StageFile[] }[],
  ): Promise<Staging> {
    const folder = await mkdtemp(join(tmpdir(), 'ov-stage-'))
    // Root reads it, and so do accounts that tasks name.
    await chmod(folder, 0o755)
    const staging = new Staging(folder)
    for (const { plan, files } of layers)
      for (const { from, to, executable } of files) {
        const target = join(staging.folderOf(plan.layer), to)
        await mkdir(dirname(target), { recursive: true })
        await copyFile(from, target)
        await chmod(target, executable ? 0o755 : 0o644)
      }
    return staging
  }

  folderOf(layer: string): string {
    return join(this.#folder, layer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}
