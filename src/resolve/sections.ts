import type { SectionData } from '../../dsl/vocabulary.ts'
import type { LayerModel, Vocabulary } from '../model/project.ts'
import { refName } from '../model/schema/refs.ts'

/** A package section that an image installs. */
export interface SelectedSection {
  readonly format: string
  /** Path of the section in the layer. */
  readonly field: string
  readonly section: SectionData
}

/** Whether a layer has packages at all, for whatever distro. */
export function hasPackages(layer: LayerModel, { formats }: Vocabulary): boolean {
  const data = layer.data as Readonly<Record<string, unknown>>
  return ['packages', 'distros', 'tags', ...formats.keys()].some((field) => Object.keys(data[field] ?? {}).length > 0)
}

/** The package sections of a layer that count for these tags and formats. (LAY-45 to LAY-47, LAY-49) */
export function selectSections(
  layer: LayerModel,
  tags: readonly string[],
  formats: readonly string[],
): SelectedSection[] {
  const byTag = Object.entries(layer.data.tags ?? {})
  for (const tag of tags) {
    const found = byTag.find(([key]) => key.split(',').some((part) => part.trim() === tag))
    const section = found?.[1] as SectionData | undefined
    if (found && section?.packages?.length)
      return [{ format: formats[0]!, field: `tags[${JSON.stringify(found[0])}]`, section }]
    // A release stands alone, as a section for its tag does.
    const release = tag.replace(':', '-')
    if (release !== tag && layer.data.distros?.[release]) {
      const sections = distroSections(layer, release, formats)
      if (sections.length > 0) return sections
    }
  }
  // Relatives are not the same distro: packages of debian are none of ubuntu's.
  const family = tags[0]?.replace(/:.*$/s, '') ?? ''
  const common = distroSections(layer, family, formats)
  return formats.flatMap((format) => {
    const written = (layer.data as Readonly<Record<string, unknown>>)[format] as SectionData | undefined
    const also = common.find((one) => one.format === format)
    if (!written?.packages?.length) return also ? [also] : []
    if (!also) return [{ format, field: format, section: written }]
    return [{ ...also, section: joined(also.section, written) }]
  })
}

/** What `packages` and `distros` say for one distro. (LAY-49) */
function distroSections(layer: LayerModel, key: string, formats: readonly string[]): SelectedSection[] {
  if (layer.data.packages === undefined && layer.data.distros === undefined) return []
  const entry = layer.data.distros?.[key]
  const field = entry === undefined ? 'packages' : `distros[${JSON.stringify(key)}]`
  const packages = [...new Set([...(layer.data.packages ?? []), ...(entry?.packages ?? [])].map(refName))]
  const [primary = '', ...others] = formats
  const fields = Object.entries(entry ?? {}).filter(([, value]) => Array.isArray(value))
  const built = others.flatMap((format): SelectedSection[] => {
    const section = (entry as Readonly<Record<string, unknown>> | undefined)?.[format] as SectionData | undefined
    return section?.packages?.length ? [{ format, field: `${field}.${format}`, section }] : []
  })
  const main = { format: primary, field, section: { ...Object.fromEntries(fields), packages } }
  return packages.length === 0 ? built : [main, ...built]
}

/** Two sections of one format: lists one after the other, packages once. */
function joined(first: SectionData, second: SectionData): SectionData {
  const fields = [...new Set([...Object.keys(first), ...Object.keys(second)])]
  const lists = fields.map((name) => {
    const all = [first[name], second[name]].flatMap((list) => (list ?? []) as readonly unknown[])
    return [name, name === 'packages' ? [...new Set(all)] : all] as const
  })
  return Object.fromEntries(lists) as unknown as SectionData
}
