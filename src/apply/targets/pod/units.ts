import { basename } from 'node:path'
import { removeFile } from '../../../state/atomic.ts'
import type { PodTools } from './tools.ts'
import { removeTunnelUnit } from './tunnel.ts'

/** Units that the generator makes of a file; a pod's brings its containers down with it. */
const unitOfFile = (file: string): string =>
  basename(file)
    .replace(/\.container$/, '.service')
    .replace(/\.pod$/, '-pod.service')

/** Stops what a file of a deploy is for, and removes it. The manager has to be told afterwards. */
export async function removeUnit(file: string, tools: Pick<PodTools, 'executor' | 'paths'>): Promise<void> {
  if (file.endsWith('-tunnel.service')) return removeTunnelUnit(file, tools)
  await tools.executor.run(['systemctl', '--user', 'stop', unitOfFile(file)])
  removeFile(file)
}
