import type { CacheDirectory } from '../../../dsl/vocabulary.ts'
import type { Account } from '../../resolve/image.ts'

const slug = (path: string) => path.replace(/^\//, '').replaceAll('/', '-')

/** A cache that root's steps share. The stable id keeps it alive when an earlier step changes. (IMG-27) */
const sharedCache = (path: string) => `--mount=type=cache,dst=${path},sharing=locked,id=ov-${slug(path)}`

/** A cache that a user's steps can write to; each uid has its own. (IMG-27) */
const ownedCache = (path: string, uid: string, gid: string, locked: string) =>
  `--mount=type=cache,dst=${path}${locked},uid=${uid},gid=${gid},id=ov-${slug(path)}-uid${uid}`

/** Cache mounts for steps of this owner: `undefined` is root. */
export function cacheMounts(caches: readonly CacheDirectory[], owner: string | undefined): string[] {
  return caches.map((cache) => cacheMount(cache.path, cache.owned === true ? owner : undefined))
}

/**
 * One cache for this owner (`uid:gid`), or shared for root. The uid of a named account is not known here, so its cache is open to all. One build at a
 * time uses a locked one, as root's always are; it is for what can't stand others beside it.
 */
export function cacheMount(path: string, owner: string | undefined, lock = false): string {
  const locked = lock ? ',sharing=locked' : ''
  if (owner === undefined) return sharedCache(path)
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(owner) ?? []
  if (uid !== undefined && gid !== undefined) return ownedCache(path, uid, gid, locked)
  return `--mount=type=cache,dst=${path}${locked},mode=0777,id=ov-${slug(path)}-user-${owner.replace(/:.*$/s, '')}`
}

/** `uid:gid` of the image's user, or undefined for root. */
export const ownerOf = (user: Account): string | undefined => (user.uid === 0 ? undefined : `${user.uid}:${user.gid}`)

/** The layer's files, read-only under /ctx. (LAY-14) */
export const contextMount = (stage: string): string => `--mount=type=bind,from=${stage},source=/,target=/ctx`
