import type { Vocabulary } from '../model/project.ts'
import { cargo } from './cargo.ts'
import { deb } from './deb.ts'
import { debian, fedora, ubuntu } from './distros.ts'
import { rpm } from './rpm.ts'
import { supervisord } from './supervisord.ts'
import { systemd } from './systemd.ts'

export { RELEASES } from './distros.ts'

const named = <T extends { readonly name: string }>(...entries: readonly T[]): ReadonlyMap<string, T> =>
  new Map(entries.map((entry) => [entry.name, entry]))

/** What ov knows without being told. */
export const BUILT_IN: Vocabulary = {
  distros: named(debian, fedora, ubuntu),
  formats: named(deb, rpm),
  builders: named(cargo),
  inits: named(supervisord, systemd),
}
