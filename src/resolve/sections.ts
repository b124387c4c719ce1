import type { SectionData } from '../../dsl/vocabulary.ts'
import type { LayerModel } from '../model/project.ts'

/** A package section that an image installs. */
export interface SelectedSection {
  readonly format: string
  /** Path of the section in the layer. */
  readonly field: string
  readonly section: SectionData
}

/** The package sections of a layer that count for these tags and formats. (LAY-45 to LAY-47) */
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
  }
  return formats.flatMap((format) => {
    const section = (layer.data as Readonly<Record<string, unknown>>)[format] as SectionData | undefined
    return section?.packages?.length ? [{ format, field: format, section }] : []
  })
}
