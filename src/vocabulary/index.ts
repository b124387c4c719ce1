import type { Vocabulary } from '../model/project.ts'
import { aur, aurPackages } from './aur.ts'
import { cargo } from './cargo.ts'
import { deb } from './deb.ts'
import { arch, cachyos, debian, fedora, ubuntu } from './distros.ts'
import { npm } from './npm.ts'
import { pac } from './pac.ts'
import { pixi } from './pixi.ts'
import { rpm } from './rpm.ts'
import { supervisord } from './supervisord.ts'
import { systemd } from './systemd.ts'

export { RELEASES } from './distros.ts'

const named = <T extends { readonly name: string }>(...entries: readonly T[]): ReadonlyMap<string, T> =>
  new Map(entries.map((entry) => [entry.name, entry]))

/** What ov knows without being told. */
export const BUILT_IN: Vocabulary = {
  distros: named(arch, cachyos, debian, fedora, ubuntu),
  formats: named(aurPackages, deb, pac, rpm),
  builders: named(aur, cargo, npm, pixi),
  inits: named(supervisord, systemd),
}
