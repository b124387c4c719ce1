import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, spread } from './measure.ts'
import type { BenchProject } from './project.ts'

/** Captures and reads all call sites, as ov does when something has changed, and looks their places up. */
const READER = `
import { readFileSync } from 'node:fs'
import { Script } from 'node:vm'
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
const [, , bundle, map] = process.argv
globalThis.sites = []
const module = { exports: {} }
new Script(readFileSync(bundle, 'utf8'), { filename: bundle }).runInThisContext()(undefined, module, module.exports)
for (const entry of module.exports.entries) await entry()
if (map !== undefined) {
  Error.prepareStackTrace = (_, [frame]) => ({ line: frame.getLineNumber(), column: frame.getColumnNumber() })
  const trace = new TraceMap(readFileSync(map, 'utf8'))
  for (const { stack } of globalThis.sites) originalPositionFor(trace, { line: stack.line, column: stack.column - 1 })
}
`

/** Cpu seconds that knowing the author of everything costs in a project that has been synthesised. */
export function originsCost(project: BenchProject, pairs: number): { seconds: number; sites: number } {
  const projects = join(project.cache, 'ov/projects')
  const [own = ''] = readdirSync(projects)
  const folder = readdirSync(join(projects, own)).find((name) => name.startsWith('b-')) ?? ''
  const bundle = join(projects, own, folder, 'bundle.cjs')
  const text = readFileSync(bundle, 'utf8')
  const capture = /function callSite\(callee\) \{[^]*?\n\}\n/
  if (!capture.test(text)) throw new Error('the bundle holds no callSite()')
  const off = join(project.cache, 'off.cjs')
  writeFileSync(off, text.replace(capture, 'function callSite() { return {} }\n'))
  const on = join(project.cache, 'on.cjs')
  writeFileSync(
    on,
    text.replace(capture, (found) => found.replace('return site', 'sites.push(site); return site')),
  )
  // Beside the benchmark, so that its import is found; both programs load the same modules.
  const reader = join(import.meta.dirname, '.origins.mjs')
  writeFileSync(reader, READER)
  const taken = Array.from({ length: pairs + 1 }, () => ({
    off: run([process.execPath, reader, off], project.place).cpu,
    on: run([process.execPath, reader, on, `${bundle}.map`], project.place).cpu,
  })).slice(1)
  return {
    seconds: spread(taken.map(({ on, off }) => on - off)).median,
    sites: text.match(/\b(layer|image|pod|cmd|mkdir|copy|write|link|download|setcap|service)\(/g)?.length ?? 0,
  }
}
