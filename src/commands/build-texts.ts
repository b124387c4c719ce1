import { completionTexts } from './completion.ts'
import { HELP_WIDTH, helpTexts } from './main.ts'
import type { StaticTexts } from './static-texts.ts'

/** Run by the build: everything that {@link StaticTexts} holds. */
export const staticTexts = (): StaticTexts => ({ width: HELP_WIDTH, texts: { ...helpTexts(), ...completionTexts() } })
