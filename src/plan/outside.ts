import { dependsOnArchitecture } from '../model/pins.ts'
import { placeOf, type Project } from '../model/project.ts'
import type { Place } from '../diagnostics/diagnostic.ts'
import { internalBase } from '../resolve/graph.ts'
import { soughtUid, type ResolvedImage } from '../resolve/image.ts'
import type { ImagePlan } from './ir.ts'
import { fillVars } from './task.ts'

/** What images take from outside the project, and `ov.lock` pins. */
export interface Outside {
  readonly images: readonly OutsideImage[]
  readonly downloads: readonly OutsideDownload[]
}

interface Used {
  /** Images of the project that it goes into. */
  readonly usedBy: readonly string[]
  readonly origin: Place
}

/** An image of a registry, or of local storage. */
export interface OutsideImage extends Used {
  readonly ref: string
  /** The accounts to look for in it. (IMG-18) */
  readonly uids: readonly number[]
}

/** A download whose checksum is to be pinned. */
export interface OutsideDownload extends Used {
  /** With the layer's vars filled in. */
  readonly url: string
  /** Whether it is another file on each architecture. */
  readonly byArchitecture: boolean
  /** Variables for the download. */
  readonly env: Readonly<Record<string, string>>
}

/** Collects it, each thing once, in a fixed order. */
export function outsideOf(
  project: Project,
  resolved: ReadonlyMap<string, ResolvedImage>,
  plans: ReadonlyMap<string, ImagePlan>,
): Outside {
  const images = new Map<string, { ref: string; uids: Set<number>; usedBy: Set<string>; origin: Place }>()
  const downloads = new Map<string, OutsideDownload & { readonly usedBy: string[] }>()
  const use = (ref: string, image: string, origin: Place) => {
    const known = images.get(ref) ?? { ref, uids: new Set(), usedBy: new Set(), origin }
    images.set(ref, known)
    known.usedBy.add(image)
    return known
  }
  for (const { name, base, model, distro, auto } of resolved.values()) {
    if (base.kind === 'external') use(base.ref, name, placeOf(model, 'base'))
    // What ov puts in between has the account of those that stand on it, and these still say what they want to stand on.
    const { base: given } = model.data
    if (auto || typeof given !== 'string' || internalBase(project, model)) continue
    const uid = soughtUid(model, distro)
    const used = use(given, name, placeOf(model, 'base'))
    if (uid !== undefined) used.uids.add(uid)
  }
  for (const { name, layers } of plans.values())
    for (const { plan, extract } of layers) {
      const layer = project.layers.get(plan.layer)!
      for (const [index, { source }] of extract.entries()) use(source, name, placeOf(layer, `extract[${index}].source`))
      for (const step of plan.steps) {
        if (step.kind !== 'Task' || step.task.verb !== 'download' || step.task.checksum?.source !== 'ov.lock') continue
        const url = fillVars(step.task.url, step.layerVars)
        const known = downloads.get(url)
        if (known) known.usedBy.push(name)
        else
          downloads.set(url, {
            url,
            byArchitecture: dependsOnArchitecture(url),
            env: step.task.env,
            usedBy: [name],
            origin: step.origin,
          })
      }
    }
  return {
    images: [...images.values()].map((one) => ({
      ...one,
      uids: [...one.uids].sort((a, b) => a - b),
      usedBy: [...one.usedBy],
    })),
    downloads: [...downloads.values()],
  }
}

/** What of it goes into some of the images. */
export function usedIn(images: ReadonlySet<string>, outside: Outside): Outside {
  const used = ({ usedBy }: Used) => usedBy.some((name) => images.has(name))
  return { images: outside.images.filter(used), downloads: outside.downloads.filter(used) }
}
