import { CALVER } from './calver.ts'
import { compareVersions } from '../resolve/calver.ts'
import { LABEL_PREFIX } from '../plan/labels.ts'
import type { LocalImage, Podman } from './podman.ts'

/** An image that a deploy names by text. */
export interface FoundImage {
  /** Full reference. */
  readonly reference: string
  readonly labels: Readonly<Record<string, string>>
}

interface Candidate extends FoundImage {
  readonly repository: string
  readonly version: string
  readonly tag: string
}

/**
 * Finds an image in local storage. A reference is taken as it is; a short name stands for the newest image of that name.
 * Several that can't be told apart come back as a list of references. (IMG-154)
 */
export async function findImage(ref: string, podman: Podman): Promise<FoundImage | readonly string[] | undefined> {
  if (/[/:@]/.test(ref)) {
    for (const reference of ref.includes('/') ? [ref] : [`localhost/${ref}`, ref]) {
      const labels = await podman.labels(reference)
      if (labels) return { reference, labels }
    }
    return undefined
  }
  const all = (await podman.images()).flatMap(candidates)
  const labelled = all.filter(({ labels }) => labels[`${LABEL_PREFIX}image`] === ref)
  const named = labelled.length > 0 ? labelled : all.filter(({ repository }) => repository.endsWith(`/${ref}`))
  const best = named.sort((a, b) => newer(a, b) || Number(exact(b, ref)) - Number(exact(a, ref)))[0]
  if (best === undefined) return undefined
  const dated = named.some(({ tag }) => CALVER.test(tag))
  if (!dated && new Set(named.map(({ repository }) => repository)).size > 1)
    return named.map(({ reference }) => reference)
  return best
}

/** The content that other images are built on has no labels, and is not meant by anybody. */
const candidates = ({ names, labels }: LocalImage): Candidate[] =>
  (`${LABEL_PREFIX}image` in labels ? names : []).map((reference) => {
    const colon = reference.lastIndexOf(':')
    return {
      reference,
      labels,
      repository: reference.slice(0, colon),
      tag: reference.slice(colon + 1),
      version: labels[`${LABEL_PREFIX}version`] ?? '',
    }
  })

const exact = ({ repository }: Candidate, ref: string) => repository === `localhost/${ref}`

/** Newest first: by version, then by tag. */
const newer = (a: Candidate, b: Candidate): number => byCalver(b.version, a.version) || byCalver(b.tag, a.tag)

const byCalver = (a: string, b: string): number =>
  CALVER.test(a) && CALVER.test(b) ? compareVersions(a, b) : Number(CALVER.test(a)) - Number(CALVER.test(b))
