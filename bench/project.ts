import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { catalogue, writeFiles, type CatalogueSpec } from './catalogue.ts'
import type { Place } from './measure.ts'

/** Variables that change how Node starts, and would be measured instead of ov. */
const DISTURBING = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE', 'FORCE_COLOR']

/** A generated project, with a home and a cache of its own. */
export class BenchProject {
  readonly place: Place
  readonly #top: string
  #edits = 0

  constructor(spec: CatalogueSpec) {
    this.#top = mkdtempSync(join(tmpdir(), 'ov-bench-'))
    const folder = join(this.#top, 'project')
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !DISTURBING.includes(name)))
    this.place = { folder, env: { ...(env as Record<string, string>), HOME: this.#top, XDG_CACHE_HOME: this.cache } }
    mkdirSync(folder)
    writeFiles(folder, catalogue(spec))
  }

  get cache(): string {
    return join(this.#top, 'cache')
  }

  /** As it is some time after the last change: what changed within the last seconds is looked at more closely. */
  settle(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2100)
  }

  /** As if it had never been synthesised. */
  forget(): void {
    rmSync(this.cache, { recursive: true, force: true })
    rmSync(join(this.place.folder, '.build'), { recursive: true, force: true })
  }

  /** Changes a task of one layer that several images have. */
  edit(): void {
    const file = join(this.place.folder, 'catalogue/part-6.ts')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(/'\/opt\/part-6[^']*'/, `'/opt/part-6/edit-${++this.#edits}'`))
  }

  /** Removes everything. */
  [Symbol.dispose](): void {
    rmSync(this.#top, { recursive: true, force: true })
  }
}
