import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { storageName, tunnelUnit } from '../../../model/deploy-key.ts'
import type { PodPlan } from '../../../plan/pod/index.ts'
import type { PlannedVolume } from '../../../plan/pod/volumes.ts'
import type { Paths } from '../../../state/paths.ts'

/** Fills in `~` and `$HOME`. */
export const fillHome = (path: string, home: string): string =>
  path.replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, () => home)

/** A path as somebody wrote it, made absolute; relative ones start at a folder. */
export function absolutePath(path: string, home: string, folder: string): string {
  const filled = fillHome(path, home)
  return isAbsolute(filled) ? filled : resolve(folder, filled)
}

/** Where the data of a volume is on this machine. (POD-05, POD-42) */
export function hostPath(
  { name }: Pick<PodPlan, 'name'>,
  volume: Pick<Extract<PlannedVolume, { host: string }>, 'name' | 'host' | 'auto'>,
  paths: Paths,
): string {
  if (!volume.auto) return fillHome(volume.host, paths.home)
  return join(paths.volumes, storageName(name), volume.name)
}

/** Files beside the container's that a deploy may have, by its own names: nothing that begins like them is another's. (POD-33, POD-130) */
export function companionFiles(
  container: string,
  sidecars: readonly string[],
  { quadlets, units }: Pick<Paths, 'quadlets' | 'units'>,
): string[] {
  const ours = sidecars
    .map((name) => ({ file: join(quadlets, `${container}-${name}.container`), name }))
    .filter(
      ({ file, name }) =>
        existsSync(file) &&
        readFileSync(file, 'utf8').includes(`\nDescription=Overthink ${container} sidecar: ${name}\n`),
    )
    .map(({ file }) => file)
  return [join(quadlets, `${container}.pod`), ...ours, join(units, tunnelUnit(container))]
}
