import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { byName } from '../model/project.ts'
import type { HostPlace } from '../plan/host/place.ts'
import { removeFile, writeAtomic } from './atomic.ts'
import type { Paths } from './paths.ts'

/** What ov remembers, on the operator's machine, of a host deploy: who applied it, and where its ledger is. */
export interface HostRecord {
  readonly schemaVersion: 1
  readonly name: string
  /** Folder of the project that applied it. */
  readonly project: string
  readonly place: HostPlace
}

const record = z.looseObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  project: z.string(),
  place: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('local') }),
    z.object({
      kind: z.literal('ssh'),
      destination: z.object({
        host: z.string(),
        user: z.string().optional(),
        port: z.number().optional(),
        args: z.array(z.string()),
      }),
    }),
    z.object({ kind: z.literal('container'), container: z.string(), deploy: z.string(), engine: z.string() }),
  ]),
})

/** The records of host deploys of this user. */
export class HostStore {
  readonly #folder: string

  constructor({ hosts }: Pick<Paths, 'hosts'>) {
    this.#folder = hosts
  }

  get(name: string): HostRecord | undefined {
    const file = this.fileOf(name)
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      value = undefined
    }
    const { data } = record.safeParse(value)
    if (data === undefined)
      throw new DiagnosticError([
        {
          code: 'OV1009',
          severity: 'error',
          message: `${file} is damaged, or was written by another version of ov`,
          remedy: 'move it away: the next ov apply of that deploy writes it anew',
        },
      ])
    return data as HostRecord
  }

  all(): HostRecord[] {
    let names: string[]
    try {
      names = readdirSync(this.#folder)
    } catch {
      return []
    }
    return names
      .filter((name) => name.endsWith('.json'))
      .sort(byName)
      .flatMap((name) => this.get(name.slice(0, -'.json'.length)) ?? [])
  }

  put(value: HostRecord): void {
    writeAtomic(this.fileOf(value.name), `${JSON.stringify(value, undefined, 2)}\n`, { keep: true })
  }

  remove(name: string): void {
    removeFile(this.fileOf(name))
  }

  /** Where it is kept. */
  fileOf(name: string): string {
    return join(this.#folder, `${name}.json`)
  }
}
