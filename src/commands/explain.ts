import { CODES } from '../diagnostics/codes.ts'
import { suggest } from '../diagnostics/suggest.ts'
import type { Context } from './command.ts'

/** `ov explain`: what a diagnostic means. */
export function run(context: Context, options: { json?: boolean }, code?: string): Promise<number> {
  const all: Readonly<Record<string, { title: string; explain: string }>> = CODES
  if (code === undefined) {
    const list = Object.entries(all).map(([name, { title, explain }]) => ({ code: name, title, explain }))
    context.result(
      options.json === true
        ? { schemaVersion: 1, codes: list }
        : list.map((one) => `${one.code}  ${one.title}`).join('\n'),
    )
    return Promise.resolve(0)
  }
  const wanted = code.toUpperCase()
  const found = all[wanted]
  if (!found) {
    const close = suggest(wanted, Object.keys(all))
    context.say(`there is no diagnostic ${code}${close === undefined ? '' : `; did you mean ${close}?`}`)
    return Promise.resolve(64)
  }
  context.result(
    options.json === true
      ? { schemaVersion: 1, code: wanted, ...found }
      : `${wanted}: ${found.title}\n\n${found.explain}`,
  )
  return Promise.resolve(0)
}
