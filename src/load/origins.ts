import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import type { CallSite } from '../../dsl/origin.ts'
import type { Diagnostic, Place } from '../diagnostics/diagnostic.ts'
import { placeOf, type AuthoredEntity } from '../model/project.ts'
import type { CachedBundle } from './cache.ts'
import { positionOf, type Position } from './call-site.ts'
import { pathOf, type RawEntity } from './collect.ts'

/** Turns positions in the bundle into places in the user's files. */
export class Origins {
  readonly #trace: TraceMap
  readonly #bundle: string
  readonly #folder: string
  readonly #root: string
  readonly #files = new Map<string, string>()

  constructor(bundle: CachedBundle, root: string) {
    this.#trace = new TraceMap(readFileSync(bundle.map, 'utf8'))
    this.#bundle = bundle.file
    this.#folder = dirname(bundle.map)
    this.#root = root
  }

  /** The place of a call; undefined for code that no project file holds. */
  placeOfCall(site: CallSite): Place | undefined {
    const position = positionOf(site)
    return position && this.place(position)
  }

  /** The place of a position in the bundle. */
  place(site: Position): Place | undefined {
    if (!site.file.endsWith(this.#bundle)) return undefined
    const { source, line, column } = originalPositionFor(this.#trace, {
      line: site.line,
      column: Math.max(0, site.column - 1),
    })
    if (source === null || line === null || /(<stdin>|%3Cstdin%3E)$/.test(source)) return undefined
    return { file: this.#fileOf(source), line, column: column + 1 }
  }

  /** A source of the map, as places name it. */
  #fileOf(source: string): string {
    let file = this.#files.get(source)
    if (file === undefined) {
      const path = resolve(this.#folder, source)
      const inside = relative(this.#root, path)
      file = inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/')
      this.#files.set(source, file)
    }
    return file
  }
}

/** Entities with their places. */
export function withPlaces(entities: readonly RawEntity[], origins: Origins, fallback: string): AuthoredEntity[] {
  const place = (site: CallSite): Place => origins.placeOfCall(site) ?? { file: fallback, line: 1, column: 1 }
  return entities.map(({ kind, name, data, origin, parts, value }) => ({
    kind,
    name: String(name),
    data,
    origin: place(origin),
    parts: Object.fromEntries(parts.map(([trail, site]) => [pathOf(trail), place(site)])),
    ...(value && { value }),
  }))
}

/** What stands in entities but is no data. */
export function badValues(entities: readonly RawEntity[], places: readonly AuthoredEntity[]): Diagnostic[] {
  return entities.flatMap((entity, index) =>
    entity.bad.map(({ path, what }) => ({
      code: 'OV1006' as const,
      severity: 'error' as const,
      message: `${path}: ${what} is not data`,
      entity: `${entity.kind} "${String(entity.name)}"`,
      field: path,
      place: placeOf(places[index]!, path),
      remedy: 'write plain text, numbers, booleans, lists and maps',
    })),
  )
}

/** An exception of the user's program, at the line that threw it. */
export function explainEvaluation(cause: unknown, origins: Origins, circle: readonly string[]): Diagnostic {
  const places = framesOf(cause).flatMap((site) => origins.place(site) ?? [])
  const [place, ...callers] = places.filter(
    (one) => !one.file.includes('node_modules/') && !/(^|\/)dsl\/[a-z-]+\.(ts|js)$/.test(one.file),
  )
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : `the program threw ${inspect(cause)}`
  const cycle =
    (cause instanceof ReferenceError && / before initialization$/.test(cause.message)) ||
    (cause instanceof TypeError && circle.length > 0)
  return {
    code: 'OV1005',
    severity: 'error',
    message,
    ...(place && { place }),
    related: callers.slice(0, 3).map((caller) => ({ message: 'called from here', place: caller })),
    ...(cycle && {
      remedy:
        circle.length > 0
          ? `${listed(circle)} import each other, so one of them sees the other's values too early; move what both need into a third file`
          : 'a value is used above its declaration; move it',
    }),
  }
}

const listed = (files: readonly string[]) => [files.slice(0, -1).join(', '), files.at(-1)].filter(Boolean).join(' and ')

function framesOf(error: unknown): Position[] {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return [...stack.matchAll(/\(?((?:file:\/\/)?\/[^()\n]*?):(\d+):(\d+)\)?$/gm)].map(([, file = '', line, column]) => ({
    file: file.startsWith('file:') ? fileURLToPath(file) : file,
    line: Number(line),
    column: Number(column),
  }))
}
