import type { DeployEntry, EntryVolume } from '../../model/deploy-entry.ts'
import { byName } from '../../model/project.ts'
import type { ImageMetadata } from '../metadata.ts'
import type { Say } from './say.ts'

/** A mount of the container. */
export type PlannedVolume =
  | { readonly kind: 'named'; readonly name: string; readonly volume: string; readonly path: string }
  | {
      readonly kind: 'bind' | 'encrypted'
      readonly name: string
      /** As it was written; empty for a place of ov's own. */
      readonly host: string
      readonly auto: boolean
      readonly path: string
    }

/** Where each volume of a deploy lives. (POD-40 to POD-45) */
export function planVolumes(
  container: string,
  entry: DeployEntry,
  image: ImageMetadata,
  say: Say,
): readonly PlannedVolume[] {
  const backings = new Map((entry.volumes ?? []).map((one) => [one.name, one]))
  for (const { name, type, host } of backings.values()) {
    // It becomes part of the name of a directory and of a scope. (ENC-02)
    if (type === 'encrypted' && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
      say(
        'OV4006',
        `volumes.${name}`,
        `volumes.${name}: an encrypted volume has a name of small letters, digits and single dashes`,
        'rename it',
      )
    if (host !== undefined && /[:\n\0]/.test(host))
      say(
        'OV4008',
        `volumes.${name}`,
        `volumes.${name}: the path ${JSON.stringify(host)} contains a colon or line break`,
        'podman takes what follows a colon for mount options; use another path',
      )
  }
  const planned = image.volumes.map(({ name, path }) => plan(name, path, backings.get(name), container))
  const known = new Set(image.volumes.map(({ name }) => name))
  for (const volume of backings.values()) {
    if (known.has(volume.name)) continue
    if (volume.path === undefined)
      say(
        'OV4001',
        `volumes.${volume.name}`,
        `volumes: the image has no volume "${volume.name}", and the deploy does not say where it belongs`,
        known.size === 0 ? 'give it a path' : `give it a path, or name one of ${[...known].join(', ')}`,
      )
    else planned.push(plan(volume.name, volume.path, volume, container))
  }
  // A container can't have two things in one place: what the operator put there wins.
  const covered = new Set(planned.flatMap((one) => (one.kind === 'named' ? [] : [one.path])))
  return planned
    .filter((one) => one.kind !== 'named' || !covered.has(one.path))
    .sort((a, b) => rank(a) - rank(b) || byName(a.name, b.name))
}

const rank = ({ kind }: PlannedVolume) => (kind === 'named' ? 0 : 1)

function plan(name: string, path: string, backing: EntryVolume | undefined, container: string): PlannedVolume {
  if (backing === undefined || backing.type === 'volume')
    return { kind: 'named', name, volume: `${container}-${name}`, path }
  return { kind: backing.type, name, host: backing.host ?? '', auto: backing.host === undefined, path }
}
