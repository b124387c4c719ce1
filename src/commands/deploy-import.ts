import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock } from '../apply/executors/local.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { backUpDeployFile, DeployFile, updateDeployFile } from '../state/deploy-file/index.ts'
import { userPaths } from '../state/paths.ts'
import type { Context } from './command.ts'

/** `ov deploy import`: takes entries of other files into deploy.yml; fields of later files win. (POD-147) */
export async function run(
  context: Context,
  options: { replace?: boolean; image?: string },
  files: readonly string[],
): Promise<number> {
  const paths = userPaths()
  for (const file of files)
    if (!existsSync(file))
      throw new DiagnosticError([
        { code: 'OV1008', severity: 'error', message: `${file} does not exist`, remedy: 'correct the path' },
      ])
  const inputs = files.map((file) => DeployFile.read(resolve(file)))
  const { image } = options
  if (image !== undefined && !inputs.some(({ entries }) => entries.has(image)))
    throw new DiagnosticError([
      {
        code: 'OV6007',
        severity: 'error',
        message: `image "${image}" not found in input files`,
        remedy: `they have ${[...new Set(inputs.flatMap(({ entries }) => [...entries.keys()]))].join(', ')}`,
      },
    ])
  if (options.replace === true && existsSync(paths.deployFile)) backUpDeployFile(paths.deployFile, systemClock.now())
  await updateDeployFile(paths, 'import', (file) => {
    if (options.replace === true) for (const key of file.entries.keys()) file.removeEntry(key)
    for (const { entries } of inputs)
      for (const [key, entry] of entries)
        if (image === undefined || key === image) file.setEntry(key, { ...file.entries.get(key), ...entry })
  })
  context.say(`Imported ${files.length} file(s) into ${paths.deployFile}`)
  return 0
}
