import { createHash } from 'node:crypto'
import type { ImagePlan } from '../plan/ir.ts'
import type { BootstrapSpec } from '../resolve/image.ts'

/** Hash of a text, for names that follow content. */
export const contentHash = (text: string): string => createHash('sha256').update(text).digest('hex')

/** `ghcr.io/acme/web:2026.144.1443`, or `web:2026.144.1443` for an image without registry. (IMG-152) */
export const fullReference = (image: Pick<ImagePlan, 'name' | 'registry'>, tag: string): string =>
  `${image.registry === undefined ? '' : `${image.registry}/`}${image.name}:${tag}`

/** The reference of an image without its metadata, which other images of the project are built on. */
export const contentReference = (name: string, hash: string): string => `${CONTENT_IMAGES}${name}:${hash.slice(0, 16)}`

/** What these references begin with. */
export const CONTENT_IMAGES = 'localhost/ov-content/'

/** The reference of a bootstrapped base: it follows everything that goes into it. */
export function bootstrapReference(spec: BootstrapSpec, architecture: string): string {
  const key = contentHash(
    JSON.stringify([
      spec.distro,
      spec.suite,
      spec.variant,
      spec.components,
      spec.include,
      spec.mirror ?? '',
      spec.snapshot ?? '',
      architecture,
    ]),
  )
  return `localhost/ov-base/${spec.distro}:${spec.suite}-${key.slice(0, 12)}`
}
