import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Executor } from '../../executor.ts'
import { quadletGenerator } from '../../preflight.ts'
import type { DesiredPod } from './desire.ts'

/** What the machine's own generator complains about in a quadlet; systemd would leave a bad one out without a word. */
export async function quadletComplaints({ files }: DesiredPod, executor: Executor): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ov-quadlet-'))
  try {
    for (const { path, text } of files) writeFileSync(join(folder, basename(path)), text)
    return await folderComplaints(folder, executor)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the generator complains about in a folder of quadlets; nothing when it takes them. */
export async function folderComplaints(folder: string, executor: Executor): Promise<string[]> {
  const generator = quadletGenerator()
  if (generator === undefined) return []
  const result = await executor.run([generator, '-dryrun', '-user'], { env: { QUADLET_UNIT_DIRS: folder } })
  return result.exitCode === 0 ? [] : result.stderr.trim().split('\n')
}
