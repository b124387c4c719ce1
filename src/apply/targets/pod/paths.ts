import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { storageName, tunnelUnit } from '../../../model/deploy-key.ts'
import type { PodPlan } from '../../../plan/pod/index.ts'
import type { PlannedVolume } from '../../../plan/pod/volumes.ts'
import type { Paths } from '../../../state/paths.ts'
import { encryptedVolume, fillHome, type EncryptedVolume } from '../../volumes/index.ts'

/** A path as somebody wrote it, made absolute; relative ones start at a folder. */
export function absolutePath(path: string, home: string, folder: string): string {
  const filled = fillHome(path, home)
  return isAbsolute(filled) ? filled : resolve(folder, filled)
}

/** Where the data of a volume is on this machine. (POD-05, POD-42) */
export function hostPath(
  { name }: Pick<PodPlan, 'name'>,
  volume: Extract<PlannedVolume, { host: string }>,
  paths: Paths,
): string {
  if (volume.kind === 'encrypted') return encryptedOf(name, volume, paths).plain
  if (!volume.auto) return fillHome(volume.host, paths.home)
  return join(paths.volumes, storageName(name), volume.name)
}

/** An encrypted volume of a deploy as it is planned. */
export const encryptedOf = (
  key: string,
  { name, host, auto }: Extract<PlannedVolume, { host: string }>,
  paths: Paths,
): EncryptedVolume => encryptedVolume(key, { name, ...(!auto && { host }) }, paths)

/**
 * Files beside the container's that a deploy has, and places where it may have some. Those of sidecars say whose they are, so that nothing that
 * is only named alike is taken for one. (POD-33, POD-130)
 */
export function companionFiles(container: string, { quadlets, units }: Pick<Paths, 'quadlets' | 'units'>): string[] {
  const names = existsSync(quadlets) ? readdirSync(quadlets).sort() : []
  const sidecars = names
    .filter((name) => name.startsWith(`${container}-`) && name.endsWith('.container'))
    .filter((name) => {
      const sidecar = name.slice(container.length + 1, -'.container'.length)
      const says = `\nDescription=Overthink ${container} sidecar: ${sidecar}\n`
      return readFileSync(join(quadlets, name), 'utf8').includes(says)
    })
  return [
    join(quadlets, `${container}.pod`),
    ...sidecars.map((name) => join(quadlets, name)),
    join(units, tunnelUnit(container)),
  ]
}
