import { throwIfErrors } from '../diagnostics/diagnostic.ts'
import { suggest } from '../diagnostics/suggest.ts'
import type { CompiledProject } from './project.ts'

/** The names, all of which are enabled images of the project. (IMG-05) */
export function knownImages(names: readonly string[], { images, project }: CompiledProject): readonly string[] {
  throwIfErrors(
    names
      .filter((name) => !images.has(name))
      .map((name) => {
        const close = suggest(name, images.keys())
        const disabled = project.images.has(name)
        return {
          code: 'OV3003',
          severity: 'error',
          message: disabled
            ? `image "${name}" is disabled`
            : `unknown image "${name}"${close === undefined ? '' : ` (did you mean "${close}"?)`}`,
          remedy: disabled ? 'enable it' : `the project has ${[...images.keys()].join(', ')}`,
        }
      }),
  )
  return names
}
