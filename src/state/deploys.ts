import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import type { DeployEntry } from '../model/deploy-entry.ts'
import { byName } from '../model/project.ts'
import { removeFile, writeAtomic } from './atomic.ts'
import type { Paths } from './paths.ts'

/** What ov remembers of a deploy on this machine. It is written before anything is changed, so that a killed run can be finished or undone. */
export interface DeployRecord {
  readonly schemaVersion: 1
  readonly name: string
  /** Folder of the project that applied it. */
  readonly project: string
  /** Where a run stands; `applied` is the resting state. */
  readonly phase: 'applying' | 'applied' | 'destroying'
  /** Container and unit name. */
  readonly container: string
  /** Full reference of the image. */
  readonly image: string
  /** Files that ov wrote, absolute. */
  readonly files: readonly string[]
  /** Podman volumes of the deploy. */
  readonly volumes: readonly string[]
  /** Folders that ov made for its data. */
  readonly folders: readonly string[]
  /** Podman secrets of the deploy. */
  readonly secrets: readonly string[]
  /** Podman network; ov made it when it was not there. */
  readonly network: string
  /** What the project said of it: whatever differs from that in `deploy.yml` is the operator's. */
  readonly typed: DeployEntry
  /** The same of the apply before, as long as this one has not finished. */
  readonly typedBefore?: DeployEntry
  /** Hash of the env file that the container was started with. */
  readonly envFileHash?: string
}

/** The records of this user's deploys. A record that can't be read stops the command: it is never taken for an absent one. */
export class DeployStore {
  readonly #paths: Paths
  constructor(paths: Paths) {
    this.#paths = paths
  }

  #file(name: string): string {
    // An instance is a name and a slash; neither part can hold a plus.
    return join(this.#paths.deploys, `${name.replace('/', '+')}.json`)
  }

  get(name: string): DeployRecord | undefined {
    let text: string
    try {
      text = readFileSync(this.#file(name), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    return readRecord(text, this.#file(name))
  }

  all(): DeployRecord[] {
    let names: string[]
    try {
      names = readdirSync(this.#paths.deploys)
    } catch {
      return []
    }
    return names
      .filter((name) => name.endsWith('.json'))
      .sort(byName)
      .flatMap((name) => this.get(name.slice(0, -'.json'.length).replace('+', '/')) ?? [])
  }

  /** Replaces a record in one step, and makes sure that it is on the disk. */
  put(record: DeployRecord): void {
    writeAtomic(this.#file(record.name), `${JSON.stringify(record, undefined, 2)}\n`, { keep: true })
    removeFile(this.#typedFile(record.name))
  }

  /**
   * What the project said of a deploy: at the last apply, and at the one before when that one was cut short. It is known of a deploy that was
   * taken down as well, as long as its entry is there: without it every value of the entry would look like the operator's.
   */
  typed(name: string): readonly DeployEntry[] {
    const record = this.get(name)
    if (record) return [record.typed, record.typedBefore].flatMap((entry) => entry ?? [])
    const file = this.#typedFile(name)
    return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as DeployEntry] : []
  }

  /** Forgets a deploy that was taken down; of one whose entry stays, not what the project said. */
  remove(name: string, forget: boolean): void {
    const record = this.get(name)
    if (record && !forget) writeAtomic(this.#typedFile(name), `${JSON.stringify(record.typed)}\n`, { keep: true })
    if (forget) removeFile(this.#typedFile(name))
    removeFile(this.#file(name))
  }

  #typedFile(name: string): string {
    return this.#file(name).replace(/json$/, 'typed')
  }
}

function readRecord(text: string, file: string): DeployRecord {
  const fail = (what: string, remedy: string, cause?: unknown) =>
    new DiagnosticError([{ code: 'OV1009', severity: 'error', message: `${file} ${what}`, remedy }], { cause })
  let record: DeployRecord
  try {
    record = JSON.parse(text) as DeployRecord
  } catch (error) {
    throw fail('is damaged', 'move it away; the next ov apply of that deploy writes it anew', error)
  }
  if (record.schemaVersion !== 1) throw fail('was written by another version of ov', 'use that version, or a newer one')
  return record
}
