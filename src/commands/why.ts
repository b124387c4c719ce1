import { readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { codeFrame } from '../diagnostics/frame.ts'
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.ts'
import { discover } from '../load/discover.ts'
import { OUTPUT } from '../synth/index.ts'
import { SIDE_MAP } from '../synth/tree.ts'
import type { Context } from './command.ts'

interface SideMap {
  readonly places: readonly string[]
  readonly files: Readonly<Record<string, readonly (number | null)[]>>
}

const fail = (code: Diagnostic['code'], message: string, remedy: string): never => {
  throw new DiagnosticError([{ code, severity: 'error', message, remedy }])
}

/** `ov why FILE:LINE`: from a generated line back to the user's. */
export function run(context: Context, options: { project?: string; json?: boolean }, target: string): Promise<number> {
  const [, file, number] = /^(.+?):(\d+)$/.exec(target) ?? []
  if (file === undefined || number === undefined) {
    context.say(`write it as FILE:LINE, for example .build/web/Containerfile:12`)
    return Promise.resolve(64)
  }
  const path = resolve(file)
  const { root } = discover(
    options.project === undefined && path.includes(`${sep}.build${sep}`)
      ? path.slice(0, path.indexOf(`${sep}.build${sep}`))
      : process.cwd(),
    options.project,
  )
  const { places, lines } = readMap(path, file)
  const line = Number(number)
  if (line < 1 || line > lines.length) fail('OV1008', `${file} has no line ${line}`, `it has ${lines.length} lines`)
  const index = lines[line - 1]
  const place = index === null || index === undefined ? undefined : places[index]
  const generated = readFileSync(path, 'utf8').split('\n')[line - 1] ?? ''
  if (place === undefined) {
    context.result(
      options.json === true
        ? { schemaVersion: 1, file: relative(root, path), line, generated, place: null }
        : 'nobody in particular: ov writes this line into every file of its kind',
    )
    return Promise.resolve(0)
  }
  const [, source = '', at, column] = /^(.*):(\d+):(\d+)$/.exec(place) ?? []
  if (options.json === true) {
    context.result({
      schemaVersion: 1,
      file: relative(root, path),
      line,
      generated,
      place: { file: source, line: Number(at), column: Number(column) },
    })
    return Promise.resolve(0)
  }
  context.result(place)
  context.say(`${generated}\n`)
  context.say(
    codeFrame(
      readFileSync(resolve(root, source), 'utf8'),
      { line: Number(at), column: Number(column) },
      { color: context.color },
    ),
  )
  return Promise.resolve(0)
}

/** The map is in the folder of the image or deploy that the file is of. */
function readMap(
  path: string,
  shown: string,
): { readonly places: SideMap['places']; readonly lines: readonly (number | null)[] } {
  for (
    let folder = dirname(path);
    basename(folder) !== OUTPUT && dirname(folder) !== folder;
    folder = dirname(folder)
  ) {
    let map: SideMap
    try {
      map = JSON.parse(readFileSync(join(folder, SIDE_MAP), 'utf8')) as SideMap
    } catch {
      continue
    }
    const lines = map.files[relative(folder, path).split(sep).join('/')]
    if (lines) return { places: map.places, lines }
  }
  return fail(
    'OV1008',
    `there is no side map for ${shown}`,
    'name a Containerfile or quadlet below .build/, and run ov synth first',
  )
}
