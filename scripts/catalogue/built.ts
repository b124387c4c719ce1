/** What `npm run build:catalogue` found: kept beside it, and told by the catalogue's page. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One image that was built, and how its checks came out. */
export interface Built {
  /** Version of the image, as it was. */
  readonly version: string
  /** How many checks passed in it. */
  readonly passed: number
  /** How many were skipped. */
  readonly skipped: number
}

const FILE = join(import.meta.dirname, 'built.json')

/** By name of the image. */
export function readBuilt(): Readonly<Record<string, Built>> {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Built>) : {}
}

export function writeBuilt(built: Readonly<Record<string, Built>>): void {
  const sorted = Object.fromEntries(Object.entries(built).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`)
}
