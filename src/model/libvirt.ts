import { DOMParser } from '@xmldom/xmldom'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { placeOf, type LayerModel } from './project.ts'

/** Snippets may use libvirt's namespace for arguments of QEMU without declaring it, as libvirt's own examples do. */
const WRAPPER = ['<ov-snippet xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">', '</ov-snippet>'] as const

/** Reports libvirt snippets that are not XML. It loads an XML parser, so it is called only where there are some. (LAY-96) */
export const checkLibvirt = (layers: readonly LayerModel[]): Diagnostic[] =>
  layers.flatMap((layer) =>
    (layer.data.libvirt ?? []).flatMap((snippet, index): Diagnostic[] => {
      const problem = problemOf(snippet)
      if (problem === undefined) return []
      const field = `libvirt[${index}]`
      return [
        {
          code: 'OV2054',
          severity: 'error',
          message: `${field}: invalid XML: ${problem}`,
          entity: `layer "${layer.name}"`,
          field,
          place: placeOf(layer, field),
          remedy: "write whole elements of libvirt's domain XML, such as <devices>…</devices>",
        },
      ]
    }),
  )

function problemOf(snippet: string): string | undefined {
  // XML has no way to write these, which the parser lets pass.
  const control = /[\0-\x08\x0b\x0c\x0e-\x1f]/.exec(snippet)?.[0]
  if (control !== undefined) return `control character ${JSON.stringify(control)}`
  // What the parser only warns of, such as a value without quotes, is not well-formed either.
  let problem: string | undefined
  const onError = (_: string, message: string) => void (problem ??= message)
  try {
    const { documentElement } = new DOMParser({ onError }).parseFromString(WRAPPER.join(snippet), 'text/xml')
    if (problem === undefined && documentElement?.children.length === 0) return 'it has no element'
  } catch (error) {
    problem ??= (error as Error).message
  }
  return problem?.replaceAll('"ov-snippet"', 'the end of the snippet')
}
