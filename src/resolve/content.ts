import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Facts } from '../model/facts.ts'
import type { Project } from '../model/project.ts'
import { hasFound, manifestNames } from './manifests.ts'

/** Fields each of which is reason enough for a layer to be there. */
const CONTENT = [
  'tasks',
  'layers',
  'services',
  'env',
  'pathAppend',
  'packages',
  'distros',
  'tags',
  'data',
  'shell',
  'extract',
] as const

/** Reports layers that install and set nothing. (LAY-10) */
export function checkContent(project: Project, facts: Facts): Diagnostic[] {
  const { formats, builders } = project.vocabulary
  const manifests = manifestNames(project.vocabulary)
  const fields = [...CONTENT, ...formats.keys(), ...builders.keys()]
  return [...project.layers.values()].flatMap((layer): Diagnostic[] => {
    const data = layer.data as Readonly<Record<string, unknown>>
    const fact = facts.get(layer.name)
    const detected = fact && hasFound(layer, project.vocabulary, fact)
    if (detected || fields.some((field) => !isEmpty(data[field]))) return []
    return [
      {
        code: 'OV2016',
        severity: 'error',
        message: `must have at least one install file (packages, tasks, ${manifests.join(', ')}) or a layers field`,
        entity: `layer "${layer.name}"`,
        place: layer.origin,
        remedy: 'give it packages, tasks, services or env, or remove it',
      },
    ]
  })
}

/** A section without packages installs nothing either. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === undefined
  if ('packages' in value && Array.isArray(value.packages)) return value.packages.length === 0
  return Object.values(value).every((item) => isEmpty(item))
}
