import type { ImagePlan, ShellSnippetStep } from '../../plan/ir.ts'
import { snippetText } from '../../plan/shell.ts'
import { withAuthor } from '../unprintable.ts'
import type { ContentPath, Line } from './tasks.ts'

/** A start-up file for one shell, whoever is USER: it is root's. (LAY-99) */
export const shellFile = (step: ShellSnippetStep, contentPath: ContentPath): Line => ({
  author: step.origin,
  instruction: {
    kind: 'copy',
    chmod: '0644',
    sources: [
      contentPath(
        step.layerName,
        withAuthor(step.origin, () => snippetText(step)),
      ),
    ],
    to: step.destination,
  },
})

/** Shell code of the image itself, after that of its layers. (LAY-99) */
export const imageShell = (image: ImagePlan, contentPath: ContentPath): Line[] =>
  image.shell.length === 0
    ? []
    : [
        { instruction: { kind: 'blank' }, author: image.origin },
        { instruction: { kind: 'comment', text: 'Shells' }, author: image.origin },
        ...image.shell.map((step) => shellFile(step, contentPath)),
      ]
