import type { PackageFormat, SectionData } from '../../dsl/vocabulary.ts'
import type { LayerContext } from './layer.ts'

/**
 * Holds a tag section to the primary format of the image that installs it. When it was written, all that is known is that some format has its
 * fields. (LAY-44)
 */
export function checkTagSection(
  section: SectionData,
  path: string,
  format: PackageFormat,
  subject: string,
  report: LayerContext['report'],
): void {
  const { fields = {} } = format
  const unused = (at: string) =>
    report(
      at,
      'OV3031',
      `${at} is no field of ${format.name}, the primary format of ${subject}`,
      'it has no effect there; write a section for each format',
      'warning',
    )
  for (const [name, value] of Object.entries(section)) {
    if (name === 'packages' || name === 'options') continue
    const holds = fields[name]
    if (holds === undefined) unused(`${path}.${name}`)
    else if (typeof holds === 'object')
      for (const [index, entry] of (value as readonly object[]).entries()) {
        const at = `${path}.${name}[${index}]`
        for (const key of Object.keys(entry)) if (!(key in holds)) unused(`${at}.${key}`)
        for (const [key, kind] of Object.entries(holds))
          if (kind === 'required' && !(key in entry))
            report(at, 'OV2002', `${at}: ${name} entry requires ${key} for ${format.name}, the format of ${subject}`)
      }
  }
}
