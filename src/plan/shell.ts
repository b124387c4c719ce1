import type { Diagnostic, Place } from '../diagnostics/diagnostic.ts'
import { SHELLS, shellProfile, type ShellName } from '../format/index.ts'
import type { ShellData } from '../model/schema/shell.ts'
import { expandHome } from './home.ts'
import type { ShellSnippetStep } from './ir.ts'
import type { ShellLabel } from './metadata.ts'

/** Start order of those who give none. (LAY-98) */
const PRIORITY = 50

/** Whose shell code it is. */
export interface ShellOwner {
  readonly kind: 'layer' | 'image'
  readonly name: string
  readonly origin: Place
}

/** Code for the shells of an image's users, one file for each. (PLAN-24, LAY-98, LAY-99) */
export function shellSteps(
  given: ShellData | undefined,
  owner: ShellOwner,
  home: string,
  report: (field: string, code: Diagnostic['code'], message: string, remedy: string) => void,
): ShellSnippetStep[] {
  if (!given) return []
  const steps = SHELLS.flatMap((shell): ShellSnippetStep[] => {
    const own = given[shell]
    const snippet = own?.init ?? given.init?.replaceAll('${SHELL_NAME}', shell) ?? ''
    const pathAppend = (own?.pathAppend ?? given.pathAppend ?? []).map((path) => expandHome(path, home))
    if (snippet === '' && pathAppend.length === 0) return []
    const path = own?.path ?? given.path
    return [
      {
        kind: 'ShellSnippet',
        layerName: owner.name,
        source: `${owner.kind}:${owner.name}`,
        shell,
        snippet,
        pathAppend,
        destination: path === undefined ? usualFile(shell, owner) : expandHome(path, home),
        marker: '',
        useDropin: true,
        priority: given.priority ?? PRIORITY,
        origin: owner.origin,
      },
    ]
  })
  for (const step of steps) {
    const other = steps.find(({ destination }) => destination === step.destination)!
    if (other !== step)
      report(
        'shell.path',
        'OV2033',
        `shell.path: ${step.destination} would be written for ${other.shell} and for ${step.shell}`,
        'give each shell a path of its own, in its own block',
      )
  }
  return steps
}

/** Every login shell of the POSIX kind reads all files of this folder. */
const SHARED = '/etc/profile.d/'

/** What a file, or a block of one, holds: the directories of `PATH`, then the code. */
export const snippetText = ({ shell, pathAppend, snippet, destination }: ShellSnippetStep): string =>
  shellProfile(shell, pathAppend, snippet, destination.startsWith(SHARED))

/** Where shells look for code of packages. The names of layers and of images may be the same. */
function usualFile(shell: ShellName, { kind, name }: ShellOwner): string {
  const base = kind === 'layer' ? `ov-${name}` : `ov-image-${name}`
  return shell === 'fish' ? `/etc/fish/conf.d/${base}.fish` : `/etc/profile.d/${base}-${shell}.sh`
}

/** What the label tells of it. (IMG-126) */
export function shellLabel(given: ShellData, { kind, name }: Pick<ShellOwner, 'kind' | 'name'>): ShellLabel {
  const code = ({ init, pathAppend, path }: Pick<ShellData, 'init' | 'pathAppend' | 'path'>) => ({
    ...(init !== undefined && { init }),
    ...(pathAppend !== undefined && { path_append: pathAppend }),
    ...(path !== undefined && { path }),
  })
  const own = SHELLS.flatMap((shell) => {
    const block = given[shell]
    return block ? [[shell, code(block)] as const] : []
  })
  const generic = code(given)
  return {
    origin: `${kind}:${name}`,
    id: name,
    ...(Object.keys(generic).length > 0 && { generic }),
    ...(own.length > 0 && { by_shell: Object.fromEntries(own) }),
    priority: given.priority ?? PRIORITY,
  }
}
