import { join } from 'node:path'
import { storageName } from '../../model/deploy-key.ts'
import type { Paths } from '../../state/paths.ts'

/** An encrypted volume of a deploy on this machine. (ENC-10, ENC-12) */
export interface EncryptedVolume {
  readonly name: string
  /** Key of the deploy that it belongs to. */
  readonly key: string
  /** What is kept. */
  readonly cipher: string
  /** What the container sees, while it is mounted. */
  readonly plain: string
  /** The scope that its daemon runs in. */
  readonly unit: string
}

/** `host` is where its directory is; by default it is below the storage of all encrypted volumes. One function for all ways there are. (ENC-10, ENC-12) */
export function encryptedVolume(
  key: string,
  { name, host }: { readonly name: string; readonly host?: string },
  { encrypted, home }: Pick<Paths, 'encrypted' | 'home'>,
): EncryptedVolume {
  const id = `${storageName(key)}-${name}`
  const directory = host === undefined ? join(encrypted, `ov-${id}`) : join(fillHome(host, home))
  return {
    name,
    key,
    cipher: join(directory, 'cipher'),
    plain: join(directory, 'plain'),
    unit: `ov-enc-${id}.scope`,
  }
}

/** Fills in `~` and `$HOME`. */
export const fillHome = (path: string, home: string): string =>
  path.replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, () => home)
